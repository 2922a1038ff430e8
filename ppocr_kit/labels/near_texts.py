"""Texts that are probably meant to be the same and are spelt differently.

Two kinds: texts that are equal but for letter case, width, spaces, punctuation or characters that look
alike; and a rare text one edit away from a frequent one. Both are for a person to look at: a note,
never an error.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

# A text is rare beside one that occurs so many times as often, and at least so often.
_TIMES_AS_FREQUENT = 5
_FREQUENT = 5
# Shorter texts are one edit from each other by chance: codes, amounts, names.
_LEAST_LENGTH = 5
_LEAST_SKELETON = 2

# Latin letters, digits and what is typed for them: Cyrillic and Greek capitals look the same.
_HOMOGLYPHS = str.maketrans(
    "АВЕКМНОРСТУХаеорсухіΑΒΕΖΗΙΚΜΝΟΡΤΥΧοIl|Oo〇",  # noqa: RUF001 - the point of this table
    "ABEKMH0PCTYXae0pcyxiABEZH1KMN0PTYX0111000",
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣", "-"))  # noqa: RUF001 - the point of this table
_SPACES = re.compile(r"\s+")
# beside a digit a sign belongs to the number: -5, 1.50, 12/3
_PUNCTUATION = re.compile(r"(?<!\d)[^\w\s](?!\d)|_")
_FORM = re.compile(rf"{_SPACES.pattern}|{_PUNCTUATION.pattern}")


@dataclass(frozen=True)
class NearText:
    """A text beside a more frequent one that it is probably meant to be.

    Attributes:
        text: The rarer spelling.
        other: The more frequent one.
        difference: What they differ in: ``letter case and spaces``, ``'n' for 'm'``.
    """

    text: str
    other: str
    difference: str


def find_near_texts(counts: Mapping[str, int]) -> list[NearText]:
    """Find texts that differ from a more frequent one in spelling only.

    Args:
        counts: How often each text occurs; of two equally frequent ones the earlier is the model.

    Returns:
        One entry per text that has such a neighbour, in the order of ``counts``.
    """
    found: dict[str, NearText] = {}
    for group in _groups(counts):
        other = max(group, key=counts.__getitem__)
        for text in group:
            if text != other:
                found[text] = NearText(text, other, _difference_in_form(text, other))
    for near in _one_edit_away(counts):
        found.setdefault(near.text, near)
    return [found[text] for text in counts if text in found]


def _groups(texts: Collection[str]) -> Iterator[list[str]]:
    """Yield groups of texts that are equal but for their form, each in order of appearance."""
    # of most texts there is no other, and nothing is kept of them here
    parent: dict[str, str] = {}

    def root(text: str) -> str:
        while text in parent:
            text = parent[text]
        return text

    first_of: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for text in texts:
        bare = _bare(text)
        if len(bare) < _LEAST_SKELETON:
            continue
        # apart, because an I that looks like 1 is not the i that a lower-case text has
        for first, skeleton in zip(first_of, (bare, bare.translate(_HOMOGLYPHS))):
            one, other = root(first.setdefault(skeleton.casefold(), text)), root(text)
            if one != other:
                parent[other] = one
    members: dict[str, list[str]] = defaultdict(list)
    roots = {root(text) for text in parent}
    for text in texts:
        if text in parent or text in roots:
            members[root(text)].append(text)
    return iter(members.values())


def _bare(text: str) -> str:
    """Return a text without width, kind of dash, spaces and punctuation."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return text if text.isalnum() else _FORM.sub("", text)


_FORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("full-width or half-width characters", lambda text: unicodedata.normalize("NFKC", text)),
    ("dashes", lambda text: text.translate(_DASHES)),
    ("spaces", lambda text: _SPACES.sub("", text)),
    ("punctuation", lambda text: _PUNCTUATION.sub("", text)),
    ("characters that look alike", lambda text: text.translate(_HOMOGLYPHS)),
    ("letter case", str.casefold),
)


def _difference_in_form(text: str, other: str) -> str:
    """Name the fewest things that two texts differ in."""
    for number in range(1, len(_FORMS) + 1):
        for forms in itertools.combinations(_FORMS, number):
            left, right = text, other
            for _, fold in forms:
                left, right = fold(left), fold(right)
            if left == right:
                return " and ".join(name for name, _ in forms)
    return "spelling"


def _one_edit_away(counts: Mapping[str, int]) -> Iterator[NearText]:
    """Find rare texts that one edit makes a frequent one.

    Two such texts share a string that is either of them with at most one character deleted; the frequent
    ones are looked up by theirs, so that the work grows with the texts and not with their pairs.
    """
    by_deletion: dict[str, list[str]] = defaultdict(list)
    for text, count in counts.items():
        if count >= _FREQUENT and len(text) >= _LEAST_LENGTH:
            for shorter in _deletions(text):
                by_deletion[shorter].append(text)
    if not by_deletion:
        return
    for text, count in counts.items():
        if len(text) < _LEAST_LENGTH:
            continue
        near = (other for shorter in _deletions(text) for other in by_deletion.get(shorter, ()))
        # in a fixed order: of equally frequent ones the first of the alphabet
        candidates = sorted(set(near) - {text}, key=lambda other: (-counts[other], other))
        for other in candidates:
            if counts[other] >= _TIMES_AS_FREQUENT * count and (difference := _one_edit(text, other)):
                yield NearText(text, other, difference)
                break


def _deletions(text: str) -> set[str]:
    """Return the text itself and what remains of it without each one character."""
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def _one_edit(text: str, other: str) -> str | None:
    """Describe the one edit between two texts; None when it is more, or concerns a number."""
    edits: Sequence[tuple[str, int, int]] = [
        (edit.tag, edit.src_pos, edit.dest_pos) for edit in Levenshtein.editops(text, other, score_hint=1)
    ]
    if len(edits) != 1:
        return None
    kind, at, other_at = edits[0]
    here = "" if kind == "insert" else text[at]
    there = "" if kind == "delete" else other[other_at]
    if any(char.isnumeric() for char in (here, there) if char):
        return None
    if kind == "insert":
        return f"'{there}' is left out"
    return f"'{here}' is put in" if kind == "delete" else f"'{here}' for '{there}'"
