"""Choosing a class by the name that a configuration gives, from an explicit table.

Upstream's layers swallow every key that they do not know. Here such a key is an error: a network that
quietly leaves out what was asked for trains, but is not the one that was meant.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_OPEN_KINDS = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
GIT_SOURCE = "ppocr-kit vendor sync --source git"
_ELSEWHERE = f"what else upstream has comes with its git tree: {GIT_SOURCE}"


def build_named(
    kind: str, table: Mapping[str, Callable[..., Any]], config: Mapping[str, Any], **given: Any
) -> Any:
    """Make the object that ``config["name"]`` names, with the other keys as arguments.

    Args:
        kind: What the section is called in messages, such as ``Backbone``.
        table: Class or function by name.
        config: The section of the configuration; left as it is.
        given: Arguments that come from the program, such as ``in_channels``; they win over the section's.

    Raises:
        ValueError: The name is missing or unknown, or a key is unknown or missing; what is known is listed.
    """
    arguments = {**config, **given}
    name = arguments.pop("name", None)
    make = table[known_name(kind, name, list(table))]
    check_keys(f"{kind} {name}", make, arguments, given)
    return make(**arguments)


def known_name(kind: str, name: Any, names: Sequence[str]) -> str:
    """Return ``name``, which must be one of ``names``.

    Raises:
        ValueError: It is not.
    """
    if name in names:
        return str(name)
    refuse_distillation(kind, name)
    what = f"{kind} has no name" if name is None else f"{kind} '{name}' is not known here"
    known = f"there are {', '.join(sorted(names))}" if names else "there is none"
    raise ValueError(f"{what}; {known} ({_ELSEWHERE})")


def refuse_distillation(kind: str, name: Any) -> None:
    """Refuse what trains several networks against each other, and say where it is.

    Raises:
        ValueError: ``name`` is one of upstream's parts for that (KD, CML, DML).
    """
    if isinstance(name, str) and (name.startswith("Distillation") or name == "CombinedLoss"):
        raise ValueError(
            f"{kind} '{name}' is for training several networks against each other (distillation: KD, CML, "
            f"DML), which ppocr-kit does not do; upstream's git tree does: {GIT_SOURCE}. Or train the "
            "student alone, with the recipe of its name (ppocr-kit config list)"
        )


def check_keys(
    kind: str, make: Callable[..., Any], arguments: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Refuse keys that ``make`` does not take, and miss those that it needs.

    One that takes any key (``**keys``) has to check those that it does not name itself.

    Raises:
        ValueError: A key is unknown or missing.
    """
    signature = inspect.signature(make).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in signature.values())
    parameters = {
        name: parameter for name, parameter in signature.items() if parameter.kind not in _OPEN_KINDS
    }
    for key in () if takes_any else arguments:
        if key not in parameters:
            free = [name for name in parameters if name not in given]
            near = difflib.get_close_matches(key, free, n=1)
            guess = f"did you mean {near[0]}?" if near else f"it takes {', '.join(free) or 'no key'}"
            raise ValueError(f"{kind} does not know the key '{key}'; {guess}")
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and name not in arguments
    ]
    if missing:
        raise ValueError(f"{kind} needs the key '{missing[0]}'")
