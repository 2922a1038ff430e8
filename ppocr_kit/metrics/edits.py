"""Texts scored by the characters that have to be changed: CER, exact match, substitutions and so on.

Source: the character error rate of speech and handwriting recognition, as jiwer 4 computes it; over rows
whose expected text is not empty the results equal ``jiwer.process_characters`` (cer, substitutions,
deletions, insertions) with texts that are not stripped, which jiwer's default transform does.

With ``e`` the fewest single-character edits (Levenshtein) that turn the predicted text of a row into the
expected one, and ``n`` the characters (Unicode code points) of the expected text:

* ``cer = sum of e / sum of n`` over all rows together, *corpus CER*: every character weighs alike;
* ``mean_cer = mean over rows of e / n``: every row weighs alike. Both can be greater than 1;
* ``exact_match = rows with e = 0 / rows``.

A character of the expected text that is missing is a deletion, one too many in the predicted text an
insertion; where several shortest ways exist, rapidfuzz's (jiwer's) is counted.

Where nothing is expected (``n = 0``), the rate is 0.0 when nothing was predicted, and else 1.0: a score
cannot look perfect for want of characters. No rows at all have no score.

Each score is given for the texts as they are (``raw``) and with all white space taken out
(``without_space``); if asked, also for the NFKC forms of both (``nfkc``, ``nfkc_without_space``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from ppocr_kit import __version__
from ppocr_kit.errors import DataError
from ppocr_kit.metrics.resampling import RESAMPLES, FloatArray, Interval, interval_of, resample_sums

IntArray = npt.NDArray[np.int64]

RAW, WITHOUT_SPACE = "raw", "without_space"
NFKC, NFKC_WITHOUT_SPACE = "nfkc", "nfkc_without_space"
# The scores that have an interval, the headline first.
SCORES = ("cer", "mean_cer", "exact_match")
DEFINITION = (
    "cer: sum of character edits / sum of expected characters, over all rows together; mean_cer: mean over "
    "rows of edits / expected characters; exact_match: rows without an edit / rows; raw: the texts as they "
    "are; without_space: all white space taken out"
)
NFKC_DEFINITION = "; nfkc: texts in NFKC form"


@dataclass(frozen=True)
class EditScores:
    """The scores of one form of the texts (formulas: module docstring).

    Attributes:
        rows: Rows scored.
        exact: Rows without an edit.
        characters: Characters of the expected texts.
        substitutions: Characters that were read as others.
        deletions: Characters that are missing.
        insertions: Characters that are too many.
        cer: Corpus character error rate.
        mean_cer: Mean of the rows' error rates.
        intervals: 95 % interval of ``cer``, ``mean_cer`` and ``exact_match``; empty when none were drawn.
    """

    rows: int
    exact: int
    characters: int
    substitutions: int
    deletions: int
    insertions: int
    cer: float
    mean_cer: float
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def edits(self) -> int:
        """Return the edits of all kinds."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def exact_match(self) -> float:
        """Return the share of rows without an edit."""
        return self.exact / self.rows

    def to_json(self) -> dict[str, Any]:
        """Return the scores as a JSON object."""
        counts = ("rows", "exact", "characters", "substitutions", "deletions", "insertions")
        return {
            **{name: getattr(self, name) for name in (*SCORES, *counts)},
            "intervals": {name: interval.to_json() for name, interval in self.intervals.items()},
        }


@dataclass(frozen=True)
class EditReport:
    """The scores of one model.

    Attributes:
        views: Scores by the form of the texts: ``raw`` and ``without_space``, and the two of NFKC if asked.
        definition: The formulas in words.
        computed_by: Program and version.
    """

    views: Mapping[str, EditScores]
    definition: str = DEFINITION
    computed_by: str = f"ppocr-kit {__version__}"

    @property
    def raw(self) -> EditScores:
        """Return the scores of the texts as they are."""
        return self.views[RAW]

    @property
    def cer(self) -> float:
        """Return the headline: corpus CER of the texts as they are."""
        return self.raw.cer

    def to_json(self) -> dict[str, Any]:
        """Return the report as a dictionary that ``json.dumps`` takes."""
        return {
            "views": {name: scores.to_json() for name, scores in self.views.items()},
            "definition": self.definition,
            "computed_by": self.computed_by,
        }


