"""A report as JSON: what ``ppocr-kit report --json`` prints and ``reports/report.json`` holds."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from ppocr_kit.reports.history import History
from ppocr_kit.reports.remarks import remarks
from ppocr_kit.reports.run_report import RunReport

FORMAT = 1


def report_to_json(report: RunReport) -> dict[str, Any]:
    """Return the whole report; what the run folder does not say is null, never left out."""
    body = {
        "format": FORMAT,
        "name": report.name,
        "task": str(report.task),
        "model": report.model,
        "status": report.status,
        "data": dataclasses.asdict(report.data),
        "release": {**report.release, "supplemented": report.supplemented},
        "versions": dict(report.versions),
        "training": {**dataclasses.asdict(report.training), "steps": report.training.steps},
        "best_on_val": {"epoch": report.best_epoch, "values": dict(report.best_values)},
        "history": _history(report.history),
        "measurements": [dataclasses.asdict(one) for one in report.measurements],
        "checkpoints": [dataclasses.asdict(one) for one in report.checkpoints],
        "exports": [dataclasses.asdict(one) for one in report.exports],
        "command": list(report.command),
        "remarks": list(remarks(report)),
    }
    finite: dict[str, Any] = _finite(body)
    return finite


def _history(history: History) -> dict[str, Any]:
    losses = [point.loss for point in history.points]
    return {
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "validations": [
            {"epochs_done": round(one.epochs_done, 4), "values": dict(one.values)}
            for one in history.validations
        ],
    }


def _finite(value: Any) -> Any:
    """Replace nan and infinities by null: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
