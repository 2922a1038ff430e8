"""What is asked of a data set for key information, and whether it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.kie_window_plan import LARGEST_WINDOW, WindowOptions
from ppocr_kit.labels.link_naming import ClassPair
from ppocr_kit.tasks import KIE_TASKS, Task


class TokenCounter(Protocol):
    """Counts tokens with the network's own tokenizer.

    Attributes:
        sha256: Hash of the tokenizer.
    """

    sha256: str

    def count(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the number of tokens of each text."""


_FEWEST_TOKENS = 32


@dataclass(frozen=True)
class KieRequest:
    """What to build for SER and RE.

    Attributes:
        pairs: Classes of questions and answers that belong together whatever they are called.
        classes: File with the classes there are; None takes those of the labels.
        tokens: Counts tokens; None estimates them.
        windows: How long windows are.
    """

    pairs: tuple[ClassPair, ...] = ()
    classes: Path | None = None
    tokens: TokenCounter | None = None
    windows: WindowOptions = WindowOptions()


def check_kie_request(request: KieRequest, tasks: Sequence[Task], asking: str = "--tasks ser,re") -> None:
    """Raise UsageError when an option is for a task that is not asked for, or windows cannot be.

    Args:
        request: The options.
        tasks: What is asked for.
        asking: How the command is asked for key information.
    """
    if not set(KIE_TASKS).intersection(tasks):
        given = {
            "--pair": bool(request.pairs),
            "--classes": request.classes is not None,
            "--tokenizer": request.tokens is not None,
            "--max-seq-len or --window-overlap": request.windows != WindowOptions(),
        }
        for option, there in given.items():
            if there:
                raise UsageError(f"{option} is for {asking}", at=option, hint=f"add {asking}")
    if request.pairs and Task.RE not in tasks:
        raise UsageError("--pair links questions to answers, which is for re", at="--pair")
    windows = request.windows
    if not _FEWEST_TOKENS <= windows.tokens <= LARGEST_WINDOW:
        raise UsageError(
            f"no network has a window of {windows.tokens} tokens",
            at="--max-seq-len",
            hint=f"{_FEWEST_TOKENS} to {LARGEST_WINDOW}",
        )
    if windows.overlap * 2 > windows.tokens:
        raise UsageError(
            f"windows of {windows.tokens} tokens cannot have {windows.overlap} in common",
            at="--window-overlap",
            hint="at most half of --max-seq-len",
        )
