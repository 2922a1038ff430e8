"""From sources to a data set for PaddleOCR-VL: ``ppocr-kit vl prepare``.

Sources are only read. Every row that is left out is in ``vl/left_out.jsonl`` with its reason; an older data
set of the same name is replaced when everything went well.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.workspace import build_folder
from ppocr_kit.errors import DataError
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.parallel import usable_cores
from ppocr_kit.problems import Problem, ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import disk_error
from ppocr_kit.tasks import Split
from ppocr_kit.vl.candidates import PicturePlace, SourceRows
from ppocr_kit.vl.codes import VL_CODES
from ppocr_kit.vl.dataset import IMAGE_FOLDER
from ppocr_kit.vl.dividing import Division, DivisionRequest, divide
from ppocr_kit.vl.lengths import RowTokens, count_tokens, leave_out_long_rows
from ppocr_kit.vl.looking import Look, look_at_pictures
from ppocr_kit.vl.model_folder import read_model_folder
from ppocr_kit.vl.prepare_request import PrepareRequest, check_request
from ppocr_kit.vl.selecting import UsableRow, leave_out_long, select_rows
from ppocr_kit.vl.sources.detecting import JSONL, LABELS, REC_SET, VL_SET
from ppocr_kit.vl.sources.jsonl import read_jsonl, read_vl_rows
from ppocr_kit.vl.sources.labelled import read_labelled
from ppocr_kit.vl.sources.rec_sets import read_rec_set
from ppocr_kit.vl.sources.tables import read_table
from ppocr_kit.vl.writing import DatasetContent, write_dataset

_WORK = ".sources"


@dataclass(frozen=True)
class PrepareResult:
    """What was made.

    Attributes:
        folder: The data set's folder; not there after a dry run.
        manifest: The content of ``vl.json``.
        problems: All findings, also those that left nothing out.
        notes: Remarks for people.
    """

    folder: Path
    manifest: dict[str, Any]
    problems: ProblemLog
    notes: tuple[str, ...]


def prepare_dataset(
    request: PrepareRequest, *, dry_run: bool = False, workers: int | None = None, track: Track = no_progress
) -> PrepareResult:
    """Make a data set.

    Args:
        request: What to make of what.
        dry_run: Do everything except writing.
        workers: Processes to cut and open pictures with; None takes one per core.
        track: Progress.

    Raises:
        UsageError: A name, ratio, group or place cannot be.
        DataError: A source is missing or damaged, no row can be used, or there are too few for the splits.
        SetupError: The disk is full, the place cannot be written, or the lane is missing and is needed.
    """
    kinds = check_request(request)
    if request.model is not None:
        read_model_folder(request.model)
    preparer = _Preparer(request, kinds, workers or usable_cores(), track)
    try:
        if dry_run:
            with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
                return preparer.prepare(Path(folder), None)
        with build_folder(request.target) as work:
            result = preparer.prepare(work / _WORK, work)
            shutil.rmtree(work / _WORK, ignore_errors=True)
            return result
    except OSError as error:
        raise disk_error(error, request.target) from error


def leaves_out(problem: Problem) -> bool:
    """Tell whether a finding leaves a row out."""
    if problem.code in VL_CODES:
        return VL_CODES[problem.code].drops
    return problem.code in LABEL_CODES


class _Preparer:
    """One preparation.

    Args:
        request: What to make of what.
        kinds: What each source is.
        workers: Processes.
        track: Progress.
    """

    def __init__(self, request: PrepareRequest, kinds: Sequence[str], workers: int, track: Track) -> None:
        self.request = request
        self.kinds = kinds
        self.workers = workers
        self.track = track
        self.problems = ProblemLog()

    def prepare(self, work: Path, root: Path | None) -> PrepareResult:
        """Read the sources by way of ``work`` and write into ``root``; None writes nothing."""
        sources = self._read(work)
        for source in sources:
            self.problems.extend(source.problems)
        if root is not None:
            (root / IMAGE_FOLDER).mkdir(parents=True)
        rows = select_rows(sources, self._look(sources, root), self.request.prompt, self.problems.add)
        rows, tokens = self._measure(rows)
        if not rows:
            raise _nothing_usable(self.problems)
        division = divide(
            rows,
            [source.pages for source in sources],
            DivisionRequest(
                "1:0:0" if self.request.same_rows else self.request.ratio,
                self.request.seed,
                self.request.group_by,
                self.request.groups,
                self.request.resplit or self.request.same_rows,
            ),
        )
        self.problems.extend(division.problems)
        notes = [note for source in sources for note in source.notes] + list(division.notes)
        left_out = [problem for problem in self.problems if leaves_out(problem)]
        content = DatasetContent(
            self.request, sources, self.kinds, rows, tokens, division, left_out, self.problems.by_code
        )
        manifest = write_dataset(root, content)
        notes += _split_notes(manifest, division)
        return PrepareResult(self.request.target, manifest, self.problems, tuple(notes))

    def _read(self, work: Path) -> list[SourceRows]:
        """Read all sources; labelled folders together, so that their pages are split as one set."""
        sources = []
        labelled = [Path(given) for given, kind in zip(self.request.sources, self.kinds) if kind == LABELS]
        if labelled:
            sources.append(
                read_labelled(
                    labelled,
                    work,
                    ratio="1:0:0" if self.request.same_rows else self.request.ratio,
                    seed=self.request.seed,
                    group_by=self.request.group_by,
                    groups=self.request.groups,
                    reading=self.request.reading,
                    workers=self.workers,
                    track=self.track,
                )
            )
        for number, (given, kind) in enumerate(zip(self.request.sources, self.kinds)):
            if kind in _READERS:
                sources.append(_READERS[kind](Path(given)))
            elif kind != LABELS:
                sources.append(read_table(given, kind, work / f"table{number}"))
        return sources

    def _look(self, sources: Sequence[SourceRows], root: Path | None) -> dict[PicturePlace, Look]:
        places = [candidate.place for source in sources for candidate in source.candidates]
        folder = None if root is None else root / IMAGE_FOLDER
        return look_at_pictures(places, folder, self.workers, self.track)

    def _measure(self, rows: list[UsableRow]) -> tuple[list[UsableRow], list[RowTokens] | None]:
        """Count tokens where a model is given, and leave out what is too long."""
        most = self.request.max_length
        if self.request.model is None:
            return rows if most is None else leave_out_long(rows, most, self.problems.add), None
        counted = count_tokens(
            rows, self.request.model, min_pixels=self.request.min_pixels, max_pixels=self.request.max_pixels
        )
        return leave_out_long_rows(rows, counted, most, self.problems.add)


_READERS = {REC_SET: read_rec_set, VL_SET: read_vl_rows, JSONL: read_jsonl}


def _split_notes(manifest: dict[str, Any], division: Division) -> list[str]:
    """Tell of splits without a row, which training or measuring will miss."""
    if manifest.get("same_rows"):
        return ["every split holds the same rows: scores say whether they were learnt by heart, no more"]
    empty = [str(split) for split in Split if not manifest["splits"][str(split)]["rows"]]
    notes = [f"there is no row in {' and '.join(empty)}"] if empty else []
    if division.leaks:
        notes.append(
            f"{division.leaks} pictures of val and test look like one of a split before theirs (V032)"
        )
    return notes


def _nothing_usable(problems: ProblemLog) -> DataError:
    """Say why no row can be used: the most frequent reasons, and the first place."""
    counts = [
        (code, count)
        for code, count in problems.by_code.most_common()
        if leaves_out(problems.first(code, 1)[0])
    ]
    if not counts:
        return DataError("the sources have no row", hint="look into them; a row is a picture and its text")
    kinds = {**LABEL_CODES, **VL_CODES}
    reasons = "; ".join(f"{kinds[code].meaning} ({code}, {count} times)" for code, count in counts[:4])
    first = problems.first(counts[0][0], 1)[0]
    return DataError(f"no row can be used: {reasons}", at=first.where, hint=first.hint)
