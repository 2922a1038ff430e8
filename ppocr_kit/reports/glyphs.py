"""Which installed fonts can draw a text, and how a character is written that none of them has.

Labels are in any script, and a machine that trains often has a Latin font only. A box for a missing
glyph says nothing; its code point does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_FIRST = "DejaVu Sans"
# Fonts of mathematics have letters at code points of their own; the last resort draws frames.
_UNFIT = ("STIX", "cm", "Last Resort", "DejaVu Math", "DejaVu Sans Display", "DejaVu Serif Display")
_REGULAR = (400, "normal", "regular", "book")
_MOST_FONTS = 400


@dataclass(frozen=True)
class FontChoice:
    """Fonts for a picture.

    Attributes:
        families: Names for matplotlib, tried in this order for every character.
        covered: The characters that one of them has.
    """

    families: tuple[str, ...]
    covered: frozenset[str]

    def show(self, text: str) -> str:
        """Return a text with ``[U+4E2D]`` for each character that cannot be drawn."""
        return "".join(char if char in self.covered else f"[{code_point(char)}]" for char in text)

    def show_character(self, char: str) -> str:
        """Return a single character, or its code point when it cannot be drawn or seen alone."""
        return char if char in self.covered and is_visible(char) else code_point(char)


def code_point(char: str) -> str:
    """Return ``U+4E2D``."""
    return f"U+{ord(char):04X}"


def is_visible(char: str) -> bool:
    """Tell whether a character can be seen when it stands alone."""
    return char.isprintable() and not char.isspace() and not unicodedata.combining(char)


def choose_fonts(texts: Iterable[str]) -> FontChoice:
    """Find fonts that together have the characters of the texts, as far as any installed one has.

    Raises:
        ImportError: matplotlib is not installed.
    """
    wanted = {char for text in texts for char in text}
    families: list[str] = []
    covered: set[str] = set()
    for entry in _installed():
        if covered == wanted and families:
            break
        found = _characters_in(entry, wanted - covered)
        if found or not families:
            families.append(entry.name)
            covered |= found
    return FontChoice(tuple(families), frozenset(covered))


def _installed() -> Iterator[Any]:
    """Yield the regular faces, the font that matplotlib brings first, then by name."""
    from matplotlib.font_manager import fontManager

    entries = {
        entry.name: entry
        for entry in fontManager.ttflist
        if entry.style == "normal" and entry.weight in _REGULAR and not entry.name.startswith(_UNFIT)
    }
    order = sorted(entries, key=lambda name: (name != _FIRST, "CJK" not in name, name))
    return (entries[name] for name in order[:_MOST_FONTS])


def _characters_in(entry: Any, wanted: set[str]) -> set[str]:
    """Return those of the characters that a font has; a font file that cannot be read has none."""
    from matplotlib.font_manager import get_font

    try:
        font: Any = get_font(entry.fname)
    except (OSError, RuntimeError):
        return set()
    return {char for char in wanted if font.get_char_index(ord(char))}
