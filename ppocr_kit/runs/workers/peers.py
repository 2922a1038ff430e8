"""The other programs that answer with an export: the release's own scripts, and the paddleocr runtime.

Both are asked as their users ask them, with the settings of the export, so that they do the same work.

Source: tools/infer/predict_det.py and predict_rec.py@3.7.0 (their main loops; drawing and logging are
left out here, which favours them), paddleocr 3.7.0 TextDetection and TextRecognition.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import yaml

Ask = Callable[[Sequence[str]], list[Any]]
# What the script calls the decoder's settings.
_THRESHOLDS = {
    "thresh": "det_db_thresh",
    "box_thresh": "det_db_box_thresh",
    "unclip_ratio": "det_db_unclip_ratio",
    "use_dilation": "use_dilation",
    "score_mode": "det_db_score_mode",
    "box_type": "det_box_type",
}


def script_without_onednn(job: Mapping[str, Any]) -> tuple[Ask, Ask]:
    """Answer as the script does with the setting that PaddleOCR's own exports need."""
    return script(job, enable_mkldnn=False)


def script(job: Mapping[str, Any], **options: Any) -> tuple[Ask, Ask]:
    """Answer as the release's ``predict_det.py`` or ``predict_rec.py`` does."""
    import tools.infer.utility as utility

    folder = _copied(Path(job["model"]["export"]), Path(job["scratch"]))
    settings = {**_script_settings(job, folder), **options}
    # it reads the command line wherever it is asked
    sys.argv = [
        "predict.py",
        *(word for name, value in settings.items() for word in (f"--{name}", str(value))),
    ]
    arguments = utility.parse_args()
    if job["model"]["task"] == "det":
        from tools.infer.predict_det import TextDetector

        detector = TextDetector(arguments)

        def find(images: Sequence[str]) -> list[Any]:
            return [len(detector(cv2.imread(image))[0]) for image in images]

        return find, find
    from tools.infer.predict_rec import TextRecognizer

    recogniser = TextRecognizer(arguments)

    def read(images: Sequence[str]) -> list[Any]:
        return [found[0] for found in recogniser([cv2.imread(image) for image in images])[0]]

    return read, read


def runtime(job: Mapping[str, Any]) -> tuple[Ask, Ask]:
    """Answer as the paddleocr runtime does, by the name and the folder alone."""
    import paddleocr

    model = job["model"]
    settings = yaml.safe_load((Path(model["export"]) / "inference.yml").read_text(encoding="utf-8"))
    named = {"model_name": (settings.get("Global") or {}).get("model_name"), "model_dir": model["export"]}
    threads = job["threads"]
    if model["task"] == "det":
        detector = paddleocr.TextDetection(**named, cpu_threads=threads)

        def find(images: Sequence[str]) -> list[Any]:
            return [len(found["dt_polys"]) for found in detector.predict(list(images))]

        return find, find
    recogniser = paddleocr.TextRecognition(**named, cpu_threads=threads, **_stretched(model))

    def read(images: Sequence[str]) -> list[Any]:
        size = min(job["batch_size"], len(images))
        return [str(found["rec_text"]) for found in recogniser.predict(list(images), batch_size=size)]

    return read, read


def _script_settings(job: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Say what the export says in the script's words."""
    model = job["model"]
    found: dict[str, Any] = {"use_gpu": False, "cpu_threads": job["threads"], "show_log": False}
    if model["task"] == "det":
        resize = _resize(model)
        found["det_model_dir"] = folder
        if "limit_side_len" in resize:
            found["det_limit_side_len"] = resize["limit_side_len"]
            found["det_limit_type"] = resize["limit_type"]
        decoder = model["postprocess"]
        return {**found, **{word: decoder[key] for key, word in _THRESHOLDS.items() if key in decoder}}
    found["rec_model_dir"] = folder
    found["rec_image_shape"] = ",".join(str(length) for length in _resize(model)["image_shape"])
    if _stretched(model):
        found["rec_algorithm"] = "SVTR"
    return found


def _stretched(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fixed size of input of a model whose pictures lose their aspect ratio."""
    resize = _resize(model)
    return {"input_shape": tuple(resize["image_shape"])} if resize.get("padding") is False else {}


def _resize(model: Mapping[str, Any]) -> Mapping[str, Any]:
    name = "DetResizeForTest" if model["task"] == "det" else "RecResizeImg"
    return next((step[name] or {} for step in model["transforms"] if name in step), {})


def _copied(export: Path, scratch: Path) -> Path:
    """Copy an export without its name: the script refuses most names, and writes into the folder."""
    folder = scratch / "export"
    shutil.copytree(export, folder)
    settings = yaml.safe_load((folder / "inference.yml").read_text(encoding="utf-8"))
    settings.pop("Global", None)
    (folder / "inference.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return folder
