"""Save and load checkpoints with the release's own functions; writes ``found.json``."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import paddle
from ppocr.utils import save_load
from ppocr.utils.logging import get_logger


class Evil:
    def __reduce__(self) -> object:
        return (print, ("code of the checkpoint was run",))


def main() -> None:
    paddle.set_device("cpu")
    model = paddle.nn.Linear(3, 2)
    rate = paddle.optimizer.lr.CosineAnnealingDecay(0.1, 10)
    optimizer = paddle.optimizer.Adam(rate, parameters=model.parameters())
    model(paddle.ones([1, 3])).sum().backward()
    optimizer.step()
    settings = {"distributed": False, "save_model_dir": "run", "checkpoints": None}
    config = {
        "Architecture": {"model_type": "rec", "algorithm": "CRNN"},
        "Global": settings,
        "Metric": {"main_indicator": "acc"},
    }
    states = {"best_model_dict": {"acc": 0.75, "best_epoch": 3}, "epoch": 4, "global_step": 44}
    for prefix in ("best_accuracy", "latest"):
        save_load.save_model(model, optimizer, "run", get_logger(), config, prefix=prefix, **states)
    found: dict[str, object] = {}
    found["files"] = sorted(path.name for path in Path("run").rglob("*") if path.is_file())
    settings["checkpoints"] = "run/latest"
    found["resumed"] = save_load.load_model(config, model, optimizer, "rec")
    found["evaluated"] = save_load.load_model(config, model, None, "rec")
    Path("run/latest.pdopt").write_bytes(pickle.dumps({"a": Evil()}))
    try:
        save_load.load_model(config, model, optimizer, "rec")
    except Exception as error:
        found["refused"] = str(error)
    Path("found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
