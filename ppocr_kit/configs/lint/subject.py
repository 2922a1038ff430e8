"""A configuration under examination: short ways to what every check asks for.

Nothing here trusts the file: whatever has another form than it should is passed over, and reported by
the check whose matter it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.keys import KeyPath, value_at
from ppocr_kit.configs.lint.codes import finding
from ppocr_kit.configs.source import ConfigSource
from ppocr_kit.datasets.lmdb_reading import LMDB_DATA_SET
from ppocr_kit.problems import Problem

MODES = ("Train", "Eval")
# Data sets whose rows are "picture<tab>label" in label_file_list. Beside an LMDB there may be none: then
# all of its rows count.
ROW_DATA_SETS = (
    "SimpleDataSet", "MultiScaleDataSet", "TextDetDataset", "TextRecDataset", "MSTextRecDataset",
    "KieDataset", LMDB_DATA_SET,
)  # fmt: skip
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|.*\\")


@dataclass(frozen=True)
class Subject:
    """What is being checked.

    Attributes:
        source: The file's values and lines.
        root: Folder that relative paths in it start from.
    """

    source: ConfigSource
    root: Path

    @property
    def config(self) -> Mapping[str, Any]:
        """The values."""
        return self.source.config

    def at(self, *path: str | int) -> Any:
        """Return the value at a path, or None."""
        return value_at(self.config, path)

    def mapping(self, *path: str | int) -> Mapping[str, Any]:
        """Return the mapping at a path; empty when there is none."""
        value = self.at(*path)
        return value if isinstance(value, Mapping) else {}

    def name(self, *path: str | int) -> str | None:
        """Return the ``name`` of the component at a path, or None."""
        value = self.mapping(*path).get("name")
        return value if isinstance(value, str) else None

    def problem(self, code: str, path: KeyPath, message: str, hint: str | None = None) -> Problem:
        """Make a finding on the line of a key, or of the nearest key around it."""
        return finding(code, message, self.source.file, self.source.line(path), hint)

    def file(self, value: Any) -> Path | None:
        """Return where a path of the file leads, or None when it is no path of this machine."""
        if not isinstance(value, str) or not value or value == "None" or "\0" in value:
            return None
        return None if is_windows_path(value) or is_url(value) else self.root / value

    def lists(self, mode: str) -> list[tuple[KeyPath, str]]:
        """Return the label lists of a mode with their places; upstream also takes a single name."""
        path: KeyPath = (mode, "dataset", "label_file_list")
        value = self.at(*path)
        if isinstance(value, str):
            return [(path, value)]
        named = enumerate(value) if isinstance(value, list) else ()
        return [((*path, index), name) for index, name in named if isinstance(name, str)]

    def transforms(self, mode: str) -> Iterator[tuple[KeyPath, str, Mapping[str, Any]]]:
        """Yield place, name and settings of a mode's transforms."""
        path: KeyPath = (mode, "dataset", "transforms")
        steps = self.at(*path)
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if not isinstance(step, Mapping):
                continue
            for name, settings in step.items():
                yield (*path, index, name), name, settings if isinstance(settings, Mapping) else {}

    def has_rows(self, mode: str) -> bool:
        """Tell whether a mode reads lists of ``picture<tab>label``."""
        return self.name(mode, "dataset") in ROW_DATA_SETS


def is_windows_path(value: str) -> bool:
    """Tell a path with a drive letter or backslashes."""
    return bool(_WINDOWS.match(value))


def is_url(value: str) -> bool:
    """Tell an address of the web."""
    return bool(re.match(r"[a-zA-Z]{2,10}://", value))


def is_count(value: Any) -> bool:
    """Tell a whole number from 1; true is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def is_number(value: Any) -> bool:
    """Tell a number; true is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_there(path: Path) -> bool:
    """Tell whether there is anything at a path; a path that the system cannot hold leads nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Tell a folder; a path that the system cannot hold leads nowhere."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Tell a file; a path that the system cannot hold leads nowhere."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def real_path(path: Path) -> Path:
    """Return the path that all spellings of a place share."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path.absolute()
