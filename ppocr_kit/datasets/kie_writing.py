"""Write what PaddleOCR trains SER and RE on: lists, classes, and which rows are windows of one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ppocr_kit.datasets.kie_rows import render_kie_row
from ppocr_kit.datasets.kie_windows import WINDOWS_NAME, Window, render_window
from ppocr_kit.datasets.page_index import PageIndex, PageRecord
from ppocr_kit.datasets.rows import IMAGE_FOLDER
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.key_classes import RE_CLASSES
from ppocr_kit.labels.kie_checks import (
    check_order,
    check_pairs,
    check_texts,
    links_over,
    links_within,
    rows_for_re,
)
from ppocr_kit.labels.kie_pages import Entity, KiePage, unpack_kie_page
from ppocr_kit.labels.kie_window_plan import PlannedPage, TokenCount, WindowOptions, plan_page
from ppocr_kit.problems import ProblemLog
from ppocr_kit.progress import Track
from ppocr_kit.tasks import Split, Task

CLASSES_NAME = "classes.txt"
# How the table calls a class that nobody set.
UNSET = ""

# Writes a file below the data set line by line and returns its sha256.
WriteFile = Callable[[str, Iterable[str]], str]


@dataclass(frozen=True)
class KieContent:
    """What the lists of key information are made from, besides the pages.

    Attributes:
        classes: All classes, OTHER first.
        windows: How long windows are.
        count: Counts the tokens of a text.
        counted_by: ``tokenizer`` or ``estimate``.
        tokenizer_sha256: Hash of the tokenizer that counted, None where tokens are estimated.
    """

    classes: tuple[str, ...]
    windows: WindowOptions
    count: TokenCount
    counted_by: str
    tokenizer_sha256: str | None = None

    def describe_windows(self) -> dict[str, Any]:
        """Return what the manifest says about windows."""
        described = {
            "tokens": self.windows.tokens,
            "overlap": self.windows.overlap,
            "counted_by": self.counted_by,
        }
        if self.tokenizer_sha256 is not None:
            described["tokenizer_sha256"] = self.tokenizer_sha256
        return described


@dataclass
class _SplitCounts:
    """What is counted while the rows of a split are written."""

    rows: int = 0
    pages: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    windows: list[str] = field(default_factory=list)


class KieWriter:
    """Writes SER or RE.

    Args:
        task: Which of them.
        content: Classes and windows.
        index: The pages.
        problems: Takes what cannot be learnt.
        tell_all: Also tell what concerns both tasks.
    """

    def __init__(
        self, task: Task, content: KieContent, index: PageIndex, problems: ProblemLog, *, tell_all: bool
    ) -> None:
        self.task = task
        self.content = content
        self.index = index
        self.problems = problems
        self.tell_all = tell_all
        self.spellings: dict[str, Counter[str]] = {}

    def write(self, write: WriteFile, track: Track) -> dict[str, Any]:
        """Write the files of the task and return its entry of the manifest.

        Raises:
            OSError: Writing failed.
        """
        splits, counts = {}, {}
        for split in Split:
            counted = counts[split] = _SplitCounts()
            name = f"{self.task}/{split}.txt"
            checksum = write(name, self._rows(split, counted, track))
            splits[str(split)] = {
                "list": name,
                "sha256": checksum,
                "samples": counted.rows,
                "pages": counted.pages,
            }
        described = self._describe(counts)
        names = list(described["class_counts"][str(Split.TRAIN)])
        classes = f"{self.task}/{CLASSES_NAME}"
        return {
            "data_dir": str(self.task),
            "splits": splits,
            "classes": classes,
            "classes_sha256": write(classes, (f"{name}\n" for name in names)),
            "num_classes": 2 * len(names) - 1,
            **described,
            **self._write_windows(write, counts),
        }

    def _describe(self, counts: Mapping[Split, _SplitCounts]) -> dict[str, Any]:
        """Return what the manifest says of classes, windows and links."""
        names = RE_CLASSES if self.task is Task.RE else self.content.classes
        described: dict[str, Any] = {
            "class_counts": {
                str(split): {name: counted.classes[name] for name in names}
                for split, counted in counts.items()
            },
            "labelled_as": {
                name: dict(sorted(self.spellings[name].items())) for name in names if name in self.spellings
            },
            "window": self.content.describe_windows(),
        }
        if self.task is Task.RE:
            described["links"] = {
                str(split): dict(sorted(counted.links.items())) for split, counted in counts.items()
            }
        return described

    def _write_windows(self, write: WriteFile, counts: Mapping[Split, _SplitCounts]) -> dict[str, str]:
        """Write which rows are windows; nothing where no page was split."""
        lines = [line for counted in counts.values() for line in counted.windows]
        if not lines:
            return {}
        name = f"{self.task}/{WINDOWS_NAME}"
        return {"windows": name, "windows_sha256": write(name, lines)}

    def _rows(self, split: Split, counted: _SplitCounts, track: Track) -> Iterator[str]:
        """Yield the rows of a split and count what is in them."""
        pages = track(
            self.index.in_order(split), f"writing {self.task} {split}", self.index.count_pages(split)
        )
        for record in pages:
            page = unpack_kie_page(record.entities)
            planned = plan_page(page, self.content.count, self.content.windows)
            self._tell_of(record, page, planned)
            every = list(range(len(planned.windows)))
            used = rows_for_re(page, planned) if self.task is Task.RE else every
            if used:
                counted.pages += 1
                self._count(page, planned, counted)
            image = f"{IMAGE_FOLDER}/{record.image_name}"
            for number in used:
                if len(planned.windows) > 1:
                    window = self._describe_window(image, page, planned, number, first=number == used[0])
                    counted.windows.append(render_window(split, counted.rows, window))
                counted.rows += 1
                yield render_kie_row(self.task, image, page, planned.windows[number])

    def _describe_window(
        self, image: str, page: KiePage, planned: PlannedPage, number: int, *, first: bool
    ) -> Window:
        over = links_over(page, planned) if first and self.task is Task.RE else ()
        return Window(image, number, len(planned.windows), tuple(link.ends for link in over))

    def _tell_of(self, record: PageRecord, page: KiePage, planned: PlannedPage) -> None:
        """Tell what is not learnt of a page."""
        if self.tell_all:
            self._tell(record, [*check_texts(page, planned), *check_order(page)])
        if self.task is Task.RE:
            self._tell(record, check_pairs(page, planned))

    def _tell(self, record: PageRecord, findings: Iterable[Finding]) -> None:
        self.problems.extend(
            label_problem(code, record.shown_file, record.line, box, detail) for code, box, detail in findings
        )

    def _count(self, page: KiePage, planned: PlannedPage, counted: _SplitCounts) -> None:
        """Count classes and links of a page, each once, however many windows it is in."""
        for entity in page.entities:
            name = self._class_of(entity)
            counted.classes[name] += 1
            self.spellings.setdefault(name, Counter())[entity.labelled or UNSET] += 1
        learnt = {link for window in planned.windows for link in links_within(page, window)}
        counted.links.update(str(link.origin) for link in learnt)

    def _class_of(self, entity: Entity) -> str:
        return str(entity.side).upper() if self.task is Task.RE else entity.key_cls
