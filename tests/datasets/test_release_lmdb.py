"""What ``dataset build`` writes, through the release's own classes, file by file and out of LMDBs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset

SCRIPT = Path(__file__).parent / "scripts" / "load_both_formats.py"
SQUARE = [[5, 5], [60, 5], [60, 30], [5, 30]]
ARC = [[5, 40], [30, 35], [60, 40], [60, 55], [30, 50], [5, 55]]


def box(text: str, points: list[list[int]]) -> dict[str, Any]:
    return {"transcription": text, "points": points, "difficult": False}


@pytest.mark.release
def test_both_formats_give_the_release_the_same_rows_and_it_replaces_none(
    tmp_path: Path, make_folder: Any, release_path: Path
) -> None:
    names = tuple(f"p{number}.png" for number in range(8))
    pages = [[box(f"text {number}", SQUARE), box(f"ünder {number}", ARC)] for number in range(8)]
    pages[0] = []
    pages[1] = [box("###", SQUARE)]
    pages[2] = [box("a\tb\r\nc", SQUARE), box("文字", ARC)]
    pages[3] = [box("edge", [[-9, 5], [60, 5], [60, 30], [-9, 30]]), box("", ARC)]
    pages[4] = [box(" '\"\\ ", [[5, 5], [20, 5], [20, 55], [5, 55]])]
    rows = [f"batch/{name}\t{json.dumps(page, ensure_ascii=False)}\n" for name, page in zip(names, pages)]
    folder = make_folder("".join(rows), names)
    built = {
        kind: build_dataset(BuildRequest((folder,), kind, tmp_path / "out", ratio="2:1:1", format=kind))
        for kind in ("files", "lmdb")
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *(str(result.folder) for result in built.values())],
        env={**os.environ, "PYTHONPATH": str(release_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert [part["different"] for part in found.values()] == [[], [], []]
    splits = built["lmdb"].manifest["tasks"]["rec"]["splits"]
    assert {split: part["rows"] for split, part in found.items()} == {
        split: entry["samples"] for split, entry in splits.items()
    }
    assert sum(part["rows"] for part in found.values()) == 10
