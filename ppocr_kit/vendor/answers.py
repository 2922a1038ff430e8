"""Answers of a worker in another environment: JSON lines in a file, taken while it is being written.

On the worker's stdout stands only :data:`ANNOUNCEMENT`, that there is a new one. What the worker refused
is its last answer, and becomes the error that it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from ppocr_kit import errors
from ppocr_kit.errors import PpocrKitError

ANNOUNCEMENT = "ppocr-kit: an answer"
OnAnswer = Callable[[dict[str, Any]], None]


class AnswerReader:
    """Takes complete lines from a file that is still being written.

    Args:
        stream: The file, opened for reading.
        on_answer: Called with each answer as it comes.
    """

    def __init__(self, stream: BinaryIO, on_answer: OnAnswer) -> None:
        self._stream = stream
        self._on_answer = on_answer
        self._begun = b""

    def take(self) -> None:
        """Pass on what has come, up to the last complete line.

        Raises:
            PpocrKitError: What the worker refused, as it refused it.
        """
        for part in iter(self._stream.readline, b""):
            self._begun += part
            if not part.endswith(b"\n"):
                return
            answer, self._begun = json.loads(self._begun), b""
            if "refused" in answer:
                raise refusal(answer["refused"])
            self._on_answer(answer)


def refusal(body: Mapping[str, Any]) -> PpocrKitError:
    """Make an error of a worker's last answer."""
    kind = getattr(errors, str(body["kind"]), PpocrKitError)
    assert issubclass(kind, PpocrKitError)
    return kind(str(body["message"]), at=body["at"], hint=body["hint"])
