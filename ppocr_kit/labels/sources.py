"""One labelled folder as a source of pages: its label file, with the image of each line found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.locate import ImageLocator
from ppocr_kit.labels.ppocrlabel import LABEL_FILE_NAME, LabelLine, read_label_file, render_boxes
from ppocr_kit.labels.region import LabeledImage
from ppocr_kit.problems import Problem

_UNVERIFIED_NAME = "Cache.cach"

# How keys are written is a habit of the whole file: told once, not for each of its pages.
_ONCE_PER_FILE = ("L021", "L022", "L023")


@dataclass(frozen=True)
class Source:
    """A labelled folder as read.

    Attributes:
        folder: The folder, absolute.
        label_file: The label file, as the user named it.
        pages: Lines whose image was found, one per image, in file order.
        problems: Findings about the file, its lines, boxes and paths.
        lines: Number of lines that name an image, usable or not.
        labels_sha256: Hash of keys and boxes that does not depend on the order of lines.
    """

    folder: Path
    label_file: Path
    pages: tuple[LabeledImage, ...]
    problems: tuple[Problem, ...]
    lines: int
    labels_sha256: str

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name


def read_sources(paths: Sequence[Path]) -> list[Source]:
    """Read several labelled folders.

    Args:
        paths: Folders that hold a Label.txt, or label files.

    Raises:
        DataError: One of them is missing or has no label file.
        UsageError: One is given twice.
    """
    label_files = [find_label_file(path) for path in paths]
    seen: dict[Path, Path] = {}
    for given, label_file in zip(paths, label_files):
        real = label_file.resolve()
        if real in seen:
            raise UsageError(f"'{given}' is the same folder as '{seen[real]}'", hint="name each folder once")
        seen[real] = given
    return [_read_source(label_file) for label_file in label_files]


def sort_problems(sources: Sequence[Source], problems: Iterable[Problem]) -> list[Problem]:
    """Order findings by folder name, line and box, whatever the order of the sources."""
    names = {str(source.label_file): source.name for source in sources}
    return sorted(
        problems,
        key=lambda found: (
            names.get(found.file, ""),
            found.file,
            found.line or 0,
            -1 if found.region is None else found.region,
            found.code,
        ),
    )


def find_label_file(path: Path) -> Path:
    """Return the label file of a folder, or the given file itself.

    Raises:
        DataError: There is none.
    """
    try:
        if path.is_file():
            return path
        if not path.is_dir():
            raise DataError(
                "there is no such folder or label file",
                at=str(path),
                hint="name a folder that PPOCRLabel exported (it holds Label.txt)",
            )
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise DataError(f"the folder cannot be read ({error.strerror})", at=str(path)) from error
    candidates = [name for name in names if name.lower() == LABEL_FILE_NAME.lower()]
    if candidates:
        return path / (LABEL_FILE_NAME if LABEL_FILE_NAME in candidates else candidates[0])
    hint = "in PPOCRLabel, open the folder, check the pages and use File > Export Label"
    if _UNVERIFIED_NAME in names:
        hint += f" ({_UNVERIFIED_NAME} holds automatic labels that nobody has checked; it is not used)"
    raise DataError(f"the folder has no {LABEL_FILE_NAME}", at=str(path), hint=hint)


def _read_source(label_file: Path) -> Source:
    """Read one label file and find its images."""
    folder = label_file.resolve().parent
    labels = read_label_file(label_file)
    pages, problems = _find_images(folder, labels.lines, str(label_file))
    return Source(
        folder=folder,
        label_file=label_file,
        pages=tuple(pages),
        problems=(*labels.problems, *problems),
        lines=len(labels.lines) + labels.damaged_lines,
        labels_sha256=_hash_labels(labels.lines),
    )


def _find_images(
    folder: Path, lines: Sequence[LabelLine], shown: str
) -> tuple[list[LabeledImage], list[Problem]]:
    """Find the image of each line; of lines that turn out to mean one image the last counts."""
    locator = ImageLocator(folder)
    pages: dict[Path, LabeledImage] = {}
    problems = []
    notations: dict[str, list[tuple[LabelLine, str]]] = defaultdict(list)
    for line in lines:
        found = locator.find(line.key)
        if found.code in _ONCE_PER_FILE:
            notations[found.code].append((line, found.detail))
        elif found.code is not None:
            problems.append(label_problem(found.code, shown, line.line, detail=found.detail))
        if found.path is None:
            continue
        earlier = pages.pop(found.path, None)
        if earlier is not None:
            detail = f"'{earlier.key}' is labelled again in line {line.line} as '{line.key}'"
            problems.append(label_problem("L016", shown, earlier.line, detail=detail))
        pages[found.path] = LabeledImage(line.key, found.path, line.regions, line.line)
    for code, uses in notations.items():
        first, detail = uses[0]
        count = f"{len(uses)} of {len(lines)} keys, the first is {detail}"
        problems.append(label_problem(code, shown, first.line, detail=count))
    return list(pages.values()), problems


def _hash_labels(lines: Sequence[LabelLine]) -> str:
    """Hash keys and boxes in sorted order."""
    digest = sha256()
    for row in sorted(f"{line.key}\t{render_boxes(line.regions)}\n" for line in lines):
        digest.update(row.encode("utf-8", errors="replace"))
    return digest.hexdigest()
