"""Repair label files in place: what is safe, beside a backup, and nothing else.

A label file is gone through twice: once to count what would be done, and once to write. Neither time
is it held in memory.
"""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.box_repair import Change, shorten
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.labels.entries import line_digest
from ppocr_kit.labels.file_form import describe_form
from ppocr_kit.labels.file_state import FILE_STATE_NAME
from ppocr_kit.labels.file_state_repair import repair_file_state
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.labels.formats.detect import detect_format
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.line_repair import Beside, RepairedLine, repair_line
from ppocr_kit.labels.lines import iter_lines
from ppocr_kit.labels.locate import ImageLocator
from ppocr_kit.labels.rec_gt import REC_GT_NAME, CropTexts
from ppocr_kit.labels.sources import Source, find_label_file, read_sources
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import keep_backup, sha256_of, write_bytes_atomic, write_lines_atomic

_REMOVED = ("L015", "L016")


@dataclass(frozen=True)
class Place:
    """Where something is, or will not be, changed: a line from 1 (None for the file), and the change."""

    line: int | None
    change: Change

    def to_json(self) -> dict[str, Any]:
        """Return the place as a JSON object."""
        change = self.change
        return {
            "code": change.code,
            "line": self.line,
            "region": change.region,
            "before": change.before,
            "after": change.after,
        }


@dataclass
class Tally:
    """How often each kind of change occurs, and the first places of each kind.

    Attributes:
        most: Places kept of each kind; None keeps all.
        counts: Changes by code; None stands for what no check reports.
        places: Places by code.
    """

    most: int | None
    counts: Counter[str | None] = field(default_factory=Counter)
    places: dict[str | None, list[Place]] = field(default_factory=dict)

    def add(self, line: int | None, changes: Iterable[Change]) -> None:
        """Take in the changes of a line."""
        for change in changes:
            self.counts[change.code] += 1
            kept = self.places.setdefault(change.code, [])
            if self.most is None or len(kept) < self.most:
                kept.append(Place(line, change))

    @property
    def total(self) -> int:
        """Number of changes."""
        return sum(self.counts.values())

    @property
    def codes(self) -> list[str | None]:
        """The kinds in order, what no check reports last."""
        return sorted(self.counts, key=lambda code: (code is None, code or ""))

    def to_json(self) -> dict[str, Any]:
        """Return counts and places."""
        return {
            "count": self.total,
            "by_code": {code or "form": self.counts[code] for code in self.codes},
            "places": [place.to_json() for code in self.codes for place in self.places[code]],
        }


