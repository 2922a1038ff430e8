"""The files that PPOCRLabel keeps in a folder, held as it holds them: key to list of boxes, checked keys.

For what goes on working with a folder (PPOCRLabel itself, ``prelabel``) and must not lose what others
wrote there: every field of every box stays. Imports no more than any lane has, because PPOCRLabel's
own process uses it too.

Source: PPOCRLabel 3.1.6, PPOCRLabel.py: importDirImages, loadFilestate, loadLabelFile, savePPlabel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.labels.boxes import load_list, parse_boxes
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.file_state import FILE_STATE_NAME
from ppocr_kit.labels.lines import RawLine, decode_line, iter_lines, split_line
from ppocr_kit.labels.locate import ImageLocator
from ppocr_kit.storage import write_text_atomic

RawBox = dict[str, Any]
RawPages = dict[str, list[RawBox]]

# What PPOCRLabel itself writes of a box; everything else is kept for it.
_WRITTEN = ("transcription", "points", "difficult", "key_cls")
_SHOWN = 3


def folder_key(image: Path) -> str:
    """Return the key of an image: the two last parts of its path."""
    return f"{image.parent.name}/{image.name}"


def read_raw_pages(path: Path, *, skip_broken: bool = False) -> RawPages:
    """Read Label.txt or Cache.cach with every field of its boxes.

    Keys of images in the folder itself become ``<folder>/<image>``, whatever the folder was called
    before. Texts become plain strings. Of two lines for one image the last counts.

    Args:
        path: The file; nothing when there is none.
        skip_broken: Leave out lines and boxes that cannot be read instead of refusing.

    Raises:
        DataError: A line or a box cannot be read: saving would lose it.
    """
    locator = ImageLocator(path.absolute().parent)
    pages: RawPages = {}
    broken: list[str] = []
    for line in _lines(path):
        read = _read_line(line)
        if isinstance(read, str):
            broken.append(f"line {line.number}: {read}")
            continue
        key, boxes, findings = read
        broken += [f"line {line.number}: {finding}" for finding in findings]
        found = locator.find(key).path
        if found is not None and found.parent == locator.folder:
            key = folder_key(found)
        pages.pop(key, None)
        pages[key] = boxes
    if broken and not skip_broken:
        shown = "; ".join(broken[:_SHOWN]) + (f"; {len(broken) - _SHOWN} more" if broken[_SHOWN:] else "")
        raise DataError(
            f"{path.name} has what cannot be read, and saving would lose it: {shown}",
            at=str(path),
            hint=f"ppocr-kit labels check {path.parent}",
        )
    return pages


def read_checked(folder: Path) -> list[str]:
    """Return the keys of the pages that fileState.txt calls checked, in its order, none twice."""
    locator = ImageLocator(folder.absolute())
    keys: dict[str, None] = {}
    for line in _lines(folder / FILE_STATE_NAME):
        decoded = decode_line(line)
        if decoded is None:
            continue
        name, _, state = decoded[0].lstrip("\ufeff").rpartition("\t")
        # PPOCRLabel does not look at the state; one without a tab is a path alone
        name = (name or state).replace("\\", "/").strip()
        found = locator.find(name).path
        if found is not None and found.parent == locator.folder:
            keys[folder_key(found)] = None
        elif name:
            keys["/".join(name.split("/")[-2:])] = None
    return list(keys)


def write_raw_pages(path: Path, pages: Mapping[str, Sequence[RawBox]]) -> None:
    """Write Label.txt or Cache.cach, whole or not at all.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    rows = (f"{key}\t{json.dumps(boxes, ensure_ascii=False)}\n" for key, boxes in pages.items())
    write_text_atomic(path, "".join(rows))


def write_checked(folder: Path, keys: Iterable[str]) -> None:
    """Write fileState.txt, whole or not at all.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    write_text_atomic(folder / FILE_STATE_NAME, "".join(f"{key}\t1\n" for key in keys))


def keep_fields(before: Sequence[RawBox], after: Sequence[RawBox]) -> list[RawBox]:
    """Give boxes that PPOCRLabel wrote anew the fields that it does not write.

    A box is known by its corners, which PPOCRLabel cuts to whole pixels, else by a text that only one
    of the boxes left has. Unmoved corners keep their fractions.

    Args:
        before: The boxes as they were read.
        after: The boxes as PPOCRLabel wrote them: text, points, difficult false, a class in KIE mode.
    """
    matches = _match(before, after)
    return [
        _kept(before[matches[index]], box) if index in matches else box for index, box in enumerate(after)
    ]


def _kept(old: RawBox, new: RawBox) -> RawBox:
    """Return the new box with what the old one had besides."""
    box = {**new, "difficult": old.get("difficult", new.get("difficult", False))}
    if _whole(old) == _whole(new):
        box["points"] = old["points"]
    if "key_cls" in old:
        box.setdefault("key_cls", old["key_cls"])
    return {**box, **{name: value for name, value in old.items() if name not in _WRITTEN}}


def _match(before: Sequence[RawBox], after: Sequence[RawBox]) -> dict[int, int]:
    """Return for positions of ``after`` the position in ``before`` that is the same box."""
    matches: dict[int, int] = {}
    left = list(range(len(before)))
    for described, may_repeat in ((_whole_and_text, True), (_whole, True), (_text, False)):
        places: dict[Any, list[int]] = {}
        for place in left:
            places.setdefault(described(before[place]), []).append(place)
        wanted = [index for index in range(len(after)) if index not in matches]
        counts: dict[Any, int] = {}
        for index in wanted:
            name = described(after[index])
            counts[name] = counts.get(name, 0) + 1
        for index in wanted:
            name = described(after[index])
            found = places.get(name, [])
            if found and (may_repeat or (len(found) == 1 and counts[name] == 1)):
                matches[index] = found.pop(0)
        used = set(matches.values())
        left = [place for place in left if place not in used]
    return matches


def _whole(box: RawBox) -> tuple[tuple[int, int], ...]:
    return tuple((int(x), int(y)) for x, y in box["points"])


def _text(box: RawBox) -> Any:
    return box.get("transcription")


def _whole_and_text(box: RawBox) -> Any:
    return _whole(box), _text(box)


def _lines(path: Path) -> Iterable[RawLine]:
    """Yield the lines of a file; none when there is no such file.

    Raises:
        DataError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            yield from iter_lines(stream)
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", at=str(path)) from error


def _read_line(line: RawLine) -> tuple[str, list[RawBox], list[str]] | str:
    """Return key, boxes and what is wrong with single boxes; or why the line cannot be read."""
    decoded = decode_line(line)
    parts = split_line(decoded[0]) if decoded is not None else None
    if parts is None:
        return LABEL_CODES["L010" if decoded is not None else "L004"].meaning
    items, _ = load_list(parts.boxes)
    regions, findings = parse_boxes(parts.boxes)
    if regions is None:
        return LABEL_CODES[findings[-1][0]].meaning
    boxes = [{**items[region.index], "transcription": region.transcription} for region in regions]
    lost = [
        f"box {index}: {LABEL_CODES[code].meaning}" for code, index, _ in findings if code in ("L040", "L041")
    ]
    return parts.key, boxes, lost
