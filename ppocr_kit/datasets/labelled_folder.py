"""Write sources of any format as one folder that PPOCRLabel opens: images, Label.txt, fileState.txt."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.file_placing import link_file, write_file
from ppocr_kit.datasets.image_names import ImageNames
from ppocr_kit.datasets.workspace import build_folder
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.codes import LABEL_CODES, Drops, label_problem
from ppocr_kit.labels.entries import PageEntry
from ppocr_kit.labels.folder_files import write_checked
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.links_file import LINKS_FILE_NAME, LinksFile, PageLinks, render_links_file
from ppocr_kit.labels.ppocrlabel import LABEL_FILE_NAME, render_boxes
from ppocr_kit.labels.sources import ReadOptions, Source, gather_problems, read_sources
from ppocr_kit.problems import ProblemLog
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import disk_error, write_json_atomic, write_lines_atomic


@dataclass(frozen=True)
class ConvertRequest:
    """What to convert.

    Attributes:
        sources: Folders or files of labels.
        out: The folder to write; it must not be there, or be empty.
        reading: What to read of the sources.
        link: Give images a second name instead of a copy, where the disk can.
    """

    sources: tuple[Path, ...]
    out: Path
    reading: ReadOptions = ReadOptions()
    link: bool = False


@dataclass(frozen=True)
class Converted:
    """How much of something went in, and how much came out."""

    read: int
    written: int


@dataclass(frozen=True)
class ConvertResult:
    """What was written.

    Attributes:
        folder: The folder; not there after a dry run.
        formats: The format of each source.
        pages: Pages that the sources name, and those that were written.
        regions: Regions of the pages that were read, and those that were written.
        renamed: Images that have another name now.
        problems: All findings: what of the pages and regions was left out, and why.
    """

    folder: Path
    formats: tuple[tuple[str, str], ...]
    pages: Converted
    regions: Converted
    renamed: int
    problems: ProblemLog

    def to_json(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        return {
            "folder": str(self.folder),
            "sources": [{"path": path, "format": name} for path, name in self.formats],
            "pages": {"read": self.pages.read, "written": self.pages.written},
            "regions": {"read": self.regions.read, "written": self.regions.written},
            "renamed_images": self.renamed,
            "by_code": dict(sorted(self.problems.by_code.items())),
            "problems": [found.to_json() for found in self.problems],
        }


def convert_labels(
    request: ConvertRequest, *, dry_run: bool = False, track: Track = no_progress
) -> ConvertResult:
    """Write sources as one PPOCRLabel folder. The sources are only read.

    Args:
        request: What to convert.
        dry_run: Do everything except writing.
        track: Progress.

    Raises:
        UsageError: The folder is there already, or lies in a source.
        DataError: A source is missing, or no page can be used.
        SetupError: The disk is full or the folder cannot be written.
    """
    _check_target(request.out)
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as taken_out:
        # pictures that only a label file has are pages like others from here on
        reading = replace(request.reading, embedded_to=Path(taken_out).resolve())
        sources = read_sources(request.sources, reading)
        for source in sources:
            _check_apart(request.out, source.folder)
        if dry_run:
            return _Converter(request, sources).convert(None, track)
        with build_folder(request.out) as work:
            return _Converter(request, sources).convert(work, track)


class _Converter:
    """Writes the pages one by one and counts."""

    def __init__(self, request: ConvertRequest, sources: Sequence[Source]) -> None:
        self.request = request
        self.sources = sources
        self.problems = gather_problems(sources)
        self.names = ImageNames()
        self.keys: list[str] = []
        self.regions = 0
        # what people linked, by image and by its name in the new folder
        self.linked = _read_people(sources)
        self.links: dict[str, PageLinks] = {}

    def convert(self, work: Path | None, track: Track) -> ConvertResult:
        """Write into ``work``; None writes nothing."""
        entries = (entry for source in self.sources for entry in source.pages)
        total = sum(len(source.pages) for source in self.sources)
        lines = self._lines(work, track(entries, "converting pages", total))
        if work is None:
            for _ in lines:
                pass
        else:
            write_lines_atomic(work / LABEL_FILE_NAME, lines)
            write_checked(work, self.keys)
            if self.links:
                write_json_atomic(work / LINKS_FILE_NAME, render_links_file(self.links))
        if not self.keys:
            raise self._nothing_usable()
        lost = sum(
            count for code, count in self.problems.by_code.items() if LABEL_CODES[code].drops is Drops.BOX
        )
        return ConvertResult(
            folder=self.request.out,
            formats=tuple((str(source.label_file), source.format) for source in self.sources),
            pages=Converted(sum(source.lines for source in self.sources), len(self.keys)),
            regions=Converted(self.regions + lost, self.regions),
            renamed=self.names.changed,
            problems=self.problems,
        )

    def _lines(self, work: Path | None, entries: Iterable[PageEntry]) -> Iterator[bytes]:
        """Yield the lines of Label.txt, placing the image of each."""
        folder = self.request.out.resolve().name
        for entry in entries:
            read = entry.read()
            for code, region, detail in read.findings:
                self.problems.add(label_problem(code, entry.file, entry.line, region, detail))
            if not read.usable:
                continue
            name = self.names.take(entry.path)
            if work is not None and not self._place(entry, work / name):
                continue
            self.keys.append(f"{folder}/{name}")
            self.regions += len(read.page.regions)
            if entry.path in self.linked:
                self.links[name] = self.linked[entry.path]
            yield f"{self.keys[-1]}\t{render_boxes(read.page.regions)}\n".encode()

    def _place(self, entry: PageEntry, target: Path) -> bool:
        """Put an image into the folder; False, and a finding, when it cannot be read."""
        if not self.request.link:
            try:
                content = entry.path.read_bytes()
            except OSError as error:
                detail = f"{entry.path.name} ({error.strerror})"
                self.problems.add(label_problem("L032", entry.file, entry.line, detail=detail))
                return False
        try:
            if self.request.link:
                link_file(str(entry.path), str(target))
            else:
                write_file(str(target), content)
        except OSError as error:
            raise disk_error(error, target) from error
        return True

    def _nothing_usable(self) -> DataError:
        """Say why no page could be written: the first of what is most frequent."""
        for code, _ in self.problems.by_code.most_common():
            for found in self.problems.first(code, 1):
                return DataError(
                    f"no page can be converted: {found.message}", at=found.where, hint=found.hint
                )
        return DataError("no page can be converted: the sources have none")


def _read_people(sources: Sequence[Source]) -> dict[Path, PageLinks]:
    """Return what people linked on the pages of PPOCRLabel folders, by image.

    Raises:
        DataError: A links.json is damaged.
    """
    linked = {}
    for source in sources:
        file = LinksFile(source.folder)
        kept = file.read() if source.format == PPOCRLABEL else {}
        for entry in source.pages if kept else ():
            name = file.name_page(entry.path)
            if name in kept:
                linked[entry.path] = kept[name]
    return linked


def _check_target(out: Path) -> None:
    """Raise UsageError when something is there: labels that were corrected since must not be lost."""
    name = out.resolve().name
    if not name or not name.isprintable() or "\\" in name:
        raise UsageError(f"{name!r} cannot be the name of a labelled folder", at="--out")
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(
            "there is something here already; it is not replaced",
            at=str(out),
            hint="choose another folder with --out, or remove it yourself",
        )


def _check_apart(out: Path, source: Path) -> None:
    """Raise UsageError when the folder would lie in a source."""
    place = out.resolve()
    if place == source or source in place.parents:
        raise UsageError(
            "the folder would be written into a source, which is only read",
            at=f"{out} and {source}",
            hint="choose another place with --out",
        )
