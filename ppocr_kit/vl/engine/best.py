"""The best checkpoint: the one whose generated texts have the lowest CER on the validation rows.

The loss of given answers says little of what a model writes by itself, where each mistake leads to the
next. Whether an evaluation is the best follows from the history of the run alone, so that a resumed run
decides as the uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ppocr_kit.metrics.edits import score_edits
from ppocr_kit.vl.history import Evaluation, rank


@dataclass(frozen=True)
class Read:
    """What a model made of one row.

    Attributes:
        row: Position of the row among those evaluated.
        text: The text it wrote.
        tokens: How many it generated.
        ended: Whether it came to an end by itself.
    """

    row: int
    text: str
    tokens: int
    ended: bool


def scores_of(expected: Sequence[str], read: Sequence[Read]) -> dict[str, float]:
    """Return the scores of an evaluation: ``cer`` (corpus), ``cer_mean``, ``exact``, ``unended``.

    Args:
        expected: The answers of the rows.
        read: What the model wrote, in the order of the rows.
    """
    report = score_edits(list(zip(expected, (one.text for one in read))), resamples=0)
    return {
        "cer": report.cer,
        "cer_mean": report.raw.mean_cer,
        "exact": report.raw.exact_match,
        "unended": sum(not one.ended for one in read) / len(read),
    }


class Selection:
    """Says after each evaluation whether it is the best, and when enough have not been.

    Args:
        past: Evaluations of earlier sittings.
        patience: Evaluations without a lower CER after which training ends; None never ends it.
    """

    def __init__(self, past: Sequence[Evaluation] = (), patience: int | None = None) -> None:
        self.patience = patience
        self.best: Evaluation | None = None
        self.since = 0
        for evaluation in past:
            self.take(evaluation)

    def take(self, evaluation: Evaluation) -> bool:
        """Count an evaluation and return whether it is better than all before; that of the base is not."""
        if evaluation.step == 0:
            return False
        best = self.best
        # the loss tells checkpoints of the same CER apart, and falls long after these stand still
        self.since = 0 if best is None or rank(evaluation)[0] < rank(best)[0] else self.since + 1
        if best is None or rank(evaluation) < rank(best):
            self.best = evaluation
            return True
        return False

    @property
    def exhausted(self) -> bool:
        """Whether training should end for want of a better evaluation."""
        return self.patience is not None and self.since >= self.patience