@dataclass(frozen=True)
class EditComparison:
    """Two models on the same rows.

    Attributes:
        base: Scores of the one.
        tuned: Scores of the other.
        differences: By form of the texts, interval of ``tuned - base`` of each score, over the same draws
            of rows for both; one that does not hold 0 tells the two apart.
    """

    base: EditReport
    tuned: EditReport
    differences: Mapping[str, Mapping[str, Interval]]


@dataclass(frozen=True)
class _RowCounts:
    """What each row adds: ``(N,)`` edits by kind, and expected characters."""

    substitutions: IntArray
    deletions: IntArray
    insertions: IntArray
    characters: IntArray

    @property
    def edits(self) -> IntArray:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rates(self) -> FloatArray:
        return _rates(self.edits.astype(np.float64), self.characters.astype(np.float64))

    def sums(self) -> FloatArray:
        """Return ``(N, 5)``: rows, exact rows, edits, characters, rate."""
        edits = self.edits
        columns = (np.ones(len(edits)), edits == 0, edits, self.characters, self.rates)
        return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)

    def scores(self, intervals: Mapping[str, Interval]) -> EditScores:
        """Return the scores over all rows."""
        sums = self.sums().sum(axis=0, keepdims=True)
        values = _scores_of(sums)
        return EditScores(
            rows=len(self.characters),
            exact=int(sums[0, 1]),
            characters=int(self.characters.sum()),
            substitutions=int(self.substitutions.sum()),
            deletions=int(self.deletions.sum()),
            insertions=int(self.insertions.sum()),
            cer=float(values["cer"][0]),
            mean_cer=float(values["mean_cer"][0]),
            intervals=intervals,
        )


