"""Build a data set: read the labelled folders, cut every page, split by page, write the lists."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.cut_plan import CutPlan, KiePlan
from ppocr_kit.datasets.dealing import Ratio
from ppocr_kit.datasets.dictionary import CharacterSet, LabelText, check_characters, gather_characters
from ppocr_kit.datasets.keep_test import read_kept_test
from ppocr_kit.datasets.kie_gathering import PeoplesLinks, check_kie_tasks, gather_kie, kie_notes
from ppocr_kit.datasets.lmdb_writing import require_lmdb
from ppocr_kit.datasets.manifest import LMDB
from ppocr_kit.datasets.page_index import PageIndex
from ppocr_kit.datasets.pages import cut_sources
from ppocr_kit.datasets.request import LINK, BuildRequest, check_apart, check_request, read_group_by
from ppocr_kit.datasets.reuse import find_old_dataset, write_index
from ppocr_kit.datasets.split import SplitPlan, parse_ratio, plan_split, whole_ratio
from ppocr_kit.datasets.split_pages import add_fingerprints, group_index, split_pages
from ppocr_kit.datasets.workspace import build_folder
from ppocr_kit.datasets.writing import DatasetContent, write_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.labels.codes import LABEL_CODES, Drops
from ppocr_kit.labels.key_classes import read_class_file
from ppocr_kit.labels.parallel import usable_cores
from ppocr_kit.labels.sources import Source, gather_problems, read_sources
from ppocr_kit.problems import ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import disk_error
from ppocr_kit.tasks import KIE_TASKS, Split, Task

# What a build keeps for itself while it works.
_WORK_INDEX = ".pages.sqlite"
_WORK_SPOOL = ".crops"


@dataclass(frozen=True)
class BuildResult:
    """What was built.

    Attributes:
        folder: The data set's folder; not there after a dry run.
        manifest: The content of dataset.json.
        problems: All findings, also those that left nothing out.
        notes: Remarks for people.
        pages: Number of pages in the data set.
        reused: Those of them that were taken from the older data set of that name.
        copied: Those of them whose image was copied because the disk can have no link.
    """

    folder: Path
    manifest: dict[str, Any]
    problems: ProblemLog
    notes: tuple[str, ...]
    pages: int = 0
    reused: int = 0
    copied: int = 0


def build_dataset(
    request: BuildRequest, *, dry_run: bool = False, workers: int | None = None, track: Track = no_progress
) -> BuildResult:
    """Build a data set, replacing an older one of the same name only when all went well.

    The labelled folders are only read. Pages of which neither image nor labels changed since the older
    data set are taken from it; what comes out has the same bytes as without.

    Args:
        request: What to build.
        dry_run: Do everything except writing.
        workers: Processes to cut with; None takes one per core.
        track: Progress.

    Raises:
        UsageError: A name, ratio or place cannot be.
        DataError: No page can be used, there are too few for the splits, or the dictionary lacks
            characters.
        SetupError: The disk is full, the place cannot be written, another build is running, a worker was
            killed, or lmdb is not installed.
    """
    check_request(request)
    sources = tuple(read_sources(request.sources, request.reading))
    for source in sources:
        check_apart(request.target, source.folder)
    if not any(source.pages for source in sources):
        raise _nothing_usable(gather_problems(sources))
    builder = _Builder(request, sources, workers or usable_cores(), track)
    if dry_run:
        try:
            return builder.build_into(None)
        except OSError as error:
            # also a dry run has temporary files
            raise disk_error(error, Path(tempfile.gettempdir())) from error
    with build_folder(request.target) as work:
        return builder.build_into(work)


class _Builder:
    """One build.

    Args:
        request: What to build.
        sources: The labelled folders as read.
        workers: Processes to cut with.
        track: Progress.
    """

    def __init__(
        self, request: BuildRequest, sources: tuple[Source, ...], workers: int, track: Track
    ) -> None:
        self.request = request
        self.sources = sources
        self.workers = workers
        self.track = track
        self.rec = Task.REC in request.tasks
        self.kie = bool(set(KIE_TASKS).intersection(request.tasks))
        self.classes = read_class_file(request.kie.classes) if request.kie.classes is not None else None
        self.people = PeoplesLinks(sources, Task.RE in request.tasks)
        self.lmdb = self.rec and request.format == LMDB
        self.started_ns = time.time_ns()
        self.group_by = read_group_by(request)
        self.kept_test = read_kept_test(request.keep_test) if request.keep_test is not None else None

    def build_into(self, work: Path | None) -> BuildResult:
        """Cut, split and write into ``work``; None writes nothing."""
        index_path = None if work is None else work / _WORK_INDEX
        index = PageIndex(index_path)
        try:
            result = self._build(work, index)
        except sqlite3.OperationalError as error:
            # SQLite has one error for all that a disk can say
            raise OSError(errno.ENOSPC, str(error)) from error
        finally:
            index.close()
        if work is not None:
            (work / _WORK_INDEX).unlink()
            shutil.rmtree(work / _WORK_SPOOL, ignore_errors=True)
        return result

    def _build(self, work: Path | None, index: PageIndex) -> BuildResult:
        cutting = self._plan_cutting(work)
        problems = cut_sources(self.sources, self.people.pages, cutting, index, self.workers, self.track)
        problems.extend(self.people.strangers())
        if not len(index):
            raise _nothing_usable(problems)
        ratio = parse_ratio(self.request.ratio)
        plan = self._split(index, ratio)
        characters = self._choose_characters(index)
        content = DatasetContent(
            name=self.request.name,
            seed=self.request.seed,
            ratio=whole_ratio(ratio),
            tasks=tuple(task for task in Task if task in self.request.tasks),
            sources=self.sources,
            index=index,
            problems=problems,
            characters=characters,
            lmdb=self.lmdb,
            spool=cutting.spool,
            old=cutting.old.folder if cutting.old is not None else None,
            unit_of=plan.unit_of,
            how_split=self._describe_choices(),
            kie=gather_kie(index, self.request.kie, self.classes) if self.kie else None,
            links_files=self.people.described,
        )
        manifest = write_dataset(work, content, self.track)
        _check_lists(manifest, ratio)
        if work is not None:
            write_index(
                work,
                index,
                images=self.request.images if cutting.with_images else None,
                images_of=cutting.with_images[0] if cutting.with_images else None,
                crops=self.request.format if cutting.rec else None,
                started_ns=self.started_ns,
            )
        return BuildResult(
            self.request.target,
            manifest,
            problems,
            (
                *plan.notes,
                *(characters.notes if characters else ()),
                *kie_notes(manifest["tasks"], self.classes),
            ),
            pages=len(index),
            reused=index.count_flagged("reused"),
            copied=index.count_flagged("copied"),
        )

    def _plan_cutting(self, work: Path | None) -> CutPlan:
        """Say what is done with each page, and make the folders for it."""
        spool = work / _WORK_SPOOL if work is not None and self.lmdb else None
        plan = CutPlan(
            det=Task.DET in self.request.tasks,
            rec=self.rec,
            root=work,
            link=self.request.images == LINK,
            spool=spool,
            old=None if self.request.rebuild else find_old_dataset(self.request.target),
            fingerprints=self.request.near_duplicates,
            kie=self._plan_key_information(),
            with_images=tuple(task for task in Task if task in self.request.tasks and task is not Task.REC),
            upright=self.request.upright,
        )
        for folder in (*plan.images, plan.crops, spool):
            if folder is not None:
                folder.mkdir(parents=True)
        if self.lmdb:
            require_lmdb()
        return plan

    def _plan_key_information(self) -> KiePlan | None:
        """Say what key information wants of each page."""
        if not self.kie:
            return None
        classes = None if self.classes is None else frozenset(self.classes.names)
        return KiePlan(Task.RE in self.request.tasks, self.request.kie.pairs, classes)

    def _split(self, index: PageIndex, ratio: Ratio) -> SplitPlan:
        """Decide where each page goes."""
        notes = group_index(index, self.group_by) if self.group_by is not None else ()
        if self.request.near_duplicates and not self.rec:
            add_fingerprints(index, self.workers, self.track)
        plan = plan_split(
            split_pages(index, stratify=self.request.stratify),
            ratio,
            self.request.seed,
            kept=self.kept_test.split_of if self.kept_test is not None else None,
            stratify=self.request.stratify,
        )
        index.set_splits(plan.split_of)
        return replace(plan, notes=(*notes, *plan.notes))

    def _describe_choices(self) -> dict[str, Any]:
        """Return what the manifest says about reading, groups and a kept test set; nothing without."""
        described: dict[str, Any] = {}
        reading = self.request.reading
        unusual = {"with_unverified": reading.with_unverified, "checked_only": reading.checked_only}
        chosen = {name: True for name, wanted in unusual.items() if wanted}
        if chosen or reading.rec_text != "label":
            described["reading"] = {**chosen, "rec_text": reading.rec_text}
        if self.request.group_by is not None:
            table = self.request.groups
            described["grouping"] = {"by": self.request.group_by, "table": table.name if table else None}
        if self.kept_test is not None:
            kept = self.kept_test
            described["kept_test"] = {
                "name": kept.name,
                "checksum": kept.checksum,
                "images": len(kept.split_of),
            }
        return described

    def _choose_characters(self, index: PageIndex) -> CharacterSet | None:
        """Return the characters of the recognition texts, or None when recognition is not asked for."""
        if not self.rec:
            return None
        characters = index.count_pages_with("characters")
        if self.request.dictionary is None:
            return gather_characters(characters)
        return check_characters(self.request.dictionary, characters, _texts(index))


def _texts(index: PageIndex) -> Iterator[LabelText]:
    """Yield every text that recognition learns, with its place."""
    for page in index.in_order():
        for crop in page.unpack_rows()[1]:
            yield LabelText(crop.text, f"{page.shown_file}:{page.line} box {crop.box}")


def _check_lists(manifest: dict[str, Any], ratio: Ratio) -> None:
    """Raise DataError when a wanted list came out empty: training or scoring on it could not run."""
    check_kie_tasks(manifest["tasks"])
    for task, entry in manifest["tasks"].items():
        samples = {split: entry["splits"][str(split)]["samples"] for split in Split}
        empty = [str(split) for split, share in zip(Split, ratio) if share and not samples[split]]
        if not any(samples.values()):
            raise DataError(
                f"no box has a text to learn, so there is nothing for {task}",
                hint="type the texts in PPOCRLabel, or build for detection alone with --tasks det",
            )
        if empty:
            what = "a question and an answer" if task == Task.RE else "a text to learn"
            raise DataError(
                f"too few pages have {what}: nothing for {task} in {' and '.join(empty)}",
                hint="label more pages, or leave a split empty with --ratio 1:1:0",
            )


def _nothing_usable(problems: ProblemLog) -> DataError:
    """Say why no page could be used: the most frequent reasons, and the first place."""
    fatal = Counter(
        {
            code: count
            for code, count in problems.by_code.items()
            if LABEL_CODES[code].drops is not Drops.NOTHING
        }
    )
    counts = fatal.most_common(4)
    reasons = "; ".join(f"{LABEL_CODES[code].meaning} ({code}, {count} times)" for code, count in counts)
    first = problems.first(counts[0][0], 1)[0]
    return DataError(
        f"no page can be used: {reasons}",
        at=first.where,
        hint=f"{first.hint}; 'ppocr-kit labels check' lists everything",
    )
