"""``Architecture`` sections for the tests, each with whatever a test changes."""

from __future__ import annotations

from typing import Any


def db(
    neck: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **backbone: Any
) -> dict[str, Any]:
    """A small DB detector."""
    return {
        "model_type": "det",
        "algorithm": "DB",
        "Transform": None,
        "Backbone": {"name": "MobileNetV3", "model_name": "small", "scale": 0.35, **backbone},
        "Neck": {"name": "DBFPN", "out_channels": 24, **(neck or {})},
        "Head": {"name": "DBHead", "k": 50, **(head or {})},
    }


def crnn(
    neck: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **backbone: Any
) -> dict[str, Any]:
    """A small CRNN recogniser of six characters and the blank."""
    return {
        "model_type": "rec",
        "algorithm": "CRNN",
        "Transform": None,
        "Backbone": {"name": "MobileNetV3", "model_name": "small", "scale": 0.35, **backbone},
        "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 16, **(neck or {})},
        "Head": {"name": "CTCHead", "out_channels": 7, **(head or {})},
    }
