"""The tables of a report as rows of words: one source for the console and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ppocr_kit.reports import words
from ppocr_kit.reports.evaluation import Figure, Measurement
from ppocr_kit.reports.run_report import ExportFacts, RunReport
from ppocr_kit.tasks import TASK_FACTS, Split

Row = tuple[str, ...]


def measurement_rows(report: RunReport) -> tuple[Row, list[Row]]:
    """Return the heading and rows of what was measured; best on val from training comes last.

    Where a task has several figures, each has a row.
    """
    names = TASK_FACTS[report.task].metric_names
    several = any(one.figures for one in report.measurements)
    heading = (
        "split", "weights", *(("figure",) if several else ()), *names, "samples", "skipped",
        "checksum of weights",
    )  # fmt: skip
    rows = [row for one in report.measurements for row in _rows_of(one, names, several)]
    if report.best_values:
        values = (words.metric(report.best_values.get(name)) for name in names)
        said = f"best, while training{_epoch(report)}"
        figure = (words.ABSENT,) if several else ()
        rows.append(("val", said, *figure, *values, words.ABSENT, words.ABSENT, words.ABSENT))
    return heading, rows


def _rows_of(one: Measurement, names: Sequence[str], several: bool) -> list[Row]:
    """Return a row for each figure of a measurement, or one where it has none."""
    figures = one.figures or (
        Figure(words.ABSENT, one.values, one.num_samples, one.definition, one.computed_by),
    )
    return [
        (
            one.split,
            one.weights,
            *((figure.name,) if several else ()),
            *(words.metric(figure.values.get(name)) for name in names),
            words.count(figure.num_samples),
            words.count(one.num_skipped),
            words.checksum(one.checkpoint_sha256),
        )
        for figure in figures
    ]


def definition_rows(report: RunReport) -> list[Row]:
    """Return what the metrics mean and what computed them, with the splits that it holds for."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in report.measurements:
        said = [(one.split, one.definition, one.computed_by)]
        if one.figures:
            said = [(f"{one.split} {each.name}", each.definition, each.computed_by) for each in one.figures]
        for what, definition, by in said:
            groups.setdefault((words.text(definition), words.text(by)), []).append(what)
    return [(", ".join(dict.fromkeys(splits)), definition, by) for (definition, by), splits in groups.items()]


CLASS_HEADING: Row = ("class", "precision", "recall", "hmean", "right", "found", "labelled")


def class_rows(per_class: Mapping[str, Mapping[str, float]]) -> list[Row]:
    """Return the scores of each class and the numbers that they are made from."""
    return [
        (
            name,
            *(words.metric(scores.get(key)) for key in ("precision", "recall", "hmean")),
            *(_whole(scores.get(key)) for key in ("matched", "predicted", "labelled")),
        )
        for name, scores in per_class.items()
    ]


def measured_classes(report: RunReport) -> list[Measurement]:
    """Return the measurements of the best weights that tell classes apart."""
    return [one for one in report.measurements if one.weights == "best" and one.per_class]


def compared_classes(
    reports: Sequence[RunReport], measurements: Sequence[Measurement | None]
) -> tuple[Row, list[Row]]:
    """Return heading and rows of hmean by class over runs; no rows where fewer than two tell classes.

    Args:
        reports: The runs.
        measurements: What of each was measured on one split.
    """
    told = [
        (report.name, one.per_class) for report, one in zip(reports, measurements) if one and one.per_class
    ]
    names = sorted({name for _, classes in told for name in classes}) if len(told) > 1 else []
    rows = [
        (name, *(words.metric(classes.get(name, {}).get("hmean")) for _, classes in told)) for name in names
    ]
    return ("class", *(run for run, _ in told)), rows


def _whole(value: float | None) -> str:
    return words.count(None if value is None else round(value))


def data_rows(report: RunReport) -> list[Row]:
    """Return name, checksum and rows per split of the data set."""
    data = report.data
    if data.state == "own":
        return [("data set", "none: the lists of config.yml")]
    rows: list[Row] = [("data set", words.text(data.name)), ("checksum", words.text(data.checksum))]
    for split in Split:
        if str(split) in data.samples:
            pages = words.plural(data.pages.get(str(split), 0), "page")
            rows.append((str(split), f"{words.plural(data.samples[str(split)], 'row')} from {pages}"))
    if not data.samples:
        rows.append(("rows", words.ABSENT))
    return rows


def training_rows(report: RunReport) -> list[Row]:
    """Return how the run was trained."""
    training = report.training
    release = report.release.get("version")
    source = report.release.get("source")
    networks = ", networks supplied by ppocr-kit" if report.supplemented else ""
    return [
        ("task", TASK_FACTS[report.task].title),
        ("model", words.text(report.model)),
        ("status", words.text(report.status)),
        ("PaddleOCR", f"{release} ({words.text(source)}{networks})" if release else words.ABSENT),
        ("packages", ", ".join(f"{name} {of}" for name, of in report.versions.items()) or words.ABSENT),
        ("device", words.text(training.device)),
        ("seed", words.ABSENT if training.seed is None else str(training.seed)),
        ("epochs", words.count(training.epochs)),
        ("steps", _steps(report)),
        ("batch", _batch(report)),
        ("optimizer", words.text(training.optimizer)),
        ("learning rate", words.number(training.learning_rate)),
        ("parameters", words.count(training.parameters)),
        ("started from", _start(report)),
        ("training rows", _rows(report)),
        ("time", words.duration(training.seconds)),
        ("started", words.text(training.started)),
        ("finished", words.text(training.finished)),
        ("best epoch", words.count(report.best_epoch)),
    ]


def file_rows(report: RunReport) -> list[Row]:
    """Return checkpoints and exports, each with size or check and checksum."""
    rows: list[Row] = [
        (f"{one.which} weights", one.file, words.size(one.bytes), one.sha256) for one in report.checkpoints
    ]
    for one in report.exports:
        rows.append(("export", one.folder, _checked(one), words.text(one.checkpoint_sha256)))
    return rows


def _epoch(report: RunReport) -> str:
    return "" if report.best_epoch is None else f", epoch {report.best_epoch}"


def _checked(export: ExportFacts) -> str:
    """Say how an export compares with its checkpoint."""
    if export.same_as_checkpoint is None:
        return words.ABSENT
    said = "same results as" if export.same_as_checkpoint else "OTHER results than"
    said += " its checkpoint"
    if export.compared is not None:
        said += f" on {words.plural(export.compared, 'image')}"
    gap = export.largest_score_gap
    return said if gap is None else f"{said}, scores within {words.number(gap)}"


def _steps(report: RunReport) -> str:
    training = report.training
    if training.steps is None:
        return words.count(training.steps_per_epoch)
    return f"{words.count(training.steps)} ({words.count(training.steps_per_epoch)} per epoch)"


def _batch(report: RunReport) -> str:
    processes = report.training.processes
    several = f" on each of {processes} processes" if processes is not None and processes > 1 else ""
    size = report.training.batch_size
    return words.ABSENT if size is None else words.plural(size, "row") + several


def _start(report: RunReport) -> str:
    training = report.training
    if training.pretrained is None:
        return "random weights" if training.device is not None else words.ABSENT
    share = "" if training.share_loaded is None else f" ({training.share_loaded:.1%} of the model loaded)"
    return words.text(training.pretrained) + share


def _rows(report: RunReport) -> str:
    used, total = report.training.rows_used, report.training.rows_total
    if used is None:
        return words.ABSENT
    return words.count(used) if total in (None, used) else f"{words.count(used)} of {words.count(total)}"
