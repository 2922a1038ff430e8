"""Answers of a worker in another environment: JSON lines in a file, taken while it is being written.

Both sides: :func:`serve` in the worker, :class:`AnswerReader` in its caller. The file keeps them apart from
what libraries print; on the worker's stdout stands only :data:`ANNOUNCEMENT`, that there is a new one. What
the worker refused is its last answer, and becomes the error that it was. Of several processes that do one
work, the first one answers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ppocr_kit import errors
from ppocr_kit.errors import PpocrKitError

ANNOUNCEMENT = "ppocr-kit: an answer"
OnAnswer = Callable[[dict[str, Any]], None]
Put = Callable[[Any], None]


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


def serve(work: Callable[[dict[str, Any], Put], None]) -> None:
    """Run a worker: ``SCRIPT JOB ANSWERS ANNOUNCEMENT``.

    An error that a user can mend is passed on as the last answer; anything else ends the process with a
    traceback, which the caller keeps.

    Args:
        work: Takes the job and a function that puts one answer.
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    announcement = sys.argv[3]
    with Path(sys.argv[2]).open("a", encoding="utf-8") as stream:

        def write(answer: Any) -> None:
            stream.write(json.dumps(answer) + "\n")
            stream.flush()
            sys.stdout.write(f"{announcement}\n")
            sys.stdout.flush()

        def put(answer: Any) -> None:
            if int(os.environ.get("RANK", "0")) == 0:
                write(answer)

        try:
            work(job, put)
        except PpocrKitError as error:
            # whichever process it was: the others wait for it
            write({"refused": _body(error)})


def _body(error: PpocrKitError) -> dict[str, Any]:
    return {"kind": type(error).__name__, "message": error.message, "at": error.at, "hint": error.hint}
