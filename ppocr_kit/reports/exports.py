"""Inference models that were made from a run: folders under ``inference/`` whose manifest names it."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.reports.fields import Fields, read_fields
from ppocr_kit.reports.run_report import ExportFacts
from ppocr_kit.runs.rundir import RunFolder

MANIFEST = "export.json"


def read_exports(inference: Path, folder: RunFolder, name: str) -> tuple[ExportFacts, ...]:
    """Find the exports of a run.

    Args:
        inference: The folder of exported models; it need not exist.
        folder: The run.
        name: The run's name.

    Raises:
        ReportError: A manifest is damaged.
    """
    manifests = sorted(inference.glob(f"*/{MANIFEST}"))
    found = (read_fields(path) for path in manifests)
    return tuple(_facts(fields) for fields in found if _is_of(fields, folder, name))


def _is_of(fields: Fields, folder: RunFolder, name: str) -> bool:
    return fields.text("run") in (name, str(folder.path))


def _facts(fields: Fields) -> ExportFacts:
    return ExportFacts(
        folder=Path(fields.at).parent.as_posix(),
        checkpoint_sha256=fields.text("checkpoint_sha256"),
        same_as_checkpoint=fields.flag("parity", "same"),
        compared=fields.count("parity", "images"),
    )
