"""The tables of a measurement of PaddleOCR-VL as rows of words: one source for the console and for HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = tuple[str, ...]

VIEW_NAMES = {
    "raw": "as they are",
    "without_space": "white space removed",
    "nfkc": "NFKC",
    "nfkc_without_space": "NFKC, white space removed",
}
_SCORE_NAMES = {"cer": "CER (corpus)", "mean_cer": "CER (mean of rows)", "exact_match": "exact match"}
_KINDS = ("substitutions", "deletions", "insertions")


def share(value: float) -> str:
    """Write a share as a percentage with two decimals."""
    return f"{100 * value:.2f} %"


def score_rows(document: Mapping[str, Any], view: str) -> tuple[Row, list[Row]]:
    """Return the scores of one form of the texts, beside the base model where there is one.

    Args:
        document: What was measured, as ``vl eval`` keeps it.
        view: ``raw``, ``without_space``, ``nfkc`` or ``nfkc_without_space``.
    """
    tuned = document["views"][view]
    base = (document.get("base") or {}).get("views", {}).get(view)
    if base is None:
        rows: list[Row] = [(name, _with_interval(tuned, score)) for score, name in _SCORE_NAMES.items()]
        return ("", "model"), rows
    heading = ("", "base model", "model", "difference, points")
    return heading, [
        (
            name,
            _with_interval(base, score),
            _with_interval(tuned, score),
            _difference(tuned[score] - base[score], document["differences"][view][score]),
        )
        for score, name in _SCORE_NAMES.items()
    ]


def count_rows(document: Mapping[str, Any]) -> tuple[Row, list[Row]]:
    """Return how many characters were wrong, by kind, model and form of the texts."""
    sides = [("model", document["views"])]
    if document.get("base"):
        sides.insert(0, ("base model", document["base"]["views"]))
    heading = ("texts", "model", *_KINDS, "of characters")
    rows = [
        (VIEW_NAMES[view], side, *(f"{views[view][kind]:,}" for kind in (*_KINDS, "characters")))
        for view in document["views"]
        for side, views in sides
    ]
    return heading, rows


def render_vl_scores(name: str, document: Mapping[str, Any]) -> str:
    """Return a measurement as text for a terminal."""
    said = f"{name} on {document['split']} of {document['dataset']['name']}: {document['num_samples']:,} rows"
    lines = [said]
    for view in document["views"]:
        heading, rows = score_rows(document, view)
        lines += ["", *_columns([(VIEW_NAMES[view], *heading[1:]), *rows])]
    heading, rows = count_rows(document)
    lines += ["", *_columns([heading, *rows])]
    if document.get("base"):
        lines += [
            "",
            f"{document['better']:,} rows are read better than by the base model, "
            f"{document['worse']:,} worse",
        ]
    return "\n".join(lines)


def _with_interval(scores: Mapping[str, Any], name: str) -> str:
    low, high = scores["intervals"][name]
    return f"{share(scores[name])} ({100 * low:.2f} … {100 * high:.2f})"


def _difference(value: float, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{100 * value:+.2f} ({100 * low:+.2f} … {100 * high:+.2f})"


def _columns(rows: Sequence[Row]) -> list[str]:
    """Return rows with their cells below one another; these are short words and numbers."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
