"""What the worker says of rows that encoders refuse, with encoders that stand in for the release's."""

from __future__ import annotations

from typing import Any

import pytest

from ppocr_kit.runs.workers.check_rows import refused_text


class CTCLabelEncode:
    """Refuses as the release's encoder of this name does."""

    max_text_len = 5
    dict = {"a": 0, "b": 1}

    def __call__(self, data: dict[str, Any]) -> dict[str, Any] | None:
        text = data["label"]
        known = [char for char in text if char in self.dict]
        return {**data, "label": known} if known and len(text) <= self.max_text_len else None


class RaisingLabelEncode:
    """Raises on every row."""

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("points")


class PickyLabelEncode(CTCLabelEncode):
    """Refuses without a reason that can be told."""

    def __call__(self, data: dict[str, Any]) -> None:
        return None


@pytest.mark.parametrize(
    ("text", "encoder", "kind", "reason"),
    [
        ("abababab", CTCLabelEncode, "length", "longer than max_text_length (8 > 5)"),
        ("xyz", CTCLabelEncode, "characters", "none of its characters is in the dictionary"),
        # too long and unknown: the length is told, which also a larger dictionary would not mend
        ("xyzxyz", CTCLabelEncode, "length", "longer than max_text_length (6 > 5)"),
        ("ab", RaisingLabelEncode, "row", "RaisingLabelEncode raised KeyError: 'points'"),
        ("ab", PickyLabelEncode, "row", "refused by PickyLabelEncode"),
    ],
)
def test_a_refusal_has_a_kind_and_a_reason(text: str, encoder: type, kind: str, reason: str) -> None:
    assert refused_text(text, [encoder()]) == (kind, reason)


def test_a_text_that_passes_every_encoder_is_not_refused() -> None:
    assert refused_text("axb", [CTCLabelEncode()]) is None
    assert refused_text("ab", []) is None
