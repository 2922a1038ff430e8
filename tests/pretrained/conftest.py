"""A server on loopback, and small files that pass for official weights."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from loopback import Served, serve

from ppocr_kit.pretrained.catalogue import PretrainedWeights, find_weights


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine must not stand between the tests and loopback."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Served]:
    with serve(b"") as served:
        yield served


@pytest.fixture
def entry() -> PretrainedWeights:
    """Weights of the smallest recogniser, without a checksum in the catalogue."""
    known = find_weights("rec_mv3_none_bilstm_ctc")
    return dataclasses.replace(known, url="http://127.0.0.1:1/rec_mv3_train.pdparams")


@pytest.fixture
def arrays() -> dict[str, np.ndarray[Any, Any]]:
    """The landmarks of that recogniser, its classes, and a body."""
    draw = np.random.default_rng(0)
    shapes = {
        "backbone.conv1.conv.weight": (8, 3, 3, 3),
        "backbone.conv2.conv.weight": (480, 80, 1, 1),
        "head.fc.weight": (192, 37),
        "head.fc.bias": (37,),
    }
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def weights(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    """The same as the bytes of a ``.pdparams`` file."""
    return pickle.dumps(arrays, protocol=4)
