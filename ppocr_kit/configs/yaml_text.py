"""YAML as people and PaddleOCR read it: block style, short lists on one line, numbers that stay numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_LINE_WIDTH = 100
_LONGEST_IN_FLOW = 24
# YAML 1.1, which PyYAML implements, takes 1e-6 for text; people mean a number.
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)[eE][-+]?[0-9]+\Z")


class _Dumper(yaml.SafeDumper):
    """Indent lists under their key, and write every value out instead of using anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    short = all(
        item is None or isinstance(item, (bool, int, float)) or _is_word(item) or _is_short_list(item)
        for item in value
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)


def _is_word(item: Any) -> bool:
    return isinstance(item, str) and len(item) <= _LONGEST_IN_FLOW and "/" not in item


def _is_short_list(item: Any) -> bool:
    return isinstance(item, list) and len(item) <= 4 and all(isinstance(each, (int, float)) for each in item)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(tuple, lambda dumper, value: _represent_list(dumper, list(value)))


class _Loader(yaml.SafeLoader):
    """Read ``1e-6`` as the number that people mean."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


def dump_config(config: Mapping[str, Any]) -> str:
    """Write a configuration as YAML that PyYAML reads back equal, in the given order of keys."""
    text: str = yaml.dump(
        dict(config),
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=_LINE_WIDTH,
    )
    return text


def parse_value(text: str) -> Any:
    """Read one YAML value; ``1e-6`` is a number.

    Raises:
        yaml.YAMLError: The text is not YAML.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
