"""What an exported model says about itself, so that deployment does what evaluation did.

An export that is resized, thresholded or decoded otherwise than in training answers otherwise
(PaddleOCR#17538, #6510, #11912). ``inference.yml`` is read by two programs that understand it
differently; here a run's evaluation settings are written so that both do the same.

Source: ppocr/utils/export_model.py@3.7.0 (what is written), paddlex 3.7
inference/models/{text_detection,text_recognition}/predictor.py (what the paddleocr runtime reads).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.patches import task_of, with_checkpoint, with_device, with_model_name
from ppocr_kit.errors import ConfigError
from ppocr_kit.tasks import Task

# The runtime accepts names it knows and nothing else. These two are its defaults in 3.7.0: a model that
# has none of the official names takes one, so that model_dir is all it has to be given.
DETECTOR = "PP-OCRv6_medium_det"
RECOGNISER = "PP-OCRv6_medium_rec"
# The runtime takes limit_type from the name, not from the file: "max" for the usual detectors. This
# is a name under which it enlarges the shorter side ("min") and otherwise does the same.
DETECTOR_MIN = "PP-OCRv4_mobile_seal_det"
# The release turns text round when the dictionary's path says so, the runtime by this name.
RECOGNISER_ARABIC = "arabic_PP-OCRv3_mobile_rec"
# Official names that the runtime knows, whose models it prepares and decodes as the two defaults.
OFFICIAL_NAMES: dict[Task, frozenset[str]] = {
    Task.DET: frozenset(
        {
            "PP-OCRv3_mobile_det",
            "PP-OCRv3_server_det",
            "PP-OCRv4_mobile_det",
            "PP-OCRv4_server_det",
            "PP-OCRv5_mobile_det",
            "PP-OCRv5_server_det",
            "PP-OCRv6_tiny_det",
            "PP-OCRv6_small_det",
            DETECTOR,
        }
    ),
    Task.REC: frozenset(
        {
            "PP-OCRv3_mobile_rec",
            "PP-OCRv4_mobile_rec",
            "PP-OCRv4_server_rec",
            "PP-OCRv5_mobile_rec",
            "PP-OCRv5_server_rec",
            "PP-OCRv6_tiny_rec",
            "PP-OCRv6_small_rec",
            "en_PP-OCRv3_mobile_rec",
            "en_PP-OCRv4_mobile_rec",
            "en_PP-OCRv5_mobile_rec",
            RECOGNISER,
        }
    ),
}

DECODERS: dict[Task, str] = {Task.DET: "DBPostProcess", Task.REC: "CTCLabelDecode"}
# The release's own defaults, written out because the runtime has others (box_thresh 0.6).
_DB_DEFAULTS: dict[str, Any] = {
    "thresh": 0.3,
    "box_thresh": 0.7,
    "max_candidates": 1000,
    "unclip_ratio": 2.0,
    "use_dilation": False,
    "score_mode": "fast",
    "box_type": "quad",
}
_DET_RESIZE_DEFAULT = {"limit_side_len": 736, "limit_type": "min"}
_MAX_SIDE = 4000
# The height of input that the release's exporter writes, by algorithm; 32 for all others.
_EXPORTED_HEIGHT = {"SVTR_LCNet": 48, "SVTR_HGNet": 48}
_USUAL_HEIGHT = 32
# It takes the height of these from this transform, the last but one; the runtime knows the other name
# only, which does the same.
_FREE_HEIGHT = ("SVTR", "CPPD")
_FREE_RESIZE, _RESIZE = "SVTRRecResizeImg", "RecResizeImg"
_IMAGE_KEYS = ("image", "shape", "valid_ratio")


@dataclass(frozen=True)
class Deployment:
    """The inference settings of a run.

    Attributes:
        task: Its task.
        transforms: ``PreProcess.transform_ops`` of ``inference.yml``.
        postprocess: ``PostProcess``, without the dictionary.
        model_name: ``Global.model_name``, by which the paddleocr runtime chooses its code.
        notes: What the runtime does otherwise all the same, for people.
        exporter_transforms: What the release's exporter must find in place of ``transforms``, where
            it reads the input's shape from them; None otherwise.
    """

    task: Task
    transforms: tuple[Mapping[str, Any], ...]
    postprocess: Mapping[str, Any]
    model_name: str
    notes: tuple[str, ...]
    exporter_transforms: tuple[Mapping[str, Any], ...] | None = None


def deployment_of(config: Mapping[str, Any], model: str = "") -> Deployment:
    """Derive the inference settings from a training configuration's evaluation settings.

    Args:
        config: The training configuration.
        model: Name of the recipe that it was made from.

    Raises:
        ConfigError: The model's decoder is not one that the kit deploys, or its input height
            is not the one that the exporter writes.
    """
    task = task_of(config)
    decoder = config["PostProcess"].get("name")
    if decoder != DECODERS[task]:
        raise ConfigError(
            f"a model with {decoder} cannot be exported for the paddleocr runtime",
            at="PostProcess.name",
            hint=f"{task} models of this version have {DECODERS[task]}",
        )
    transforms = image_transforms(config["Eval"]["dataset"]["transforms"])
    official = model if model in OFFICIAL_NAMES[task] else ""
    if task is Task.DET:
        return _detector(transforms, config["PostProcess"], official or DETECTOR)
    return _recogniser(transforms, config, official or RECOGNISER)


def image_transforms(transforms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keep what happens to the picture; drop what turns labels into targets."""
    kept: list[dict[str, Any]] = []
    for step in transforms:
        name, settings = next(iter(step.items()))
        if name.endswith("LabelEncode"):
            continue
        settings = copy.deepcopy(settings)
        if name == "KeepKeys":
            keys = (settings or {}).get("keep_keys", ())
            settings = {"keep_keys": [key for key in keys if key in _IMAGE_KEYS]}
        elif name == "DecodeImage":
            # the runtime insists on exactly these two
            settings = {"img_mode": (settings or {}).get("img_mode", "RGB"), "channel_first": False}
        kept.append({name: settings})
    return kept


