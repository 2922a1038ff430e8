"""From what models said of the rows of a split to scores: ``reports/eval-<split>.json`` of PaddleOCR-VL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.metrics.edits import (
    RAW,
    SCORES,
    EditComparison,
    EditReport,
    compare_edits,
    count_row_edits,
    score_edits,
)
from ppocr_kit.vl.predictions import Prediction
from ppocr_kit.vl.rows import VlRow

_WORST = 24
# Fewer rows, and an interval says little.
FEW_ROWS = 30
NO_ANSWER = "there is no answer"


@dataclass(frozen=True)
class ScoredRow:
    """What was said of one row.

    Attributes:
        row: The row.
        text: What the model read.
        edits: Characters to change in it.
        ended: Whether the model ended its answer.
        base_text: What the base model read, None without one.
        base_edits: Characters to change in that.
    """

    row: VlRow
    text: str
    edits: int
    ended: bool
    base_text: str | None = None
    base_edits: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        body: dict[str, Any] = {
            "image": self.row.image,
            "prompt": self.row.prompt,
            "group": self.row.group,
            "source": self.row.source,
            "expected": self.row.completion,
            "text": self.text,
            "edits": self.edits,
            "ended": self.ended,
        }
        if self.base_text is not None:
            body.update(base_text=self.base_text, base_edits=self.base_edits)
        return body


@dataclass(frozen=True)
class Skipped:
    """A row that should have been scored and was not."""

    row: VlRow
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        return {"image": self.row.image, "prompt": self.row.prompt, "reason": self.reason}


@dataclass(frozen=True)
class VlEvaluation:
    """The scores of a model on a split, beside a base model where there is one.

    Attributes:
        tuned: Scores of the model.
        base: Scores of the base model on the same rows, None without one.
        comparison: Both and their differences, None without a base model.
        rows: All rows that were scored.
        skipped: Rows without an answer, of either model.
        by_prompt: Corpus CER, exact match and rows by prompt; empty where there is one prompt.
        strangers: Answers about other pictures than those of the split.
        resampled: What the intervals drew: ``pages`` or ``rows``.
    """

    tuned: EditReport
    base: EditReport | None
    comparison: EditComparison | None
    rows: Sequence[ScoredRow]
    skipped: Sequence[Skipped] = ()
    by_prompt: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    strangers: int = 0
    resampled: str = "rows"

    @property
    def worst(self) -> list[ScoredRow]:
        """Return the rows with the most wrong characters, the worst first."""
        wrong = [row for row in self.rows if row.edits]
        return sorted(wrong, key=lambda row: (-row.edits, len(row.row.completion), row.row.image))[:_WORST]

    @property
    def worsened(self) -> list[ScoredRow]:
        """Return the rows that the base model reads better, the worst first."""
        lost = [row for row in self.rows if row.base_edits is not None and row.edits > row.base_edits]
        return sorted(lost, key=lambda row: ((row.base_edits or 0) - row.edits, row.row.image))[:_WORST]

    @property
    def cut_off(self) -> int:
        """Number of answers that were cut off at the most tokens."""
        return sum(not row.ended for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return what was measured as a JSON object."""
        raw = self.tuned.raw
        body: dict[str, Any] = {
            "task": "vl",
            "values": {name: getattr(raw, name) for name in SCORES},
            "num_samples": len(self.rows),
            "num_skipped": len(self.skipped),
            "skipped": [one.to_json() for one in self.skipped],
            **self.tuned.to_json(),
            "resampled": self.resampled,
            "cut_off": self.cut_off,
            "by_prompt": {prompt: dict(scores) for prompt, scores in self.by_prompt.items()},
        }
        if self.comparison is not None and self.base is not None:
            body["base"] = {"views": self.base.to_json()["views"]}
            body["differences"] = {
                view: {score: interval.to_json() for score, interval in scores.items()}
                for view, scores in self.comparison.differences.items()
            }
            body["better"], body["worse"] = self._changed()
            body["worsened"] = [row.to_json() for row in self.worsened]
        body["worst"] = [row.to_json() for row in self.worst]
        body["remarks"] = self.remarks()
        return body

    def remarks(self) -> list[str]:
        """Return what a reader should know before believing the scores."""
        told = []
        if len(self.rows) < FEW_ROWS:
            told.append(f"{len(self.rows)} rows are few: another split may score quite differently")
        if self.skipped:
            told.append(f"{len(self.skipped)} rows were not scored, neither as right nor as wrong")
        if self.cut_off:
            told.append(
                f"answers that were cut off at the most tokens count as they are ({self.cut_off} of them); "
                "--max-new-tokens allows longer ones"
            )
        if self.comparison is not None:
            told += _verdict(self.comparison)
        return told

    def _changed(self) -> tuple[int, int]:
        """Return how many rows are read better than by the base model, and how many worse."""
        gains = [(row.base_edits or 0) - row.edits for row in self.rows]
        return sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)


