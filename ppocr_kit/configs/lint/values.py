"""Checks of sections, keys and values, whatever they mean together."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ppocr_kit.configs import schema
from ppocr_kit.configs.decoders import DECODERS, NO_DECODER
from ppocr_kit.configs.keys import KeyPath, dotted, key_problem, kinds_at, unknown_keys
from ppocr_kit.configs.lint.subject import MODES, Subject
from ppocr_kit.configs.transform_ops import TRANSFORM_OPS
from ppocr_kit.problems import Problem

# A number that YAML 1.1 takes for text because it has no point or no sign in the exponent.
_TEXT_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+\Z")
# Where the release makes a number of a text itself.
_CONVERTED = {("Optimizer", "regularizer", "factor")}

DATA_SETS = (
    "SimpleDataSet", "LMDBDataSet", "PGDataSet", "PubTabDataSet", "LMDBDataSetSR", "LMDBDataSetTableMaster",
    "MultiScaleDataSet", "TextDetDataset", "TextRecDataset", "MSTextRecDataset", "PubTabTableRecDataset",
    "KieDataset", "LaTeXOCRDataSet",
)  # fmt: skip
_WITH_LISTS = {
    "SimpleDataSet", "PGDataSet", "PubTabDataSet", "MultiScaleDataSet", "TextDetDataset", "TextRecDataset",
    "MSTextRecDataset", "PubTabTableRecDataset", "KieDataset",
}  # fmt: skip
_COLLATORS = (
    "DictCollator", "ListCollator", "SSLRotateCollate", "DyMaskCollator", "LaTeXOCRCollator",
    "UniMERNetCollator",
)  # fmt: skip
_SAMPLERS = ("MultiScaleSampler", "DistributedBatchSampler", "BatchSampler")

# Looked up by release 3.7.0 without a default: a missing one ends it with KeyError.
_REQUIRED: tuple[tuple[KeyPath, tuple[str, ...]], ...] = (
    (("Global",), ("epoch_num", "log_smooth_window", "print_batch_step", "eval_batch_step", "save_epoch_step",
                   "save_model_dir")),
    (("Architecture",), ("model_type", "algorithm")),
    (("Optimizer",), ("name", "lr")),
    (("Loss",), ("name",)),
    (("PostProcess",), ("name",)),
    (("Metric",), ("name",)),
)  # fmt: skip
_REQUIRED_OF_LOADER = ("shuffle", "drop_last", "batch_size_per_card", "num_workers")


def check_origin(subject: Subject) -> Iterator[Problem]:
    """C019: what the tools cannot read at all."""
    config = subject.config
    if isinstance(subject.at("Global", "reader_yml"), str):
        place: KeyPath = ("Global", "reader_yml")
    elif subject.at("Architecture", "function") is not None:
        place = ("Architecture", "function")
    else:
        place = next(((name,) for name in ("TrainReader", "EvalReader") if name in config), ())
    if place:
        yield subject.problem("C019", place, "a configuration of PaddleOCR 1.x")
    elif "CheckDataset" in config or {"mode", "dataset_dir"} <= subject.mapping("Global").keys():
        hint = "take the PaddleOCR configuration of the model: ppocr-kit config list"
        yield subject.problem("C019", ("Global",), "a configuration of PaddleX", hint)
    elif "PreProcess" in config or "Hpi" in config:
        hint = "name the YAML that the model was trained with"
        yield subject.problem("C019", (next(iter(config)),), "the settings of an exported model", hint)


def check_sections(subject: Subject) -> Iterator[Problem]:
    """C004: a section that every training needs is missing or empty; C020: a key that it needs."""
    for name in schema.SECTIONS:
        if not subject.mapping(name):
            state = "empty or no mapping" if name in subject.config else "missing"
            yield subject.problem("C004", (name,), f"the section {name} is {state}")
    for mode in MODES:
        for part in ("dataset", "loader"):
            if subject.mapping(mode) and not subject.mapping(mode, part):
                yield subject.problem("C004", (mode, part), f"{mode} has no {part}")
    for path, keys in _required(subject):
        section = subject.mapping(*path)
        for key in keys if section else ():
            if section.get(key) is None:
                state = "empty" if key in section else "missing"
                yield subject.problem("C020", (*path, key), f"{dotted((*path, key))} is {state}")


def _required(subject: Subject) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    yield from _REQUIRED
    for mode in MODES:
        yield (mode, "loader"), _REQUIRED_OF_LOADER
        lists = ("label_file_list",) if subject.name(mode, "dataset") in _WITH_LISTS else ()
        yield (mode, "dataset"), ("name", "data_dir", *lists, "transforms")


def check_keys(subject: Subject) -> Iterator[Problem]:
    """C005, C006: keys that the release does not look up; C015: transforms that it does not have."""
    for unknown in unknown_keys(subject.config):
        if len(unknown.path) == 5 and unknown.path[1:3] == ("dataset", "transforms"):
            hint = f"did you mean {unknown.nearest}?" if unknown.nearest else None
            message = f"the release has no transform {unknown.path[-1]}"
            yield subject.problem("C015", unknown.path, message, hint)
        else:
            yield key_problem(unknown, subject.source.file, subject.source.line(unknown.path))


def check_names(subject: Subject) -> Iterator[Problem]:
    """C033: names that the release looks up in a list of its own."""
    yield from _check_name(subject, ("PostProcess", "name"), (*DECODERS, NO_DECODER))
    for mode in MODES:
        yield from _check_name(subject, (mode, "dataset", "name"), DATA_SETS)
        yield from _check_name(subject, (mode, "loader", "collate_fn"), _COLLATORS)
        yield from _check_name(subject, (mode, "sampler", "name"), _SAMPLERS)
        for path, name, _ in subject.transforms(mode):
            if name == "MultiLabelEncode":
                yield from _check_name(subject, (*path, "gtc_encode"), tuple(TRANSFORM_OPS))


def _check_name(subject: Subject, path: KeyPath, names: Sequence[str]) -> Iterator[Problem]:
    value = subject.at(*path)
    if not isinstance(value, str) or value in names:
        return
    near = difflib.get_close_matches(value, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"
    yield subject.problem("C033", path, f"the release has no {value} for {dotted(path)}", hint)


def check_values(subject: Subject) -> Iterator[Problem]:
    """C007: values of a type that the key does not take; C008: the text None; C016: converted text."""
    for path, value in _walk(subject.config, ()):
        kinds = kinds_at(subject.config, path[:-1]) or {}
        yield from _check_value(subject, path, value, kinds.get(str(path[-1]), "any"))
    for mode in MODES:
        for key, kind in (("ratio_list", "float"), ("label_file_list", "str"), ("transforms", "mapping")):
            path = (mode, "dataset", key)
            yield from _check_items(subject, path, kind)
    yield from _check_items(subject, ("Global", "eval_batch_step"), "int")


def _check_value(subject: Subject, path: KeyPath, value: Any, kind: str) -> Iterator[Problem]:
    name, plain = dotted(path), kind.rstrip("?")
    if value == "None":
        if path != ("PostProcess", "name"):
            yield subject.problem("C008", path, f"{name} is the text 'None'", "write null, or nothing")
    elif isinstance(value, str) and _TEXT_NUMBER.match(value) and "str" not in plain.split("|"):
        surely = plain != "any" and path not in _CONVERTED
        code, verb = ("C007", "is") if surely else ("C016", "may be taken for")
        message = f"{name} {verb} the text '{value}', not a number"
        yield subject.problem(code, path, message, f"write {_pointed(value)}")
    elif value is not None and not schema.fits_kind(value, kind):
        shown = _shown(value)
        yield subject.problem("C007", path, f"{name} takes {schema.describe_kind(kind)}, not {shown}")


def _check_items(subject: Subject, path: KeyPath, kind: str) -> Iterator[Problem]:
    """C007: items of a list that is read one by one."""
    items = subject.at(*path)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not schema.fits_kind(item, kind) and not (isinstance(item, str) and _TEXT_NUMBER.match(item)):
            message = f"{dotted(path)} has {_shown(item)}, where {schema.describe_kind(kind)} should be"
            yield subject.problem("C007", (*path, index), message)


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Walk all values below a mapping, also the lists and mappings, outer before inner."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))


def _shown(value: Any) -> str:
    """Name a value in a few words."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _pointed(text: str) -> str:
    """Write a number as PyYAML reads it: ``1.0e-06`` in place of ``1e-06``."""
    if not math.isfinite(float(text)):
        return "a number that a computer can hold"
    mantissa, exponent = f"{float(text):e}".split("e")
    return f"{float(mantissa)}e{exponent}"