def export_config(
    config: Mapping[str, Any], deployment: Deployment, checkpoint: Path, target: Path
) -> dict[str, Any]:
    """Return the configuration that ``tools/export_model.py`` is given.

    Args:
        config: The run's training configuration.
        deployment: Its inference settings.
        checkpoint: Prefix of the weights.
        target: Folder that the inference model is written to.
    """
    changed = with_checkpoint(with_model_name(config, deployment.model_name), checkpoint)
    changed = with_device(changed, parse_device("cpu"))
    changed["Global"]["save_inference_dir"] = target.absolute().as_posix()
    transforms = deployment.exporter_transforms or deployment.transforms
    changed["Eval"]["dataset"]["transforms"] = [dict(step) for step in transforms]
    changed["PostProcess"] = dict(deployment.postprocess)
    return changed


def settings_of(transforms: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the settings of a transform, empty when it has none or is not there."""
    for step in transforms:
        if name in step:
            return step[name] or {}
    return {}


def _detector(transforms: list[dict[str, Any]], postprocess: Mapping[str, Any], name: str) -> Deployment:
    resize, notes = dict(settings_of(transforms, "DetResizeForTest")), []
    if not any(key in resize for key in ("image_shape", "limit_side_len", "resize_long")):
        resize = {**_DET_RESIZE_DEFAULT, **resize}
    if "image_shape" not in resize:
        limit_type = resize.get("limit_type", "min") if "limit_side_len" in resize else "resize_long"
        if limit_type == "min":
            name = DETECTOR_MIN
        if limit_type == "resize_long":
            notes.append(
                "the paddleocr runtime cannot resize by the longer side as evaluation does; "
                "train with limit_type max or min to deploy with it"
            )
        elif "limit_side_len" in resize:
            resize["limit_type"] = limit_type
            # the release looks at limit_side_len first, the runtime at resize_long only
            resize["resize_long"] = resize["limit_side_len"]
    if resize.get("max_side_limit", _MAX_SIDE) != _MAX_SIDE:
        notes.append(f"give the paddleocr runtime max_side_limit={resize['max_side_limit']}")
    steps = [{"DetResizeForTest": resize} if "DetResizeForTest" in step else step for step in transforms]
    return Deployment(Task.DET, tuple(steps), {**_DB_DEFAULTS, **postprocess}, name, tuple(notes))


def _recogniser(transforms: list[dict[str, Any]], config: Mapping[str, Any], name: str) -> Deployment:
    algorithm = str(config["Architecture"].get("algorithm"))
    free = algorithm in _FREE_HEIGHT and config["Architecture"]["Head"]["name"] != "MultiHead"
    resize = _resize_settings(transforms, _FREE_RESIZE if free else _RESIZE)
    shape = resize["image_shape"]
    height = shape[1] if free else _EXPORTED_HEIGHT.get(algorithm, _USUAL_HEIGHT)
    if shape[1] != height:
        raise ConfigError(
            f"the model was trained on images {shape[1]} pixels high, and PaddleOCR exports this kind for "
            f"{height} only",
            at="RecResizeImg.image_shape",
            hint=f"train with image_shape [3, {height}, {shape[2]}]",
        )
    notes = []
    if resize.get("padding") is False:
        notes.append(
            "the paddleocr runtime keeps the aspect ratio, evaluation (padding: false) does not: give it "
            f"input_shape=({', '.join(str(length) for length in shape)})"
        )
    if "arabic" in str(config["Global"].get("character_dict_path") or ""):
        name = RECOGNISER_ARABIC
    known = [{_RESIZE: step[_FREE_RESIZE]} if _FREE_RESIZE in step else step for step in transforms]
    return Deployment(
        Task.REC,
        tuple(known),
        dict(config["PostProcess"]),
        name,
        tuple(notes),
        exporter_transforms=tuple(transforms) if free else None,
    )


def _resize_settings(transforms: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the settings of the resizing, which the exporter or the runtime looks for by this name."""
    resize = settings_of(transforms, name)
    if not resize.get("image_shape"):
        raise ConfigError(f"the evaluation has no {name} with an image_shape", at="Eval.dataset.transforms")
    return resize