def evaluate_predictions(
    rows: Iterable[VlRow],
    tuned: Iterable[Prediction],
    base: Iterable[Prediction] | None = None,
    *,
    nfkc: bool = False,
    seed: int = 0,
) -> VlEvaluation:
    """Score answers against the rows of a split; with a base model, both on the rows that both answered.

    Args:
        rows: The rows.
        tuned: What the model said.
        base: What the base model said.
        nfkc: Also score the NFKC forms of the texts.
        seed: Seed of the draws for the intervals.

    Raises:
        DataError: No row was answered.
    """
    wanted = list(rows)
    keys = {(row.image, row.prompt) for row in wanted}
    answers = _by_question(tuned)
    others = None if base is None else _by_question(base)
    scored, skipped = [], []
    for row in wanted:
        said = [answers.get((row.image, row.prompt))]
        if others is not None:
            said.append(others.get((row.image, row.prompt)))
        missing = next(
            (NO_ANSWER if one is None else one.error for one in said if one is None or one.error), None
        )
        if missing is None:
            scored.append((row, [one for one in said if one is not None]))
        else:
            skipped.append(Skipped(row, missing))
    if not scored:
        reasons = Counter(one.reason for one in skipped).most_common(1)
        told = f": {reasons[0][0]} ({reasons[0][1]} times)" if reasons else ""
        raise DataError(
            f"no row of the split was answered{told}", hint="are the answers of this data set and split?"
        )
    groups = [row.group for row, _ in scored]
    pages = len(set(groups)) > 1
    strangers = sum(key not in keys for key in answers)
    return _score(scored, skipped, groups, strangers, "pages" if pages else "rows", nfkc, seed)


def _score(
    scored: Sequence[tuple[VlRow, Sequence[Prediction]]],
    skipped: Sequence[Skipped],
    groups: Sequence[str],
    strangers: int,
    resampled: str,
    nfkc: bool,
    seed: int,
) -> VlEvaluation:
    expected = [row.completion for row, _ in scored]
    columns = [[said[place].text for _, said in scored] for place in range(len(scored[0][1]))]
    edits = [count_row_edits(list(zip(expected, texts))) for texts in columns]
    rows = [
        ScoredRow(
            row,
            said[0].text,
            edits[0][number],
            said[0].ended,
            *((said[1].text, edits[1][number]) if len(said) > 1 else ()),
        )
        for number, (row, said) in enumerate(scored)
    ]
    comparison = None
    if len(columns) > 1:
        triples = list(zip(expected, columns[1], columns[0]))
        comparison = compare_edits(triples, nfkc=nfkc, seed=seed, groups=groups)
        tuned, base = comparison.tuned, comparison.base
    else:
        pairs = list(zip(expected, columns[0]))
        tuned, base = score_edits(pairs, nfkc=nfkc, seed=seed, groups=groups), None
    return VlEvaluation(tuned, base, comparison, rows, skipped, _by_prompt(rows), strangers, resampled)


def _by_question(answers: Iterable[Prediction]) -> dict[tuple[str, str], Prediction]:
    """Return answers by picture and prompt; of several the first that is no error."""
    found: dict[tuple[str, str], Prediction] = {}
    for answer in answers:
        key = (answer.image, answer.prompt)
        if key not in found or found[key].error is not None:
            found[key] = answer
    return found


def _by_prompt(rows: Sequence[ScoredRow]) -> dict[str, dict[str, float]]:
    """Return the scores of each prompt, where there are several."""
    parts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        parts[row.row.prompt].append((row.row.completion, row.text))
    if len(parts) < 2:
        return {}
    reports = {prompt: score_edits(pairs, resamples=0).raw for prompt, pairs in sorted(parts.items())}
    return {
        prompt: {"rows": scores.rows, **{name: getattr(scores, name) for name in SCORES}}
        for prompt, scores in reports.items()
    }


def _verdict(comparison: EditComparison) -> list[str]:
    """Say whether the models can be told apart by their corpus CER."""
    interval = comparison.differences[RAW]["cer"]
    if interval.low > 0:
        return ["THE TUNED MODEL READS WORSE THAN THE BASE MODEL"]
    if interval.high < 0:
        return ["the tuned model reads better than the base model: the interval of the difference is below 0"]
    return ["the two models cannot be told apart on these rows: the interval of the difference holds 0"]
