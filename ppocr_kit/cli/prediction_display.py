"""What ``predict`` prints: answers as they come, the summary, and what was passed over."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import say
from ppocr_kit.errors import DataError

if TYPE_CHECKING:
    from ppocr_kit.runs.predict import EngineUsed, Prediction

_SHOWN_FAILURES = 10


class CollectedAnswers:
    """What came, for the summary; the answers themselves are kept for ``--json`` only.

    Args:
        counted: Keys of an answer whose entries are counted, such as ``regions``.
        keep: Whether the answers are kept.
        show: Whether they are printed as they come.
    """

    def __init__(self, counted: Sequence[str], *, keep: bool, show: bool) -> None:
        self._counts = Counter({name: 0 for name in counted})
        self._keep = keep
        self._show = show
        self._images = self._without_text = 0
        self.answers: list[Prediction] = []
        self.failed: list[Prediction] = []
        self.engines: list[dict[str, Any]] = []

    def add_engine(self, used: EngineUsed) -> None:
        """Tell which engine runs a model, and why."""
        self.engines.append(asdict(used))
        say(f"{used.model}: {used.engine} {used.version} ({used.why})")

    def add(self, answer: Prediction) -> None:
        """Take the answer of one picture."""
        self._images += 1
        self._without_text += "note" in answer
        self._counts.update({name: len(answer.get(name, ())) for name in self._counts})
        if "error" in answer:
            self.failed.append(answer)
        if self._show:
            click.echo(json.dumps(answer, ensure_ascii=False))
        if self._keep:
            self.answers.append(answer)

    def summary(self) -> str:
        """Return how many pictures were answered, and what was found on them."""
        found = [f"{count} {name}" for name, count in self._counts.items()]
        return ", ".join([f"{self._images - len(self.failed)} pictures", *found])

    def report(self) -> None:
        """List the pictures that were passed over.

        Raises:
            DataError: No picture could be answered.
        """
        if self._without_text:
            say(f"no text was found on {self._without_text} of {self._images} pictures")
        for answer in self.failed[:_SHOWN_FAILURES]:
            say(f"passed over {answer['image']}: {answer['error']}")
        if len(self.failed) > _SHOWN_FAILURES:
            say(f"  … and {len(self.failed) - _SHOWN_FAILURES} more, see the lines with an error")
        if len(self.failed) == self._images:
            first = self.failed[0]
            raise DataError(f"no picture could be read: {first['error']}", at=str(first["image"]))
