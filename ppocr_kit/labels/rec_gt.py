r"""The texts of exported crops: PPOCRLabel's rec_gt.txt, held against Label.txt.

PPOCRLabel 3.1.6 (PPOCRLabel.py, saveRecResult) names the crop of box ``i`` of a page
``crop_img/<stem>_crop_<i>.jpg``, counting all boxes of the page from 0, and writes one row
``<crop>\t<text>``, unquoted. The name has no folder and no file ending of the page, so that the
crops of ``a.png`` and ``a.jpg`` have one name; a line break in a text breaks the row.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.entries import Boxes, BoxReader
from ppocr_kit.labels.lines import decode_line, iter_lines
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.problems import ProblemLog
from ppocr_kit.text import clean_text

REC_GT_NAME = "rec_gt.txt"

# The crop's path, a tab, the text; or spaces for the tab; or neither tab nor text.
_ROW = re.compile(r"(?P<crop>[^\t]*\.\w{2,5})\t(?P<text>.*)", re.DOTALL)
_SPACED_ROW = re.compile(r"(?P<crop>[^\t]*?_crop_\d+\.\w+)(?: +(?P<text>.*)|\s*)", re.DOTALL)
_CROP_NAME = re.compile(r"(?P<stem>.+)_crop_(?P<index>\d{1,6})\.\w+")
_SEPARATORS = re.compile(r"[\\/]+")
_SHOWN = 3
# Lines that no crop is named in continue a text up to here: a whole file without one is no text.
_LONGEST_TEXT = 1000
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif")


class CropText(NamedTuple):
    """The text of one exported crop: which box of its page from 0, the text, its line from 1."""

    box: int
    text: str
    line: int


class CropTexts:
    """All rows of one rec_gt.txt, in a temporary database: they may be a million.

    Args:
        path: The file, as the user named it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unreadable: list[int] = []
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE crop (stem TEXT, box INTEGER, text TEXT, line INTEGER)")
        self._database.execute("CREATE TABLE page (stem TEXT)")
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO crop VALUES (?, ?, ?, ?)", self._rows())
        self._database.execute("CREATE INDEX of_page ON crop (stem)")
        self._database.execute("COMMIT")

    def of_page(self, stem: str) -> tuple[CropText, ...]:
        """Return the texts of the crops of a page, in file order."""
        rows = self._database.execute(
            "SELECT box, text, line FROM crop WHERE stem = ? ORDER BY line", (stem,)
        )
        return tuple(CropText(*row) for row in rows)

    def set_pages(self, stems: Iterator[str]) -> None:
        """Name the pages that the crops may be of."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO page VALUES (?)", ((stem,) for stem in stems))
        self._database.execute("CREATE INDEX of_stem ON page (stem)")
        self._database.execute("COMMIT")

    def shares_its_name(self, stem: str) -> bool:
        """Tell whether several pages have the stem."""
        query = "SELECT count(*) FROM page WHERE stem = ?"
        return bool(self._database.execute(query, (stem,)).fetchone()[0] > 1)

    def tell_of_rows(self, problems: ProblemLog) -> None:
        """Tell of the rows that cannot be read, and of the crops that belong to no page."""
        if self._unreadable:
            detail = f"{len(self._unreadable)} rows"
            problems.add(label_problem("L065", str(self.path), self._unreadable[0], detail=detail))
        orphans = "FROM crop WHERE stem NOT IN (SELECT stem FROM page)"
        count = self._database.execute(f"SELECT count(*) {orphans}").fetchone()[0]
        if not count:
            return
        first = self._database.execute(f"SELECT stem, box, line {orphans} ORDER BY line LIMIT {_SHOWN}")
        shown = ", ".join(f"{_show(stem, box)} in line {line}" for stem, box, line in first)
        rest = " and so on" if count > _SHOWN else ""
        problems.add(label_problem("L063", str(self.path), detail=f"{count} rows: {shown}{rest}"))

    def content_sha256(self) -> str:
        """Hash all rows, whatever their order."""
        digest = sha256()
        for row in self._database.execute("SELECT stem, box, text FROM crop ORDER BY 1, 2, 3"):
            digest.update(repr(row).encode())
        return digest.hexdigest()

    def _rows(self) -> Iterator[tuple[str, int, str, int]]:
        """Yield stem, box, text and line of each row; a line that starts no row continues the one before."""
        waiting: tuple[str, int, str, int] | None = None
        with self.path.open("rb") as stream:
            for line in iter_lines(stream):
                decoded = decode_line(line)
                if decoded is None:
                    self._unreadable.append(line.number)
                    continue
                text = decoded[0].lstrip("\ufeff")
                row = _ROW.fullmatch(text) or _SPACED_ROW.fullmatch(text)
                if row is not None:
                    if waiting is not None:
                        yield waiting
                    waiting = (*_which_box(row["crop"]), row["text"] or "", line.number)
                elif waiting is None or len(waiting[2]) > _LONGEST_TEXT:
                    self._unreadable.append(line.number)
                else:
                    waiting = (*waiting[:2], f"{waiting[2]}\n{text}", waiting[3])
        if waiting is not None:
            yield waiting


def _which_box(crop: str) -> tuple[str, int]:
    """Return stem of the page and index of the box; a crop that was renamed belongs to none (-1)."""
    name = _SEPARATORS.split(crop)[-1]
    parts = _CROP_NAME.fullmatch(name)
    return (parts["stem"], int(parts["index"])) if parts else (name, -1)


def _show(stem: str, box: int) -> str:
    return f"'{stem}_crop_{box}'" if box >= 0 else f"'{stem}'"


@dataclass(frozen=True)
class ComparedBoxes:
    """Boxes of a page that are held against the texts of its crops.

    Attributes:
        boxes: Reads the boxes.
        crops: The texts of the page's crops in rec_gt.txt, in file order.
        crops_count: Whether the text of the crop is used where they differ.
        twin: Whether another page has crops of the same names.
        image: The image of the page.
    """

    boxes: BoxReader
    crops: tuple[CropText, ...]
    crops_count: bool
    twin: bool
    image: Path

    def read(self) -> Boxes:
        """Read the boxes, with the texts that count and every difference."""
        regions, findings = self.boxes.read()
        if not regions:
            return regions, findings
        doubt = self._doubt(regions)
        if doubt:
            return regions, (*findings, ("L064", None, doubt))
        settled, differences = self._compare(regions)
        if differences and _has_twin_file(self.image):
            doubt = f"there is another image called '{self.image.stem}', whose crops have the same names"
            return regions, (*findings, ("L064", None, doubt))
        return settled, (*findings, *differences)

    def _doubt(self, regions: Sequence[TextRegion]) -> str | None:
        """Say why the crops may be of other boxes than these."""
        if self.twin:
            return "several pages have crops of the same names"
        texts: dict[int, CropText] = {}
        last = regions[-1].index
        for crop in self.crops:
            if texts.setdefault(crop.box, crop).text != crop.text:
                return f"lines {texts[crop.box].line} and {crop.line} are for one crop"
            if crop.box > last:
                return f"line {crop.line} is for box {crop.box}, the last one is {last}"
        return None

    def _compare(self, regions: Sequence[TextRegion]) -> tuple[tuple[TextRegion, ...], list[Finding]]:
        """Hold each box against its crop; return the boxes with the texts that count, and the differences."""
        texts = {crop.box: crop for crop in self.crops}
        used = "the second" if self.crops_count else "the first"
        settled: list[TextRegion] = []
        differences: list[Finding] = []
        for region in regions:
            crop = texts.get(region.index)
            if crop is not None and not _is_same(region.transcription, crop.text):
                both = f"'{region.transcription}' and '{crop.text}' ({REC_GT_NAME}:{crop.line})"
                differences.append(("L060", region.index, f"{both}; {used} counts"))
                settled.append(replace(region, transcription=crop.text) if self.crops_count else region)
            else:
                settled.append(region)
        return tuple(settled), differences


def page_stem(key: str) -> str:
    """Return the stem that PPOCRLabel gives the crops of a page."""
    return PurePosixPath(_SEPARATORS.split(key)[-1]).stem


def _has_twin_file(image: Path) -> bool:
    """Tell whether an image of the same stem and another ending lies beside this one."""
    return any(image.with_suffix(suffix).is_file() for suffix in _SUFFIXES if suffix != image.suffix.lower())


def _is_same(label: str, crop: str) -> bool:
    """Tell whether two texts are the same; rec_gt.txt cannot hold line breaks as they were."""
    if label == crop:
        return True
    if "\n" not in label + crop and "\r" not in label + crop:
        return False
    return clean_text(label).split() == clean_text(crop).split()
