"""``-o KEY=VALUE``: single values of a configuration changed by hand, with nothing taken in silence.

Upstream's own ``-o`` splits at every ``=``, accepts any key, and reads ``1e-6`` as text
(tools/program.py, ``ArgsParser`` and ``merge_config`` of release 3.7.0).
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ppocr_kit.configs.keys import KeyPath, dotted, kinds_at, unknown_keys, value_at
from ppocr_kit.configs.schema import describe_kind, fits_kind, kind_of
from ppocr_kit.configs.yaml_text import parse_value
from ppocr_kit.errors import ConfigError, UsageError

_INDEX = re.compile(r"\[(\d+)\]")


def parse_override(text: str) -> tuple[str, str]:
    """Split ``KEY=VALUE`` at the first ``=``.

    Raises:
        UsageError: There is no ``=`` or no key before it.
    """
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise UsageError(
            f"'{text}' is not KEY=VALUE", at="-o", hint="for example -o Optimizer.lr.learning_rate=0.001"
        )
    return key.strip(), value.strip()


def apply_overrides(config: Mapping[str, Any], overrides: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the configuration with single values changed, in the given order.

    A key is dotted; a part below a list is an index (``label_file_list.0`` or
    ``label_file_list[0]``) or, among transforms, the name of one
    (``Train.dataset.transforms.RecResizeImg.image_shape``).

    Args:
        config: The configuration; left as it is.
        overrides: Pairs of key and YAML text.

    Raises:
        ConfigError: A key is unknown, or a value is of another type than the key takes.
    """
    changed = copy.deepcopy(dict(config))
    for key, text in overrides:
        path = _resolve(changed, key)
        kinds = kinds_at(changed, path[:-1]) or {}
        value = _read(key, text, _expected(kinds, path, value_at(changed, path)))
        _set(changed, path, value)
        _require_known(changed, key)
    return changed


def _resolve(config: Mapping[str, Any], key: str) -> KeyPath:
    """Turn a dotted key into a path of the configuration.

    Raises:
        ConfigError: The key leads nowhere and is not known to the schema.
    """
    parts = [part for part in _INDEX.sub(r".\1", key).split(".") if part]
    path: KeyPath = ()
    for part in parts:
        step = _step(config, path, part)
        if step is None:
            raise _unknown(config, key)
        path = (*path, *step)
    if not path:
        raise _unknown(config, key)
    return path


def _step(config: Mapping[str, Any], path: KeyPath, part: str) -> KeyPath | None:
    """Return what ``part`` adds to ``path``, or None when there is no such place."""
    value = value_at(config, path)
    if isinstance(value, list):
        if part.isdigit():
            return (int(part),) if int(part) < len(value) else None
        places = [place for place, item in enumerate(value) if isinstance(item, Mapping) and part in item]
        return (places[0], part) if len(places) == 1 else None
    if isinstance(value, Mapping) and part in value:
        return (part,)
    if value is None or isinstance(value, Mapping):
        kinds = kinds_at(config, path)
        return (part,) if kinds is not None and part in kinds else None
    return None


def _expected(kinds: Mapping[str, str], path: KeyPath, present: Any) -> str:
    """Return the kind a value must have: the schema's, or that of the value it replaces."""
    kind = kinds.get(str(path[-1]), "any")
    return kind if kind != "any" else kind_of(present)


def _read(key: str, text: str, kind: str) -> Any:
    """Read a value and hold it to its kind.

    Raises:
        ConfigError: It is not YAML, not of the kind, or the text ``None``.
    """
    try:
        value = parse_value(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"the value is not YAML: {text}", at=f"-o {key}", hint="quote it") from error
    if value == "None":
        raise ConfigError("'None' is text in YAML, not nothing", at=f"-o {key}", hint=f"-o {key}=null")
    if kind.rstrip("?") == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not fits_kind(value, kind):
        message = f"{key} takes {describe_kind(kind)}, not {text or 'nothing'}"
        raise ConfigError(message, at=f"-o {key}={text}")
    return value


def _set(config: dict[str, Any], path: KeyPath, value: Any) -> None:
    """Put a value at a path, making a mapping where the file has null, in place."""
    place: Any = config
    for part in path[:-1]:
        if isinstance(place, dict) and place.get(part) is None:
            place[part] = {}
        place = place[part]
    place[path[-1]] = value


def _require_known(config: Mapping[str, Any], key: str) -> None:
    """Refuse unknown keys inside a value that is a mapping or a list of them."""
    unknown = [each for each in unknown_keys(config) if each.obsolete is None]
    if unknown:
        hint = f"did you mean {unknown[0].nearest}?" if unknown[0].nearest else None
        raise ConfigError(f"unknown key {dotted(unknown[0].path)}", at=f"-o {key}", hint=hint)


def _unknown(config: Mapping[str, Any], key: str) -> ConfigError:
    """Name the known key that was probably meant."""
    known = list(dict.fromkeys(_known_keys(config, ())))
    last = key.rsplit(".", 1)[-1]
    same = [name for name in known if name.rsplit(".", 1)[-1] == last]
    near = same[:1] or difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "ppocr-kit config show MODEL lists the keys"
    return ConfigError(f"unknown key {key}", at=f"-o {key}", hint=hint)


def _known_keys(value: Any, path: KeyPath) -> Iterator[str]:
    """List all keys that an override could name, as it would name them."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield dotted((*path, key))
            yield from _known_keys(inner, (*path, key))
        # keys that the file lacks are known too
        if len(path) == 1:
            for name in kinds_at({str(path[0]): value}, path) or ():
                yield dotted((*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, Mapping) and len(inner) == 1:
                yield from _known_keys(inner, path)
            else:
                yield from _known_keys(inner, (*path, index))
