"""Reports of runs of PaddleOCR-VL: what was trained, what was measured, and a page of each measurement."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, ReportError
from ppocr_kit.reports.vl_curves import draw_vl_curves
from ppocr_kit.reports.vl_page import render_vl_page
from ppocr_kit.reports.vl_tables import render_vl_scores, share
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.vl.dataset import read_vl_dataset
from ppocr_kit.vl.record import VlRun, VlRunFolder, read_vl_run, run_to_json

_COLUMNS = 14
_AGAIN = "measure again: ppocr-kit vl eval"
_NEEDED = (
    "split",
    "views",
    "dataset",
    "num_samples",
    "num_skipped",
    "definition",
    "resampled",
    "computed_by",
)


@dataclass(frozen=True)
class VlRunReport:
    """All about one run.

    Attributes:
        folder: Where it lies.
        run: Its record.
        measurements: What was measured, by the file that keeps it.
    """

    folder: VlRunFolder
    run: VlRun
    measurements: Mapping[Path, Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {**run_to_json(self.run), "measurements": list(self.measurements.values())}


def read_vl_report(folder: VlRunFolder) -> VlRunReport:
    """Read everything that a run folder says.

    Raises:
        ReportError: The record or a measurement is damaged.
    """
    return VlRunReport(folder, read_vl_run(folder), dict(_measurements(folder)))


def write_vl_report(report: VlRunReport) -> list[Path]:
    """Write the page of each measurement, with the curves as they are now.

    Raises:
        ReportError: The run's history is damaged.
        SetupError: The folder cannot be written.
    """
    return [
        write_vl_page(report.folder.name, file, document, report.folder)
        for file, document in report.measurements.items()
    ]


def render_vl_report(report: VlRunReport) -> str:
    """Return the report as text for a terminal."""
    run = report.run
    parts = [render_vl_scores(run.name, document) for document in report.measurements.values()]
    facts = [
        ("model", run.model.get("name") or run.model.get("path")),
        ("version", run.model.get("version")),
        ("data set", run.dataset.get("name")),
        ("status", f"{run.status}, {run.step} steps in {run.seconds:.0f} s on {run.device}"),
        ("trained", "LoRA adapters" if run.settings.get("lora") else "all weights"),
        ("base, on val", _on_val(run.base)),
        ("best, on val", _on_val(run.best)),
        ("again", shlex.join(run.command) if run.command else None),
    ]
    told = [f"{name:<{_COLUMNS}}{value}" for name, value in facts if value]
    return "\n\n".join([*(parts or [f"{run.name}: nothing measured yet"]), "\n".join(told)])


def _on_val(scores: Mapping[str, Any] | None) -> str | None:
    """Say what training measured, which chose the checkpoint and so flatters it."""
    if not scores or not isinstance(scores.get("cer"), (int, float)):
        return None
    step = f", step {scores['step']}" if "step" in scores else ""
    return f"CER {share(scores['cer'])}{step}"


def write_vl_page(name: str, file: Path, document: Mapping[str, Any], run: VlRunFolder | None) -> Path:
    """Write the page of a measurement.

    Args:
        name: Run or model.
        file: Where the measurement is kept; the page lies beside it.
        document: The measurement.
        run: The run that was measured, whose curves are shown; None for a model that is none.

    Returns:
        The page.

    Raises:
        ReportError: The run's history is damaged.
        SetupError: The folder cannot be written.
    """
    curves = draw_vl_curves(run) if run is not None else ()
    page = file.with_suffix(".html")
    write_text_atomic(page, render_vl_page(name, document, _root(document), curves))
    return page


def _root(document: Mapping[str, Any]) -> Path | None:
    """Return the folder of the data set, where it still is what was measured on."""
    dataset = document["dataset"]
    try:
        found = read_vl_dataset(Path(dataset["root"]), check_files=False)
    except DataError:
        return None
    return found.root if found.checksum == dataset["checksum"] else None


def _measurements(folder: VlRunFolder) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the measurements that a run keeps, by file name."""
    for path in sorted(folder.reports.glob("eval-*.json")):
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise ReportError("a measurement cannot be read", at=str(path), hint=_AGAIN) from error
        if not isinstance(document, dict) or any(name not in document for name in _NEEDED):
            raise ReportError("this is no measurement of PaddleOCR-VL", at=str(path), hint=_AGAIN)
        yield path, document
