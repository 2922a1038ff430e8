"""Plays tools/train.py: its log lines and checkpoints, and whatever FAKE_RELEASE_MODE asks for."""

from __future__ import annotations

import sys
from pathlib import Path

from tools import program


def main() -> None:
    """Train nothing, step by step."""
    config = program.read_config(sys.argv)
    main_indicator = "acc" if config["Architecture"]["model_type"] == "rec" else "hmean"
    folder, epochs = Path(config["Global"]["save_model_dir"]), int(config["Global"]["epoch_num"])
    program.log("train dataloader has 2 iters")
    program.log("valid dataloader has 1 iters")
    program.misbehave()
    if program.MODE == "silent":
        return
    for epoch in range(1, epochs + 1):
        for step in (2 * epoch - 1, 2 * epoch):
            loss = float("nan") if program.MODE == "nan" else 1.0 / step
            program.log(
                f"epoch: [{epoch}/{epochs}], global_step: {step}, lr: 0.001000, loss: {loss:.6f}, "
                f"avg_reader_cost: 0.00100 s, avg_batch_cost: 0.01000 s, avg_samples: 8.0, "
                f"ips: 800.00000 samples/s, eta: 0:00:0{epochs - epoch}"
            )
        print("\reval model::   0%|          | 0/1 [00:00<?, ?it/s]", end="", file=sys.stderr)
        print("\reval model:: 100%|##########| 1/1 [00:00<00:00]", file=sys.stderr, flush=True)
        values = (
            "precision: 0.5, recall: 0.5, hmean: 0.5"
            if main_indicator == "hmean"
            else ("acc: 0.5, norm_edit_dis: 0.75")
        )
        program.log(f"cur metric, {values}, fps: 100.0")
        program.save(folder, "best_accuracy", epoch, 2 * epoch)
        program.log(f"best metric, {values}, is_float16: False, fps: 100.0, best_epoch: {epoch}")
        program.save(folder, "latest", epoch, 2 * epoch)


if __name__ == "__main__":
    main()
