"""What is wrong with a PaddleOCR training YAML, each finding with its line.

All of it is found before anything runs; the release finds out while training, or never
(PaddleOCR#5503, #14392, #9157, #1818).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs import schema
from ppocr_kit.configs.keys import KeyPath, dotted, key_problem, kinds_at, unknown_keys, value_at
from ppocr_kit.configs.source import ConfigSource, read_source
from ppocr_kit.problems import Problem, Severity

# A number that YAML 1.1 takes for text because it has no point or no sign in the exponent.
_TEXT_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+\Z")
_WEIGHTS = (
    ("Global", "pretrained_model"),
    ("Global", "checkpoints"),
    ("Architecture", "Backbone", "checkpoints"),
)

Check = Callable[[ConfigSource, Path], Iterator[Problem]]


def lint_file(path: Path, root: Path | None = None) -> list[Problem]:
    """Check a training YAML, the user's own or a rendered one.

    Args:
        path: The file.
        root: Folder that relative paths in it start from, which is where the tools run; the
            current folder by default.

    Returns:
        All findings by line; codes ``C001`` to ``C015`` are explained in docs/errors.md.
    """
    source = read_source(path)
    base = root if root is not None else Path.cwd()
    found = list(source.problems)
    if source.config:
        for check in _CHECKS:
            found.extend(check(source, base))
    return sorted(found, key=lambda problem: (problem.line or 0, problem.code))


def _sections(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C004: a section that every training needs is missing or empty."""
    for name in schema.SECTIONS:
        if not isinstance(source.config.get(name), Mapping):
            state = "empty" if name in source.config else "missing"
            yield _problem(source, (name,), "C004", f"the section {name} is {state}")
    for mode in ("Train", "Eval"):
        for part in ("dataset", "loader"):
            if isinstance(source.config.get(mode), Mapping) and not isinstance(
                value_at(source.config, (mode, part)), Mapping
            ):
                yield _problem(source, (mode, part), "C004", f"{mode} has no {part}")


