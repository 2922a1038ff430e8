"""What the user asked a run to be: options of the command line, before anything is worked out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.tasks import Task


@dataclass(frozen=True)
class RunSpec:
    """A training as it was asked for; None leaves a choice to the recipe or to the kit.

    Attributes:
        task: What is trained.
        model: Name of a recipe, see ``ppocr-kit config list``; of a user's own YAML its file name.
        name: Name of the run.
        dataset_root: Folder of the data set (``train_data/NAME``); None with a YAML of the user's own.
        config_file: The user's own YAML, in place of a recipe and a data set.
        output_dir: The run folder; checkpoints go to ``checkpoints/`` in it.
        epochs: Passes over the training rows, from 1.
        batch_size: Rows per step and process.
        learning_rate: Peak of the learning rate schedule.
        pretrained: Training weights to start from, a ``.pdparams`` file or its prefix; of key information the
            folder of a network (``config.json``, ``model_state.pdparams``).
        transplant_head: Whether classes of the weights' dictionary are carried over to the data set's.
        pretrained_dict: Dictionary that the weights were trained with; by default it is looked up.
        resume_from: Checkpoint prefix to go on from, optimizer included.
        device: Where to train, see :func:`ppocr_kit.configs.device.parse_device`.
        image_size: Detection: side of the training crops, pixels, a multiple of 32.
        image_width: Recognition: width of the line pictures, pixels, a multiple of 32.
        max_seq_len: Key information: tokens of a page that are read, up to 512.
        mixed_precision: Train in half precision, on a GPU.
        seed: Random seed of the tool.
        overrides: ``(dotted key, value as YAML text)``, applied last, in this order.
        eval_every_epochs: Epochs between two evaluations.
    """

    task: Task
    model: str
    name: str
    dataset_root: Path | None = None
    config_file: Path | None = None
    output_dir: Path = Path("output", "unnamed")
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    pretrained: Path | None = None
    transplant_head: bool = True
    pretrained_dict: Path | None = None
    resume_from: Path | None = None
    device: str = "cpu"
    image_size: int | None = None
    image_width: int | None = None
    max_seq_len: int | None = None
    mixed_precision: bool = False
    seed: int = 0
    overrides: tuple[tuple[str, str], ...] = ()
    eval_every_epochs: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the part of ``run.json`` that says what was asked for."""
        return {
            "task": str(self.task),
            "model": self.model,
            "name": self.name,
            "dataset": _posix(self.dataset_root),
            "config": _posix(self.config_file),
            "output": _posix(self.output_dir),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "pretrained": _posix(self.pretrained),
            "transplant_head": self.transplant_head,
            "pretrained_dict": _posix(self.pretrained_dict),
            "resume_from": _posix(self.resume_from),
            "device": self.device,
            "image_size": self.image_size,
            "image_width": self.image_width,
            "max_seq_len": self.max_seq_len,
            "mixed_precision": self.mixed_precision,
            "seed": self.seed,
            "overrides": [f"{key}={value}" for key, value in self.overrides],
            "eval_every_epochs": self.eval_every_epochs,
        }


def _posix(path: Path | None) -> str | None:
    return None if path is None else path.as_posix()
