"""A configuration file as text: its values, the line of each, and what is wrong with the YAML itself.

The files are other people's: nothing in one may stop the reader, fill the memory, or run code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.configs.keys import KeyPath
from ppocr_kit.configs.lint.codes import finding
from ppocr_kit.problems import Problem

_MERGE = "tag:yaml.org,2002:merge"
# The longest published configuration has 15 kB and 400 values.
_MOST_BYTES = 512 * 1024
_MOST_VALUES = 50_000
# What a tab probably stood for, tried in this order.
_TAB_WIDTHS = (2, 4, 8)
# What PyYAML's own constructors raise for a scalar that is not what its tag says.
_BAD_SCALAR = (ValueError, KeyError, AttributeError, TypeError, OverflowError)


@dataclass(frozen=True)
class ConfigSource:
    """What a file holds.

    Attributes:
        file: The file, as the user named it.
        config: Its values as PyYAML reads them, which is how the release reads them, but for the
            keys, which are kept as they are written; empty when the file is not YAML or not a mapping.
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
        content = _read_bytes(path)
    except OSError as error:
        return _broken(file, f"cannot read the file ({error.strerror or error})", None)
    if len(content) > _MOST_BYTES:
        message = f"larger than {_MOST_BYTES // 1024} kB, which no training configuration is"
        return _broken(file, message, None, hint="name the YAML that train.py is given with -c")
    text, unusual = _decode(content, file)
    if text is None:
        return ConfigSource(file, {}, {}, unusual)
    tabs = tuple(_tabs(text, file))
    source = _parse(text, file)
    if not source.config and tabs:
        source = _parse_without_tabs(text, file, tabs)
    return ConfigSource(file, source.config, source.lines, (*unusual, *source.problems))


def _read_bytes(path: Path) -> bytes:
    """Read at most a little more than is allowed, so that a device or a data set ends too."""
    with path.open("rb") as handle:
        return handle.read(_MOST_BYTES + 1)


def _decode(content: bytes, file: str) -> tuple[str | None, tuple[Problem, ...]]:
    """Decode as UTF-8; what is GBK, as Chinese Windows writes it, is read all the same and reported."""
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None, (finding("C001", "not UTF-8 but UTF-16", file, 1, "save the file as UTF-8"),)
    problem = finding("C001", "not UTF-8", file, line, "save the file as UTF-8")
    try:
        return content.decode("gb18030"), (problem,)
    except UnicodeDecodeError:
        return None, (problem,)


def _parse(text: str, file: str) -> ConfigSource:
    """Read a text as YAML, or say why it is none."""
    try:
        reader = _Reader(text, file)
        node = reader.compose()
        if not isinstance(node, yaml.MappingNode):
            return _broken(file, "not a mapping of sections", 1)
        config = reader.value(node, ())
    except RecursionError:
        return _broken(file, "nested too deep", None)
    except _Unreadable as error:
        return _broken(file, str(error), error.line)
    except yaml.YAMLError as error:
        return _broken(file, f"not YAML: {_reason(error)}", _line_of(error, text))
    except _BAD_SCALAR as error:
        return _broken(file, f"not YAML: {error}", None)
    return ConfigSource(file, config, reader.lines, tuple(reader.problems))


def _parse_without_tabs(text: str, file: str, tabs: tuple[Problem, ...]) -> ConfigSource:
    """Report the tabs, and read on as if spaces stood there where that makes sense."""
    for width in _TAB_WIDTHS:
        source = _parse(text.replace("\t", " " * width), file)
        if source.config:
            return ConfigSource(file, source.config, source.lines, (*tabs, *source.problems))
    return ConfigSource(file, {}, {}, tabs)


def _broken(file: str, message: str, line: int | None, hint: str | None = None) -> ConfigSource:
    return ConfigSource(file, {}, {}, (finding("C001", message, file, line, hint),))


def _tabs(text: str, file: str) -> Iterator[Problem]:
    """Find tabs before the first word of a line or after a key: YAML takes neither."""
    for number, line in enumerate(text.split("\n"), start=1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent and line.strip():
            yield finding("C002", "a tab in the indentation", file, number)
        elif ":\t" in line or "-\t" in line:
            yield finding("C002", "a tab after a key or a dash", file, number, "write a space")


class _Unreadable(Exception):
    """The YAML can be parsed and cannot be taken."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


class _Reader:
    """Turns the nodes of a document into values, keeping lines, and counting before it builds.

    Aliases and merges let a few lines stand for billions of values, or for one that contains itself;
    both are found on the graph of nodes, where each stands once.
    """

    def __init__(self, text: str, file: str) -> None:
        self.loader = yaml.SafeLoader(text)
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._merged: set[int] = set()

    def compose(self) -> yaml.Node | None:
        """Parse the only document.

        Raises:
            _Unreadable: It would have too many values, or contains itself.
            yaml.YAMLError: It is not YAML.
        """
        node = self.loader.get_single_node()
        if node is not None and _count(node, {}, set()) > _MOST_VALUES:
            raise _Unreadable("aliases make more values of it than any configuration has", _line(node))
        return node

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Build the value of a node, and note the lines of the keys and items below it."""
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self._placed(item, (*path, index), item) for index, item in enumerate(node.value)]
        try:
            return self.loader.construct_object(node, deep=True)
        except _BAD_SCALAR as error:
            raise _Unreadable(f"a value is not what its form or tag says: {error}", _line(node)) from error

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        if id(node) not in self._merged:
            self._merged.add(id(node))
            self._report_repeated(node)
            self.loader.flatten_mapping(node)
        mapping: dict[str, Any] = {}
        for key, inner in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _Unreadable("a list or a mapping stands where a key should", _line(key))
            name = str(key.value)
            if name in mapping:
                self._forget((*path, name))
            mapping[name] = self._placed(inner, (*path, name), key)
        return mapping

    def _placed(self, node: yaml.Node, path: KeyPath, where: yaml.Node) -> Any:
        """Note the line of a key or an item, then build its value."""
        self.lines[path] = _line(where)
        return self.value(node, path)

    def _forget(self, path: KeyPath) -> None:
        """Drop the lines below a key that stands twice: the last one counts."""
        for place in [place for place in self.lines if place[: len(path)] == path]:
            del self.lines[place]

    def _report_repeated(self, node: yaml.MappingNode) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            name = str(key.value)
            if name in seen:
                message = f"{name} stands here and on line {seen[name]}; only this one counts"
                self.problems.append(
                    finding("C003", message, self.file, _line(key), f"remove one of the two {name}")
                )
            seen[name] = _line(key)


def _count(node: yaml.Node, known: dict[int, int], open_nodes: set[int]) -> int:
    """Count the values that a node stands for when every alias is written out.

    Raises:
        _Unreadable: The node contains itself.
    """
    if id(node) in known:
        return known[id(node)]
    if id(node) in open_nodes:
        raise _Unreadable("a value contains itself", _line(node))
    open_nodes.add(id(node))
    parts: list[Any] = node.value if isinstance(node, yaml.CollectionNode) else []
    total = 1
    for part in parts:
        for inner in part if isinstance(part, tuple) else (part,):
            total += _count(inner, known, open_nodes)
    open_nodes.discard(id(node))
    known[id(node)] = total
    return total


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _reason(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).replace("\n", " ")


def _line_of(error: yaml.YAMLError, text: str) -> int | None:
    """Return the line an error of PyYAML speaks of; a forbidden character has a position only."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return min(int(mark.line), text.count("\n")) + 1
    position = getattr(error, "position", None)
    return text[:position].count("\n") + 1 if isinstance(position, int) else None
