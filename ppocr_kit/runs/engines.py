"""Engines that an export can run on, what was found of each when it was exported, and which one to take.

The order of speed is measured, not assumed: it differs by model and machine. At export every engine
at hand answers the same pictures in turn (``workers/compare_export.py``), and ``export.json`` keeps
whether it answered as the checkpoint does and how long it took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.lanes import find_lock
from ppocr_kit.vendor.pythons import ask_python

AUTO = "auto"
PADDLE = "paddle"
# The same engine without oneDNN: checked at export, because other programs run it so; never chosen.
PADDLE_PLAIN = "paddle_no_onednn"
ONNXRUNTIME = "onnxruntime"
OPENVINO = "openvino"
ENGINES = (PADDLE, ONNXRUNTIME, OPENVINO)

ONNX_FILE = "inference.onnx"
# What writing the file needs; onnxruntime folds its constants.
CONVERTER = ("paddle2onnx", "onnx", ONNXRUNTIME)
_ONNX_LOCK = "onnx.txt"
# On a CPU what a few lines of text need between two layers stays in its cache (docs/LOG.md); a GPU
# wants more at once.
_TEXTS_TOGETHER = {False: 4, True: 16}


def texts_together(gpu: bool) -> int:
    """Return how many texts are read at a time unless somebody says otherwise."""
    return _TEXTS_TOGETHER[gpu]


@dataclass(frozen=True)
class EngineCheck:
    """What was found of an engine at export; an entry of ``export.json``'s ``engines``.

    Attributes:
        name: The engine.
        version: Its version.
        same: Whether it answered as the checkpoint does.
        milliseconds: Median time of the network for one picture, on the machine of the export.
    """

    name: str
    version: str
    same: bool
    milliseconds: float


@dataclass(frozen=True)
class Choice:
    """Which engines may run a model, best first, and why.

    Attributes:
        engines: Names; the first that is installed is taken.
        why: The reason, for people.
    """

    engines: tuple[str, ...]
    why: str


def read_checks(record: Mapping[str, Any] | None, folder: Path) -> tuple[EngineCheck, ...]:
    """Read the engines of an ``export.json``, as far as they hold for the files that are there.

    Args:
        record: The document, or None where the export has none.
        folder: The export. Another ONNX file than the one that was checked counts as unchecked.
    """
    checks = []
    engines, files = _mapping(record, "engines"), _mapping(record, "files")
    onnx = folder / ONNX_FILE
    whole = onnx.is_file() and files.get(ONNX_FILE) == sha256_of(onnx)
    for name, found in engines.items():
        if name not in ENGINES or (name != PADDLE and not whole):
            continue
        try:
            checks.append(
                EngineCheck(name, str(found["version"]), bool(found["same"]), float(found["milliseconds"]))
            )
        except (KeyError, TypeError, ValueError):
            continue
    return tuple(checks)


def choose_engines(
    wanted: str, checks: Sequence[EngineCheck], *, has_onnx: bool, gpu: bool = False
) -> Choice:
    """Say which engines an export may run on.

    Args:
        wanted: An engine, or ``auto`` for the fastest whose answers were those of the checkpoint.
        checks: What was found at export; empty for an export that others made.
        has_onnx: Whether the export has an ONNX file.
        gpu: Whether it shall run on a GPU, which Paddle's engine alone does here.

    Raises:
        UsageError: The wanted engine cannot run this export.
    """
    if wanted == AUTO:
        return _fastest(checks, gpu)
    if wanted not in ENGINES:
        raise UsageError(f"there is no engine '{wanted}'", at="--engine", hint=", ".join((AUTO, *ENGINES)))
    if wanted != PADDLE and gpu:
        raise UsageError(
            f"{wanted} runs on the CPU here", at="--engine", hint="--engine paddle, or --device cpu"
        )
    if wanted != PADDLE and not has_onnx:
        raise UsageError(
            f"{wanted} needs an ONNX file, and the export has none",
            at="--engine",
            hint="ppocr-kit export RUN --format onnx",
        )
    failed = any(check.name == wanted and not check.same for check in checks)
    return Choice(
        (wanted,),
        "as asked" + (", though it answered otherwise than the checkpoint at export" if failed else ""),
    )


def require_converter(python: Path) -> None:
    """Refuse to begin an ONNX export that the lane's Python cannot finish.

    Raises:
        SetupError: A package is missing; says how to install it.
    """
    missing = [name for name in CONVERTER if name not in ask_python(python, CONVERTER)]
    if missing:
        raise SetupError(
            f"the environment has no {', '.join(missing)}, which ONNX exports need",
            at=str(python),
            hint=install_hint(python),
        )


def install_hint(python: Path) -> str:
    """Return the command that installs what ONNX files need, and two engines for them."""
    return f"{python} -m pip install --no-deps -r {find_lock(_ONNX_LOCK)}"


def _fastest(checks: Sequence[EngineCheck], gpu: bool) -> Choice:
    if gpu:
        return Choice((PADDLE,), "the engine that runs on a GPU")
    if not checks:
        return Choice((PADDLE,), "the export has no record of other engines")
    good = sorted((check for check in checks if check.same), key=lambda check: check.milliseconds)
    if not good:
        return Choice((PADDLE,), "no engine answered as the checkpoint at export")
    figures = ", ".join(f"{check.name} {check.milliseconds:.3g} ms" for check in good)
    differing = [check.name for check in checks if not check.same]
    why = f"at export, per picture: {figures}"
    if differing:
        why += f"; not the checkpoint's answers: {', '.join(differing)}"
    return Choice(tuple(check.name for check in good), why)


def _mapping(record: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    found = record.get(key) if isinstance(record, Mapping) else None
    return found if isinstance(found, Mapping) else {}
