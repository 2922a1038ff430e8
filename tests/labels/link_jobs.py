"""What tests of links.json run in processes of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ppocr_kit.labels.links_file import LinksFile


def write_often(folder: str, writer: int) -> None:
    """Change one page of all writers and one of one's own, ten times."""
    file = LinksFile(Path(folder))
    for _ in range(10):
        for page in ("shared", f"own {writer}"):
            file.change(page, lambda old: replace(old, boxes=old.boxes + "x"))