def _keys(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C005, C006: keys that the release does not look up; C015: transforms that it does not have."""
    for unknown in unknown_keys(source.config):
        line = source.line(unknown.path)
        if len(unknown.path) == 5 and unknown.path[1:3] == ("dataset", "transforms"):
            name = str(unknown.path[-1])
            hint = f"did you mean {unknown.nearest}?" if unknown.nearest else None
            yield Problem(
                "C015", Severity.ERROR, f"the release has no transform {name}", source.file, line, hint=hint
            )
        else:
            yield key_problem(unknown, source.file, line)


def _values(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C007: values of a type that the key does not take; C008: the text None."""
    for path, value in _leaves(source.config, ()):
        name = dotted(path)
        kind = (kinds_at(source.config, path[:-1]) or {}).get(str(path[-1]), "any")
        if value == "None" and name != "PostProcess.name":
            yield _problem(source, path, "C008", f"{name} is the text 'None'", hint="write null, or nothing")
        elif isinstance(value, str) and _TEXT_NUMBER.match(value) and kind.rstrip("?") != "str":
            message = f"{name} is the text '{value}', not a number"
            yield _problem(source, path, "C007", message, hint=f"write {_pointed(value)}")
        elif isinstance(value, (bool, int, float, str)) and not schema.fits_kind(value, kind):
            wanted = schema.describe_kind(kind)
            yield _problem(source, path, "C007", f"{name} takes {wanted}, not {value!r}")


def _weights(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C009: weights from the web, which fail offline and change unseen; C010: absent ones."""
    for path in _WEIGHTS:
        value = value_at(source.config, path)
        if not isinstance(value, str) or not value or value == "None":
            continue
        if re.match(r"https?://", value):
            hint = "fetch the file once and name it here"
            yield _problem(source, path, "C009", f"{dotted(path)} is fetched from the web", hint=hint)
        elif not any((root / name).exists() for name in (value, f"{value}.pdparams")):
            yield _problem(source, path, "C010", f"there are no weights at {value}")


def _data(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C010: absent lists and folders; C012: the same list for training and for choosing the best."""
    lists: dict[str, set[Path]] = {}
    for mode in ("Train", "Eval"):
        folder = value_at(source.config, (mode, "dataset", "data_dir"))
        if isinstance(folder, str) and not (root / folder).is_dir():
            yield _problem(source, (mode, "dataset", "data_dir"), "C010", f"there is no folder {folder}")
        named = list(_lists(source.config, mode))
        lists[mode] = {(root / name).resolve() for _, name in named}
        for path, name in named:
            if not (root / name).is_file():
                yield _problem(source, path, "C010", f"there is no list {name}")
    for path, name in _lists(source.config, "Eval"):
        if (root / name).resolve() in lists["Train"]:
            hint = "hold pages back: a model scores best on what it was trained on"
            yield _problem(source, path, "C012", f"Eval reads {name}, which Train reads too", hint=hint)


def _dictionary(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C011: an absent dictionary."""
    path = ("Global", "character_dict_path")
    value = value_at(source.config, path)
    if isinstance(value, str) and value != "None" and not (root / value).is_file():
        inside = value.lstrip("./").startswith("ppocr/")
        hint = "the path is inside the release: name it in full" if inside else None
        yield _problem(source, path, "C011", f"there is no dictionary {value}", hint=hint)


def _batches(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C014: the batch is larger than the data, so that no step is made."""
    if _count_steps(source.config, root) != 0:
        return
    path = ("Train", "loader", "batch_size_per_card")
    rows = _count_rows(source.config, root)
    message = f"a batch of {value_at(source.config, path)} is larger than the {rows} rows to train"
    hint = f"at most {rows}" if rows else "the lists are empty"
    yield _problem(source, path, "C014", f"{message}: no step is made", hint=hint)


def _evaluations(source: ConfigSource, root: Path) -> Iterator[Problem]:
    """C013: no evaluation falls inside the run, so that there is no best model."""
    epochs = value_at(source.config, ("Global", "epoch_num"))
    by_epoch, by_step = ("Global", "eval_batch_epoch"), ("Global", "eval_batch_step")
    every, setting = value_at(source.config, by_epoch), value_at(source.config, by_step)
    if not _is_count(epochs):
        return
    if every and isinstance(setting, list):
        if _is_count(every) and every > epochs:
            message = f"the run ends after {epochs} epochs, the first evaluation is after {every}"
            yield _problem(source, by_epoch, "C013", message, hint=f"at most {epochs}")
        return
    if every:
        message = "eval_batch_epoch counts only beside a list in eval_batch_step"
        yield _problem(source, by_epoch, "C013", message, hint="Global.eval_batch_step: [0, 2000]")
    steps, first = _count_steps(source.config, root), _first_evaluation(setting)
    if steps and first is not None and first > steps * epochs:
        message = f"the first evaluation is at step {first}, the run ends at step {steps * epochs}"
        hint = "Global.eval_batch_epoch: 1 evaluates after every epoch"
        yield _problem(source, by_step, "C013", message, hint=hint)


_CHECKS: tuple[Check, ...] = (_sections, _keys, _values, _weights, _data, _dictionary, _batches, _evaluations)


def _problem(
    source: ConfigSource, path: KeyPath, code: str, message: str, hint: str | None = None
) -> Problem:
    return Problem(code, Severity.ERROR, message, source.file, source.line(path), hint=hint)


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Walk all values that are no mapping and no list, and the lists and mappings that stand in for one."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    elif path:
        yield path, value


def _lists(config: Mapping[str, Any], mode: str) -> Iterator[tuple[KeyPath, str]]:
    """Walk the label lists of a mode; upstream also takes a single name."""
    path: KeyPath = (mode, "dataset", "label_file_list")
    value = value_at(config, path)
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, name in enumerate(value):
            if isinstance(name, str):
                yield (*path, index), name


def _count_rows(config: Mapping[str, Any], root: Path) -> int | None:
    """Count the rows that train, as the release counts them, or None when a list is absent."""
    total = 0
    shares = value_at(config, ("Train", "dataset", "ratio_list"))
    for index, (_, name) in enumerate(_lists(config, "Train")):
        try:
            with (root / name).open("rb") as handle:
                rows = sum(1 for _ in handle)
        except OSError:
            return None
        share = shares[index] if isinstance(shares, list) and index < len(shares) else shares
        total += round(rows * share) if isinstance(share, (int, float)) else rows
    return total if any(_lists(config, "Train")) else None


def _count_steps(config: Mapping[str, Any], root: Path) -> int | None:
    """Return the steps of an epoch in one process, or None when the lists or the batch are not known."""
    rows = _count_rows(config, root)
    batch = value_at(config, ("Train", "loader", "batch_size_per_card"))
    if rows is None or not _is_count(batch):
        return None
    dropped = bool(value_at(config, ("Train", "loader", "drop_last")))
    return int(rows // batch if dropped else math.ceil(rows / batch))


def _first_evaluation(setting: Any) -> int | None:
    """Return the step of the first evaluation: ``every`` or ``[start, every]``."""
    if _is_count(setting):
        return int(setting)
    if isinstance(setting, list) and len(setting) >= 2 and all(isinstance(each, int) for each in setting[:2]):
        return int(setting[0]) + int(setting[1])
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _pointed(text: str) -> str:
    """Write a number as PyYAML reads it: ``1.0e-06`` in place of ``1e-06``."""
    mantissa, exponent = f"{float(text):e}".split("e")
    return f"{float(mantissa)}e{exponent}"
