"""The options of ``train`` that go with a YAML of the user's own, and what they mean together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ppocr_kit.cli.console import print_problems, say
from ppocr_kit.cli.fetching import resolve_weights
from ppocr_kit.cli.run_options import require_rate
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.overrides import parse_override
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import UsageError
from ppocr_kit.run_folders import OUTPUT_FOLDER, check_run_name
from ppocr_kit.runs.own_config import OwnConfig, check_own_config, prepare_own_training, require_sound
from ppocr_kit.runs.train import PreparedTraining
from ppocr_kit.tasks import KIE_TASKS

# What describes a recipe, a data set, or a change that only a recipe has a place for.
_OF_RECIPES = ("task", "dataset", "model", "image_size", "image_width", "from_ser", "max_seq_len")
_WORDS = {"task": "TASK"}


def prepare_own(file: Path, *, resume: bool, overwrite: bool, **options: Any) -> PreparedTraining:
    """Check a YAML of the user's own, say what is wrong with it, and plan its training.

    Raises:
        UsageError: An option goes with recipes only.
        ConfigError: The YAML has errors.
    """
    _require_own_options(options)
    own = check_own_config(file)
    print_problems(own.problems, err=True)
    require_sound(own)
    spec = _spec(file, own, options)
    prepared = prepare_own_training(own, spec, resume=resume, overwrite=overwrite)
    for change in () if resume else prepared.changes:
        say(f"changed {change}")
    return prepared


def _require_own_options(options: Mapping[str, Any]) -> None:
    given = [name for name in _OF_RECIPES if options.get(name) is not None]
    if given:
        names = ", ".join(_WORDS.get(name, f"--{name.replace('_', '-')}") for name in given)
        raise UsageError(
            f"--config is complete by itself; {names} {'goes' if len(given) == 1 else 'go'} with a recipe",
            at="--config",
            hint="leave it out, or change single values with -o",
        )


def _spec(file: Path, own: OwnConfig, options: Mapping[str, Any]) -> RunSpec:
    """Describe the run; the file's seed holds unless --seed is given."""
    name = check_run_name(options["name"] or _run_name(file))
    require_rate(options["lr"])
    given = options["pretrained"]
    if given is not None:
        given = Path(given) if own.task in KIE_TASKS else resolve_weights(given, own.task, None)
    seed_given = click.get_current_context().get_parameter_source("seed") is not ParameterSource.DEFAULT
    return RunSpec(
        task=own.task,
        model=file.stem,
        name=name,
        config_file=file,
        output_dir=Path(OUTPUT_FOLDER) / name,
        epochs=options["epochs"],
        batch_size=options["batch_size"],
        learning_rate=options["lr"],
        pretrained=given,
        transplant_head=options["transplant_head"],
        pretrained_dict=options["pretrained_dict"],
        device=str(parse_device(options["device"])),
        mixed_precision=options["amp"],
        seed=options["seed"] if seed_given else own.seed,
        overrides=tuple(parse_override(text) for text in options["overrides"]),
        eval_every_epochs=options["eval_every"],
    )


def _run_name(file: Path) -> str:
    """Name a run after its YAML, with what cannot stand in a run's name replaced."""
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() or letter in "._-" else "-" for letter in file.stem
    )
    return plain.lstrip("._-")[:100] or "own"
