"""The short strings on synthetic pages: part numbers and meter readings over a small alphabet."""

from __future__ import annotations

import numpy as np

# Twelve characters that stay apart at a crop height of 32 pixels: a small recogniser learns them
# from scratch in minutes on one core, where fifty characters take an hour.
DEFAULT_ALPHABET = "0123456789-K"

# A mark at the end of a string is hard to tell from dirt, for people too.
_INNER_ONLY = frozenset("-./:, ")


def draw_word(rng: np.random.Generator, alphabet: str, shortest: int, longest: int) -> str:
    """Draw a string whose separators are single and never at its ends.

    Args:
        rng: Source of chance.
        alphabet: Characters to choose from; at least one is not a separator.
        shortest: Least number of characters.
        longest: Largest number of characters.
    """
    solid = [char for char in alphabet if char not in _INNER_ONLY]
    length = int(rng.integers(shortest, longest + 1))
    word = ""
    for position in range(length):
        at_end = position in (0, length - 1)
        after_separator = bool(word) and word[-1] in _INNER_ONLY
        choice = solid if at_end or after_separator else list(alphabet)
        word += choice[int(rng.integers(len(choice)))]
    return word
