"""Starting a worker of ``vl/engine`` in the vl lane, which has torch, and taking its answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.errors import ToolError
from ppocr_kit.vendor.answers import ANNOUNCEMENT, AnswerReader, OnAnswer
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import GRACE_S, ToolInvocation, run_tool
from ppocr_kit.vendor.tools import tool_environment

LANE = "vl"
_STARTER = Path(__file__).parent / "engine" / "start.py"
_IDLE_TIMEOUT_S = 1800.0
# Models come from folders; what a worker may fetch, it fetches before it asks for these.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def run_engine(
    worker: str,
    spec: Mapping[str, Any],
    *,
    on_event: OnAnswer | None = None,
    log: Path | None = None,
    device: Device | None = None,
    env: Mapping[str, str] | None = None,
    idle_timeout_s: float | None = _IDLE_TIMEOUT_S,
    grace_s: float = GRACE_S,
) -> dict[str, Any]:
    """Run a worker to its end.

    Args:
        worker: Name of its module in ``vl/engine``.
        spec: What it shall do; JSON.
        on_event: Called with each answer as it comes, also with the last.
        log: File that its output is appended to.
        device: Where it runs; several processes are started by torchrun.
        env: Further additions to the environment, which win over the defaults.
        idle_timeout_s: Seconds of silence after which it counts as hung, or None.
        grace_s: Seconds that it gets to save its work when it is ended.

    Returns:
        Its last answer.

    Raises:
        SetupError: There is no environment for the lane.
        PpocrKitError: What the worker refused, as it refused it.
        ToolError: It died, hung, or ended without an answer.
    """
    answers: list[dict[str, Any]] = []

    def take(answer: dict[str, Any]) -> None:
        answers[:] = [answer]
        if on_event is not None:
            on_event(answer)

    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as name:
        folder = Path(name)
        # escaped, because a path may hold bytes that are no UTF-8
        (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
        (folder / "answers.jsonl").write_bytes(b"")
        call = engine_invocation(
            worker,
            folder,
            log=log,
            device=device,
            env=env,
            idle_timeout_s=idle_timeout_s,
            grace_s=grace_s,
        )
        with (folder / "answers.jsonl").open("rb") as stream:
            reader = AnswerReader(stream, take)
            run_tool(call, on_line=lambda line: reader.take() if ANNOUNCEMENT in line else None)
            reader.take()
    if not answers:
        raise ToolError(f"{call.name} ended without an answer", at=str(log) if log else None)
    return answers[0]


def engine_invocation(
    worker: str,
    folder: Path,
    *,
    log: Path | None = None,
    device: Device | None = None,
    env: Mapping[str, str] | None = None,
    idle_timeout_s: float | None = None,
    grace_s: float = GRACE_S,
) -> ToolInvocation:
    """Describe the process of a worker whose ``spec.json`` and ``answers.jsonl`` lie in a folder.

    Raises:
        SetupError: There is no environment for the lane.
        UsageError: The device names a GPU that is hidden by ``CUDA_VISIBLE_DEVICES``.
    """
    command = [str(find_interpreter(LANE).python)]
    if device is not None and device.processes > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={device.processes}"]
    files = (str(folder / "spec.json"), str(folder / "answers.jsonl"))
    return ToolInvocation(
        name=f"vl/engine/{worker}.py",
        argv=(*command, str(_STARTER), worker, *files, ANNOUNCEMENT),
        cwd=Path.cwd(),
        env={**_OFFLINE, **tool_environment(device), **_visible(device), **(env or {})},
        log=log,
        idle_timeout_s=idle_timeout_s,
        grace_s=grace_s,
    )


def _visible(device: Device | None) -> dict[str, str]:
    """Hide the GPUs where the CPU was asked for, so that nothing is put there by itself."""
    return {"CUDA_VISIBLE_DEVICES": ""} if device is not None and not device.is_gpu else {}
