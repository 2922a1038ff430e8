"""Render: recipe, then data set and machine, then the user's choices, into one complete YAML.

The result is exactly what the release's tools are given; nothing is passed with ``-o``. Whatever
differs from the recipe is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ppocr_kit.configs import machine, patches
from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.changes import Change, Draft, with_reasons
from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.configs.fine_tuning import fine_tuning_epochs, fine_tuning_of, with_fine_tuning_schedule
from ppocr_kit.configs.key_information import with_network, with_window
from ppocr_kit.configs.keys import value_at
from ppocr_kit.configs.line_input import frames_of, guides, with_image_width, with_text_length
from ppocr_kit.configs.overrides import apply_overrides
from ppocr_kit.configs.sampling import steps_per_epoch, with_batch_size, with_equal_batches, with_one_scale
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.configs.yaml_text import dump_config
from ppocr_kit.datasets.manifest import Dataset
from ppocr_kit.tasks import KIE_TASKS, TEXT_TASKS, Task

__all__ = ["Rendered", "dump_config", "render", "render_config", "rendered_text"]

_EPOCHS = "Global.epoch_num"
_BATCH = "Train.loader.batch_size_per_card"


@dataclass(frozen=True)
class Rendered:
    """A complete training configuration and how it differs from its recipe.

    Attributes:
        config: What runs.
        changes: Every value that is not the recipe's, with the reason.
    """

    config: dict[str, Any]
    changes: tuple[Change, ...]


def render_config(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """Return the configuration alone; see :func:`render`."""
    return render(spec, dataset).config


def render(spec: RunSpec, dataset: Dataset) -> Rendered:
    """Return the complete training configuration of a run, and what was changed for it.

    Args:
        spec: What the user asked for.
        dataset: The data set; only what its manifest says is used, no file is opened.

    Raises:
        UsageError: No such model, the device is not one, or it cannot do what is asked for.
        DataError: The data set lacks the task or a split.
        ConfigError: An override is unknown or of the wrong type.
    """
    recipe = load_recipe(find_recipe(spec.task, spec.model))
    device = parse_device(spec.device)
    draft = Draft(recipe)
    _take_sizes(draft, spec)
    _take_data(draft, dataset, spec.task)
    draft.take(patches.with_device(draft.config, device), f"it runs on {device}")
    draft.take(
        machine.with_mixed_precision(draft.config, device, spec.mixed_precision),
        "of --amp" if spec.mixed_precision else "mixed precision is used on request only (--amp)",
    )
    draft.take(patches.with_run_folder(draft.config, spec.output_dir), "it belongs to this run")
    draft.take(patches.with_seed(draft.config, spec.seed), f"of --seed {spec.seed}")
    _take_schedule(draft, _with_overridden_options(spec, draft.config), recipe, dataset, device)
    if spec.resume_from is not None:
        draft.take(patches.with_checkpoint(draft.config, spec.resume_from), "of --resume")
    draft.take(apply_overrides(draft.config, spec.overrides), "of -o")
    return Rendered(draft.config, draft.changes())


def rendered_text(config: dict[str, Any], changes: Sequence[Change], model: str) -> str:
    """Return the YAML file, with what differs from the recipe ``model`` in a comment above it."""
    return with_reasons(dump_config(config), changes, f"Changed from the recipe {model}:")


def _take_data(draft: Draft, dataset: Dataset, task: Task) -> None:
    """Read the data set, and keep its longest label."""
    draft.take(patches.with_dataset(draft.config, dataset), f"it is the data set '{dataset.name}'")
    if task is not Task.REC:
        return
    longest = dataset.tasks[task].max_text_length or 0
    frames = frames_of(draft.config)
    marks = ", with a start and an end sign" if guides(draft.config) else ""
    limit = f" and a line picture holds at most {frames}" if frames else ""
    draft.take(
        with_text_length(draft.config, longest), f"the longest label has {longest} characters{marks}{limit}"
    )


def _take_sizes(draft: Draft, spec: RunSpec) -> None:
    """Set the size of training pictures."""
    if spec.image_size is not None:
        draft.take(
            patches.with_image_size(draft.config, spec.image_size), f"of --image-size {spec.image_size}"
        )
    if spec.image_width is not None:
        reason = f"of --image-width {spec.image_width}"
        draft.take(with_image_width(draft.config, spec.image_width), reason)
    if spec.max_seq_len is not None:
        draft.take(with_window(draft.config, spec.max_seq_len), f"of --max-seq-len {spec.max_seq_len}")


def _take_schedule(
    draft: Draft, spec: RunSpec, recipe: dict[str, Any], dataset: Dataset, device: Device
) -> None:
    """Set weights, batch, epochs, learning rate and evaluations."""
    rows = patches.rows_of(draft.config, dataset)
    fine_tunes = spec.pretrained is not None and spec.task in TEXT_TASKS
    defaults = fine_tuning_of(recipe)
    _take_weights(draft, spec)
    published = machine.published_rows(recipe)
    rate = float(recipe["Optimizer"]["lr"]["learning_rate"])
    epochs, why = int(recipe["Global"]["epoch_num"]), "the recipe"
    if fine_tunes or spec.task in KIE_TASKS:
        published, rate = defaults.batch_size, rate * defaults.rate_share
        epochs = min(epochs, fine_tuning_epochs(defaults.rows_seen, rows, defaults.most_epochs))
        why = f"fine-tuning shows about {defaults.rows_seen} rows, and there are {rows}"
    if spec.epochs is not None:
        epochs, why = spec.epochs, "of --epochs"
    _take_batch(draft, spec, rows, device, defaults.batch_size if fine_tunes else None)
    if fine_tunes:
        reason = "fine-tuning goes down a cosine after a short warm-up"
        draft.take(with_fine_tuning_schedule(draft.config, epochs), reason)
    draft.take(patches.with_epoch_number(draft.config, epochs), why)
    draft.take(patches.with_epochs(draft.config, epochs, spec.eval_every_epochs), _of_epochs(spec, epochs))
    _take_rate(draft, spec, rate, published, device.processes)
    steps = steps_per_epoch(draft.config, rows, device.processes)
    draft.take(patches.with_logging(draft.config, steps), f"an epoch has {steps} steps")


def _take_weights(draft: Draft, spec: RunSpec) -> None:
    """Set what the run starts from."""
    if spec.pretrained is None:
        return
    if spec.task in KIE_TASKS:
        draft.take(with_network(draft.config, spec.pretrained), "it starts from that network")
    else:
        draft.take(patches.with_pretrained(draft.config, spec.pretrained), "of --pretrained")


def _take_batch(draft: Draft, spec: RunSpec, rows: int, device: Device, most: int | None) -> None:
    """Set the rows per step, and let a sampler of several heights make batches that can be."""
    batch, why = int(draft.config["Train"]["loader"]["batch_size_per_card"]), "the recipe"
    if spec.batch_size is not None:
        batch, why = spec.batch_size, "of --batch-size"
    else:
        if most is not None and most < batch:
            batch, why = most, f"fine-tuning takes many steps of at most {most} rows"
        slow = batch if device.is_gpu else machine.cpu_batch(draft.config, batch)
        if slow < batch:
            batch, why = slow, "a CPU takes minutes for a larger step"
        fitting = machine.fitting_batch(batch, rows, device.processes)
        if fitting < batch:
            batch, why = fitting, f"{rows} rows make {machine.FEWEST_STEPS_PER_EPOCH} steps an epoch with it"
    draft.take(with_batch_size(draft.config, batch), why)
    draft.take(
        with_equal_batches(draft.config), "batches of the higher pictures would have hardly any row else"
    )
    draft.take(
        with_one_scale(draft.config, rows, device.processes), f"{rows} rows are too few for a turn of all"
    )


def _take_rate(draft: Draft, spec: RunSpec, rate: float, published: int, processes: int) -> None:
    """Set the peak learning rate for the rows that a step has."""
    if spec.learning_rate is not None:
        draft.take(patches.with_learning_rate(draft.config, spec.learning_rate), "of --lr")
        return
    rows = int(draft.config["Train"]["loader"]["batch_size_per_card"]) * processes
    kind = (
        "fine-tuning takes"
        if spec.pretrained is not None and spec.task in TEXT_TASKS
        else "it is published as"
    )
    why = f"{kind} {rate:g} for steps of {published} rows, and a step has {rows}{_bound(rows, published)}"
    draft.take(patches.with_learning_rate(draft.config, machine.scaled_rate(rate, rows, published)), why)


def _bound(rows: int, published: int) -> str:
    """Say which rule gave the learning rate."""
    if rows == published:
        return ""
    factor = machine.scaled_rate(1.0, rows, published)
    if factor in (machine.LOWEST_RATE, machine.HIGHEST_RATE):
        return f": {factor:g} of it is the {'least' if rows < published else 'most'}"
    return ": it follows their square root"


def _of_epochs(spec: RunSpec, epochs: int) -> str:
    """Say why what follows the epochs is as it is."""
    asked = f", --eval-every {spec.eval_every_epochs}" if spec.eval_every_epochs is not None else ""
    length = "one epoch" if epochs == 1 else f"{epochs} epochs"
    return f"the run has {length}{asked}; the last one is evaluated"


def _with_overridden_options(spec: RunSpec, config: dict[str, Any]) -> RunSpec:
    """Take ``-o`` for an option where it names the same value, because more has to follow it.

    With the epochs go evaluations and schedule, with the batch a sampler and the learning rate.
    """
    given = {key: [pair for pair in spec.overrides if pair[0] == key] for key in (_EPOCHS, _BATCH)}
    if given[_EPOCHS]:
        spec = replace(spec, epochs=value_at(apply_overrides(config, given[_EPOCHS]), _path(_EPOCHS)))
    if given[_BATCH]:
        spec = replace(spec, batch_size=value_at(apply_overrides(config, given[_BATCH]), _path(_BATCH)))
    return spec


def _path(key: str) -> tuple[str, ...]:
    return tuple(key.split("."))
