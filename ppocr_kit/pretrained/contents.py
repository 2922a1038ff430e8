"""Whether a file holds the weights it should: readable as arrays, and shaped like the model.

A whole comparison needs the model, which Paddle builds before training (runs/weights.py). Here two
layers of each model's backbone and the number of characters tell one official file from another.

Source: the shapes are upstream 3.7.0's, as its models build them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.errors import DataError
from ppocr_kit.pretrained.catalogue import PretrainedWeights
from ppocr_kit.vendor.checkpoints import read_weights

Weights = Mapping[str, "np.ndarray[Any, Any]"]
# The trained model among those of a distillation checkpoint; its teachers are other models.
STUDENT = "Student."
_HTML = (b"<!doctype", b"<html", b"<?xml")
_CHARACTER_LAYERS = (
    "head.fc.bias",
    "head.fc2.bias",
    "head.ctc_head.fc.bias",
    "head.ctc_head.fc2.bias",
)
_CTC_BLANK = 1

_MV3 = ("backbone.conv.conv.weight", (8, 3, 3, 3)), ("backbone.stage3.3.conv.weight", (480, 80, 1, 1))
_CRNN = ("backbone.conv1.conv.weight", (8, 3, 3, 3)), ("backbone.conv2.conv.weight", (288, 48, 1, 1))
_LCNET_V3 = (
    ("backbone.conv1.conv.weight", (16, 3, 3, 3)),
    ("backbone.blocks6.3.pw_conv.conv_kxk.3.conv.weight", (480, 480, 1, 1)),
)
_HGNET = (
    ("backbone.stem.0.conv.weight", (64, 3, 3, 3)),
    ("backbone.stages.3.blocks.0.att.conv.weight", (1024, 1024, 1, 1)),
)
_ENCODER = "head.ctc_encoder.encoder.conv1.conv"
_HGNET_V2 = (("backbone.stem.stem1.conv.weight", (32, 3, 3, 3)),)


def _lcnet_v4(stem: str, width: int, last: str, narrow: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    compress = f"backbone.{last}.channel_mixer.compress.conv.weight"
    return (f"backbone.{stem}.weight", (width, 3, 3, 3)), (compress, (narrow, 2 * narrow, 1, 1))


_LANDMARKS: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "ch_det_mv3_db_v2.0": _MV3 + (("neck.in2_conv.weight", (96, 16, 1, 1)),),
    "det_mv3_db": _MV3 + (("neck.in2_conv.weight", (256, 16, 1, 1)),),
    "det_r50_vd_db": (
        ("backbone.conv1_1._conv.weight", (32, 3, 3, 3)),
        ("backbone.bb_3_2.conv2._conv.weight", (2048, 512, 1, 1)),
    ),
    "PP-OCRv3_mobile_det": _MV3 + (("neck.ins_conv.0.in_conv.weight", (96, 16, 1, 1)),),
    "PP-OCRv4_server_det": _HGNET + (("neck.ins_conv.0.weight", (256, 256, 1, 1)),),
    "PP-OCRv5_mobile_det": (
        ("backbone.conv1.conv.weight", (16, 3, 3, 3)),
        ("backbone.layer_list.3.weight", (360, 384, 1, 1)),
    ),
    "PP-OCRv5_server_det": _HGNET_V2 + (("neck.ins_conv.0.weight", (256, 128, 1, 1)),),
    "PP-OCRv6_tiny_det": _lcnet_v4("stem.stem1.conv", 16, "blocks_s4.2", 160),
    "PP-OCRv6_small_det": _lcnet_v4("stem.stem1.conv", 24, "blocks_s4.2", 384),
    "PP-OCRv6_medium_det": _lcnet_v4("stem.stem1.conv", 64, "blocks_s4.2", 896),
    "rec_en_number_lite_train": _CRNN,
    "rec_chinese_lite_train_v2.0": _CRNN,
    "rec_mv3_none_bilstm_ctc": (
        ("backbone.conv1.conv.weight", (8, 3, 3, 3)),
        ("backbone.conv2.conv.weight", (480, 80, 1, 1)),
    ),
    "rec_r34_vd_none_bilstm_ctc": (
        ("backbone.conv1_1._conv.weight", (32, 3, 3, 3)),
        ("backbone.bb_3_2.conv1._conv.weight", (512, 512, 3, 3)),
    ),
    "rec_svtrnet": (
        ("backbone.pos_embed", (1, 200, 64)),
        ("backbone.last_conv.weight", (192, 256, 1, 1)),
    ),
    "en_PP-OCRv3_mobile_rec": (
        ("backbone.conv1._conv.weight", (16, 3, 3, 3)),
        ("backbone.block_list.12._pointwise_conv._conv.weight", (512, 512, 1, 1)),
    ),
    "en_PP-OCRv4_mobile_rec": _LCNET_V3,
    "PP-OCRv4_mobile_rec": _LCNET_V3,
    "PP-OCRv4_server_rec": _HGNET + ((f"{_ENCODER}.weight", (128, 1024, 1, 3)),),
    "PP-OCRv5_mobile_rec": _LCNET_V3,
    "PP-OCRv5_server_rec": _HGNET_V2 + ((f"{_ENCODER}.weight", (256, 2048, 1, 3)),),
    "PP-OCRv6_tiny_rec": _lcnet_v4("conv1.0.conv", 24, "blocks5.3", 160),
    "PP-OCRv6_small_rec": _lcnet_v4("conv1.stem1.conv", 48, "blocks5.2", 384),
    "PP-OCRv6_medium_rec": _lcnet_v4("conv1.stem1.conv", 64, "blocks5.2", 768),
}


def read_as_weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read a file that may be anything.

    Raises:
        DataError: It is a web page, or no table of arrays.
    """
    try:
        with path.open("rb") as handle:
            start = handle.read(512).lstrip().lower()
    except OSError as error:
        raise DataError(f"cannot read the file ({error.strerror})", at=str(path)) from error
    if start.startswith(_HTML):
        raise DataError(
            "this is a web page, not a file of weights",
            at=str(path),
            hint="name the address of the file itself; a login or proxy page may be in between",
        )
    return read_weights(path)


