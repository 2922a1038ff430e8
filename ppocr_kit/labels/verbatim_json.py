"""JSON that is written back as it was read: numbers keep their digits, unknown keys their order.

``json`` alone would write ``12.50`` back as ``12.5``, and would lose the first of two equal keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """A JSON number as the file has it.

    Attributes:
        literal: Its characters, also ``NaN`` and ``Infinity``, which Python reads and writes.
    """

    literal: str


class RepeatedKeyError(ValueError):
    """An object has the same key twice, so that writing it anew would lose one of the values."""


def load_verbatim(text: str) -> Any:
    """Parse JSON with every number as a :class:`Number`.

    Raises:
        RepeatedKeyError: An object has the same key twice.
        ValueError: The text is no JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(
        text,
        strict=False,
        parse_int=Number,
        parse_float=Number,
        parse_constant=Number,
        object_pairs_hook=_keep_every_key,
    )


def dump_verbatim(value: Any) -> str:
    """Write JSON as PPOCRLabel does (one line, ``ensure_ascii=False``), numbers as they were read.

    Raises:
        RecursionError: It is nested too deeply.
    """
    if isinstance(value, Number):
        return value.literal
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quote(key)}: {dump_verbatim(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(dump_verbatim(item) for item in value) + "]"
    return _quote(value) if isinstance(value, str) else json.dumps(value)


def _quote(text: str) -> str:
    """Write a string; half of a surrogate pair only exists as an escape, so those strings are escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)


def _keep_every_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, or refuse to drop one of them."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise RepeatedKeyError("an object has the same key twice")
    return made
