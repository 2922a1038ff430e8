"""Small labelled folders, as PPOCRLabel exports them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings

# a busy machine is no reason to fail
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")

MakeFolder = Callable[..., Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Return a function that makes ``tmp_path/<name>`` with images (100 x 60) and a Label.txt."""

    def make(label: str | bytes, images: tuple[str, ...] = ("a.png",), name: str = "batch") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(images):
            path = folder / image
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 256, (60, 100, 3), dtype=np.uint8)
            path.write_bytes(cv2.imencode(path.suffix.lower(), pixels)[1].tobytes())
        content = label if isinstance(label, bytes) else label.encode("utf-8")
        (folder / "Label.txt").write_bytes(content)
        return folder

    return make
