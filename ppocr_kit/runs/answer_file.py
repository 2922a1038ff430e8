"""What models said of pictures, kept on disk as it comes, so that a command that was ended goes on.

One JSON line per picture, under the hash of its bytes. The first line names the models; answers of
other models are not taken for theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ppocr_kit.storage import disk_error

Answer = dict[str, Any]


class AnswerFile:
    """Answers by picture; a context manager. Only places in the file are held in memory.

    Args:
        path: The file, made where there is none.
        models: What names the models; a file of others is begun anew.

    Raises:
        SetupError: The file cannot be written.
    """

    def __init__(self, path: Path, models: Mapping[str, str]) -> None:
        self.path = path
        self._places: dict[str, int] = {}
        head = json.dumps({"models": dict(models)}, ensure_ascii=False).encode() + b"\n"
        try:
            self._stream: BinaryIO = path.open("a+b")
            self._stream.seek(0)
            if self._stream.readline() == head:
                self._find_answers()
            else:
                self._stream.truncate(0)
                self._stream.write(head)
                self._stream.flush()
        except OSError as error:
            raise disk_error(error, path) from error

    def __contains__(self, digest: str) -> bool:
        """Tell whether the picture with these bytes was answered."""
        return digest in self._places

    def add(self, digest: str, answer: Answer) -> None:
        """Write down an answer.

        Raises:
            SetupError: The disk is full.
        """
        try:
            self._stream.seek(0, 2)
            self._places[digest] = self._stream.tell()
            self._stream.write(
                json.dumps({"sha256": digest, "answer": answer}, ensure_ascii=False).encode() + b"\n"
            )
            self._stream.flush()
        except OSError as error:
            raise disk_error(error, self.path) from error

    def read(self, digest: str) -> Answer:
        """Return an answer that was written down."""
        self._stream.seek(self._places[digest])
        answer: Answer = json.loads(self._stream.readline())["answer"]
        return answer

    def __enter__(self) -> AnswerFile:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._stream.close()

    def _find_answers(self) -> None:
        """Note where each answer lies; cut off what was not written to its end."""
        place = self._stream.tell()
        for line in iter(self._stream.readline, b""):
            if not line.endswith(b"\n"):
                self._stream.truncate(place)
                return
            self._places[json.loads(line)["sha256"]] = place
            place += len(line)
