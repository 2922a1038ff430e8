"""``Architecture`` sections for the tests, each with whatever a test changes."""

from __future__ import annotations

from typing import Any


def db(
    neck: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **backbone: Any
) -> dict[str, Any]:
    """A small DB detector."""
    return {
        "model_type": "det",
        "algorithm": "DB",
        "Transform": None,
        "Backbone": {"name": "MobileNetV3", "model_name": "small", "scale": 0.35, **backbone},
        "Neck": {"name": "DBFPN", "out_channels": 24, **(neck or {})},
        "Head": {"name": "DBHead", "k": 50, **(head or {})},
    }


def crnn(
    neck: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **backbone: Any
) -> dict[str, Any]:
    """A small CRNN recogniser of six characters and the blank."""
    return {
        "model_type": "rec",
        "algorithm": "CRNN",
        "Transform": None,
        "Backbone": {"name": "MobileNetV3", "model_name": "small", "scale": 0.35, **backbone},
        "Neck": {"name": "SequenceEncoder", "encoder_type": "rnn", "hidden_size": 16, **(neck or {})},
        "Head": {"name": "CTCHead", "out_channels": 7, **(head or {})},
    }


SVTR = {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 24, "kernel_size": [1, 3], "use_guide": True}
NRTR = {"NRTRHead": {"nrtr_dim": 32, "max_text_length": 8, "num_decoder_layers": 1}}
SAR = {"SARHead": {"enc_dim": 16, "d_k": 16, "max_text_length": 8}}


def multi(
    neck: dict[str, Any] | None = None,
    head: dict[str, Any] | None = None,
    guide: dict[str, Any] | None = None,
    characters: int = 7,
    **more: Any,
) -> dict[str, Any]:
    """A small recogniser whose CTC head is guided by another one; 7 counts the blank."""
    ctc = {"CTCHead": {"Neck": neck or SVTR, "Head": head}}
    counts = {
        "CTCLabelDecode": characters,
        "NRTRLabelDecode": characters + 3,
        "SARLabelDecode": characters + 2,
    }
    return {
        **crnn(small_stride=[1, 2, 2, 2]),
        "algorithm": "SVTR_LCNet",
        "Neck": None,
        "Head": {
            "name": "MultiHead",
            "head_list": [ctc, guide or NRTR],
            "out_channels_list": counts,
            **more,
        },
    }


def svtr(**backbone: Any) -> dict[str, Any]:
    """A small SVTR behind a transform that straightens."""
    stn = {"tps_inputsize": [32, 64], "tps_outputsize": [32, 64], "num_control_points": 6}
    return {
        **crnn(),
        "algorithm": "SVTR",
        "Transform": {"name": "STN_ON", **stn, "tps_margins": [0.05, 0.05], "stn_activation": "none"},
        "Backbone": {
            "name": "SVTRNet",
            "img_size": [32, 64],
            "embed_dim": [8, 16, 24],
            "depth": [1, 1, 1],
            "num_heads": [2, 2, 4],
            "mixer": ["Local", "Global", "Conv"],
            "local_mixer": [[3, 5], [3, 5], [3, 3]],
            "out_channels": 12,
            "out_char_num": 10,
            **backbone,
        },
        "Neck": {"name": "SequenceEncoder", "encoder_type": "reshape"},
    }
