"""Checks of parts that belong together: heads, losses, encoders, decoders, what is kept of a row, sizes.

Source: what the losses and metrics of release 3.7.0 take from a batch by position (tools/program.py), and
what tools/train.py and MultiLabelEncode of ppocr/data/imaug/label_ops.py make of a MultiHead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ppocr_kit.configs.components import SUPPLIED
from ppocr_kit.configs.keys import KeyPath, dotted
from ppocr_kit.configs.lint.subject import MODES, Subject
from ppocr_kit.configs.transform_ops import TRANSFORM_OPS
from ppocr_kit.problems import Problem


@dataclass(frozen=True)
class Company:
    """What a loss goes with; an empty tuple is not judged.

    Attributes:
        heads: Heads whose output it reads.
        encoders: Transforms that make its targets.
        decoders: Decoders of the same output.
        train: What it takes from a batch, in this order.
        val: What the metric takes from a batch, in this order.
    """

    heads: tuple[str, ...] = ()
    encoders: tuple[str, ...] = ()
    decoders: tuple[str, ...] = ()
    train: tuple[str, ...] = ()
    val: tuple[str, ...] = ()


_PAGES = ("image", "shape", "polys", "ignore_tags")
_TOKENS = ("input_ids", "bbox", "attention_mask", "token_type_ids", "image")
COMPANIES: dict[str, Company] = {
    "DBLoss": Company(
        ("DBHead", "PFHeadLocal"), ("DetLabelEncode",), ("DBPostProcess",),
        ("image", "threshold_map", "threshold_mask", "shrink_map", "shrink_mask"), _PAGES,
    ),
    "CTCLoss": Company(
        ("CTCHead",), ("CTCLabelEncode",), ("CTCLabelDecode",),
        ("image", "label", "length"), ("image", "label"),
    ),
    "AttentionLoss": Company(
        ("AttentionHead",), ("AttnLabelEncode",), ("AttnLabelDecode",),
        ("image", "label", "length"), ("image", "label"),
    ),
    "SARLoss": Company(
        ("SARHead", "RobustScannerHead"), ("SARLabelEncode",), ("SARLabelDecode",),
        ("image", "label", "valid_ratio"), ("image", "label", "valid_ratio"),
    ),
    "ClsLoss": Company(("ClsHead",), (), ("ClsPostProcess",), ("image", "label"), ("image", "label")),
    "VQASerTokenLayoutLMLoss": Company(
        (), ("VQATokenLabelEncode",), ("VQASerTokenLayoutLMPostProcess",),
        (*_TOKENS, "labels"), (*_TOKENS, "labels"),
    ),
    "LossFromOutput": Company(
        (), ("VQATokenLabelEncode",), ("VQAReTokenLayoutLMPostProcess",),
        (*_TOKENS, "entities", "relations"), (*_TOKENS, "entities", "relations"),
    ),
}  # fmt: skip

# The second head of a MultiHead: its loss, the gtc_encode that makes its targets, and their name in a row.
_SECOND_HEADS: dict[str, tuple[str, str | None, str]] = {
    "SARHead": ("SARLoss", None, "label_sar"),
    "NRTRHead": ("NRTRLoss", "NRTRLabelEncode", "label_gtc"),
}
# Algorithms whose networks the release's training hands the targets, which a MultiHead learns from.
_WITH_TARGETS = (
    "SRN", "NRTR", "SAR", "SEED", "SVTR", "SVTR_LCNet", "SPIN", "VisionLAN", "RobustScanner", "RFL", "DRRG",
    "SATRN", "SVTR_HGNet", "ParseQ", "CPPD",
)  # fmt: skip
DISTILLATION = "an algorithm of several models (distillation)"
_PARTS = ("Transform", "Backbone", "Neck", "Head")


def check_company(subject: Subject) -> Iterator[Problem]:
    """C032: loss, head, label encoder and decoder of one kind."""
    loss = subject.name("Loss")
    company = COMPANIES.get(loss or "")
    if company is None or subject.name("Architecture", "Head") == "MultiHead":
        return
    named: list[tuple[KeyPath, tuple[str, ...]]] = [
        (("Architecture", "Head"), company.heads),
        (("PostProcess",), company.decoders),
    ]
    for path, names in named:
        name = subject.name(*path)
        if names and name is not None and name not in names:
            message = f"{loss} goes with {' or '.join(names)}, and {dotted(path)} is {name}"
            yield subject.problem("C032", (*path, "name"), message)
    for mode in MODES:
        encoders = [
            (path, name) for path, name, _ in subject.transforms(mode) if name.endswith("LabelEncode")
        ]
        if company.encoders and encoders and not any(name in company.encoders for _, name in encoders):
            wrong = [(path, name) for path, name in encoders if name in TRANSFORM_OPS]
            for path, name in wrong[:1]:
                message = f"{loss} goes with {' or '.join(company.encoders)}, and {mode} has {name}"
                yield subject.problem("C032", path, message)


def check_kept(subject: Subject) -> Iterator[Problem]:
    """C026: what is kept of a row is what loss and metric read, in their order."""
    for mode in MODES:
        wanted = _wanted(subject, mode)
        steps = list(subject.transforms(mode))
        kept = [(path, settings) for path, name, settings in steps if name == "KeepKeys"]
        if steps and not kept:
            message = f"{mode} has no KeepKeys, which makes a batch of a row"
            hint = f"write KeepKeys with {list(wanted)}" if wanted else None
            yield subject.problem("C026", (mode, "dataset", "transforms"), message, hint)
        for path, settings in kept[-1:]:
            keys = settings.get("keep_keys")
            if not isinstance(keys, list):
                yield subject.problem("C026", path, f"KeepKeys of {mode} has no keep_keys")
            elif tuple(keys[: len(wanted)]) != wanted:
                yield subject.problem("C026", path, _kept_otherwise(subject, mode, keys, wanted))


def _kept_otherwise(subject: Subject, mode: str, keys: list[Any], wanted: tuple[str, ...]) -> str:
    missing = [key for key in wanted if key not in keys]
    loss = subject.name("Loss")
    if missing:
        return f"keep_keys of {mode} lacks {', '.join(missing)}, which go with {loss}"
    return f"keep_keys of {mode} is not in the order in which they are read: {', '.join(wanted)}"


def _wanted(subject: Subject, mode: str) -> tuple[str, ...]:
    """Return what must be kept of a row, as far as it is known."""
    if subject.name("Architecture", "Head") == "MultiHead":
        second = _second_head(subject)
        target = _SECOND_HEADS[second][2] if second in _SECOND_HEADS else None
        return ("image", "label_ctc", target, "length", "valid_ratio") if target else ()
    company = COMPANIES.get(subject.name("Loss") or "", Company())
    return company.train if mode == "Train" else company.val


def _second_head(subject: Subject) -> str | None:
    """Return the head beside CTCHead in a MultiHead, or None when there is none to be seen."""
    names = [name for name in _entries(subject, ("Architecture", "Head", "head_list")) if name != "CTCHead"]
    return names[0] if len(names) == 1 else None


def _entries(subject: Subject, path: KeyPath) -> list[str]:
    """Return the names in a list of one-key mappings."""
    items = subject.at(*path)
    found = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    return [name for item in found for name in item]


def check_multi_head(subject: Subject) -> Iterator[Problem]:
    """C027: MultiHead, MultiLoss and MultiLabelEncode name the same pair."""
    head, loss = subject.name("Architecture", "Head"), subject.name("Loss")
    encoders = [
        (path, settings)
        for mode in MODES
        for path, name, settings in subject.transforms(mode)
        if name == "MultiLabelEncode"
    ]
    if head != "MultiHead":
        if loss == "MultiLoss":
            yield subject.problem("C027", ("Loss", "name"), f"MultiLoss goes with MultiHead, not with {head}")
        elif encoders and head is not None:
            message = f"MultiLabelEncode goes with MultiHead, not with {head}"
            yield subject.problem("C027", encoders[0][0], message, "CTCLabelEncode for a CTCHead")
        return
    algorithm = subject.at("Architecture", "algorithm")
    if isinstance(algorithm, str) and algorithm not in _WITH_TARGETS:
        message = f"MultiHead learns from targets, which training does not hand to the algorithm {algorithm}"
        hint = "algorithm: SVTR_LCNet, or SVTR_HGNet for PPHGNet"
        yield subject.problem("C027", ("Architecture", "algorithm"), message, hint)
    if loss != "MultiLoss":
        yield subject.problem("C027", ("Loss", "name"), f"MultiHead goes with MultiLoss, not with {loss}")
    for mode in MODES:
        other = [(path, name) for path, name, _ in subject.transforms(mode) if name.endswith("LabelEncode")]
        if other and not any(name == "MultiLabelEncode" for _, name in other):
            message = f"MultiHead goes with MultiLabelEncode, and {mode} has {other[0][1]}"
            yield subject.problem("C027", other[0][0], message)
    yield from _check_pair(subject, encoders)


def _check_pair(subject: Subject, encoders: list[tuple[KeyPath, Mapping[str, Any]]]) -> Iterator[Problem]:
    path: KeyPath = ("Architecture", "Head", "head_list")
    heads, second = _entries(subject, path), _second_head(subject)
    if second not in _SECOND_HEADS or "CTCHead" not in heads:
        known = " or ".join(_SECOND_HEADS)
        message = f"head_list is {', '.join(heads) or 'empty'}; training reads CTCHead and {known}"
        yield subject.problem("C027", path, message)
        return
    loss, encode, _ = _SECOND_HEADS[second]
    losses = _entries(subject, ("Loss", "loss_config_list"))
    if subject.name("Loss") == "MultiLoss" and losses != ["CTCLoss", loss]:
        message = (
            f"loss_config_list is {', '.join(losses) or 'empty'}; {second} goes with CTCLoss, then {loss}"
        )
        yield subject.problem("C027", ("Loss", "loss_config_list"), message)
    for place, settings in encoders:
        if settings.get("gtc_encode") != encode:
            given = settings.get("gtc_encode") or "no gtc_encode"
            hint = f"gtc_encode: {encode}" if encode else "leave gtc_encode out"
            message = f"{second} goes with {encode or 'no gtc_encode'}, and MultiLabelEncode has {given}"
            yield subject.problem("C027", place, message, hint)


def check_global(subject: Subject) -> Iterator[Problem]:
    """C028: settings that Global overrules, and text lengths that differ from Global's."""
    shared = subject.mapping("Global")
    for mode in MODES:
        for path, name, settings in subject.transforms(mode):
            for key, value in settings.items():
                if key in shared and shared[key] != value:
                    message = f"Global.{key} ({shared[key]}) overrules the {value} of {name}"
                    yield subject.problem("C028", (*path, key), message)
    for key, value in subject.mapping("PostProcess").items():
        if key != "name" and key in shared and shared[key] != value:
            message = f"Global.{key} ({shared[key]}) overrules the {value} of PostProcess"
            yield subject.problem("C028", ("PostProcess", key), message)
    longest = shared.get("max_text_length")
    for path, value in _lengths(subject.at("Architecture"), ("Architecture",)):
        if longest is not None and value != longest:
            message = f"{dotted(path)} is {value}, Global.max_text_length is {longest}"
            yield subject.problem("C028", path, message, "the same length in both")


