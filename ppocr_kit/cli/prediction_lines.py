"""The file of predictions: one JSON object per picture, whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TextIO

from ppocr_kit.runs.predict import Prediction
from ppocr_kit.storage import disk_error

PREDICTIONS_FILE = "predictions.jsonl"


class PredictionLines:
    """Writes ``predictions.jsonl`` line by line, and puts it in place when all has come.

    Args:
        folder: Where to; None writes nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._target = folder / PREDICTIONS_FILE if folder is not None else None
        self._stream: TextIO | None = None
        self._name = ""

    def __enter__(self) -> PredictionLines:
        """Begin the file."""
        if self._target is not None:
            try:
                self._target.parent.mkdir(parents=True, exist_ok=True)
                handle, self._name = tempfile.mkstemp(
                    prefix=f".{PREDICTIONS_FILE}.", suffix=".tmp", dir=self._target.parent
                )
            except OSError as error:
                raise disk_error(error, self._target) from error
            self._stream = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
        return self

    def add(self, answer: Prediction) -> None:
        """Write a line.

        Raises:
            SetupError: The disk is full.
        """
        if self._stream is None or self._target is None:
            return
        try:
            self._stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
        except OSError as error:
            raise disk_error(error, self._target) from error

    def __exit__(self, kind: object, value: object, traceback: object) -> None:
        """Put the file in place, or take it away."""
        if self._stream is None or self._target is None:
            return
        try:
            self._stream.close()
            if kind is None:
                os.chmod(self._name, 0o644)
                os.replace(self._name, self._target)
        except OSError as error:
            raise disk_error(error, self._target) from error
        finally:
            Path(self._name).unlink(missing_ok=True)
