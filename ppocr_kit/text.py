"""Characters and dictionary files, as PaddleOCR's label encoders read them.

A dictionary file holds one character per line. PaddleOCR 3.7.0 (ppocr/data/imaug/label_ops.py,
BaseRecLabelEncode) splits it at LF bytes only, takes a blank line for an empty character, and adds
the space itself when ``use_space_char`` is set; characters that it lacks are left out of labels
without a word, which is why the kit checks.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.storage import write_text_atomic

SPACE = " "


def clean_text(text: str) -> str:
    """Replace each tab, line break and other control character by a space.

    A row of a recognition list ends at the line feed and is split at tabs, so it cannot hold them.
    """
    if text.isprintable():
        return text
    return "".join(SPACE if unicodedata.category(char) == "Cc" else char for char in text)


def has_lone_surrogates(text: str) -> bool:
    """Tell whether the text holds half a surrogate pair, which no file can be written with."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def characters_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the characters that occur, sorted by code point, the space left out."""
    found: set[str] = set()
    for text in texts:
        found.update(text)
    return tuple(sorted(found - {SPACE}))


def missing_characters(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the characters of ``text`` that ``known`` lacks, each once, in order of appearance."""
    return tuple(dict.fromkeys(char for char in text if char not in known))


def describe_character(char: str) -> str:
    """Name a character so that also an invisible one can be told: ``'é' (U+00E9)``."""
    shown = char if char.isprintable() else " "
    return f"'{shown}' (U+{ord(char):04X})"


def read_dictionary(path: Path) -> tuple[str, ...]:
    """Read a dictionary file: one character per line, order is the class order.

    Entries of several characters and repeated ones are kept: official dictionaries have both
    (ppocrv5_dict.txt, ppocrv5_latin_dict.txt), and dropping one would shift all later classes.

    Returns:
        The entries in file order; a line that holds one space is the space.

    Raises:
        DataError: The file is missing, empty, not UTF-8, starts with a byte order mark, or has a
            blank line.
    """
    try:
        content = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(
            f"cannot read the dictionary ({error.strerror})",
            at=str(path),
            hint="name a file with one character per line",
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            "the dictionary is not UTF-8 text", at=str(path), hint="save the file as UTF-8"
        ) from error
    if content.startswith("\ufeff"):
        raise DataError(
            "the dictionary starts with a byte order mark, which PaddleOCR would take for a character",
            at=f"{path}:1",
            hint="save the file as UTF-8 without BOM",
        )
    lines = content.split("\n")
    if lines[-1] == "":
        lines.pop()
    entries = tuple(line.rstrip("\r") for line in lines)
    if not entries:
        raise DataError("the dictionary is empty", at=str(path), hint="write one character per line")
    if "" in entries:
        raise DataError(
            "the dictionary has a blank line, which PaddleOCR would take for a character",
            at=f"{path}:{entries.index('') + 1}",
            hint="delete the line; a space needs no line, use_space_char adds it",
        )
    return entries


def repeated_entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the entries that occur more than once; of those only the last class is ever trained."""
    counts = Counter(entries)
    return tuple(entry for entry, count in counts.items() if count > 1)


def write_dictionary(path: Path, characters: Iterable[str]) -> None:
    """Write one character per line, UTF-8, LF, with a final newline."""
    write_text_atomic(path, "".join(f"{char}\n" for char in characters))
