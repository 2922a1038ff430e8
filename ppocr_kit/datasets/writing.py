"""Write the files of a data set: lists, dictionary, what was skipped, and the manifest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit import __version__
from ppocr_kit.datasets.cutting import CutPage
from ppocr_kit.datasets.dictionary import CharacterSet
from ppocr_kit.datasets.manifest import FORMAT, MANIFEST_NAME
from ppocr_kit.datasets.pages import PageSet
from ppocr_kit.datasets.rows import render_det_row, render_rec_row
from ppocr_kit.datasets.split import SplitPlan
from ppocr_kit.labels.codes import LABEL_CODES, Drops
from ppocr_kit.labels.sources import Source
from ppocr_kit.problems import ProblemLog
from ppocr_kit.tasks import Split, Task

SKIPPED_NAME = "skipped.jsonl"

# Folders below the data set, by task: PaddleOCR's data_dir, and what rows name below it.
IMAGE_FOLDER = "images"
CROP_FOLDER = "crops"
DICTIONARY_NAME = "dict.txt"


@dataclass(frozen=True)
class DatasetContent:
    """Everything that is written besides images and crops.

    Attributes:
        name: Name of the data set.
        seed: Seed of the split.
        ratio: Shares of train, val and test, as whole numbers.
        tasks: Tasks to write lists for.
        page_set: The pages and the findings.
        plan: Where each page goes.
        characters: Dictionary for recognition, None without it.
    """

    name: str
    seed: int
    ratio: tuple[int, ...]
    tasks: tuple[Task, ...]
    page_set: PageSet
    plan: SplitPlan
    characters: CharacterSet | None


class _Files:
    """Text files that are hashed, and written unless this is a dry run."""

    def __init__(self, root: Path | None) -> None:
        self.root = root

    def write(self, name: str, text: str) -> str:
        """Write a file below the root and return its sha256."""
        content = text.encode("utf-8")
        if self.root is not None:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return sha256(content).hexdigest()


def write_dataset(root: Path | None, content: DatasetContent) -> dict[str, Any]:
    """Write lists, dictionary, skipped.jsonl and dataset.json.

    Args:
        root: The folder to write to; None only works out the manifest.
        content: What to write.

    Returns:
        The manifest.

    Raises:
        OSError: Writing failed.
    """
    files = _Files(root)
    by_split: dict[Split, list[CutPage]] = {split: [] for split in Split}
    for page in content.page_set.pages:
        by_split[content.plan.split_of[page.image_sha256]].append(page)
    tasks = {str(task): _TASK_WRITERS[task](files, content, by_split) for task in content.tasks}
    manifest = {
        "format": FORMAT,
        "name": content.name,
        "tool": {"name": "ppocr-kit", "version": __version__},
        "seed": content.seed,
        "ratio": list(content.ratio),
        "sources": _describe_sources(content.page_set),
        "tasks": tasks,
        "skipped": _write_skipped(files, content.page_set),
    }
    files.write(MANIFEST_NAME, json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    return manifest


def _write_det(
    files: _Files, content: DatasetContent, by_split: Mapping[Split, Sequence[CutPage]]
) -> dict[str, Any]:
    """Write the detection lists: one row per page."""
    splits = {}
    for split, pages in by_split.items():
        rows = [render_det_row(f"{IMAGE_FOLDER}/{page.image_name}", page.regions) for page in pages]
        splits[str(split)] = _write_list(files, Task.DET, split, rows, len(pages))
    return {"data_dir": str(Task.DET), "splits": splits}


def _write_rec(
    files: _Files, content: DatasetContent, by_split: Mapping[Split, Sequence[CutPage]]
) -> dict[str, Any]:
    """Write the recognition lists, one row per crop, and the dictionary."""
    characters = content.characters
    assert characters is not None
    splits = {}
    for split, pages in by_split.items():
        rows = [
            render_rec_row(f"{CROP_FOLDER}/{crop.name}", crop.text) for page in pages for crop in page.crops
        ]
        with_rows = sum(1 for page in pages if page.crops)
        splits[str(split)] = _write_list(files, Task.REC, split, rows, with_rows)
    dictionary = f"{Task.REC}/{DICTIONARY_NAME}"
    checksum = files.write(dictionary, "".join(f"{entry}\n" for entry in characters.entries))
    lengths = [len(crop.text) for page in content.page_set.pages for crop in page.crops]
    return {
        "data_dir": str(Task.REC),
        "splits": splits,
        "dictionary": dictionary,
        "dictionary_sha256": checksum,
        "num_characters": characters.num_characters,
        "use_space_char": characters.use_space_char,
        "max_text_length": max(lengths, default=0),
    }


_TASK_WRITERS = {Task.DET: _write_det, Task.REC: _write_rec}


def _write_list(files: _Files, task: Task, split: Split, rows: Sequence[str], pages: int) -> dict[str, Any]:
    """Write one list and describe it."""
    name = f"{task}/{split}.txt"
    return {"list": name, "sha256": files.write(name, "".join(rows)), "samples": len(rows), "pages": pages}


def _describe_sources(page_set: PageSet) -> list[dict[str, Any]]:
    """Describe the labelled folders, in an order that does not depend on the command line."""
    pages = Counter(page.source for page in page_set.pages)
    regions: Counter[int] = Counter()
    for page in page_set.pages:
        regions[page.source] += len(page.regions)
    described = [
        {
            "folder": source.name,
            "label_file": source.label_file.name,
            "labels_sha256": source.labels_sha256,
            "pages": pages[number],
            "regions": regions[number],
        }
        for number, source in enumerate(page_set.sources)
    ]
    return sorted(described, key=lambda entry: (str(entry["folder"]), str(entry["labels_sha256"])))


def skipped_codes(problems: ProblemLog) -> list[str]:
    """Return the codes among the findings that keep a page, a box or a recognition row out."""
    return sorted(code for code in problems.by_code if LABEL_CODES[code].drops is not Drops.NOTHING)


def _write_skipped(files: _Files, page_set: PageSet) -> dict[str, Any]:
    """List what was left out, one JSON object per line, and count it by code."""
    names = {str(source.label_file): _portable_name(source) for source in page_set.sources}
    codes = skipped_codes(page_set.problems)
    rows = []
    for found in page_set.problems.only(codes):
        row = {
            "code": found.code,
            "drops": str(LABEL_CODES[found.code].drops),
            "file": names.get(found.file, found.file),
            "line": found.line,
            "box": found.region,
            "reason": found.message,
        }
        rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    files.write(SKIPPED_NAME, "".join(rows))
    by_code = {code: page_set.problems.by_code[code] for code in codes}
    return {"count": sum(by_code.values()), "by_code": by_code, "list": SKIPPED_NAME}


def _portable_name(source: Source) -> str:
    """Return ``<folder>/Label.txt``, which is the same on every machine."""
    return f"{source.name}/{source.label_file.name}"
