"""Asking a worker: give it a job, and take its answers as they come.

Answers go through a file (``vendor/answers.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.vendor.answers import ANNOUNCEMENT, AnswerReader, OnAnswer
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

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
    lane: str = "paddle",
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a worker of ``runs/workers`` in a lane.

    Args:
        worker: File name of the script.
        job: What it shall do; JSON.
        scratch: Folder for the job and the answers.
        on_answer: Called with each answer as it comes.
        device: Where it runs.
        threads: CPU threads it may use.
        log: File that its output is appended to.
        lane: The lane.
        env: Additions to its environment.

    Raises:
        PpocrKitError: What the worker refused, as it refused it.
        ToolError: It died or hung.
    """
    job_file, answers = scratch / "job.json", scratch / "answers.jsonl"
    job_file.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    answers.write_bytes(b"")
    release, interpreter = find_release(), find_interpreter(lane)
    call = tool_invocation(
        release,
        interpreter.python,
        str(_WORKERS / worker),
        [str(job_file), str(answers), ANNOUNCEMENT],
        cwd=Path.cwd(),
        log=log,
        device=device,
        env={**(env or {}), "OMP_NUM_THREADS": str(threads)},
        idle_timeout_s=_IDLE_TIMEOUT_S,
    )
    with answers.open("rb") as stream:
        reader = AnswerReader(stream, on_answer)
        run_tool(call, on_line=lambda line: reader.take() if ANNOUNCEMENT in line else None)
        reader.take()
