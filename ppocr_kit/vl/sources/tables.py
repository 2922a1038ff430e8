"""Rows of parquet files and of data sets of the hub's library, read in the lane, which has both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ppocr_kit.tasks import Split
from ppocr_kit.vl.candidates import SourceRows
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.sources.jsonl import RowTable
from ppocr_kit.vl.sources.split_names import splits_of_names

PARQUET, DATASETS, HUB = "parquet", "datasets", "hub"
_WORKER = "reading_tables"
# The lane is offline otherwise.
_ONLINE = {"HF_HUB_OFFLINE": "0"}


def read_table(place: str, kind: str, work: Path) -> SourceRows:
    """Read a table of rows.

    Args:
        place: File or folder, or name on the hub.
        kind: ``parquet``, ``datasets`` or ``hub``.
        work: Empty folder that pictures may be taken out to; they are needed until the rows are.

    Raises:
        SetupError: There is no environment for the lane, or it lacks the library.
        DataError: The table cannot be read or fetched.
    """
    work.mkdir(parents=True)
    resolved = place if kind == HUB else str(Path(place).resolve())
    spec = {"kind": kind, "place": resolved, "out": str(work.resolve())}
    run_engine(_WORKER, spec, env=_ONLINE if kind == HUB else None)
    found = list(_rows(work / "rows.jsonl"))
    splits = _splits(found)
    folder = Path(resolved) if kind != HUB else work
    rows = RowTable()
    for part in found:
        file = f"{place}: {part['split']}" if part["split"] else place
        base = folder if folder.is_dir() else folder.parent
        rows.add(part["body"], base, file, part["row"], splits[part["split"]])
    return rows.source(Path(place).name, kind)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def _splits(rows: list[dict[str, Any]]) -> dict[str, Split | None]:
    names = list(dict.fromkeys(row["split"] for row in rows))
    return dict(zip(names, splits_of_names(names)))
