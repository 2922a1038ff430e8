"""The data set that configurations are rendered for."""

from __future__ import annotations

import pytest
from tiny_dataset import make_dataset

from ppocr_kit.datasets.manifest import Dataset


@pytest.fixture
def dataset() -> Dataset:
    """80 training, 10 validation and 10 test rows of both tasks."""
    return make_dataset()
