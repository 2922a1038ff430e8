"""The options that ``train`` and ``config render`` share, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, TypeVar

import click

from ppocr_kit.cli.fetching import resolve_weights
from ppocr_kit.configs.base import DEFAULT_MODELS, find_recipe
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.key_information import LONGEST_WINDOW
from ppocr_kit.configs.overrides import parse_override
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import UsageError
from ppocr_kit.run_folders import OUTPUT_FOLDER, check_run_name
from ppocr_kit.runs.rundir import find_run, read_run
from ppocr_kit.tasks import KIE_TASKS, TEXT_TASKS, Task

_DEFAULTS = ", ".join(
    [*(f"{task}: {DEFAULT_MODELS[task]}" for task in TEXT_TASKS), f"ser, re: {DEFAULT_MODELS[Task.SER]}"]
)
Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--dataset",
        type=click.Path(path_type=Path),
        help="Data set folder, train_data/NAME (ppocr-kit dataset build).",
    ),
    click.option("--model", help=f"Recipe to train (ppocr-kit config list). Default {_DEFAULTS}."),
    click.option("--name", help="Name of the run, output/NAME. Default: data set and task."),
    click.option("--epochs", type=click.IntRange(min=1), help="Passes over the training rows."),
    click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        help="Rows per step and process: N processes make steps of N times as many.",
    ),
    click.option(
        "--lr",
        type=float,
        help="Peak learning rate, taken as it is. Default: the recipe's, scaled to the rows of a step.",
    ),
    click.option(
        "--pretrained",
        metavar="FILE|NAME|official|FOLDER",
        help="Training weights to fine-tune: a .pdparams file, a name of ppocr-kit models list, or official "
        "for those of --model; sets a short schedule that suits. ser, re: a folder of LayoutXLM.",
    ),
    click.option(
        "--transplant-head/--no-transplant-head",
        default=True,
        show_default=True,
        help="rec: carry over what the weights know of characters in both dictionaries.",
    ),
    click.option(
        "--pretrained-dict",
        type=click.Path(path_type=Path),
        help="rec: dictionary that the weights were trained with, where the kit cannot look it up.",
    ),
    click.option(
        "--from-ser",
        metavar="RUN",
        help="re: start from the network of a trained ser run.",
    ),
    click.option(
        "--max-seq-len",
        type=click.IntRange(1, LONGEST_WINDOW),
        help="ser, re: tokens of a page that are read; shorter is quicker.  [default: 512]",
    ),
    click.option(
        "--device",
        default="cpu",
        show_default=True,
        help="cpu, cpu:2 (two processes), gpu:0 or gpu:0,1 (one process per GPU).",
    ),
    click.option(
        "--image-size",
        type=click.IntRange(min=32),
        help="det: side of the training crops in pixels; choose about the shorter side of your pages when "
        "that is below 640.",
    ),
    click.option(
        "--image-width",
        type=click.IntRange(min=32),
        help="rec: width of the line pictures in pixels; wider holds longer texts, narrower is quicker.",
    ),
    click.option("--amp", is_flag=True, help="Mixed precision: half the memory, on a GPU only."),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed."),
    click.option(
        "--eval-every", type=click.IntRange(min=1), help="Epochs between evaluations; the last is always one."
    ),
    click.option(
        "-o",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change one value of the configuration, for example -o Optimizer.lr.warmup_epoch=1.",
    ),
)


def run_options(function: Function) -> Function:
    """Give a command the options that describe a training; see :func:`spec_from_options`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def spec_from_options(
    task: Task,
    *,
    fetch: bool = True,
    dataset: Path | None,
    model: str | None,
    name: str | None,
    epochs: int | None,
    batch_size: int | None,
    lr: float | None,
    pretrained: str | None,
    transplant_head: bool,
    pretrained_dict: Path | None,
    device: str,
    image_size: int | None,
    image_width: int | None,
    amp: bool,
    seed: int,
    eval_every: int | None,
    overrides: tuple[str, ...],
    from_ser: str | None,
    max_seq_len: int | None,
) -> RunSpec:
    """Turn the options of :func:`run_options` into a :class:`RunSpec`.

    Raises:
        UsageError: An option has a value that cannot be.
        DataError: The pretrained weights are not there.
    """
    if dataset is None:
        raise UsageError("no data set was named", at="--dataset", hint="ppocr-kit dataset build …")
    recipe = find_recipe(task, model if model is not None else DEFAULT_MODELS[task])
    run = check_run_name(name if name is not None else f"{dataset.absolute().name}-{task}")
    require_rate(lr)
    if pretrained_dict is not None and (pretrained is None or task is not Task.REC):
        raise UsageError("--pretrained-dict goes with --pretrained of a recogniser", at="--pretrained-dict")
    if task in KIE_TASKS:
        weights = _network(task, pretrained, from_ser)
    else:
        _require_text_options(task, from_ser=from_ser, max_seq_len=max_seq_len)
        weights = None if pretrained is None else resolve_weights(pretrained, task, recipe.name, fetch=fetch)
    return RunSpec(
        task=task,
        model=recipe.name,
        name=run,
        dataset_root=dataset,
        output_dir=Path(OUTPUT_FOLDER) / run,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=lr,
        pretrained=weights,
        transplant_head=transplant_head,
        pretrained_dict=pretrained_dict,
        device=str(parse_device(device)),
        image_size=image_size,
        image_width=image_width,
        max_seq_len=max_seq_len,
        mixed_precision=amp,
        seed=seed,
        overrides=tuple(parse_override(text) for text in overrides),
        eval_every_epochs=eval_every,
    )


def _network(task: Task, pretrained: str | None, from_ser: str | None) -> Path | None:
    """Return the folder of the network that a run of key information starts from.

    Raises:
        UsageError: Two are named, or the run is of another task or not trained.
    """
    if from_ser is None:
        return None if pretrained is None else Path(pretrained)
    if task is not Task.RE or pretrained is not None:
        what = (
            "and --pretrained exclude each other"
            if pretrained is not None
            else f"goes with re, not with {task}"
        )
        raise UsageError(f"--from-ser {what}", at="--from-ser")
    run = find_run(from_ser)
    record = read_run(run)
    if record.task is not Task.SER:
        raise UsageError(f"'{run.name}' is a {record.task} run, not a ser run", at="--from-ser")
    return run.checkpoint("best")


def _require_text_options(task: Task, **of_pages: object) -> None:
    """Refuse options of key information for another task.

    Raises:
        UsageError: One is given.
    """
    for name, value in of_pages.items():
        if value is not None:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} goes with ser and re, not with {task}", at=option)


def require_rate(rate: float | None) -> None:
    """Refuse what is no learning rate.

    Raises:
        UsageError: It is not a finite number above 0.
    """
    if rate is not None and not 0 < rate < float("inf"):
        raise UsageError(f"{rate} is not a learning rate", at="--lr", hint="a number above 0, such as 0.001")
