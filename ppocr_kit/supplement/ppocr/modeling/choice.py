"""Choosing a class by the name that a configuration gives, from an explicit table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def build_named(kind: str, table: Mapping[str, Any], config: Mapping[str, Any], **given: Any) -> Any:
    """Make the object that ``config["name"]`` names, with the other keys as arguments.

    Args:
        kind: What it is called in messages: ``Backbone``.
        table: Class by name.
        config: The section of the configuration; left as it is.
        given: Arguments that the section does not hold, such as ``in_channels``.

    Raises:
        ValueError: The section has no name or an unknown one; the known ones are listed.
    """
    arguments = {**config, **given}
    name = arguments.pop("name", None)
    if name not in table:
        raise ValueError(f"{kind} '{name}' is not known here; there are {', '.join(sorted(table))}")
    return table[name](**arguments)