def take_student(weights: Weights) -> dict[str, np.ndarray[Any, Any]] | None:
    """Return the student of a distillation checkpoint, or None for an ordinary one."""
    student = {name[len(STUDENT) :]: value for name, value in weights.items() if name.startswith(STUDENT)}
    return student or None


def check_contents(weights: Weights, entry: PretrainedWeights, num_characters: int | None, at: str) -> None:
    """Refuse weights of another model or dictionary.

    Args:
        weights: Arrays by parameter name.
        entry: What they should be.
        num_characters: Characters of its dictionary, space included; None when not known here.
        at: Where they came from, for the message.

    Raises:
        DataError: A landmark of the model is missing or has another shape, or the number of
            characters differs.
    """
    for name, shape in _LANDMARKS[entry.model]:
        found = tuple(weights[name].shape) if name in weights else None
        if found != shape:
            has = f"{list(found)} in the file" if found else "not in the file"
            raise DataError(
                f"these are not the weights of {entry.name}: {name} is {has}, {list(shape)} in the model",
                at=at,
                hint="ppocr-kit models list shows where each comes from",
            )
    classes = [int(weights[name].shape[-1]) for name in _CHARACTER_LAYERS if name in weights]
    if num_characters is not None and classes and max(classes) != num_characters + _CTC_BLANK:
        raise DataError(
            f"these are not the weights of {entry.name}: they tell {max(classes) - _CTC_BLANK} characters "
            f"apart, its dictionary has {num_characters}",
            at=at,
            hint="ppocr-kit models list shows where each comes from; if you trust the source: --repin, "
            "and name the dictionary with train --pretrained-dict",
        )
