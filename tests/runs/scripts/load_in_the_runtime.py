"""Load one export in the paddleocr runtime and let it answer: ``load_in_the_runtime.py JOB RESULT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import paddleocr

job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
model = getattr(paddleocr, job["class"])(model_name=job["model_name"], model_dir=job["model_dir"])
found = [answer.json["res"] for image in job["images"] for answer in model.predict(image)]
keep = ("rec_text", "rec_score", "dt_polys", "dt_scores")
answers = [{key: answer[key] for key in keep if key in answer} for answer in found]
Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")
