"""A data set for key information, written by hand from drawn forms, as ``dataset build`` is to write it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ppocr_kit.storage import sha256_of

# pages of each split, in the order in which they were drawn
SHARES = {"train": 0.75, "val": 0.25}
TO_RE = {"q": "question", "a": "answer"}


def make_dataset(labels: Path, root: Path) -> list[str]:
    """Write ``root`` from a folder of forms; return all texts."""
    rows = [line.split("\t") for line in (labels / "Label.txt").read_text("utf-8").splitlines()]
    pages = [(Path(key).name, json.loads(boxes)) for key, boxes in rows]
    classes = sorted({box["key_cls"].upper() for _, boxes in pages for box in boxes} - {"NONE"})
    named = {"ser": ["OTHER", *classes], "re": ["OTHER", "QUESTION", "ANSWER"]}
    tasks = {task: write_task(root, task, pages, names, labels) for task, names in named.items()}
    manifest = {
        "format": 1, "name": root.name, "tool": {"name": "ppocr-kit", "version": "0"}, "seed": 0,
        "ratio": [3, 1, 0], "sources": [], "tasks": tasks,
        "skipped": {"count": 0, "by_code": {}, "list": "skipped.jsonl"},
    }  # fmt: skip
    (root / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
    return [box["transcription"] for _, boxes in pages for box in boxes]


def write_task(root: Path, task: str, pages: list[Any], names: list[str], labels: Path) -> dict[str, Any]:
    """Write lists, classes and pictures of a task; return its entry."""
    folder = root / task
    (folder / "images").mkdir(parents=True)
    (folder / "classes.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    taken = round(len(pages) * SHARES["train"])
    chosen = {"train": pages[:taken], "val": pages[taken:], "test": []}
    splits = {}
    for split, some in chosen.items():
        lines = []
        for name, boxes in some:
            shutil.copyfile(labels / name, folder / "images" / name)
            entries = [entry_of(box, task) for box in boxes]
            lines.append(f"images/{name}\t{json.dumps(entries, ensure_ascii=False)}\n")
        file = folder / f"{split}.txt"
        file.write_text("".join(lines), encoding="utf-8")
        splits[split] = {
            "list": f"{task}/{split}.txt", "samples": len(some), "pages": len(some),
            "sha256": sha256_of(file),
        }  # fmt: skip
    return {
        "data_dir": task, "splits": splits, "classes": f"{task}/classes.txt",
        "classes_sha256": sha256_of(folder / "classes.txt"), "num_classes": 2 * len(names) - 1,
    }  # fmt: skip


def entry_of(box: dict[str, Any], task: str) -> dict[str, Any]:
    """Return a box as the release reads it for a task."""
    label = "OTHER" if box["key_cls"] == "None" else box["key_cls"].upper()
    if task == "re":
        label = TO_RE.get(box["key_cls"].rpartition("_")[2], "other")
    return {
        "transcription": box["transcription"], "label": label, "points": box["points"],
        "id": box["id"], "linking": box["linking"],
    }  # fmt: skip
