"""What a reader of a report should know before believing its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from ppocr_kit.reports import words
from ppocr_kit.reports.evaluation import Measurement
from ppocr_kit.reports.run_report import RunReport
from ppocr_kit.tasks import TASK_FACTS, Split


def remarks(report: RunReport) -> tuple[str, ...]:
    """Say what is missing, out of date or odd about a run, each with what to do."""
    return (
        *_about_training(report),
        *_about_data(report),
        *_about_measurements(report),
        *_about_exports(report),
    )


def _about_training(report: RunReport) -> Iterator[str]:
    if report.status != "finished":
        yield f"The run is not finished (status: {report.status}): these are no figures of a whole training."
    if "--resume" in report.command:
        yield "The run was resumed: the command below is that of its last sitting."
    if report.checkpoint("best") is None:
        yield "The run has no best weights."
    lost = report.history.lost_losses
    if lost:
        where = words.plural(lost, "log line")
        yield f"The loss was not a number in {where}: the learning rate may be too high."
    main = TASK_FACTS[report.task].main_indicator
    if report.best_values.get(main) == 0:
        yield f"The best {main} on val is 0: the model has not learned anything yet."
    # Upstream's recogniser starts its best metric at 0 again when it resumes (rec_metric, 3.7.0).
    seen = [one.values[main] for one in report.history.validations if main in one.values]
    kept = report.best_values.get(main)
    if seen and kept is not None and max(seen) > kept + 1e-9:
        yield (
            f"An evaluation during training reached {main} {max(seen):.4f}, the weights kept as best "
            f"have {kept:.4f}: resuming has replaced better weights."
        )
    if report.training.epochs is not None and report.best_epoch == report.training.epochs:
        yield "The last epoch was the best one: training longer may help (--resume --epochs N)."


def _about_data(report: RunReport) -> Iterator[str]:
    if report.data.state == "changed":
        yield "The data set has changed since the run was made; its rows are not shown."
    if report.data.state == "absent":
        yield f"The data set is not at {report.data.root} any more; its rows are not shown."
    used, total = report.training.rows_used, report.training.rows_total
    if used is not None and total is not None and used < total:
        yield (
            f"{words.plural(total - used, 'row')} of {total:,} did not train: see reports/rejected-rows.json."
        )


def _about_measurements(report: RunReport) -> Iterator[str]:
    if report.data.state == "own":
        yield "Trained by a YAML of your own: val is its Eval lists, which chose the best model."
    elif report.measured(str(Split.TEST)) is None:
        yield f"Not measured on the test split yet: ppocr-kit eval {report.name}"
    best = report.checkpoint("best")
    for one in report.measurements:
        if one.num_skipped:
            yield f"{one.split}: {words.plural(one.num_skipped, 'row')} not scored ({_reasons(one)})."
        if one.weights == "best" and best and one.checkpoint_sha256 not in (None, best.sha256):
            yield f"{one.split}: measured on weights that have been replaced since; measure again."
        if None not in (one.dataset_checksum, report.data.checksum) and (
            one.dataset_checksum != report.data.checksum
        ):
            yield f"{one.split}: measured on another state of the data set than the run was trained on."


def _about_exports(report: RunReport) -> Iterator[str]:
    best = report.checkpoint("best")
    for export in report.exports:
        if best and export.checkpoint_sha256 not in (None, best.sha256):
            yield f"{export.folder} was made from other weights than the present best ones."
        if export.same_as_checkpoint is False:
            yield f"{export.folder} gives other results than its checkpoint: do not deploy it."
        yield from (f"{export.folder}: {note}" for note in export.notes)


def _reasons(one: Measurement) -> str:
    if not one.skipped_reasons:
        return "no reason given"
    return ", ".join(f"{reason}: {count}" for reason, count in list(one.skipped_reasons.items())[:3])
