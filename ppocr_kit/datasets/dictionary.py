"""The characters of a recognition data set: gathered from its texts, or held against a given file."""

from __future__ import annotations

from collections import Counter
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


def gather_characters(characters: Iterable[str]) -> CharacterSet:
    """Make the dictionary of all characters that occur, by code point; a space becomes a flag."""
    found = frozenset(characters)
    return CharacterSet(characters_of(found), SPACE in found)


def check_characters(path: Path, characters: Iterable[str], texts: Iterable[LabelText]) -> CharacterSet:
    """Hold every character against a given dictionary, which is used unchanged.

    The space is always added by ``use_space_char``, as the official models that a dictionary is
    given for were trained (``en_dict.txt`` and the space are 97 classes with the blank).

    Args:
        path: The dictionary.
        characters: All that occur.
        texts: All texts; gone through only to tell where a missing character is.

    Raises:
        DataError: The file cannot be used, or a text has a character that it lacks; PaddleOCR would
            leave the character out of the label without a word.
    """
    entries = read_dictionary(path)
    known = frozenset(entries) | {SPACE}
    if not known.issuperset(characters):
        raise _missing_error(path, known, texts)
    repeated = repeated_entries(entries)
    notes = (f"the dictionary repeats {len(repeated)} entries",) if repeated else ()
    return CharacterSet(entries, True, notes)


def _missing_error(path: Path, known: frozenset[str], texts: Iterable[LabelText]) -> DataError:
    """List the characters that a dictionary lacks, how often each is used, and where first."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for entry in texts:
        for char in missing_characters(entry.text, known):
            counts[char] += 1
            first.setdefault(char, entry.where)
    shown = [
        f"{describe_character(char)} in {count} text{'s' if count > 1 else ''} (first at {first[char]})"
        for char, count in sorted(counts.items())[:_SHOWN_CHARACTERS]
    ]
    if len(counts) > _SHOWN_CHARACTERS:
        shown.append(f"and {len(counts) - _SHOWN_CHARACTERS} more")
    plural = "characters are" if len(counts) > 1 else "character is"
    return DataError(
        f"{len(counts)} {plural} not in the dictionary: " + "; ".join(shown),
        at=str(path),
        hint="add a line for each at the end of the dictionary, correct the texts, "
        "or leave --dict away to make a dictionary from the labels",
    )
