"""Values are put into words that a person reads at a glance."""

from __future__ import annotations

import math

import pytest

from ppocr_kit.reports import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.0, "0.0000"), (0.98765, "0.9877"), (math.nan, "nan"), (math.inf, "inf")],
)
def test_metric_has_four_decimals(value: float | None, text: str) -> None:
    assert words.metric(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "—"),
        (math.nan, "—"),
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (60.0, "1 min 0 s"),
        (391.2, "6 min 31 s"),
        (119.6, "2 min 0 s"),
        (3600.0, "1 h 0 min"),
        (93_784.0, "26 h 3 min"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (3 << 20, "3.0 MiB")]
)
def test_size(amount: int, text: str) -> None:
    assert words.size(amount) == text


def test_text_stays_on_one_line() -> None:
    assert words.text("a\nb\t c") == "a b c"
    assert words.text("") == words.text(None) == "—"


def test_count_and_number() -> None:
    assert words.count(1_234_567) == "1,234,567"
    assert words.count(None) == words.number(None) == "—"
    assert words.number(1e-6) == "1e-06"
