"""Run in the lane: build everything that configurations name with the release's own factories.

``build_recipes.py RESULT CONFIG...`` writes, per configuration, what one training row and one
evaluation row become, and what was built.
"""

from __future__ import annotations

import copy
import json
import logging
import sys
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.runs.workers.heads import sized_architecture


def main(result: Path, files: list[Path]) -> None:
    built = {file.stem: build(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files}
    result.write_text(json.dumps(built), encoding="utf-8")


def build(config: dict[str, Any]) -> dict[str, Any]:
    from ppocr.losses import build_loss
    from ppocr.metrics import build_metric
    from ppocr.modeling.architectures import build_model
    from ppocr.optimizer import build_optimizer
    from ppocr.postprocess import build_post_process

    decoder = build_post_process(config["PostProcess"], config["Global"])
    if hasattr(decoder, "character"):
        config["Architecture"] = sized_architecture(config["Architecture"], len(decoder.character))
    model = build_model(config["Architecture"])
    optimizer = build_optimizer(
        copy.deepcopy(config["Optimizer"]),
        epochs=config["Global"]["epoch_num"],
        step_each_epoch=2,
        model=model,
    )[0]
    return {
        "train": first_row(config, "Train"),
        "eval": first_row(config, "Eval"),
        "parameters": len(model.parameters()),
        "learning_rate": optimizer.get_lr(),
        "loss": type(build_loss(copy.deepcopy(config["Loss"]))).__name__,
        "metric": build_metric(copy.deepcopy(config["Metric"])).main_indicator,
    }


def first_row(config: dict[str, Any], mode: str) -> list[list[int]]:
    """Read the first row of a list as the release's loader does; return the shapes of what comes out."""
    from ppocr.data import build_dataloader

    loader = build_dataloader(config, mode, "cpu", logging.getLogger("rows"))
    (index, *_) = next(iter(loader.batch_sampler))
    return [list(getattr(value, "shape", [])) for value in loader.dataset[index]]


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
