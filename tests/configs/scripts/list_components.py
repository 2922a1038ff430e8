"""Write what the supplement builds, and the parameters of each: ``list_components.py RESULT``."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from ppocr.losses import LOSSES
from ppocr.metrics import METRICS
from ppocr.modeling.backbones import BACKBONES
from ppocr.modeling.heads import HEADS
from ppocr.modeling.necks import NECKS
from ppocr.modeling.necks.sequence_encoder import ENCODER_TYPES
from ppocr.modeling.transforms import TRANSFORMS
from ppocr.optimizer import OPTIMIZERS
from ppocr.optimizer.learning_rate import SCHEDULES

TABLES: dict[str, dict[str, Any]] = {
    "Transform": TRANSFORMS,
    "det Backbone": BACKBONES["det"],
    "kie Backbone": BACKBONES["kie"],
    "rec Backbone": BACKBONES["rec"],
    "Neck": NECKS,
    "Head": HEADS,
    "Loss": LOSSES,
    "Metric": METRICS,
}


def parameters(make: Any) -> list[str]:
    """Return the named parameters."""
    open_kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [name for name, each in inspect.signature(make).parameters.items() if each.kind not in open_kinds]


if __name__ == "__main__":
    found = {role: {name: parameters(make) for name, make in table.items()} for role, table in TABLES.items()}
    names = {
        "model_type": list(BACKBONES),
        "encoder": list(ENCODER_TYPES),
        "Optimizer": list(OPTIMIZERS),
        "lr": list(SCHEDULES),
    }
    found.update({role: dict.fromkeys(each, []) for role, each in names.items()})
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")