@dataclass(frozen=True)
class Repair:
    """What is, or would be, repaired in one label file.

    Attributes:
        label_file: The label file, as the user named it.
        changes: What is changed.
        left: What a check reports and could have been changed, with the reason why it was not.
        backups: The files as they were; empty when nothing was written.
    """

    label_file: Path
    changes: Tally
    left: Tally
    backups: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the repair as a JSON object."""
        return {
            "label_file": str(self.label_file),
            "repaired": self.changes.to_json(),
            "left": self.left.to_json(),
            "backups": [str(path) for path in self.backups],
        }


def repair_sources(
    paths: Sequence[Path], *, dry_run: bool = False, places: int | None = None, track: Track = no_progress
) -> list[Repair]:
    """Repair the label files of PPOCRLabel folders.

    Args:
        paths: Folders that hold a Label.txt, or label files.
        dry_run: Write nothing.
        places: Places to keep of each kind of change; None keeps all.
        track: Progress.

    Raises:
        UsageError: One is in another format than PPOCRLabel's.
        DataError: A folder has no label file, or one that cannot be written as UTF-8.
        SetupError: A folder cannot be written, or another command labels or repairs it.
    """
    for path in paths:
        _check_format(path)
    with ExitStack() as held:
        label_files = [find_label_file(path) for path in paths]
        if not dry_run:
            for folder in dict.fromkeys(file.resolve().parent for file in label_files):
                held.enter_context(lock_folder(folder))
        # before anything is read, so that no save in between is missed
        checksums = [sha256_of(file) for file in label_files]
        sources = read_sources(paths)
        plans = [_plan(source, checksum, places, track) for source, checksum in zip(sources, checksums)]
        return [plan.repair if dry_run else _apply(plan) for plan in plans]


def _check_format(path: Path) -> None:
    """Raise UsageError for labels of another program, which are not ours to write."""
    name = detect_format(path)
    if name != PPOCRLABEL:
        raise UsageError(
            f"only label files of PPOCRLabel are repaired, and this looks like {name}",
            at=str(path),
            hint=f"ppocr-kit labels convert {path} --out FOLDER writes a folder that can be",
        )


@dataclass(frozen=True)
class _Plan:
    """What is to be done in a label file.

    Attributes:
        repair: What a person is told of it.
        removed: The lines that go.
        moved_keys: Keys before and after.
        sha256: Checksum of the file before it was looked at.
    """

    repair: Repair
    removed: dict[int, Change]
    moved_keys: dict[str, str]
    sha256: str


def _plan(source: Source, checksum: str, places: int | None, track: Track) -> _Plan:
    """Go through a label file and count what would be done."""
    file = source.label_file
    removed = _lines_to_remove(source)
    changes, left, moved = Tally(places), Tally(places), {}
    changes.add(None, describe_form(file))
    for number, line in track(_repaired_lines(file, removed), "looking for repairs", source.lines):
        changes.add(number, line.changes)
        left.add(number, line.left)
        if line.moved_key is not None:
            moved[line.moved_key[0]] = line.moved_key[1]
    for number, change in removed.items():
        changes.add(number, [change])
    return _Plan(Repair(file, changes, left), removed, moved, checksum)


def _lines_to_remove(source: Source) -> dict[int, Change]:
    """Return the lines that do not count because another line says the same or is newer."""
    removed = {}
    for found in source.problems.only(_REMOVED):
        if found.line is not None:
            detail = found.message[len(LABEL_CODES[found.code].meaning) :].lstrip(": ")
            removed[found.line] = Change(found.code, None, shorten(detail), "deleted")
    return removed


def _apply(plan: _Plan) -> Repair:
    """Write the label file anew, beside a backup of what it was."""
    repair = plan.repair
    if not repair.changes.total:
        return repair
    target = repair.label_file.resolve()
    if sha256_of(target) != plan.sha256:
        raise DataError(
            "the label file was changed while it was looked at; nothing was written",
            at=str(repair.label_file),
            hint="close PPOCRLabel and run the command again",
        )
    for leaving in target.parent.glob(f".{glob.escape(target.name)}.????????.tmp"):
        # of a repair that was killed: nobody else writes here now
        leaving.unlink(missing_ok=True)
    backups = [keep_backup(target)]
    state = repair_file_state(target.with_name(FILE_STATE_NAME), plan.moved_keys)
    if state is not None:
        # before the labels: when this is killed in between, the next repair still moves the keys there
        backups.append(keep_backup(state.path))
        write_bytes_atomic(state.path, state.content)
    lines = _repaired_lines(repair.label_file, plan.removed)
    write_lines_atomic(target, (line.content + b"\n" for _, line in lines if line.content is not None))
    return replace(repair, backups=tuple(backups))


def _repaired_lines(label_file: Path, removed: Mapping[int, Change]) -> Iterator[tuple[int, RepairedLine]]:
    """Yield the lines as they will be, with their numbers in the file as it is."""
    real = label_file.resolve()
    crops = real.with_name(REC_GT_NAME)
    beside = Beside(str(label_file), ImageLocator(real.parent), CropTexts(crops) if crops.is_file() else None)
    broken: dict[bytes, int] = {}
    with real.open("rb") as stream:
        for line in iter_lines(stream):
            if line.number in removed:
                continue
            repaired = repair_line(line, beside)
            if repaired.broken and repaired.content is not None:
                # lines that cannot be read are only known to be copies when their keys are repaired
                first = broken.setdefault(line_digest(repaired.content.decode()), line.number)
                if first != line.number:
                    change = Change("L015", None, f"first in line {first}", "deleted")
                    repaired = RepairedLine(None, (*repaired.changes, change))
            yield line.number, repaired
