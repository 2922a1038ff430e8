"""Reading JSON documents that somebody may have edited: absent is None, a wrong type is an error.

A report must never invent a value, so nothing here has a default but None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ReportError

# Records and measurements are some kilobytes; what is larger is something else.
_LARGEST_FILE = 64 << 20


@dataclass(frozen=True)
class Fields:
    """Typed access to a JSON object by key, or by keys from the outside in.

    Attributes:
        body: The object.
        at: The file it came from, for errors.
    """

    body: Mapping[str, Any]
    at: str

    def text(self, *keys: str) -> str | None:
        """Return a string."""
        value = self._find(keys)
        if value is not None and not isinstance(value, str):
            raise self._wrong(keys, "a text", value)
        return value

    def number(self, *keys: str) -> float | None:
        """Return a number; JSON's ``NaN`` and ``Infinity`` pass."""
        value = self._find(keys)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(keys, "a number", value)
        try:
            return float(value)
        except OverflowError:
            raise self._wrong(keys, "a number of ordinary size", value) from None

    def count(self, *keys: str) -> int | None:
        """Return a whole number."""
        value = self._find(keys)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._wrong(keys, "a whole number", value)
        return value

    def flag(self, *keys: str) -> bool | None:
        """Return true or false."""
        value = self._find(keys)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(keys, "true or false", value)
        return value

    def numbers(self, *keys: str) -> dict[str, float]:
        """Return an object of numbers, empty when absent."""
        names = self.keys(*keys)
        found = {name: self.number(*keys, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def texts(self, *keys: str) -> dict[str, str]:
        """Return an object of strings, empty when absent."""
        found = {name: self.text(*keys, name) for name in self.keys(*keys)}
        return {name: value for name, value in found.items() if value is not None}

    def keys(self, *keys: str) -> list[str]:
        """Return the names within an object, none when it is absent."""
        value = self._find(keys) if keys else self.body
        if value is None:
            return []
        if not isinstance(value, dict):
            raise self._wrong(keys, "an object", value)
        return [str(name) for name in value]

    def items(self, *keys: str) -> list[Any]:
        """Return a list, empty when absent."""
        value = self._find(keys)
        if value is not None and not isinstance(value, list):
            raise self._wrong(keys, "a list", value)
        return value or []

    def _find(self, keys: tuple[str, ...]) -> Any:
        value: Any = self.body
        for depth, key in enumerate(keys):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise self._wrong(keys[:depth], "an object", value)
            value = value.get(key)
        return value

    def _wrong(self, keys: tuple[str, ...], wanted: str, value: Any) -> ReportError:
        return ReportError(
            f"'{'.'.join(keys)}' should be {wanted} and is {_kind(value)}",
            at=self.at,
            hint="the file was changed by hand or is damaged; make it again",
        )


def read_fields(path: Path) -> Fields:
    """Read a JSON file that holds one object.

    Raises:
        ReportError: The file cannot be read, is not JSON, or holds something else.
    """
    at = str(path)
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ReportError("the file is too large to be what its name says", at=at)
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"cannot read the file ({error.strerror})", at=at) from error
    except (ValueError, RecursionError) as error:
        raise ReportError("the file is not valid JSON", at=at, hint="make it again") from error
    if not isinstance(body, dict):
        raise ReportError(f"the file should hold an object and holds {_kind(body)}", at=at)
    return Fields(body, at)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
