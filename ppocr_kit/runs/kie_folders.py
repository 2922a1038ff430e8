"""Predicted key information as labels: a folder that PPOCRLabel opens, or one of XFUND.

Both hold copies of the pictures: PPOCRLabel writes a picture anew when its user turns it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.file_placing import write_file
from ppocr_kit.datasets.image_names import ImageNames
from ppocr_kit.errors import UsageError
from ppocr_kit.labels.ppocrlabel import LABEL_FILE_NAME, render_boxes
from ppocr_kit.runs.kie_outputs import label_regions, xfund_document, xfund_file
from ppocr_kit.storage import disk_error, write_lines_atomic, write_text_atomic

PPOCRLABEL, XFUND = "ppocrlabel", "xfund"
XFUND_FILE = "predicted.json"
_FILES = {PPOCRLABEL: LABEL_FILE_NAME, XFUND: XFUND_FILE}


class PredictedPages:
    """Gathers predicted pages, and writes them as labels.

    Args:
        out: The folder of the predictions; the labels get folders in it.
        formats: Which to write.
        roles: Classes to ``QUESTION`` or ``ANSWER``.

    Raises:
        UsageError: Labels are there already; people may have corrected them.
    """

    def __init__(self, out: Path | None, formats: Sequence[str], roles: Mapping[str, str]) -> None:
        self._folders = {name: out / name for name in formats if name in _FILES and out is not None}
        self._roles = roles
        self._names = ImageNames()
        self._lines: list[str] = []
        self._documents: list[Mapping[str, Any]] = []
        for name, folder in self._folders.items():
            if (folder / _FILES[name]).exists():
                raise UsageError(
                    "there are labels here already, which people may have corrected",
                    at=str(folder / _FILES[name]),
                    hint="choose another --out, or move them away",
                )

    def add(self, page: Mapping[str, Any]) -> None:
        """Take in a page and copy its picture; one with an ``error`` is passed over.

        Raises:
            SetupError: The disk is full or the folder cannot be written.
        """
        if "error" in page or not self._folders:
            return
        image = Path(page["image"])
        name = self._names.take(image)
        for folder in self._folders.values():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                write_file(str(folder / name), image.read_bytes())
            except OSError as error:
                raise disk_error(error, folder / name) from error
        if PPOCRLABEL in self._folders:
            regions = render_boxes(label_regions(page["entities"], page["links"]))
            self._lines.append(f"{PPOCRLABEL}/{name}\t{regions}\n")
        if XFUND in self._folders:
            self._documents.append(xfund_document(page, name, self._roles))

    def write(self) -> list[Path]:
        """Write the labels; return their files."""
        written = []
        for name, folder in self._folders.items():
            file = folder / _FILES[name]
            if name == PPOCRLABEL:
                write_lines_atomic(file, (line.encode("utf-8") for line in self._lines))
            else:
                write_text_atomic(file, json.dumps(xfund_file(self._documents), ensure_ascii=False) + "\n")
            written.append(file)
        return written
