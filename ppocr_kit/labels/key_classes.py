"""Classes of key information: as annotators spell them, and as PaddleOCR wants them.

PaddleOCR writes classes in upper case, OTHER in the first line, and takes OTHER, OTHERS and IGNORE for no
class whatever their case (PaddleOCR 3.7.0, ppocr/utils/utility.py, ``load_vqa_bio_label_maps``; a blank
line would become a class there, and a class that is not in the file ends training with a KeyError).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.text import clean_text

OTHER = "OTHER"
# What RE knows; the rows have them in lower case.
RE_CLASSES = (OTHER, "QUESTION", "ANSWER")

_NO_CLASS = frozenset({"", "NONE", OTHER, "OTHERS", "IGNORE"})
_HINT = "one class per line in UTF-8, such as NAME_Q"
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class ClassFile:
    """A list of classes that the user gave.

    Attributes:
        names: Its classes in upper case, OTHER first.
        notes: What was put right, for people.
    """

    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def class_name(key_cls: str | None) -> str:
    """Return a class as PaddleOCR's file of classes has it; OTHER for what is no class."""
    if key_cls is None:
        return OTHER
    name = clean_text(key_cls).strip().upper()
    return OTHER if name in _NO_CLASS else name


def order_classes(names: set[str]) -> tuple[str, ...]:
    """Return classes as they stand in the file: OTHER, then the others by name."""
    return (OTHER, *sorted(names - {OTHER}))


def read_class_file(path: Path) -> ClassFile:
    """Read a list of classes, whose order is kept.

    Blank lines are passed over, OTHER is put first, names become upper case and stand once; each is told.

    Raises:
        DataError: The file cannot be read, is not UTF-8, or names no class.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the classes cannot be read ({error.strerror})", at=str(path)) from error
    if len(content) > _MOST_BYTES:
        raise DataError("the file is too large for a list of classes", at=str(path), hint=_HINT)
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise DataError("the list of classes is not UTF-8", at=str(path), hint=_HINT) from error
    if lines[-1] == "":
        lines.pop()
    names = [class_name(line) for line in lines if line.strip()]
    wanted = tuple(dict.fromkeys(name for name in names if name != OTHER))
    if not wanted:
        raise DataError("the list of classes names none besides OTHER", at=str(path), hint=_HINT)
    return ClassFile((OTHER, *wanted), tuple(_notes(path, lines, names)))


def _notes(path: Path, lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """Say what of a list of classes was put right."""
    notes = []
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        notes.append(
            f"{path}: blank lines were passed over: {', '.join(map(str, blank[:8]))}; "
            "PaddleOCR would take each for a class"
        )
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        notes.append(f"{path}: repeated, letter case aside: {', '.join(repeated)}")
    if names[0] != OTHER:
        notes.append(f"{path}: {OTHER} was put first")
    return notes
