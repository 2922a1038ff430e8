"""``windows.jsonl``: which rows of a list are windows of one page that is longer than the network's window.

One JSON object per row of a split page: ``{"split": "train", "row": 0, "page": "images/x.jpg",
"window": 0, "of": 3}``. The file is absent when no page was split.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ppocr_kit.errors import DataError
from ppocr_kit.tasks import Split

WINDOWS_NAME = "windows.jsonl"

_HINT = "build the data set again with: ppocr-kit dataset build FOLDER --name NAME"

Row = TypeVar("Row")


@dataclass(frozen=True)
class Window:
    """One of the rows that a long page was split into.

    Attributes:
        page: Its picture, as the rows name it.
        window: Number of the window on the page, from 0, in reading order.
        of: Number of windows of the page; for RE those with neither a question nor an
            answer have no row.
        links_over: Links of the page between entities that no window holds together, by their ids, question
            first; only at the page's first row.
    """

    page: str
    window: int
    of: int
    links_over: tuple[tuple[int, int], ...] = ()


def render_window(split: Split, row: int, window: Window) -> str:
    """Return the line of a row.

    Args:
        split: The list.
        row: Number of the row in it, from 0.
        window: What the row is.
    """
    value: dict[str, Any] = {
        "split": str(split),
        "row": row,
        "page": window.page,
        "window": window.window,
        "of": window.of,
    }
    if window.links_over:
        value["links_over"] = [list(link) for link in window.links_over]
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_windows(folder: Path) -> dict[Split, dict[int, Window]]:
    """Read which rows are windows of one page.

    Args:
        folder: The folder of a task, ``train_data/NAME/ser``.

    Returns:
        For each split the windows by the number of their row from 0; empty where no page was split.

    Raises:
        DataError: The file is damaged.
    """
    found: dict[Split, dict[int, Window]] = {split: {} for split in Split}
    path = folder / WINDOWS_NAME
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return found
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("the list of windows cannot be read", at=str(path), hint=_HINT) from error
    for number, line in enumerate(lines, start=1):
        if line:
            _take_in(found, line, f"{path}:{number}")
    for split in Split:
        _check_numbering(found[split], path, split)
    return found


def group_rows_by_page(rows: Sequence[Row], windows: Mapping[int, Window]) -> list[list[Row]]:
    """Put the rows of a list together by page, windows of one page in reading order.

    Args:
        rows: All rows of the list of one split, in their order.
        windows: Of that split, from :func:`read_windows`.

    Returns:
        The rows of each page, in the order of the pages' first rows.
    """
    pages: list[list[Row]] = []
    place: dict[str, int] = {}
    for number, row in enumerate(rows):
        window = windows.get(number)
        if window is None or window.page not in place:
            pages.append([])
        if window is None:
            pages[-1].append(row)
        else:
            pages[place.setdefault(window.page, len(pages) - 1)].append(row)
    return pages


def _take_in(found: dict[Split, dict[int, Window]], line: str, where: str) -> None:
    """Add one line; a data set may come from anybody."""
    try:
        value = json.loads(line)
        split, row = Split(value["split"]), _count(value["row"])
        over = tuple((_count(question), _count(answer)) for question, answer in value.get("links_over", ()))
        window = Window(_text(value["page"]), _count(value["window"]), _count(value["of"]), over)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError("this line of the list of windows is none", at=where, hint=_HINT) from error
    if row in found[split] or window.window >= window.of:
        raise DataError("this line of the list of windows contradicts others", at=where, hint=_HINT)
    found[split][row] = window


def _check_numbering(windows: Mapping[int, Window], path: Path, split: Split) -> None:
    """Raise DataError when windows of a page are missing, repeated or out of order."""
    seen: dict[str, list[Window]] = {}
    for row in sorted(windows):
        seen.setdefault(windows[row].page, []).append(windows[row])
    for page, several in seen.items():
        if not _is_whole(several):
            raise DataError(
                f"the windows of page '{page}' in {split} are not all there, or not in order",
                at=str(path),
                hint=_HINT,
            )


def _is_whole(windows: Iterable[Window]) -> bool:
    """Tell whether windows of one page are numbered through; RE has no row for some."""
    listed = list(windows)
    numbers = [window.window for window in listed]
    return numbers == sorted(set(numbers)) and len({window.of for window in listed}) == 1


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a number is no count")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a page is no text")
    return value