def score_edits(
    pairs: Sequence[tuple[str, str]],
    *,
    nfkc: bool = False,
    seed: int = 0,
    groups: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> EditReport:
    """Score predicted texts.

    Args:
        pairs: ``(expected, predicted)`` per row.
        nfkc: Also score the NFKC forms.
        seed: Seed of the draws for the intervals.
        groups: Page of each row, in the same order; pages are then drawn instead of rows.
        resamples: Draws for the intervals; 0 leaves the intervals out.

    Raises:
        DataError: There is no row.
    """
    views = {}
    for name, expected, (predicted,) in _views(pairs, nfkc):
        counts = _count(expected, predicted)
        drawn = _draw((counts,), groups, resamples, seed)
        views[name] = counts.scores(_intervals(drawn[0]) if drawn else {})
    return EditReport(views, DEFINITION + NFKC_DEFINITION * nfkc)


def compare_edits(
    rows: Sequence[tuple[str, str, str]],
    *,
    nfkc: bool = False,
    seed: int = 0,
    groups: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> EditComparison:
    """Score two models on the same rows, and tell how sure their difference is.

    Args:
        rows: ``(expected, predicted by the base model, predicted by the tuned model)`` per row.
        nfkc: As in :func:`score_edits`.
        seed: As there.
        groups: As there.
        resamples: As there, at least 1.

    Raises:
        DataError: There is no row.
    """
    base, tuned, differences = {}, {}, {}
    for name, expected, predicted in _views(rows, nfkc):
        counts = [_count(expected, texts) for texts in predicted]
        drawn = _draw(counts, groups, resamples, seed)
        base[name] = counts[0].scores(_intervals(drawn[0]))
        tuned[name] = counts[1].scores(_intervals(drawn[1]))
        differences[name] = {score: interval_of(drawn[1][score] - drawn[0][score]) for score in SCORES}
    definition = DEFINITION + NFKC_DEFINITION * nfkc
    return EditComparison(EditReport(base, definition), EditReport(tuned, definition), differences)


def count_row_edits(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """Return the edits of each row's raw texts, ``(expected, predicted)``."""
    return [Levenshtein.distance(expected, predicted) for expected, predicted in pairs]


def corpus_cer(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the corpus CER of the raw texts alone, ``(expected, predicted)``: the fastest way to it.

    Raises:
        DataError: There is no row.
    """
    _check_rows(pairs)
    distance = Levenshtein.distance
    # most texts of a good model are equal, and asking costs a tenth of a call
    edits = sum([distance(expected, predicted) for expected, predicted in pairs if expected != predicted])
    characters = len("".join([expected for expected, _ in pairs]))
    return float(_rates(np.array([edits], np.float64), np.array([characters], np.float64))[0])


def _check_rows(rows: Sequence[Any]) -> None:
    if not rows:
        raise DataError("there is no row to score", hint="give a split that has rows, such as --split val")


def _views(
    rows: Sequence[tuple[str, ...]], nfkc: bool
) -> list[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    """Return each form of the texts: its name, the expected texts, the predicted ones of each model."""
    _check_rows(rows)
    columns = [tuple(column) for column in zip(*rows)]
    forms = {RAW: columns}
    if nfkc:
        forms[NFKC] = [tuple(unicodedata.normalize("NFKC", text) for text in column) for column in columns]
    views = []
    for name, texts in forms.items():
        bare = NFKC_WITHOUT_SPACE if name == NFKC else WITHOUT_SPACE
        views.append((name, texts[0], tuple(texts[1:])))
        texts = [tuple("".join(text.split()) for text in column) for column in texts]
        views.append((bare, texts[0], tuple(texts[1:])))
    return views


def _count(expected: Sequence[str], predicted: Sequence[str]) -> _RowCounts:
    """Count the edits of every row by kind."""
    edits = np.array(list(map(Levenshtein.distance, expected, predicted)), dtype=np.int64)
    characters = np.array(list(map(len, expected)), dtype=np.int64)
    surplus = np.array(list(map(len, predicted)), dtype=np.int64) - characters
    # of a shortest way, insertions - deletions = surplus; so the kinds are known where at most one
    # edit is left over, and only the others have to be traced
    substitutions = edits - np.abs(surplus)
    for row in np.flatnonzero(substitutions > 1):
        way = Levenshtein.editops(expected[row], predicted[row])
        substitutions[row] = [step[0] for step in way.as_list()].count("replace")
    moved = edits - substitutions
    return _RowCounts(substitutions, (moved - surplus) // 2, (moved + surplus) // 2, characters)


def _draw(
    counts: Sequence[_RowCounts], groups: Sequence[str] | None, resamples: int, seed: int
) -> list[dict[str, FloatArray]]:
    """Return the scores of each model over the same draws; none without draws."""
    if not resamples:
        return []
    sums = np.concatenate([count.sums() for count in counts], axis=1)
    drawn = resample_sums(sums, groups=groups, resamples=resamples, seed=seed)
    return [_scores_of(part) for part in np.split(drawn, len(counts), axis=1)]


def _intervals(drawn: Mapping[str, FloatArray]) -> dict[str, Interval]:
    return {name: interval_of(drawn[name]) for name in SCORES}


def _scores_of(sums: FloatArray) -> dict[str, FloatArray]:
    """Return the scores of sums ``(B, 5)`` as :meth:`_RowCounts.sums` counts them."""
    rows, exact, edits, characters, rate = sums.T
    return {"cer": _rates(edits, characters), "mean_cer": rate / rows, "exact_match": exact / rows}


def _rates(edits: FloatArray, characters: FloatArray) -> FloatArray:
    """Return edits / characters; without characters 0.0 or, where there are edits, 1.0."""
    nothing = np.asarray(edits > 0, dtype=np.float64)
    return np.divide(edits, characters, out=nothing, where=characters > 0)
