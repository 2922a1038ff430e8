"""A configuration file as text: its values, the line of each, and what is wrong with the YAML itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.configs.keys import KeyPath
from ppocr_kit.problems import Problem, Severity

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class ConfigSource:
    """What a file holds.

    Attributes:
        file: The file, as the user named it.
        config: Its values as PyYAML reads them, which is how the release reads them; empty when
            the file is not YAML or not a mapping.
        lines: Line from 1 of each key and list item, by path.
        problems: Findings about the text: not YAML (``C001``), tabs (``C002``), keys that stand
            twice (``C003``).
    """

    file: str
    config: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    problems: tuple[Problem, ...]

    def line(self, path: KeyPath) -> int | None:
        """Return the line of a key, or of the nearest one around it that the file has."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def read_source(path: Path, name: str | None = None) -> ConfigSource:
    """Read a YAML file together with the lines of its keys; nothing is raised for bad content.

    Args:
        path: The file.
        name: How to name it in the problems; its path by default.
    """
    file = name if name is not None else str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return _broken(file, f"cannot read the file ({error.strerror})", None)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return _broken(file, "not UTF-8", line, hint="save the file as UTF-8")
    tabs = tuple(_tabs(text, file))
    lines: dict[KeyPath, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        config = yaml.safe_load(text)
        repeated = list(_repeated(node, (), lines, file))
    except RecursionError:
        return _broken(file, "a value contains itself, or is nested too deep", None)
    except yaml.YAMLError as error:
        # a tab in the indentation is why PyYAML stops: naming both would be saying it twice
        if tabs:
            return ConfigSource(file, {}, {}, tabs)
        return _broken(file, f"not YAML: {_reason(error)}", _line_of(error))
    if not isinstance(node, yaml.MappingNode) or not isinstance(config, dict):
        return _broken(file, "not a mapping of sections", 1)
    return ConfigSource(file, config, lines, (*tabs, *repeated))


def _broken(file: str, message: str, line: int | None, hint: str | None = None) -> ConfigSource:
    return ConfigSource(file, {}, {}, (Problem("C001", Severity.ERROR, message, file, line, hint=hint),))


def _tabs(text: str, file: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), start=1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent and line.strip():
            yield Problem(
                "C002", Severity.ERROR, "a tab in the indentation", file, number, hint="indent with spaces"
            )


def _repeated(
    node: yaml.Node | None, path: KeyPath, lines: dict[KeyPath, int], file: str
) -> Iterator[Problem]:
    """Note the line of every key and item below ``node``; yield keys that stand twice in a mapping."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            place: KeyPath = (*path, index)
            lines[place] = item.start_mark.line + 1
            yield from _repeated(item, place, lines, file)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        if key.value in seen:
            yield Problem(
                "C003",
                Severity.ERROR,
                f"{key.value} stands here and on line {seen[key.value]}; only this one counts",
                file,
                line,
                hint="remove one of them",
            )
        seen[key.value] = line
        place = (*path, key.value)
        lines[place] = line
        yield from _repeated(value, place, lines, file)


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).replace("\n", " ")


def _line_of(error: yaml.YAMLError) -> int | None:
    mark = getattr(error, "problem_mark", None)
    return None if mark is None else int(mark.line) + 1
