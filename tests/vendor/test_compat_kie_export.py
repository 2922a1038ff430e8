"""Relation extraction as a graph, held against the loops that it stands for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

SCRIPT = Path(__file__).with_name("scripts") / "relation_graph.py"


@pytest.mark.release
def test_a_graph_finds_the_links_that_the_loops_find(
    tmp_path: Path, release_path: Path, monkeypatch: pytest.MonkeyPatch, kie_python: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    sync_release(project=tmp_path, source=str(release_path))
    call = tool_invocation(find_release(tmp_path), kie_python, str(SCRIPT), [], cwd=tmp_path, timeout_s=120.0)
    run_tool(call)
    pages = json.loads(Path("found.json").read_text(encoding="utf-8"))
    assert [page["same"] for page in pages] == [True] * 4
    assert sum(page["links"] for page in pages) > 0
    # what is linked is rather linked than not
    assert all(page["scores"] == page["links"] and page["least"] > 0.5 for page in pages)
