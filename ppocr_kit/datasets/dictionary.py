"""The characters of a recognition data set: gathered from its texts, or held against a given file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.text import (
    SPACE,
    characters_of,
    describe_character,
    missing_characters,
    read_dictionary,
    repeated_entries,
)

_SHOWN_CHARACTERS = 12


@dataclass(frozen=True)
class LabelText:
    """A text that recognition learns, and the place it was labelled at."""

    text: str
    where: str


@dataclass(frozen=True)
class CharacterSet:
    """What a recogniser's head is made for.

    Attributes:
        entries: Lines of the dictionary file, in class order.
        use_space_char: Whether PaddleOCR adds the space as one class more.
        notes: What is odd about a given file, for people.
    """

    entries: tuple[str, ...]
    use_space_char: bool
    notes: tuple[str, ...] = ()

    @property
    def num_characters(self) -> int:
        """Number of classes without the CTC blank."""
        return len(self.entries) + int(self.use_space_char)


def gather_characters(texts: Iterable[LabelText]) -> CharacterSet:
    """Make the dictionary of all characters that occur, by code point; a space becomes a flag."""
    plain = [entry.text for entry in texts]
    return CharacterSet(characters_of(plain), any(SPACE in text for text in plain))


def check_characters(path: Path, texts: Iterable[LabelText]) -> CharacterSet:
    """Hold every text against a given dictionary, which is used unchanged.

    The space is always added by ``use_space_char``, as the official models that a dictionary is
    given for were trained (``en_dict.txt`` and the space are 97 classes with the blank).

    Raises:
        DataError: The file cannot be used, or a text has a character that it lacks; PaddleOCR would
            leave the character out of the label without a word.
    """
    entries = read_dictionary(path)
    known = frozenset(entries) | {SPACE}
    places: dict[str, list[str]] = {}
    for entry in texts:
        for char in missing_characters(entry.text, known):
            places.setdefault(char, []).append(entry.where)
    if places:
        raise _missing_error(path, places)
    repeated = repeated_entries(entries)
    notes = (f"the dictionary repeats {len(repeated)} entries",) if repeated else ()
    return CharacterSet(entries, True, notes)


def _missing_error(path: Path, places: dict[str, list[str]]) -> DataError:
    """List the characters that a dictionary lacks, and where each is first used."""
    shown = [
        f"{describe_character(char)} in {len(found)} text{'s' if len(found) > 1 else ''} "
        f"(first at {found[0]})"
        for char, found in sorted(places.items())[:_SHOWN_CHARACTERS]
    ]
    if len(places) > _SHOWN_CHARACTERS:
        shown.append(f"and {len(places) - _SHOWN_CHARACTERS} more")
    plural = "characters are" if len(places) > 1 else "character is"
    return DataError(
        f"{len(places)} {plural} not in the dictionary: " + "; ".join(shown),
        at=str(path),
        hint="add a line for each at the end of the dictionary, correct the texts, "
        "or leave --dict away to make a dictionary from the labels",
    )
