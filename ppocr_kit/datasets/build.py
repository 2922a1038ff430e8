"""Build a data set: read the labelled folders, cut every page, split by page, write the lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.cutting import CutPlace
from ppocr_kit.datasets.dictionary import CharacterSet, LabelText, check_characters, gather_characters
from ppocr_kit.datasets.manifest import MANIFEST_NAME
from ppocr_kit.datasets.pages import PageSet, cut_sources
from ppocr_kit.datasets.split import DEFAULT_RATIO, Ratio, parse_ratio, plan_split, whole_ratio
from ppocr_kit.datasets.workspace import build_folder
from ppocr_kit.datasets.writing import CROP_FOLDER, IMAGE_FOLDER, DatasetContent, write_dataset
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.codes import LABEL_CODES, Drops
from ppocr_kit.labels.parallel import usable_cores
from ppocr_kit.labels.sources import Source, gather_problems, read_sources
from ppocr_kit.problems import ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.tasks import Split, Task

_NAME = re.compile(r"[\w][\w.\-]*")


@dataclass(frozen=True)
class BuildRequest:
    """What to build.

    Attributes:
        sources: Labelled folders or label files.
        name: Name of the data set.
        out: Folder that holds data sets.
        tasks: Tasks to write for.
        ratio: ``train:val:test``.
        seed: Seed of the split.
        dictionary: Dictionary to hold the texts against, None makes one from them.
    """

    sources: tuple[Path, ...]
    name: str
    out: Path = Path("train_data")
    tasks: tuple[Task, ...] = (Task.DET, Task.REC)
    ratio: str = DEFAULT_RATIO
    seed: int = 0
    dictionary: Path | None = None

    @property
    def target(self) -> Path:
        """The folder of the data set."""
        return self.out / self.name


@dataclass(frozen=True)
class BuildResult:
    """What was built.

    Attributes:
        folder: The data set's folder; not there after a dry run.
        manifest: The content of dataset.json.
        problems: All findings, also those that left nothing out.
        notes: Remarks for people.
    """

    folder: Path
    manifest: dict[str, Any]
    problems: ProblemLog
    notes: tuple[str, ...]


def build_dataset(
    request: BuildRequest, *, dry_run: bool = False, threads: int | None = None, track: Track = no_progress
) -> BuildResult:
    """Build a data set, replacing an older one of the same name only when all went well.

    The labelled folders are only read.

    Args:
        request: What to build.
        dry_run: Do everything except writing.
        threads: Threads to cut with; None takes one per core.
        track: Progress.

    Raises:
        UsageError: A name, ratio or place cannot be.
        DataError: No page can be used, there are too few for the splits, or the dictionary lacks
            characters.
        SetupError: The disk is full, the place cannot be written, or another build is running.
    """
    _check_request(request)
    sources = tuple(read_sources(request.sources))
    for source in sources:
        _check_apart(request.target, source.folder)
    if not any(source.pages for source in sources):
        raise _nothing_usable(gather_problems(sources))
    if dry_run:
        return _build_into(None, request, sources, threads, track)
    with build_folder(request.target) as work:
        return _build_into(work, request, sources, threads, track)


def _build_into(
    work: Path | None, request: BuildRequest, sources: Sequence[Source], threads: int | None, track: Track
) -> BuildResult:
    """Cut, split and write into ``work``; None writes nothing."""
    place = _make_place(work, request.tasks)
    page_set = cut_sources(sources, place, threads or usable_cores(), track)
    if not page_set.pages:
        raise _nothing_usable(page_set.problems)
    ratio = parse_ratio(request.ratio)
    plan = plan_split(
        [page.image_sha256 for page in page_set.pages if page.crops],
        [page.image_sha256 for page in page_set.pages],
        ratio,
        request.seed,
    )
    content = DatasetContent(
        name=request.name,
        seed=request.seed,
        ratio=whole_ratio(ratio),
        tasks=tuple(task for task in Task if task in request.tasks),
        page_set=page_set,
        plan=plan,
        characters=_choose_characters(request, page_set),
    )
    manifest = write_dataset(work, content)
    _check_lists(manifest, ratio)
    notes = content.characters.notes if content.characters else ()
    return BuildResult(request.target, manifest, page_set.problems, notes)


def _check_request(request: BuildRequest) -> None:
    """Raise UsageError for a request that cannot be met, before anything is read."""
    if not _NAME.fullmatch(request.name):
        raise UsageError(
            f"'{request.name}' cannot be the name of a data set",
            at="--name",
            hint="use letters, digits, '-', '_' and '.', without a dot or dash in front",
        )
    if not request.sources:
        raise UsageError("no labelled folder is given", hint="ppocr-kit dataset build FOLDER --name NAME")
    if not request.tasks:
        raise UsageError("no task is given", at="--tasks", hint="--tasks det,rec")
    parse_ratio(request.ratio)
    target = request.target
    if target.exists() and not (target / MANIFEST_NAME).is_file() and not _is_empty_folder(target):
        raise UsageError(
            "there is something here that is no data set; it is not replaced",
            at=str(target),
            hint="choose another --name or --out, or remove it yourself",
        )


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _check_apart(target: Path, folder: Path) -> None:
    """Raise UsageError when the data set and a labelled folder lie in one another."""
    place = target.resolve()
    if place == folder or folder in place.parents or place in folder.parents:
        raise UsageError(
            "the data set would be written into a labelled folder, or over one",
            at=f"{target} and {folder}",
            hint="choose another place with --out",
        )


def _make_place(work: Path | None, tasks: Sequence[Task]) -> CutPlace:
    """Make the folders that pages are cut into."""
    if work is None:
        return CutPlace(None, None)
    images = work / str(Task.DET) / IMAGE_FOLDER if Task.DET in tasks else None
    crops = work / str(Task.REC) / CROP_FOLDER if Task.REC in tasks else None
    for folder in (images, crops):
        if folder is not None:
            folder.mkdir(parents=True)
    return CutPlace(images, crops)


def _choose_characters(request: BuildRequest, page_set: PageSet) -> CharacterSet | None:
    """Return the characters of the recognition texts, or None when recognition is not asked for."""
    if Task.REC not in request.tasks:
        return None
    texts = [
        LabelText(crop.text, page_set.where(page, crop.region))
        for page in page_set.pages
        for crop in page.crops
    ]
    if request.dictionary is not None:
        return check_characters(request.dictionary, texts)
    return gather_characters(texts)


def _check_lists(manifest: dict[str, Any], ratio: Ratio) -> None:
    """Raise DataError when a wanted list came out empty: training or scoring on it could not run."""
    for task, entry in manifest["tasks"].items():
        samples = {split: entry["splits"][str(split)]["samples"] for split in Split}
        empty = [str(split) for split, share in zip(Split, ratio) if share and not samples[split]]
        if not any(samples.values()):
            raise DataError(
                f"no box has a text to learn, so there is nothing for {task}",
                hint="type the texts in PPOCRLabel, or build for detection alone with --tasks det",
            )
        if empty:
            raise DataError(
                f"too few pages have a text to learn: nothing for {task} in {' and '.join(empty)}",
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
