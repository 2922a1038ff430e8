"""Which keys of a configuration are known, where they stand, and which known key is nearest."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from ppocr_kit.configs import schema
from ppocr_kit.configs.components import Kinds
from ppocr_kit.configs.decoders import DECODERS
from ppocr_kit.configs.transform_ops import TRANSFORM_OPS
from ppocr_kit.problems import Problem, Severity

# Keys and list indices from the top of a configuration to a value.
KeyPath = tuple[Union[str, int], ...]

_COMPONENT_ROLES = ("Optimizer", "Loss", "PostProcess", "Metric")
_PARTS = ("Transform", "Backbone", "Neck", "Head")


@dataclass(frozen=True)
class UnknownKey:
    """A key that nothing in the release looks up.

    Attributes:
        path: Where it stands, the key itself last.
        nearest: The known key that was probably meant, or None.
        obsolete: Why a key that published configurations have does nothing, or None.
    """

    path: KeyPath
    nearest: str | None
    obsolete: str | None = None


def kinds_at(config: Mapping[str, Any], path: KeyPath) -> Kinds | None:
    """Return the keys that the mapping at ``path`` may have, or None when they are not judged."""
    if not path:
        return {**schema.SECTIONS, **schema.OTHER_SECTIONS}
    section, rest = path[0], path[1:]
    if section in ("Train", "Eval", "Test"):
        return _reader_kinds(rest)
    if section == "Global":
        return _global_kinds(config) if not rest else None
    if section == "Architecture":
        if not rest:
            return schema.ARCHITECTURE
        if rest[:2] == ("Head", "head_list"):
            return _head_list_kinds(config, path)
        return _named(config, path, str(rest[0])) if len(rest) == 1 and rest[0] in _PARTS else None
    if section in _COMPONENT_ROLES:
        if not rest:
            return _named(config, path, str(section))
        if section == "Optimizer" and rest in (("lr",), ("regularizer",)):
            return _named(config, path, str(rest[0]))
    return None


def unknown_keys(config: Mapping[str, Any]) -> list[UnknownKey]:
    """List the keys of a configuration that the release would read over, in the order of the file."""
    found = []
    for path, mapping in _mappings(config, ()):
        kinds = kinds_at(config, path)
        if kinds is None:
            continue
        for key in mapping:
            if key not in kinds:
                obsolete = _without_effect(path, str(key))
                found.append(UnknownKey((*path, key), nearest_key(str(key), kinds), obsolete))
    return found


def _without_effect(path: KeyPath, key: str) -> str | None:
    """Say what became of a key that published configurations have, or None when it never was one."""
    if path == ("Global",):
        return schema.OBSOLETE_GLOBAL.get(key)
    if path[1:3] == ("dataset", "transforms") and len(path) == 5 and key in schema.GLOBAL:
        return f"{path[-1]} does not look at it"
    return schema.OBSOLETE_ELSEWHERE.get(key)


def check_keys(config: Mapping[str, Any], file: str = "configuration") -> list[Problem]:
    """Report unknown keys (``C005``) and keys of older releases (``C006``) of a configuration.

    Args:
        config: A parsed configuration.
        file: How to name it in the problems.
    """
    return [key_problem(unknown, file, None) for unknown in unknown_keys(config)]


def key_problem(unknown: UnknownKey, file: str, line: int | None) -> Problem:
    """Put an unknown key into words."""
    name = dotted(unknown.path)
    if unknown.obsolete is not None:
        message = f"{name} has no effect: {unknown.obsolete}"
        return Problem("C006", Severity.WARNING, message, file, line, hint="remove the key")
    hint = f"did you mean {unknown.nearest}?" if unknown.nearest else "remove the key"
    return Problem("C005", Severity.ERROR, f"unknown key {name}", file, line, hint=hint)


def nearest_key(key: str, known: Mapping[str, Any]) -> str | None:
    """Return the known key that looks most like ``key``, or None when none does."""
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(key.lower(), lowered, n=1, cutoff=0.6)
    return lowered[near[0]] if near else None


def value_at(config: Any, path: KeyPath) -> Any:
    """Return the value at a path, or None when the path leads nowhere."""
    value = config
    for part in path:
        inside = (
            0 <= int(part) < len(value)
            if isinstance(value, list) and isinstance(part, int)
            else isinstance(value, Mapping) and part in value
        )
        if not inside:
            return None
        value = value[part]
    return value


def dotted(path: KeyPath) -> str:
    """Write a path as ``-o`` takes it."""
    return ".".join(str(part) for part in path)


def _global_kinds(config: Mapping[str, Any]) -> Kinds:
    """Return the keys of ``Global``: the release merges it into every transform and into the decoder.

    So a setting of a transform that the configuration names is a key of ``Global`` too.
    """
    used: dict[str, str] = {}
    for mode in ("Train", "Eval"):
        steps = value_at(config, (mode, "dataset", "transforms"))
        for step in steps if isinstance(steps, list) else ():
            for name in step if isinstance(step, Mapping) else ():
                used.update(dict.fromkeys(TRANSFORM_OPS.get(name, ()), "any"))
    decoder = value_at(config, ("PostProcess", "name"))
    used.update(dict.fromkeys(DECODERS.get(decoder, ()) if isinstance(decoder, str) else (), "any"))
    return {**used, **schema.GLOBAL}


def _reader_kinds(rest: KeyPath) -> Kinds | None:
    """Return the keys below ``Train`` or ``Eval``."""
    if not rest:
        return {"dataset": "mapping", "loader": "mapping", "sampler": "mapping"}
    if rest == ("dataset",):
        return schema.DATASET
    if rest == ("loader",):
        return schema.LOADER
    if rest == ("sampler",):
        return schema.SAMPLER
    if len(rest) == 3 and rest[:2] == ("dataset", "transforms"):
        return {name: "mapping?" for name in TRANSFORM_OPS}
    if len(rest) == 4 and rest[:2] == ("dataset", "transforms") and rest[3] in TRANSFORM_OPS:
        return {name: "any" for name in TRANSFORM_OPS[str(rest[3])]}
    return None


def _head_list_kinds(config: Mapping[str, Any], path: KeyPath) -> Kinds | None:
    """Return the keys inside a MultiHead's list: ``- CTCHead: {Neck: …, Head: …}``, ``- NRTRHead: …``."""
    inside = path[4:]
    if len(inside) == 1:
        if inside[0] == "CTCHead":
            return {"Neck": "mapping", "Head": "mapping?"}
        return schema.component_kinds("Head", {"name": inside[0]})
    if inside == ("CTCHead", "Neck"):
        return _named(config, path, "encoder")
    if inside == ("CTCHead", "Head"):
        return schema.component_kinds("Head", {"name": "CTCHead"})
    return None


def _named(config: Mapping[str, Any], path: KeyPath, role: str) -> Kinds | None:
    settings = value_at(config, path)
    return schema.component_kinds(role, settings) if isinstance(settings, Mapping) else None


def _mappings(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Mapping[Any, Any]]]:
    """Walk all mappings of a configuration, outer before inner."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inner in value.items():
            yield from _mappings(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _mappings(inner, (*path, index))
