"""Keeping what was measured of PaddleOCR-VL as a page beside its numbers: ``reports/eval-<split>.html``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, ReportError
from ppocr_kit.reports.vl_curves import draw_vl_curves
from ppocr_kit.reports.vl_page import render_vl_page
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.vl.dataset import read_vl_dataset
from ppocr_kit.vl.record import VlRunFolder

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


def read_vl_measurements(run: VlRunFolder) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the measurements that a run keeps, by file name.

    Raises:
        ReportError: A file is damaged.
    """
    for path in sorted(run.reports.glob("eval-*.json")):
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise ReportError("a measurement cannot be read", at=str(path), hint="measure again") from error
        if not isinstance(document, dict) or any(name not in document for name in _NEEDED):
            raise ReportError(
                "this is no measurement of PaddleOCR-VL",
                at=str(path),
                hint="measure again: ppocr-kit vl eval",
            )
        yield path, document


def _root(document: Mapping[str, Any]) -> Path | None:
    """Return the folder of the data set, where it still is what was measured on."""
    dataset = document["dataset"]
    try:
        found = read_vl_dataset(Path(dataset["root"]), check_files=False)
    except DataError:
        return None
    return found.root if found.checksum == dataset["checksum"] else None