def _lengths(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Walk the max_text_length settings below a value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "max_text_length" and isinstance(inner, int):
                yield (*path, key), inner
            else:
                yield from _lengths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _lengths(inner, (*path, index))


def check_sizes(subject: Subject) -> Iterator[Problem]:
    """C029: pictures of another size in training than in evaluation."""
    sizes = {mode: _shapes(subject, mode) for mode in MODES}
    for name, (path, shape) in sizes["Eval"].items():
        other = sizes["Train"].get(name)
        if other is not None and other[1] != shape:
            message = f"{name} makes {shape} in Eval and {other[1]} in Train"
            yield subject.problem("C029", path, message)
    resize = sizes["Eval"].get("RecResizeImg")
    height = resize[1][1] if resize is not None and len(resize[1]) == 3 else None
    scales = subject.at("Train", "sampler", "scales")
    heights = [scale[1] for scale in _pairs(scales)]
    if resize is not None and heights and height not in heights:
        message = f"RecResizeImg makes pictures {height} high in Eval, the sampler {heights} in Train"
        yield subject.problem("C029", resize[0], message)
    for path, name, settings in subject.transforms("Train"):
        joined = settings.get("image_shape")
        if name == "RecConAug" and isinstance(joined, list) and joined and height not in (None, joined[0]):
            message = f"RecConAug joins pictures {joined[0]} high, Eval reads them {height} high"
            yield subject.problem("C029", (*path, "image_shape"), message, "image_shape: [height, width, 3]")


def _shapes(subject: Subject, mode: str) -> dict[str, tuple[KeyPath, list[Any]]]:
    """Return place and image_shape by the transform that resizes to it."""
    return {
        name: ((*path, "image_shape"), settings["image_shape"])
        for path, name, settings in subject.transforms(mode)
        if ("Resize" in name) and isinstance(settings.get("image_shape"), list)
        and name != "DetResizeForTest"
    }  # fmt: skip


def _pairs(scales: Any) -> list[list[Any]]:
    items = scales if isinstance(scales, list) else []
    return [item for item in items if isinstance(item, list) and len(item) == 2]


def check_supplied(subject: Subject) -> Iterator[Problem]:
    """C030: parts that the published archive lacks and the kit does not supply."""
    for path, part in unsupplied_parts(subject):
        yield subject.problem("C030", path, f"{part} is in upstream's git tree only")


def unsupplied_parts(subject: Subject) -> Iterator[tuple[KeyPath, str]]:
    """Yield place and name of what only the complete release has."""
    architecture = subject.mapping("Architecture")
    if "Models" in architecture or architecture.get("algorithm") == "Distillation":
        yield ("Architecture", "algorithm"), DISTILLATION
        return
    kind = architecture.get("model_type")
    if isinstance(kind, str) and kind not in SUPPLIED["model_type"]:
        yield ("Architecture", "model_type"), f"model_type {kind}"
    roles: list[KeyPath] = [("Architecture", part) for part in _PARTS]
    for path in (*roles, ("Loss",), ("Metric",), ("Optimizer",), ("Optimizer", "lr")):
        name, role = subject.name(*path), str(path[-1])
        # a backbone is another network for each kind of model
        table = SUPPLIED.get(f"{kind} {role}" if role == "Backbone" else role, ())
        if name is not None and name not in table:
            yield (*path, "name"), f"{role} {name}"
    if subject.at("Architecture", "Neck", "use_asf") is True:
        yield ("Architecture", "Neck", "use_asf"), "the adaptive scale fusion of DB++ (use_asf)"
    heads = subject.at("Architecture", "Head", "head_list")
    for index in range(len(heads) if isinstance(heads, list) else 0):
        neck: KeyPath = ("Architecture", "Head", "head_list", index, "CTCHead", "Neck")
        name = subject.name(*neck)
        if name is not None and name not in SUPPLIED["encoder"]:
            yield (*neck, "name"), f"encoder {name}"
