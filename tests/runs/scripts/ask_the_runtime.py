"""Load exports in the paddleocr runtime and let it answer: ``ask_the_runtime.py JOB RESULT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from paddleocr import TextDetection, TextRecognition

job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
detector, recogniser = TextDetection(**job["det"]), TextRecognition(**job["rec"])
answers = {
    "pages": [
        {"boxes": found["dt_polys"].tolist(), "scores": [float(score) for score in found["dt_scores"]]}
        for path in job["pages"]
        for found in detector.predict(path)
    ],
    "crops": [
        {"text": found["rec_text"], "score": float(found["rec_score"])}
        for path in job["crops"]
        for found in recogniser.predict(path)
    ],
}
Path(sys.argv[2]).write_text(json.dumps(answers), encoding="utf-8")
