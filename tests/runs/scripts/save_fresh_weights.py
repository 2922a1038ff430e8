"""Save the model of a configuration as it is built: ``save_fresh_weights.py CONFIG FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

import paddle
import yaml

from ppocr_kit.runs.workers.inspect_config import build_for

paddle.save(build_for(yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))), sys.argv[2])
