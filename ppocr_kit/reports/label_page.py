"""One HTML page about labelled folders that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ppocr_kit.labels.codes import LABEL_CODES, LabelCode
from ppocr_kit.labels.repair_table import REPAIRS
from ppocr_kit.labels.statistics import LabelStatistics
from ppocr_kit.problems import ProblemLog, Severity
from ppocr_kit.reports.glyphs import code_point, is_visible
from ppocr_kit.reports.label_plots import CHARACTERS, LabelPlot, frequent_characters
from ppocr_kit.reports.markup import embed_png, escape, render_page, render_tile
from ppocr_kit.reports.words import plural
from ppocr_kit.runs.label_check import LabelReport
from ppocr_kit.text import SPACE

_MOST_FREQUENT = 60
_RARE = 5
_MOST_RARE = 400
_MOST_LACKING = 40
_PLACES_SHOWN = 5
# Findings about pages and texts that are nearly the same.
_COPIES = {"L027": "equal images", "L089": "near-duplicates", "L088": "odd spellings"}


def render_label_page(report: LabelReport, plots: Sequence[LabelPlot]) -> str:
    """Return the page.

    Characters are drawn by the browser, which has fonts for more of them than matplotlib.

    Args:
        report: The check that it is about.
        plots: Its pictures, which become part of the page.
    """
    check = report.check
    names = ", ".join(source.name for source in check.sources)
    sections = (
        _tiles(report),
        _findings(check.problems),
        _pictures(plots),
        _characters(check.statistics),
        _dictionary(check.statistics),
        _sources(report),
    )
    return render_page("Labels", names, sections, "labels stats")


def _tiles(report: LabelReport) -> str:
    numbers, problems = report.check.statistics, report.check.problems
    tiles = [
        ("pages", numbers.pages, f"{numbers.empty_pages:,} without a box"),
        ("boxes", numbers.boxes, f"{numbers.ignored_boxes:,} to be ignored"),
        ("texts", numbers.texts, _different(numbers)),
        ("characters", len(numbers.characters), f"{sum(numbers.characters.values()):,} written"),
    ]
    if numbers.classes:
        tiles.append(("classes", len(numbers.classes), "key_cls"))
    cells = [_tile(name, count, remark) for name, count, remark in tiles]
    counts = _by_severity(problems)
    cells += [
        _tile(_noun(severity, counts[severity]), counts[severity], "findings", str(severity))
        for severity in Severity
        if counts[severity]
    ]
    cells += [
        _tile(what, problems.by_code[code], code) for code, what in _COPIES.items() if problems.by_code[code]
    ]
    return f'<section class="tiles">{"".join(cells)}</section>'


def _tile(name: str, count: int, remark: str, kind: str = "") -> str:
    return render_tile(name, f"{count:,}", remark, kind)


def _noun(severity: Severity, count: int) -> str:
    return str(severity) if count == 1 else f"{severity}s"


def _different(numbers: LabelStatistics) -> str:
    return "" if numbers.distinct_texts is None else f"{numbers.distinct_texts:,} different"


def _by_severity(problems: ProblemLog) -> dict[Severity, int]:
    counts = dict.fromkeys(Severity, 0)
    for code, count in problems.by_code.items():
        counts[LABEL_CODES[code].severity] += count
    return counts


def _findings(problems: ProblemLog) -> str:
    """Return the findings by kind, the worst first, with their first places."""
    worst = list(Severity)
    kinds = sorted(
        (LABEL_CODES[code] for code in problems.by_code),
        key=lambda kind: (worst.index(kind.severity), kind.code),
    )
    if not kinds:
        return '<section><h2>Findings</h2><p class="good">Nothing is wrong with these labels.</p></section>'
    rows = "".join(_finding(kind, problems) for kind in kinds)
    return (
        "<section><h2>Findings</h2>\n"
        f'<div class="findings">{rows}</div>\n'
        '<p class="hint">All codes are explained in docs/formats.md; '
        "<code>ppocr-kit labels check SRC --all</code> lists every place.</p></section>"
    )


def _finding(kind: LabelCode, problems: ProblemLog) -> str:
    count = problems.by_code[kind.code]
    places = []
    for found in problems.first(kind.code, _PLACES_SHOWN):
        detail = found.message[len(kind.meaning) :].lstrip(": ")
        places.append(f"<li><code>{escape(found.where)}</code> <bdi>{escape(detail)}</bdi></li>")
    if count > len(places):
        places.append(f"<li>and {count - len(places):,} more</li>")
    drops = "" if str(kind.drops) == "nothing" else f"<em>leaves out the {escape(str(kind.drops))}</em>"
    repair = "<em>--fix repairs it</em>" if kind.code in REPAIRS else ""
    code = f'<a class="code" href="#{kind.code}">{kind.code}</a>'
    meaning = f'<span class="count">{count:,}</span><span class="meaning">{escape(kind.meaning)}</span>'
    return (
        f'<details id="{kind.code}" class="{kind.severity}">'
        f"<summary>{code}{meaning}{drops}{repair}</summary>"
        f"<p>What to do: {escape(kind.remedy)}.</p><ul>{''.join(places)}</ul></details>"
    )


def _pictures(plots: Sequence[LabelPlot]) -> str:
    if not plots:
        return '<section><p class="good">There is no usable page to draw pictures of.</p></section>'
    cards = "".join(_card(plot) for plot in plots if plot.name != CHARACTERS)
    return f'<section><h2>Shapes and sizes</h2>\n<div class="plots">{cards}</div></section>'


def _card(plot: LabelPlot) -> str:
    return (
        f"<figure>{embed_png(plot.png, plot.title)}<figcaption>{escape(plot.remark)}</figcaption></figure>\n"
    )


def _characters(numbers: LabelStatistics) -> str:
    """Return the frequent characters as columns, and the rare ones, written by the browser's own fonts."""
    frequent = frequent_characters(numbers, _MOST_FREQUENT)
    if not frequent:
        return ""
    most = max(frequent.values())
    columns = "".join(_column(char, count, most) for char, count in frequent.items())
    parts = [f'<section><h2>Characters</h2>\n<ol class="columns">{columns}</ol>']
    rare = [(char, count) for char, count in numbers.characters.items() if count < _RARE and char != SPACE]
    if rare:
        chips = "".join(
            f'<li title="{_name(char)}">{_glyph(char)}<sub>{count}</sub></li>'
            for char, count in rare[:_MOST_RARE]
        )
        more = f" The first {_MOST_RARE:,} are shown." if len(rare) > _MOST_RARE else ""
        verb = "occurs" if len(rare) == 1 else "occur"
        remark = f"{plural(len(rare), 'character')} {verb} fewer than {_RARE} times and can hardly be learnt."
        parts.append(f'<h3>Rare characters</h3><p>{remark}{more}</p><ol class="chips">{chips}</ol>')
    return "\n".join([*parts, "</section>"])


