"""One HTML page about what PaddleOCR-VL read: scores beside the base model, loss curve, worst crops."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from ppocr_kit.errors import DataError
from ppocr_kit.reports.markup import embed_png, escape, render_page, render_tile
from ppocr_kit.reports.vl_tables import VIEW_NAMES, count_rows, score_rows, share
from ppocr_kit.reports.words import plural
from ppocr_kit.vl.pictures import read_picture

# Crops are shown at this size at most; the page stays small enough to be mailed.
_SHOWN_PIXELS = (520, 260)
_LONGEST_TEXT = 600


def render_vl_page(
    name: str, document: Mapping[str, Any], root: Path | None, curves: Sequence[Path] = ()
) -> str:
    """Return the page.

    Args:
        name: Run or model.
        document: What was measured, as ``vl eval`` keeps it.
        root: Folder of the data set, None when it is not there any more.
        curves: Pictures of the training; those that are there become part of the page.
    """
    title = f"{name} on {document['split']} of {document['dataset']['name']}"
    sections = (
        _tiles(document),
        _remarks(document),
        _scores(document),
        _by_prompt(document),
        _curves(curves),
        _rows("Most wrong characters", document.get("worst", ()), root),
        _rows("Read better by the base model", document.get("worsened", ()), root),
        _skipped(document),
        _facts(document),
    )
    return render_page("PaddleOCR-VL", title, sections, "vl eval")


def _tiles(document: Mapping[str, Any]) -> str:
    raw, base = document["views"]["raw"], (document.get("base") or {}).get("views", {}).get("raw")
    tiles = [
        render_tile("CER", share(raw["cer"]), f"base model {share(base['cer'])}" if base else "corpus"),
        render_tile(
            "exact match",
            share(raw["exact_match"]),
            f"base model {share(base['exact_match'])}" if base else f"{raw['exact']:,} rows",
        ),
        render_tile("rows", f"{document['num_samples']:,}", f"{raw['characters']:,} characters"),
    ]
    if base:
        tiles.append(render_tile("rows better", f"{document['better']:,}", "than the base model"))
        kind = "warning" if document["worse"] else ""
        tiles.append(render_tile("rows worse", f"{document['worse']:,}", "than the base model", kind))
    if document["num_skipped"]:
        tiles.append(render_tile("not scored", f"{document['num_skipped']:,}", "no answer", "error"))
    return f'<section class="tiles">{"".join(tiles)}</section>'


def _remarks(document: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{escape(remark)}</li>" for remark in document.get("remarks", ()))
    return f"<section><h2>Before you believe it</h2><ul>{items}</ul></section>" if items else ""


def _scores(document: Mapping[str, Any]) -> str:
    parts = ["<section><h2>Scores</h2>"]
    for view in document["views"]:
        heading, rows = score_rows(document, view)
        parts.append(f"<h3>{escape(VIEW_NAMES[view])}</h3>{_table(heading, rows)}")
    heading, rows = count_rows(document)
    parts.append(f"<h3>Kinds of wrong characters</h3>{_table(heading, rows)}")
    drawn = f"Intervals hold 95 % of 1,000 draws of {document['resampled']}. {document['definition']}."
    return "".join([*parts, f'<p class="hint">{escape(drawn)}</p></section>'])


def _by_prompt(document: Mapping[str, Any]) -> str:
    rows = [
        (prompt, f"{scores['rows']:,.0f}", share(scores["cer"]), share(scores["exact_match"]))
        for prompt, scores in document.get("by_prompt", {}).items()
    ]
    heading = ("prompt", "rows", "CER", "exact match")
    return f"<section><h2>By prompt</h2>{_table(heading, rows)}</section>" if rows else ""


def _curves(curves: Sequence[Path]) -> str:
    cards = "".join(
        f"<figure>{embed_png(path.read_bytes(), path.stem)}</figure>" for path in curves if path.is_file()
    )
    return f'<section><h2>Training</h2><div class="plots">{cards}</div></section>' if cards else ""


def _rows(title: str, rows: Sequence[Mapping[str, Any]], root: Path | None) -> str:
    """Return rows with their pictures, and what was read with the wrong characters marked."""
    cards = "".join(_card(row, root) for row in rows)
    if not cards:
        return ""
    hint = "Marked are characters that were read wrongly or added; those that are missing stand struck out."
    head = f'<h2>{escape(title)}</h2>\n<p class="hint">{hint}</p>'
    return f'<section>{head}\n<div class="crops">{cards}</div></section>'


def _card(row: Mapping[str, Any], root: Path | None) -> str:
    expected = row["expected"]
    said = [("expected", f"<bdi>{escape(_cut(expected))}</bdi>"), ("read", _marked(expected, row["text"]))]
    if "base_text" in row:
        said.append(("base", _marked(expected, row["base_text"])))
    lines = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in said)
    ended = "" if row["ended"] else ", cut off"
    wrong = f"{plural(row['edits'], 'wrong character')} of {len(expected)}{ended}"
    caption = f"{wrong} · {row['source'] or row['image']}"
    return (
        f'<figure class="crop">{_picture(root, row["image"])}<dl>{lines}</dl>'
        f"<figcaption>{escape(caption)}</figcaption></figure>\n"
    )


def _picture(root: Path | None, image: str) -> str:
    """Return a picture of the data set, reduced where it is large; words where it is not there."""
    if root is None:
        return '<p class="hint">the data set is not there any more</p>'
    try:
        shown = read_picture(root / image).image
    except DataError as error:
        return f'<p class="hint">the picture {escape(error.message)}</p>'
    shown.thumbnail(_SHOWN_PIXELS)
    stream = io.BytesIO()
    # JPEG: photographs as PNG would make the page ten times as large
    shown.save(stream, "JPEG", quality=88)
    content = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="{escape(image)}" src="data:image/jpeg;base64,{content}">'


def _marked(expected: str, read: str) -> str:
    """Return what was read, with what is wrong in it marked."""
    marked = "".join(_mark_parts(_cut(expected), _cut(read))).replace("</mark><mark>", "")
    return f"<bdi>{marked}</bdi>" if read else '<span class="hint">nothing</span>'


def _mark_parts(expected: str, read: str) -> Iterator[str]:
    for step in Levenshtein.opcodes(expected, read):
        wanted = escape(expected[step.src_start : step.src_end])
        found = escape(read[step.dest_start : step.dest_end])
        if step.tag == "equal":
            yield found
        elif step.tag == "delete":
            yield f"<del>{wanted}</del>"
        else:
            yield f"<mark>{found}</mark>"


def _cut(text: str) -> str:
    """Shorten what would fill pages, and make line ends visible: only here, scores are of the whole text."""
    text = text.replace("\n", "↵")
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _skipped(document: Mapping[str, Any]) -> str:
    rows = [(one["image"], one["prompt"], one["reason"]) for one in document.get("skipped", ())[:50]]
    heading = ("picture", "prompt", "why")
    return f"<section><h2>Not scored</h2>{_table(heading, rows)}</section>" if rows else ""


def _facts(document: Mapping[str, Any]) -> str:
    rows = [("data set", f"{document['dataset']['name']}, sha256 {document['dataset']['checksum'][:12]}")]
    for key, what in (("model", "model"), ("base_model", "base model")):
        facts = document.get(key)
        if facts:
            told = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
            rows.append((what, told))
    rows.append(("computed by", document["computed_by"]))
    return f"<section><h2>What was measured</h2>{_table((), rows)}</section>"


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heading)
    body = "".join(
        "<tr>" + "".join(f"<td><bdi>{escape(cell)}</bdi></td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>"
