"""Write the files of a data set from the index: lists, dictionary, what was skipped, and the manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit import __version__
from ppocr_kit.datasets.crop_reading import CropReader
from ppocr_kit.datasets.dictionary import CharacterSet
from ppocr_kit.datasets.kie_writing import KieContent, KieWriter
from ppocr_kit.datasets.lmdb_reading import IMAGE_KEY
from ppocr_kit.datasets.lmdb_writing import LmdbWriter
from ppocr_kit.datasets.manifest import FORMAT, LMDB, MANIFEST_NAME
from ppocr_kit.datasets.page_facts import PAGES_NAME, PageFact, render_page_fact
from ppocr_kit.datasets.page_index import PageIndex, PageRecord, unpack_fingerprint
from ppocr_kit.datasets.rows import CROP_FOLDER, lmdb_folder, render_rec_row
from ppocr_kit.labels.codes import LABEL_CODES, Drops
from ppocr_kit.labels.sources import Source
from ppocr_kit.problems import ProblemLog
from ppocr_kit.progress import Track
from ppocr_kit.tasks import KIE_TASKS, Split, Task

SKIPPED_NAME = "skipped.jsonl"
DICTIONARY_NAME = "dict.txt"


@dataclass(frozen=True)
class DatasetContent:
    """Everything that is written besides images and crop files.

    Attributes:
        name: Name of the data set.
        seed: Seed of the split.
        ratio: Shares of train, val and test, as whole numbers.
        tasks: Tasks to write lists for.
        sources: The labelled folders.
        index: The pages, each with its split.
        problems: All findings.
        characters: Dictionary for recognition, None without it.
        spool: Folder of spooled crops when they go into LMDBs; None when they are files.
        lmdb: Whether crops go into LMDBs.
        old: The old data set that some crops are taken from.
        unit_of: For images that stay together with others, the smallest hash among these.
        how_split: What the manifest says about groups and a kept test set.
        kie: Classes and windows of key information, None without it.
        links_files: Hash of the links.json of a source and the number of pages in it, by number of the
            source.
    """

    name: str
    seed: int
    ratio: tuple[int, ...]
    tasks: tuple[Task, ...]
    sources: tuple[Source, ...]
    index: PageIndex
    problems: ProblemLog
    characters: CharacterSet | None
    lmdb: bool = False
    spool: Path | None = None
    old: Path | None = None
    unit_of: Mapping[str, str] = field(default_factory=dict)
    how_split: Mapping[str, Any] = field(default_factory=dict)
    kie: KieContent | None = None
    links_files: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


class _Files:
    """Text files that are hashed while they are written, and not written in a dry run."""

    def __init__(self, root: Path | None) -> None:
        self.root = root

    def write(self, name: str, lines: Iterable[str]) -> str:
        """Write a file below the root line by line and return its sha256."""
        digest = sha256()
        encoded = self._encode(lines, digest.update)
        if self.root is None:
            for _ in encoded:
                pass
        else:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb", buffering=1 << 18) as stream:
                stream.writelines(encoded)
        return digest.hexdigest()

    def _encode(self, lines: Iterable[str], update: Any) -> Iterator[bytes]:
        for line in lines:
            content = line.encode("utf-8")
            update(content)
            yield content


def write_dataset(root: Path | None, content: DatasetContent, track: Track) -> dict[str, Any]:
    """Write lists, LMDBs, dictionary, skipped.jsonl and dataset.json.

    Args:
        root: The folder to write to; None only works out the manifest.
        content: What to write.
        track: Progress.

    Returns:
        The manifest.

    Raises:
        OSError: Writing failed.
    """
    files = _Files(root)
    tasks = {str(task): _TASK_WRITERS[task](files, content, track) for task in content.tasks}
    manifest = {
        "format": FORMAT,
        "name": content.name,
        "tool": {"name": "ppocr-kit", "version": __version__},
        "seed": content.seed,
        "ratio": list(content.ratio),
        **content.how_split,
        "sources": _describe_sources(content),
        "tasks": tasks,
        "pages": {"list": PAGES_NAME, "sha256": files.write(PAGES_NAME, _page_lines(content))},
        "skipped": _write_skipped(files, content),
    }
    files.write(MANIFEST_NAME, [json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"])
    return manifest


class _SplitPages:
    """Passes through the pages of a split, shows progress, and counts pages and rows."""

    def __init__(self, content: DatasetContent, split: Split, track: Track) -> None:
        self.content = content
        self.split = split
        self.track = track
        self.rows = 0
        self.pages = 0

    def __iter__(self) -> Iterator[PageRecord]:
        index = self.content.index
        total = index.count_pages(self.split)
        yield from self.track(index.in_order(self.split), f"writing {self.split}", total)

    def det_rows(self) -> Iterator[str]:
        """Yield the rows of the detection list: one per page."""
        for page in self:
            self.pages += 1
            self.rows += 1
            yield page.unpack_rows()[0]

    def rec_rows(self) -> Iterator[str]:
        """Yield the rows of the recognition list: one per crop."""
        for page in self:
            self.pages += page.crops > 0
            for crop in page.unpack_rows()[1] if page.crops else ():
                self.rows += 1
                if self.content.lmdb:
                    name = IMAGE_KEY.format(self.rows)
                else:
                    name = f"{CROP_FOLDER}/{crop.file_name(page.name)}"
                yield render_rec_row(name, crop.text)


def _write_det(files: _Files, content: DatasetContent, track: Track) -> dict[str, Any]:
    """Write the detection lists."""
    splits = {}
    for split in Split:
        pages = _SplitPages(content, split, track)
        name = f"{Task.DET}/{split}.txt"
        checksum = files.write(name, pages.det_rows())
        splits[str(split)] = {"list": name, "sha256": checksum, "samples": pages.rows, "pages": pages.pages}
    return {"data_dir": str(Task.DET), "splits": splits}


def _write_rec(files: _Files, content: DatasetContent, track: Track) -> dict[str, Any]:
    """Write the recognition lists, their LMDBs when they are wanted, and the dictionary."""
    characters = content.characters
    assert characters is not None
    splits = {}
    for split in Split:
        pages = _SplitPages(content, split, track)
        name = f"{Task.REC}/{split}.txt"
        checksum = files.write(name, pages.rec_rows())
        entry = {"list": name, "sha256": checksum, "samples": pages.rows, "pages": pages.pages}
        splits[str(split)] = {**entry, **_write_lmdb(files.root, content, split, track)}
    dictionary = f"{Task.REC}/{DICTIONARY_NAME}"
    checksum = files.write(dictionary, (f"{entry}\n" for entry in characters.entries))
    return {
        "data_dir": str(Task.REC),
        **({"format": LMDB} if content.lmdb else {}),
        "splits": splits,
        "dictionary": dictionary,
        "dictionary_sha256": checksum,
        "num_characters": characters.num_characters,
        "use_space_char": characters.use_space_char,
        "max_text_length": content.index.longest_text(),
    }


def _write_kie(task: Task, files: _Files, content: DatasetContent, track: Track) -> dict[str, Any]:
    """Write the lists and classes of SER or RE."""
    assert content.kie is not None
    first = next(one for one in content.tasks if one in KIE_TASKS)
    writer = KieWriter(task, content.kie, content.index, content.problems, tell_all=task is first)
    return writer.write(files.write, track)


_TASK_WRITERS: dict[Task, Callable[[_Files, DatasetContent, Track], dict[str, Any]]] = {
    Task.DET: _write_det,
    Task.REC: _write_rec,
    Task.SER: partial(_write_kie, Task.SER),
    Task.RE: partial(_write_kie, Task.RE),
}


def _write_lmdb(root: Path | None, content: DatasetContent, split: Split, track: Track) -> dict[str, str]:
    """Write the LMDB of a split and describe it; nothing when crops are files."""
    if not content.lmdb:
        return {}
    described = {"lmdb": lmdb_folder(split)}
    if root is None or content.spool is None:
        return described
    writer = LmdbWriter(root / described["lmdb"])
    try:
        with CropReader(content.spool, content.old) as crops:
            pages = _SplitPages(content, split, track)
            described["lmdb_sha256"] = writer.write_pictures(
                picture for page in pages for picture in crops.read(page)
            )
        rows = (row for page in content.index.in_order(split) for row in page.unpack_rows()[1])
        writer.write_labels(row.text for row in rows)
    finally:
        writer.close()
    return described


def _page_lines(content: DatasetContent) -> Iterator[str]:
    """Yield what is kept of each page."""
    for page, split in content.index.in_order_with_split():
        looks = page.fingerprint
        yield render_page_fact(
            PageFact(
                name=page.name,
                image=page.shown_key,
                image_sha256=page.image_sha256,
                split=split,
                crops=page.crops,
                group=page.group,
                unit=content.unit_of.get(page.image_sha256),
                fingerprint=None if looks is None else unpack_fingerprint(looks),
            )
        )


def _describe_sources(content: DatasetContent) -> list[dict[str, Any]]:
    """Describe the labelled folders, in an order that does not depend on the command line."""
    counts = content.index.count_by_source()
    described = []
    for number, source in enumerate(content.sources):
        pages, regions = counts.get(number, (0, 0))
        described.append(
            {
                "folder": source.name,
                "label_file": source.label_file.name,
                "labels_sha256": source.labels_sha256,
                "pages": pages,
                "regions": regions,
                **content.links_files.get(number, {}),
            }
        )
    return sorted(described, key=lambda entry: (str(entry["folder"]), str(entry["labels_sha256"])))


def skipped_codes(problems: ProblemLog) -> list[str]:
    """Return the codes among the findings that keep a page, a box or a recognition row out."""
    return sorted(code for code in problems.by_code if LABEL_CODES[code].drops is not Drops.NOTHING)


def _write_skipped(files: _Files, content: DatasetContent) -> dict[str, Any]:
    """List what was left out, one JSON object per line, and count it by code."""
    problems = content.problems
    codes = skipped_codes(problems)
    files.write(SKIPPED_NAME, _skipped_rows(problems, codes, content.sources))
    by_code = {code: problems.by_code[code] for code in codes}
    return {"count": sum(by_code.values()), "by_code": by_code, "list": SKIPPED_NAME}


def _skipped_rows(problems: ProblemLog, codes: Sequence[str], sources: Sequence[Source]) -> Iterator[str]:
    """Yield one JSON object per line for what was left out."""
    names = {str(source.label_file): f"{source.name}/{source.label_file.name}" for source in sources}
    for found in problems.only(codes):
        row = {
            "code": found.code,
            "drops": str(LABEL_CODES[found.code].drops),
            "file": names.get(found.file) or _portable_name(found.file, sources),
            "line": found.line,
            "box": found.region,
            "reason": found.message,
        }
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _portable_name(file: str, sources: Sequence[Source]) -> str:
    """Return the name of a file in a source from its folder on, which is the same on every machine."""
    for source in sources:
        if Path(file).is_relative_to(source.given):
            return f"{source.name}/{Path(file).relative_to(source.given).as_posix()}"
    return file
