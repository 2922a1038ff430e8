"""A built data set whose line pictures were put into LMDBs by hand, the same bytes in the same order."""

from __future__ import annotations

import hashlib
import json
import shutil
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


def pack_into_lmdbs(built: Path, target: Path) -> Path:
    """Copy a data set of files to ``target`` with its rec pictures in LMDBs."""
    shutil.copytree(built, target, ignore=shutil.ignore_patterns("crops"))
    manifest = json.loads((target / "dataset.json").read_text("utf-8"))
    rec = manifest["tasks"]["rec"]
    rec["format"] = "lmdb"
    for split, entry in rec["splits"].items():
        rows = [line.split("\t") for line in (built / entry["list"]).read_text("utf-8").splitlines()]
        pictures = [((built / "rec" / name).read_bytes(), text.encode()) for name, text in rows]
        entry["lmdb"] = f"rec/{split}.lmdb"
        write_lmdb(target / entry["lmdb"], pictures)
        content = "".join(f"image-{number:09d}\t{text}\n" for number, (_, text) in enumerate(rows, start=1))
        (target / entry["list"]).write_text(content, "utf-8")
        entry["sha256"] = hashlib.sha256(content.encode()).hexdigest()
    manifest["name"] = target.name
    (target / "dataset.json").write_text(json.dumps(manifest), "utf-8")
    return target
