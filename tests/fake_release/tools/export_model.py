"""Plays tools/export_model.py: writes the three files of an inference model."""

from __future__ import annotations

import sys
from pathlib import Path

from tools import program


def main() -> None:
    """Export nothing."""
    config = program.read_config(sys.argv)
    program.misbehave()
    if program.MODE == "silent":
        return
    folder = Path(config["Global"]["save_inference_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("inference.json", "inference.pdiparams", "inference.yml"):
        (folder / name).write_text("{}\n", encoding="utf-8")
    program.log(f"inference model is saved to {folder / 'inference'}")


if __name__ == "__main__":
    main()
