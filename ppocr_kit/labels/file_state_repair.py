"""Let fileState.txt follow when the keys of Label.txt are repaired.

PPOCRLabel 3.1.6 writes only those pages into Label.txt again that fileState.txt names
(``savePPlabel``); it compares the last two parts of the paths there. A page whose key changes in one of
the files alone would be dropped at the next save.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import DataError


@dataclass(frozen=True)
class RepairedState:
    """A fileState.txt whose keys follow those of Label.txt."""

    path: Path
    content: bytes


def repair_file_state(path: Path, moved_keys: Mapping[str, str]) -> RepairedState | None:
    """Rename the pages whose key was repaired; every other line stays byte for byte.

    Args:
        path: The fileState.txt.
        moved_keys: Keys of Label.txt before and after.

    Returns:
        The new content, None when there is no such file or nothing of it changes.

    Raises:
        DataError: The file cannot be read.
    """
    if not moved_keys:
        return None
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", at=str(path)) from error
    names = _by_short_name(moved_keys)
    lines = [_rename(line, names) for line in content.split(b"\n")]
    repaired = b"\n".join(lines)
    return RepairedState(path, repaired) if repaired != content else None


def _by_short_name(moved_keys: Mapping[str, str]) -> dict[str, str]:
    """Return the new keys by the last two parts of the old ones, where these name one page only."""
    names: dict[str, str] = {}
    ambiguous = set()
    for before, after in moved_keys.items():
        short = _short_name(before)
        if names.setdefault(short, after) != after:
            ambiguous.add(short)
    return {short: after for short, after in names.items() if short not in ambiguous}


def _rename(line: bytes, names: Mapping[str, str]) -> bytes:
    """Return a line with its page renamed, or as it is."""
    path, tab, state = line.partition(b"\t")
    try:
        after = names.get(_short_name(path.decode("utf-8").strip()))
    except UnicodeDecodeError:
        return line
    return line if after is None else after.encode("utf-8") + tab + state


def _short_name(path: str) -> str:
    """Return the last two parts of a path of any system."""
    return "/".join(re.split(r"[\\/]", path)[-2:])
