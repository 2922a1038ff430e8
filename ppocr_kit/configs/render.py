"""Render: recipe, then data set and machine, then the user's choices, into one complete YAML.

The result is exactly what the release's tools are given; nothing is passed with ``-o``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ppocr_kit.configs import patches
from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.fine_tuning import with_fine_tuning
from ppocr_kit.configs.overrides import apply_overrides
from ppocr_kit.configs.sampling import steps_per_epoch, with_batch_size, with_equal_batches, with_one_scale
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.configs.yaml_text import dump_config
from ppocr_kit.datasets.manifest import Dataset

__all__ = ["dump_config", "render_config"]

# With fewer steps an epoch says little, and Adam and batch statistics see too few batches.
_FEWEST_STEPS_PER_EPOCH = 4


def render_config(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """Return the complete training configuration of a run.

    Args:
        spec: What the user asked for.
        dataset: The data set; only what its manifest says is used, no file is opened.

    Raises:
        UsageError: No such model, or the device is not one.
        DataError: The data set lacks the task or a split.
        ConfigError: An override is unknown or of the wrong type.
    """
    config = load_recipe(find_recipe(spec.task, spec.model))
    config = patches.with_dataset(config, dataset)
    device = parse_device(spec.device)
    config = patches.with_device(config, device)
    config = patches.with_run_folder(config, spec.output_dir)
    config = patches.with_seed(config, spec.seed)
    rows = patches.rows_of(config, dataset)
    config = _with_schedule(config, _with_overridden_epochs(spec, config), rows, device.processes)
    if spec.image_size is not None:
        config = patches.with_image_size(config, spec.image_size)
    if spec.resume_from is not None:
        config = patches.with_checkpoint(config, spec.resume_from)
    return apply_overrides(config, spec.overrides)


def _with_overridden_epochs(spec: RunSpec, config: dict[str, Any]) -> RunSpec:
    """Take ``-o Global.epoch_num=N`` for ``--epochs N``: evaluations and schedule must follow it."""
    given = [pair for pair in spec.overrides if pair[0] == "Global.epoch_num"]
    if not given:
        return spec
    return replace(spec, epochs=apply_overrides(config, given)["Global"]["epoch_num"])


def _with_schedule(config: dict[str, Any], spec: RunSpec, rows: int, processes: int) -> dict[str, Any]:
    """Set weights, batch, epochs, learning rate and evaluations."""
    if spec.pretrained is not None:
        config = with_fine_tuning(patches.with_pretrained(config, spec.pretrained), rows)
    batch = int(config["Train"]["loader"]["batch_size_per_card"])
    size = spec.batch_size if spec.batch_size is not None else fitting_batch(batch, rows, processes)
    config = with_equal_batches(with_batch_size(config, size))
    config = with_one_scale(config, rows, processes)
    epochs = spec.epochs if spec.epochs is not None else int(config["Global"]["epoch_num"])
    config = patches.with_epochs(config, epochs)
    if spec.eval_every_epochs is not None:
        config = patches.with_evaluation(config, spec.eval_every_epochs)
    if spec.learning_rate is not None:
        config = patches.with_learning_rate(config, spec.learning_rate)
    return patches.with_logging(config, steps_per_epoch(config, rows, processes))


def fitting_batch(batch: int, rows: int, processes: int) -> int:
    """Halve a recipe's batch until an epoch has a few steps, but not below 1.

    A batch larger than the data set ends upstream's training with exit code 0 before the first
    step (PaddleOCR#5503, #14392). A batch that the user gave is not changed.
    """
    share = rows // max(1, processes)
    while batch > 1 and share // batch < _FEWEST_STEPS_PER_EPOCH:
        batch //= 2
    return batch
