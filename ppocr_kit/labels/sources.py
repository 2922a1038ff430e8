"""Labelled folders as sources of pages: what they give, and what of them is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.formats.detect import detect_format
from ppocr_kit.labels.formats.pages import FormatRequest
from ppocr_kit.labels.formats.registry import PPOCRLABEL, READERS, check_format_name
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, LABEL_FILE_NAME
from ppocr_kit.problems import ProblemLog

_LABEL_FILE_NAMES = frozenset({LABEL_FILE_NAME.lower(), CACHE_FILE_NAME.lower()})


@dataclass(frozen=True)
class Source:
    """A labelled folder as read.

    Attributes:
        folder: The folder, absolute.
        label_file: The label file, as the user named it.
        pages: Lines whose image was found, one per image, in file order; their boxes are read by
            ``PageEntry.read()``, which has its own findings.
        problems: Findings about the file, its lines and paths.
        lines: Number of lines that name an image, usable or not.
        labels_sha256: Hash of keys and boxes that does not depend on the order of lines.
        format: Name of the format.
    """

    folder: Path
    label_file: Path
    pages: Sequence[PageEntry]
    problems: ProblemLog
    lines: int
    labels_sha256: str
    format: str = PPOCRLABEL

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def given(self) -> Path:
        """What to name on a command line: the folder of PPOCRLabel, the folder or file of another format."""
        return self.label_file.parent if self.format == PPOCRLABEL else self.label_file


@dataclass(frozen=True)
class ReadOptions:
    """What of a labelled folder is read, and which text counts.

    Attributes:
        with_unverified: Also take pages that only Cache.cach has: automatic labels nobody checked.
        checked_only: Leave out pages that fileState.txt does not call checked.
        rec_text: Where Label.txt and rec_gt.txt differ: ``label`` or ``rec_gt``.
        format: Name of the format of the sources; None looks at them.
        image_folder: Where the pictures of other formats than PPOCRLabel's are; None looks for them.
        embedded_to: Folder that pictures inside label files (Labelme) are taken out to; None tells of them.
    """

    with_unverified: bool = False
    checked_only: bool = False
    rec_text: str = "label"
    format: str | None = None
    image_folder: Path | None = None
    embedded_to: Path | None = None


def read_sources(paths: Sequence[Path], options: ReadOptions = ReadOptions()) -> list[Source]:  # noqa: B008
    """Read several labelled folders.

    Args:
        paths: Folders that hold a Label.txt, label files, or labels in another format.
        options: What to read of them.

    Raises:
        DataError: One of them is missing or has no label file.
        UsageError: One is given twice, or which format it has cannot be told.
    """
    names = [_format_of(path, options) for path in paths]
    _check_options(names, options)
    places = [
        find_label_file(path, options) if name == PPOCRLABEL else path for path, name in zip(paths, names)
    ]
    seen: dict[Path, Path] = {}
    for given, place in zip(paths, places):
        real = place.resolve()
        if real in seen:
            raise UsageError(f"'{given}' is the same folder as '{seen[real]}'", hint="name each folder once")
        seen[real] = given
    return [_read_source(place, name, options) for place, name in zip(places, names)]


def _format_of(path: Path, options: ReadOptions) -> str:
    """Return the format that the user named, or the one that a source looks like."""
    if options.format is None:
        return detect_format(path)
    name = check_format_name(options.format)
    if name != PPOCRLABEL:
        try:
            path.stat()
        except (OSError, ValueError) as error:
            raise DataError("there is no such folder or label file", at=str(path)) from error
    return name


def _check_options(names: Sequence[str], options: ReadOptions) -> None:
    """Raise UsageError when an option asks for a file that no source can have."""
    asked = {
        "--with-unverified": options.with_unverified,
        "--checked-only": options.checked_only,
        "--rec-text": options.rec_text != "label",
    }
    for option, wanted in asked.items():
        if wanted and names and PPOCRLABEL not in names:
            raise UsageError(
                f"{option} is for folders of PPOCRLabel, and there is none among the sources",
                at=option,
                hint=f"leave {option} out",
            )


def _read_source(place: Path, name: str, options: ReadOptions) -> Source:
    """Read one source: a PPOCRLabel folder by its label file, another format by its folder or file."""
    if name == PPOCRLABEL:
        # that module makes the values defined here
        from ppocr_kit.labels.ppocrlabel_folder import read_ppocrlabel_folder

        return read_ppocrlabel_folder(place, options)
    read = READERS[name](FormatRequest(place, options.image_folder, options.embedded_to))
    return Source(
        folder=read.folder,
        label_file=place,
        pages=read.pages,
        problems=read.problems,
        lines=read.named,
        labels_sha256=read.labels_sha256,
        format=name,
    )


def gather_problems(sources: Sequence[Source]) -> ProblemLog:
    """Return a log that has the findings of the sources and takes those about their pages.

    It is sorted by folder name, line and box, whatever the order of the sources.
    """
    log = ProblemLog({str(source.label_file): source.name for source in sources})
    for source in sources:
        log.extend(source.problems)
    return log


def find_label_file(path: Path, options: ReadOptions = ReadOptions()) -> Path:  # noqa: B008
    """Return the label file of a folder, or the given file itself.

    Raises:
        DataError: There is none, or it is Cache.cach and that was not asked for.
    """
    try:
        if path.is_file():
            return _refuse_unverified(path, options)
        if not path.is_dir():
            raise DataError(
                "there is no such folder or label file",
                at=str(path),
                hint="name a folder that PPOCRLabel exported (it holds Label.txt)",
            )
        # a Path for each of a million images would take longer than reading their labels
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if entry.name.lower() in _LABEL_FILE_NAMES)
    except OSError as error:
        raise DataError(f"the folder cannot be read ({error.strerror})", at=str(path)) from error
    candidates = [name for name in names if name.lower() == LABEL_FILE_NAME.lower()]
    if candidates:
        return path / (LABEL_FILE_NAME if LABEL_FILE_NAME in candidates else candidates[0])
    if CACHE_FILE_NAME in names and options.with_unverified:
        return path / CACHE_FILE_NAME
    hint = "in PPOCRLabel, open the folder, check the pages and use File > Export Label"
    if CACHE_FILE_NAME in names:
        hint += (
            f" ({CACHE_FILE_NAME} holds automatic labels that nobody has checked; --with-unverified uses it)"
        )
    raise DataError(
        f"the folder has no {LABEL_FILE_NAME}, and nothing that looks like labels of another format",
        at=str(path),
        hint=f"{hint}; docs/formats.md lists the formats, --from names one",
    )


def _refuse_unverified(path: Path, options: ReadOptions) -> Path:
    """Return the path, unless it is a file of automatic labels that was not asked for."""
    if path.name == CACHE_FILE_NAME and not options.with_unverified:
        raise DataError(
            "the file holds automatic labels that nobody has checked",
            at=str(path),
            hint="name the folder or its Label.txt, or use --with-unverified",
        )
    return path
