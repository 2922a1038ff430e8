"""From "this tool of the release with these arguments" to a process that can be started.

Everything that runs Paddle goes through ``launch.py``, also the kit's own workers: one place where
the release, the supplement, the workarounds and the environment come together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ppocr_kit.configs.device import Device
from ppocr_kit.errors import UsageError
from ppocr_kit.vendor.process import ToolInvocation
from ppocr_kit.vendor.release import PinnedRelease

LAUNCHER = Path(__file__).with_name("launch.py")

# What every tool starts with unless the user's own environment says otherwise.
_DEFAULTS = {
    # one thread trains 1.45-1.7 times faster than two on small CPUs (docs/LOG.md)
    "OMP_NUM_THREADS": "1",
    # two libraries ask the network for news when they are imported; offline that costs seconds
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
}
# What every tool starts with in any case: lines arrive as they are printed, and in UTF-8.
_ALWAYS = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace"}


def tool_invocation(
    release: PinnedRelease,
    python: Path,
    script: str,
    args: Sequence[str],
    *,
    cwd: Path,
    log: Path | None = None,
    device: Device | None = None,
    name: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    idle_timeout_s: float | None = None,
    expects: Sequence[Path] = (),
) -> ToolInvocation:
    """Describe the process that runs a script with the release's packages in reach.

    Args:
        release: The PaddleOCR release.
        python: The interpreter of the lane.
        script: A script of the release (``tools/train.py``) or an absolute path.
        args: Its arguments.
        cwd: Folder that its relative paths start from.
        log: File that its output is appended to.
        device: Where it runs; several processes go through ``paddle.distributed.launch``.
        name: What messages call it; by default the script's name.
        env: Further additions to the environment, which win over the defaults.
        timeout_s: Seconds after which it is ended.
        idle_timeout_s: Seconds of silence after which it counts as hung.
        expects: Paths that it must have written when it ends.

    Raises:
        UsageError: The device names a GPU that is hidden by ``CUDA_VISIBLE_DEVICES``.
    """
    launch = [str(LAUNCHER), "--release", str(release.path)]
    command = [str(python), *launch]
    if device is not None and device.processes > 1:
        # the launcher of the launcher: so that its processes too end when the kit is killed
        command += ["-m", "paddle.distributed.launch", *_distribution(device, log), *launch]
    return ToolInvocation(
        name=name or (script if not Path(script).is_absolute() else Path(script).name),
        argv=(*command, "--", script, *args),
        cwd=cwd,
        env={**tool_environment(device), **(env or {})},
        log=log,
        timeout_s=timeout_s,
        idle_timeout_s=idle_timeout_s,
        expects=tuple(expects),
    )


def tool_environment(device: Device | None = None) -> dict[str, str]:
    """Return the additions to the environment that every tool starts with."""
    additions = {name: value for name, value in _DEFAULTS.items() if name not in os.environ}
    if device is not None and len(device.ids) == 1:
        # several are shared out by paddle.distributed.launch, which wants to see them all
        additions["CUDA_VISIBLE_DEVICES"] = _gpu_labels(device)[0]
    return {**additions, **_ALWAYS}


def _distribution(device: Device, log: Path | None) -> list[str]:
    """Return the options of ``paddle.distributed.launch`` for a device of several processes."""
    folder = [] if log is None else ["--log_dir", str(log.parent / "workers")]
    if device.ids:
        return ["--gpus", ",".join(_gpu_labels(device)), *folder]
    return ["--nproc_per_node", str(device.processes), "--backend", "gloo", *folder]


def _gpu_labels(device: Device) -> list[str]:
    """Name a device's GPUs as CUDA does: numbers count within ``CUDA_VISIBLE_DEVICES`` where that is set.

    Raises:
        UsageError: There are not so many.
    """
    visible = [word.strip() for word in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word.strip()]
    if not visible:
        return [str(number) for number in device.ids]
    if max(device.ids) >= len(visible):
        shown = ",".join(visible)
        raise UsageError(
            f"{device} does not exist: CUDA_VISIBLE_DEVICES={shown} shows {len(visible)} of the GPUs",
            at="--device",
            hint=f"use a number below {len(visible)}, or unset the variable",
        )
    return [visible[number] for number in device.ids]
