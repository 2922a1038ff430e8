"""``tools/eval.py`` of the release, started on rows that it can use, and what it says."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.configs.render import dump_config
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.plan import write_lists
from ppocr_kit.runs.train import IDLE_TIMEOUT_S
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.logs import read_eval_output
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease, find_release
from ppocr_kit.vendor.tools import tool_invocation


def run_eval_tool(
    config: Mapping[str, Any],
    rows: RowCheck,
    task: Task,
    *,
    log: Path,
    device: Device,
    env: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Score the usable rows of a configuration's ``Eval`` lists.

    Args:
        config: A complete configuration, with checkpoint and device.
        rows: Which of its ``Eval`` rows are scored.
        task: Its task.
        log: Where the tool's output goes.
        device: Where to run.
        env: Additions to the tool's environment.

    Returns:
        The metrics of the task by name.

    Raises:
        ToolError: The tool failed or logged no metric.
    """
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        exact = write_lists(dict(config), {"Eval": rows}, Path(scratch))
        config_file = Path(scratch) / "eval.yml"
        write_text_atomic(config_file, dump_config(exact))
        call = tool_invocation(
            find_release(),
            find_interpreter(TASK_FACTS[task].lane).python,
            "tools/eval.py",
            ["-c", str(config_file)],
            cwd=Path.cwd(),
            log=log,
            device=device,
            env=dict(env or {}),
            idle_timeout_s=IDLE_TIMEOUT_S,
        )
        run_tool(call, on_line=lines.append)
    values = read_eval_output(lines)
    return {name: float(values[name]) for name in TASK_FACTS[task].metric_names}


def computed_by_release(release: PinnedRelease) -> str:
    """Say whose program and whose metric code computed what the tool says."""
    engine = "its own metrics" if release.complete else "ppocr-kit's metrics"
    return f"tools/eval.py of PaddleOCR {release.version} ({release.source}) with {engine}"
