"""Fixtures for the supplement's networks. These tests run paddle in this process."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

collect_ignore_glob: list[str] = []
if importlib.util.find_spec("paddle") is None:
    collect_ignore_glob.append("test_*.py")
else:
    # paddle warns about a missing ccache when it is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddle


@pytest.fixture(autouse=True)
def on_the_cpu() -> None:
    """Every test starts on the CPU from the same random numbers."""
    paddle.set_device("cpu")
    paddle.seed(0)


@pytest.fixture
def parity(shared: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that holds a tree against recorded facts, seeing the supplement as ``ppocr``."""
    spec = importlib.util.spec_from_file_location("parity", shared / "parity" / "parity.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for package in ("modeling.architectures", "losses", "optimizer"):
        ours = importlib.import_module(f"ppocr_kit.supplement.ppocr.{package}")
        monkeypatch.setitem(sys.modules, f"ppocr.{package}", ours)
    for package in ("ppocr", "ppocr.modeling"):
        monkeypatch.setitem(sys.modules, package, types.ModuleType(package))
    return module


@pytest.fixture
def recorded(shared: Path) -> Callable[[str], Any]:
    """Read a fixture of ``shared/parity`` by its path without ``.json``."""
    return lambda name: json.loads((shared / "parity" / f"{name}.json").read_text(encoding="utf-8"))
