"""Asking a worker: give it a job, and take its answers as they come.

The other side is ``workers/answers.py``. Answers go through a file, one JSON document per line;
on the worker's stdout stands only that there is a new one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ppocr_kit import errors
from ppocr_kit.configs.device import Device
from ppocr_kit.errors import PpocrKitError
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

_ANNOUNCEMENT = "ppocr-kit: an answer"
OnAnswer = Callable[[dict[str, Any]], None]
_WORKERS = Path(__file__).parent / "workers"
_IDLE_TIMEOUT_S = 1800.0


def ask(
    worker: str,
    job: Mapping[str, Any],
    scratch: Path,
    on_answer: OnAnswer,
    *,
    device: Device | None = None,
    threads: int = 1,
    log: Path | None = None,
) -> None:
    """Run a worker of ``runs/workers`` in the paddle lane.

    Args:
        worker: File name of the script.
        job: What it shall do; JSON.
        scratch: Folder for the job and the answers.
        on_answer: Called with each answer as it comes.
        device: Where it runs.
        threads: CPU threads it may use.
        log: File that its output is appended to.

    Raises:
        PpocrKitError: What the worker refused, as it refused it.
        ToolError: It died or hung.
    """
    job_file, answers = scratch / "job.json", scratch / "answers.jsonl"
    job_file.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    answers.write_bytes(b"")
    release, interpreter = find_release(), find_interpreter("paddle")
    call = tool_invocation(
        release,
        interpreter.python,
        str(_WORKERS / worker),
        [str(job_file), str(answers), _ANNOUNCEMENT],
        cwd=Path.cwd(),
        log=log,
        device=device,
        env={"OMP_NUM_THREADS": str(threads)},
        idle_timeout_s=_IDLE_TIMEOUT_S,
    )
    with answers.open("rb") as stream:
        reader = _AnswerReader(stream, on_answer)
        run_tool(call, on_line=lambda line: reader.take() if _ANNOUNCEMENT in line else None)
        reader.take()


class _AnswerReader:
    """Takes complete lines from a file that is still being written."""

    def __init__(self, stream: BinaryIO, on_answer: OnAnswer) -> None:
        self._stream = stream
        self._on_answer = on_answer
        self._begun = b""

    def take(self) -> None:
        """Pass on what has come, up to the last complete line."""
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
