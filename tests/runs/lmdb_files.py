"""LMDBs of line pictures, written without the kit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import lmdb


def write_lmdb(folder: Path, rows: Iterable[tuple[bytes | None, bytes | None]]) -> Path:
    """Write an LMDB of (picture, label) as ``LMDBDataSet`` reads them; None leaves a key out."""
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 26) as environment, environment.begin(write=True) as change:
        count = 0
        for count, (picture, label) in enumerate(rows, start=1):
            for kind, value in (("image", picture), ("label", label)):
                if value is not None:
                    change.put(f"{kind}-{count:09d}".encode(), value)
        change.put(b"num-samples", str(count).encode())
    return folder
