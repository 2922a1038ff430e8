"""Inference models that were made from a run: folders under ``inference/`` whose record names it."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.errors import ReportError
from ppocr_kit.reports.fields import Fields, read_fields
from ppocr_kit.reports.run_report import ExportFacts
from ppocr_kit.runs.model_source import RECORD_FILE


def read_exports(inference: Path, run: str) -> tuple[ExportFacts, ...]:
    """Find the exports of a run.

    Args:
        inference: The folder of exported models; it need not exist.
        run: The run's name.

    Raises:
        ReportError: An export's record is damaged.
    """
    records = (read_fields(path) for path in sorted(inference.glob(f"*/{RECORD_FILE}")))
    return tuple(_facts(fields) for fields in records if fields.text("run") == run)


def _facts(fields: Fields) -> ExportFacts:
    return ExportFacts(
        folder=Path(fields.at).parent.as_posix(),
        checkpoint_sha256=fields.text("checkpoint_sha256"),
        same_as_checkpoint=fields.flag("parity", "same"),
        compared=fields.count("parity", "images"),
        largest_score_gap=fields.number("parity", "largest_score_gap"),
        notes=tuple(_note(note, fields.at) for note in fields.items("notes")),
    )


def _note(note: object, at: str) -> str:
    if not isinstance(note, str):
        raise ReportError("'notes' should hold texts", at=at, hint="export the run again")
    return note
