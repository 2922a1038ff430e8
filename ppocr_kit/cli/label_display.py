"""What ``labels check`` prints: findings by kind, what is there to learn, and what to do next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from ppocr_kit.cli.kie_options import spell_kie_options
from ppocr_kit.datasets.kie_request import KieRequest
from ppocr_kit.labels.checks import LabelCheck
from ppocr_kit.labels.codes import LABEL_CODES, Drops, LabelCode
from ppocr_kit.labels.formats.registry import PPOCRLABEL
from ppocr_kit.labels.key_classes import OTHER
from ppocr_kit.labels.repair_table import REPAIRS
from ppocr_kit.labels.statistics import Distribution, LabelStatistics
from ppocr_kit.problems import ProblemLog, Severity
from ppocr_kit.runs.label_check import LabelReport
from ppocr_kit.runs.label_kie import KieNumbers
from ppocr_kit.tasks import Task
from ppocr_kit.text import describe_character

_PLACES_SHOWN = 3
_CHARACTERS_SHOWN = 12
# A character that is on fewer texts than this is hardly learnt, and may miss a split.
_RARE = 5
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_WORST_FIRST = tuple(Severity)


def describe_report(report: LabelReport) -> dict[str, Any]:
    """Return the JSON of a check; docs/tasks/labels.md describes it."""
    check = report.check
    by_severity = _by_severity(check.problems.by_code)
    return {
        "ok": report.passed,
        "sources": [
            {
                "folder": str(source.folder),
                "label_file": str(source.label_file),
                "format": source.format,
                "lines": source.lines,
            }
            for source in check.sources
        ],
        "models": {str(task): model for task, model in report.models.items()},
        "release": report.release.to_json(),
        "counts": {
            "errors": by_severity[Severity.ERROR],
            "warnings": by_severity[Severity.WARNING],
            "notes": by_severity[Severity.NOTE],
            "by_code": dict(sorted(check.problems.by_code.items())),
        },
        "left_out": {str(drops): count for drops, count in _left_out(check).items()},
        "notes": list(check.notes),
        "problems": [found.to_json() for found in check.problems],
        "statistics": check.statistics.to_json(),
        "key_information": report.kie.to_json() if report.kie is not None else None,
    }


def print_report(report: LabelReport, kie: KieRequest, *, show_all: bool) -> None:
    """Print a check for people: findings, numbers, verdict.

    Args:
        report: The check.
        kie: The options of key information, for the next command.
        show_all: Print every place.
    """
    check = report.check
    print_findings(check.problems, show_all=show_all)
    if check.problems:
        click.echo()
    for line in _statistics_lines(check.statistics):
        click.echo(line)
    for line in _kie_lines(report.kie) if report.kie is not None else ():
        click.echo(line)
    for line in _release_lines(report):
        click.echo(line)
    click.echo()
    for line in _verdict_lines(report, kie):
        click.echo(line)


def _by_severity(by_code: Mapping[str, int]) -> Counter[Severity]:
    """Count findings by severity."""
    counts: Counter[Severity] = Counter()
    for code, count in by_code.items():
        counts[LABEL_CODES[code].severity] += count
    return counts


def _left_out(check: LabelCheck) -> Counter[Drops]:
    """Count the findings that keep something out, by what they keep out."""
    counts: Counter[Drops] = Counter()
    for code, count in check.problems.by_code.items():
        drops = LABEL_CODES[code].drops
        if drops is not Drops.NOTHING:
            counts[drops] += count
    return counts


def print_findings(problems: ProblemLog, *, show_all: bool) -> None:
    """Print findings grouped by kind: errors first, what it is, where, what to do."""
    by_code = problems.by_code
    kinds = [LABEL_CODES[code] for code in by_code]
    for kind in sorted(kinds, key=lambda kind: (_WORST_FIRST.index(kind.severity), kind.code)):
        _print_kind(problems, kind, by_code[kind.code] if show_all else _PLACES_SHOWN)


def _print_kind(problems: ProblemLog, kind: LabelCode, most: int) -> None:
    """Print one kind of finding with at most so many places."""
    count = problems.by_code[kind.code]
    leaves_out = "" if kind.drops is Drops.NOTHING else f" [leaves out the {kind.drops}]"
    head = click.style(f"{kind.severity} {kind.code}", fg=_COLOURS[kind.severity], bold=True)
    click.echo(f"{head}: {kind.meaning}{leaves_out}: {count}")
    for found in problems.first(kind.code, most):
        detail = found.message[len(kind.meaning) :].lstrip(": ")
        click.echo(f"    {found.where}" + (f"  {detail}" if detail else ""))
    if most < count:
        click.echo(f"    and {count - most} more (--all shows them)")
    click.echo(f"    try: {kind.remedy}")


def _statistics_lines(numbers: LabelStatistics) -> Iterator[str]:
    """Yield what can be used, in numbers."""
    yield (
        f"pages {numbers.pages} ({numbers.empty_pages} without a box), boxes {numbers.boxes} "
        f"({numbers.ignored_boxes} to be ignored), texts {numbers.texts}, "
        f"characters {len(numbers.characters)}"
    )
    if numbers.texts:
        distinct = numbers.distinct_texts
        different = "" if distinct is None else f"; {_counted(distinct, 'different text')}"
        yield f"text length: {_range(numbers.text_lengths)} characters{different}"
    if numbers.boxes:
        yield f"height of the crops: {_range(numbers.box_heights)} pixels"
        yield f"width by height of the crops: {_range(numbers.aspect_ratios)}"
        yield from _scale_lines(numbers)
    if numbers.classes:
        shown = ", ".join(
            f"{name} {count}" for name, count in list(numbers.classes.items())[:_CHARACTERS_SHOWN]
        )
        yield f"classes ({len(numbers.classes)}): {shown}{_more(len(numbers.classes))}"
    if numbers.texts:
        yield from _character_lines(numbers)


def _scale_lines(numbers: LabelStatistics) -> Iterator[str]:
    """Yield how high boxes are when a detector trains."""
    scale, heights = numbers.training_scale, numbers.training_heights
    if scale is None:
        return
    small = heights.below(scale.least_side)
    told = f"; {small} below {scale.least_side:g}, which it cannot learn there" if small else ""
    yield (
        f"shorter side of the boxes with the whole page in the {scale.side} x {scale.side} crop of "
        f"{scale.model}: {_range(heights)} pixels{told}"
    )


def _character_lines(numbers: LabelStatistics) -> Iterator[str]:
    """Yield how far the dictionary goes, and which characters are rare."""
    coverage = numbers.dictionary
    if coverage.dictionary is not None:
        share = coverage.covered_texts / coverage.texts
        yield (
            f"dictionary {coverage.dictionary}: {coverage.entries} entries, "
            f"{coverage.covered_texts} of {coverage.texts} texts covered ({share:.1%})"
        )
        if coverage.lacking:
            shown = ", ".join(
                f"{describe_character(char)} in {found.texts} (first at {found.first})"
                for char, found in list(coverage.lacking.items())[:_CHARACTERS_SHOWN]
            )
            yield f"  it lacks {len(coverage.lacking)}: {shown}{_more(len(coverage.lacking))}"
    rare = [char for char, count in numbers.characters.items() if count < _RARE and char != " "]
    if rare:
        shown = " ".join(rare[: 3 * _CHARACTERS_SHOWN])
        more = " …" if len(rare) > 3 * _CHARACTERS_SHOWN else ""
        yield f"characters that occur fewer than {_RARE} times ({len(rare)}): {shown}{more}"


def _kie_lines(numbers: KieNumbers) -> Iterator[str]:
    """Yield how long pages are for key information, and where links come from."""
    if Task.RE in numbers.tasks:
        origins = ", ".join(f"{origin} {count}" for origin, count in numbers.links.items())
        yield f"links: {sum(numbers.links.values())}" + (f" ({origins})" if origins else "")
    if numbers.pages:
        beyond = f"; {_counted(numbers.long_pages, 'page')} longer" if numbers.long_pages else ""
        yield (
            f"tokens per page: {_range(numbers.tokens)} (by {numbers.counted_by}), "
            f"the window takes {numbers.window - 1}{beyond}"
        )
    for note in numbers.notes:
        yield f"note: {note}"


def _release_lines(report: LabelReport) -> Iterator[str]:
    """Yield what the release looked at, or why it did not."""
    look = report.release
    if look.left_out is not None:
        yield f"not run: the release's own transforms on every row; {look.left_out}"
    elif look.rows:
        rows = " and ".join(
            f"{count} {task} rows ({report.models[task]})" for task, count in look.rows.items()
        )
        yield f"the release's own transforms looked at {rows}"
    for note in (*look.notes, *report.check.notes):
        yield f"note: {note}"


def _verdict_lines(report: LabelReport, kie: KieRequest) -> Iterator[str]:
    """Yield what is left for each task, and the next command."""
    check, numbers = report.check, report.check.statistics
    counts = _by_severity(check.problems.by_code)
    yield ", ".join(_counted(counts[severity], str(severity)) for severity in Severity)
    if not numbers.pages:
        yield "nothing here can be used"
        return
    yield from _task_lines(report)
    sources = " ".join(shlex.quote(str(source.given)) for source in check.sources)
    repairable = sum(check.problems.by_code[code] for code in REPAIRS)
    if repairable and all(source.format == PPOCRLABEL for source in check.sources):
        command = f"ppocr-kit labels check {sources} --fix --dry-run"
        yield f"{_counted(repairable, 'finding')} can be repaired: {command}"
    if report.models:
        yield f"next: {_next_command(sources, counts, numbers)}"
    if report.kie is not None and not any(check.problems.by_code[code] for code in _NOTHING_TO_LEARN):
        tasks = ",".join(map(str, report.kie.tasks))
        options = spell_kie_options(kie)
        yield f"next: ppocr-kit dataset build {sources} --name NAME --tasks {tasks}{options}"


def _task_lines(report: LabelReport) -> Iterator[str]:
    """Yield what is left for each task."""
    check, numbers, kie = report.check, report.check.statistics, report.kie
    dropped = _left_out(check)
    if Task.DET in report.models:
        lost = _lost(dropped, Drops.PAGE, Drops.BOX)
        boxes = _counted(numbers.boxes - numbers.ignored_boxes, "box")
        yield f"det: {_counted(numbers.pages, 'page')} with {boxes} to learn{lost}"
    if Task.REC in report.models:
        refused = sum(check.problems.by_code[code] for code in _REFUSED_ROWS)
        yield f"rec: {_counted(numbers.texts - refused, 'text')} to learn{_lost(dropped, Drops.REC_ROW)}"
    if kie is not None and Task.SER in kie.tasks:
        texts, other = _counted(sum(kie.classes.values()), "text"), kie.classes[OTHER]
        yield f"ser: {_counted(kie.pages, 'page')} with {texts} to learn, {other} of them {OTHER}"
    if kie is not None and Task.RE in kie.tasks:
        links = _counted(sum(kie.links.values()), "link")
        yield f"re: {_counted(kie.linked_pages, 'page')} with {links} to learn"


# A task of key information that the labels have nothing for.
_NOTHING_TO_LEARN = ("L104", "L105")
# What training drops of the texts that can be used.
_REFUSED_ROWS = ("L080", "L082", "L086")


def _next_command(sources: str, counts: Counter[Severity], numbers: LabelStatistics) -> str:
    """Say what to do now."""
    tasks = "" if numbers.texts else " --tasks det"
    build = f"ppocr-kit dataset build {sources} --name NAME{tasks}"
    coverage = numbers.dictionary
    if coverage.lacking:
        return f"correct the texts or complete the dictionary, or let one be made of the texts: {build}"
    if coverage.dictionary is not None:
        build += f" --dict {shlex.quote(coverage.dictionary)}"
    if counts[Severity.ERROR]:
        return f"mend the errors, or leave out what they name: {build}"
    return build


def _lost(dropped: Counter[Drops], *kinds: Drops) -> str:
    """Say what is left out, in brackets."""
    said = [_counted(dropped[kind], str(kind)) for kind in kinds if dropped[kind]]
    return f" (left out: {', '.join(said)})" if said else ""


def _counted(count: int, noun: str) -> str:
    if noun.endswith("x"):
        return f"{count} {noun if count == 1 else noun + 'es'}"
    return f"{count} {noun if count == 1 else noun + 's'}"


def _range(values: Distribution) -> str:
    """Say between what values lie and which is the middle one; one value alone is that."""
    if values.least == values.most:
        return f"{values.least:g}"
    return f"{values.least:g} to {values.most:g}, median {values.median:g}"


def _more(count: int) -> str:
    return f" and {count - _CHARACTERS_SHOWN} more" if count > _CHARACTERS_SHOWN else ""
