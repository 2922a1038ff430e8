"""Folders of labels in other formats, with pictures of 100 x 60 pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from ppocr_kit.labels.sources import ReadOptions, Source, read_sources

MakeTree = Callable[..., Path]


def write_picture(path: Path, number: int = 0, size: tuple[int, int] = (60, 100)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    """Return a function that writes label files by relative path, and pictures."""

    def make(files: Mapping[str, str | bytes], pictures: tuple[str, ...] = (), name: str = "set") -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for relative, content in files.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        for number, relative in enumerate(pictures):
            write_picture(root / relative, number)
        return root

    return make


def read_one(path: Path, **options: object) -> Source:
    (source,) = read_sources([path], ReadOptions(**options))  # type: ignore[arg-type]
    return source


def texts_of(source: Source) -> dict[str, list[str]]:
    """Return the texts by the name of the picture."""
    return {
        entry.path.name: [region.transcription for region in entry.read().page.regions]
        for entry in source.pages
    }


def codes_of(source: Source) -> list[str]:
    """Return the codes of all findings, those of the pages last."""
    codes = [found.code for found in source.problems]
    return codes + [code for entry in source.pages for code, _, _ in entry.read().findings]