def _column(char: str, count: int, most: int) -> str:
    bar = f'<i style="height:{100 * count / most:.1f}%"></i>'
    return f'<li title="{_name(char)}: {count:,}">{bar}{_glyph(char)}</li>'


def _dictionary(numbers: LabelStatistics) -> str:
    coverage = numbers.dictionary
    if coverage.dictionary is None or not coverage.texts:
        return ""
    share = coverage.covered_texts / coverage.texts
    parts = [
        f"<section><h2>Dictionary</h2>\n<p><code>{escape(coverage.dictionary)}</code> has "
        f"{coverage.entries:,} entries and covers {coverage.covered_texts:,} of {coverage.texts:,} texts "
        f'({share:.1%}).</p><div class="meter"><i style="width:{100 * share:.2f}%"></i></div>'
    ]
    if coverage.lacking:
        rows = "".join(
            f"<tr><td>{_glyph(char)}</td><td>{code_point(char)}</td><td>{found.texts:,}</td>"
            f"<td><code>{escape(found.first)}</code></td></tr>"
            for char, found in list(coverage.lacking.items())[:_MOST_LACKING]
        )
        more = len(coverage.lacking) > _MOST_LACKING
        remark = f", the {_MOST_LACKING} most frequent of which are" if more else ""
        heading = "<tr><th>character</th><th>code point</th><th>texts</th><th>first</th></tr>"
        parts.append(
            f"<p>It lacks {plural(len(coverage.lacking), 'character')}{remark}:</p>"
            f"<table>{heading}{rows}</table>"
        )
    return "".join([*parts, "</section>"])


def _sources(report: LabelReport) -> str:
    rows = "".join(
        f"<tr><td><bdi>{escape(source.name)}</bdi></td><td><code>{escape(str(source.label_file))}</code></td>"
        f"<td>{source.lines:,}</td></tr>"
        for source in report.check.sources
    )
    models = _models(f"{model} ({task})" for task, model in report.models.items())
    return (
        "<section><h2>Folders</h2>\n<table><tr><th>folder</th><th>label file</th><th>lines</th></tr>"
        f'{rows}</table>\n<p class="hint">Held against {models}.</p></section>'
    )


def _models(names: Iterable[str]) -> str:
    return escape(" and ".join(names)) or "no recipe"


def _glyph(char: str) -> str:
    """Return a character for the page; one that cannot be seen alone by its code point."""
    if is_visible(char):
        return f"<bdi>{escape(char)}</bdi>"
    return f'<bdi class="point">{code_point(char)}</bdi>'


def _name(char: str) -> str:
    return f"{escape(char)} {code_point(char)}" if is_visible(char) else code_point(char)
