"""How values are put into words, the same on the console and in Markdown."""

from __future__ import annotations

import math

ABSENT = "—"


def metric(value: float | None) -> str:
    """Write a score with four decimals."""
    if value is None:
        return ABSENT
    return f"{value:.4f}" if math.isfinite(value) else str(value)


def number(value: float | None) -> str:
    """Write a number as short as it is exact enough to read."""
    return ABSENT if value is None else f"{value:g}"


def count(value: int | None) -> str:
    """Write a whole number with thousands separated."""
    return ABSENT if value is None else f"{value:,}"


def plural(amount: int, noun: str) -> str:
    """Write an amount with its noun: ``1 row``, ``1,200 rows``."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """Write seconds as ``6 min 31 s``."""
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def size(amount: int) -> str:
    """Write bytes as MiB, KiB or bytes."""
    if amount < 1 << 10:
        return f"{amount} bytes"
    return f"{amount / (1 << 20):.1f} MiB" if amount >= 1 << 20 else f"{amount / (1 << 10):.1f} KiB"


def checksum(value: str | None) -> str:
    """Write the first 12 digits of a sha256: enough to tell two files apart."""
    return ABSENT if value is None else value[:12]


def text(value: str | None) -> str:
    """Write a text on one line, or the sign for absent."""
    return ABSENT if not value else " ".join(value.split())
