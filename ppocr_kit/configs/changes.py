"""What rendering changed in a recipe, and why: one line for each value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ABSENT = object()
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Change:
    """One value that differs between a recipe and what runs.

    Attributes:
        what: The key, as ``-o`` takes it.
        before: The recipe's value; None also when the recipe has no such key.
        after: The value that runs; None also when the key is gone.
        why: The reason, in words that follow "because".
    """

    what: str
    before: Any
    after: Any
    why: str

    def __str__(self) -> str:
        """Return ``what: before -> after, because why``."""
        return f"{self.what}: {_short(self.before)} -> {_short(self.after)}, because {self.why}"

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``run.json`` and ``--json``."""
        return {"what": self.what, "from": self.before, "to": self.after, "why": self.why}


class Draft:
    """A configuration on its way from recipe to run, which remembers what was changed.

    Attributes:
        config: The configuration as it is now.
    """

    def __init__(self, recipe: Mapping[str, Any]) -> None:
        """Start with a recipe."""
        self.config = dict(recipe)
        self._changes: dict[str, Change] = {}

    def take(self, config: Mapping[str, Any], why: str) -> None:
        """Go on with a changed configuration; of a value that is changed twice, the last reason counts."""
        for what, before, after in differences(self.config, config):
            earlier = self._changes.get(what)
            first = before if earlier is None else earlier.before
            self._changes[what] = Change(what, first, after, why)
        self.config = dict(config)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the recipe, in the order in which it was first changed."""
        return tuple(change for change in self._changes.values() if change.before != change.after)


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Walk the values that differ between two configurations: key, old value, new value.

    A list of named parts (transforms, heads) is compared part by part when the names are the same;
    any other list is one value.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from differences(before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, str(key)))
    elif _part_names(before) is not None and _part_names(before) == _part_names(after):
        for old, new in zip(before, after):
            yield from differences(old, new, path)
    elif before is not after and (before != after or _ABSENT in (before, after)):
        yield ".".join(path), _known(before), _known(after)


def with_reasons(text: str, changes: Sequence[Change], heading: str) -> str:
    """Put changes above a YAML file, as its comment."""
    if not changes:
        return text
    lines = [f"# {heading}", *(f"#   {' '.join(str(change).split())}" for change in changes)]
    return "\n".join(lines) + "\n" + text


def changes_from_json(entries: Any) -> tuple[Change, ...]:
    """Read the entries that :meth:`Change.to_json` wrote; what is none of them is left out."""
    if not isinstance(entries, list):
        return ()
    return tuple(
        Change(str(entry["what"]), entry.get("from"), entry.get("to"), str(entry.get("why", "")))
        for entry in entries
        if isinstance(entry, Mapping) and "what" in entry
    )


def _part_names(value: Any) -> list[str] | None:
    """Return the names of a list of parts (``- Name: settings``), or None when it is none."""
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(part, Mapping) and len(part) == 1 for part in value):
        return None
    return [str(next(iter(part))) for part in value]


def _known(value: Any) -> Any:
    return None if value is _ABSENT else value


def _short(value: Any) -> str:
    """Write a value as YAML would, on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"…{text[-_LONGEST_VALUE + 1 :]}"
