"""SequenceEncoder: from a feature map of one row to a sequence, and through an encoder.

Source: Shi et al., "An End-to-End Trainable Neural Network for Image-based Sequence
Recognition" (CRNN), arXiv:1507.05717, sections 2.1 and 2.2; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle import nn

from ..choice import check_keys, known_name
from .encoder_light_svtr import EncoderWithLightSVTR
from .encoder_svtr import EncoderWithSVTR
from .sequence_layers import EncoderWithCascadeRNN, EncoderWithFC, EncoderWithRNN


class Im2Seq(nn.Layer):
    """Turn a map of one row into a sequence.

    Args:
        in_channels: Channels of the map.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.out_channels = in_channels

    def forward(self, x: Any) -> Any:
        """Map (N, C, 1, W) to (N, W, C).

        Raises:
            ValueError: The map has more rows: the images are not as high as the backbone wants them.
        """
        rows = x.shape[2]
        if rows != 1:
            raise ValueError(
                f"the backbone leaves {rows} rows where a sequence needs 1: are the images as high as the "
                "backbone wants them (RecResizeImg.image_shape; 48 pixels from PP-OCRv3 on, 32 before)?"
            )
        return x.squeeze(axis=2).transpose([0, 2, 1])


# by ``encoder_type``: encoders of a sequence, which take ``hidden_size``, and encoders of the map
SEQUENCE_ENCODERS: dict[str, Callable[..., Any]] = {
    "rnn": EncoderWithRNN,
    "fc": EncoderWithFC,
    "cascadernn": EncoderWithCascadeRNN,
}
MAP_ENCODERS: dict[str, Callable[..., Any]] = {"svtr": EncoderWithSVTR, "lightsvtr": EncoderWithLightSVTR}
ENCODER_TYPES = ("reshape", *SEQUENCE_ENCODERS, *MAP_ENCODERS)


class SequenceEncoder(nn.Layer):
    """The neck of CTC recognisers.

    Args:
        in_channels: Channels of the backbone's map.
        encoder_type: ``reshape``, which hands the sequence on as it is, ``rnn``, ``fc``, ``cascadernn``,
            ``svtr`` or ``lightsvtr``.
        hidden_size: Units of each LSTM direction, or channels of ``fc``; the other types do not read it.
        keys: What the encoder of that type takes besides.

    Attributes:
        out_channels: Channels of the sequence that it gives.

    Raises:
        ValueError: The encoder or one of its keys is unknown.
    """

    def __init__(self, in_channels: int, encoder_type: str, hidden_size: int = 48, **keys: Any) -> None:
        super().__init__()
        known_name("SequenceEncoder encoder_type", encoder_type, ENCODER_TYPES)
        self.encodes_map = encoder_type in MAP_ENCODERS
        self.encoder_reshape = Im2Seq(in_channels)
        make = {**SEQUENCE_ENCODERS, **MAP_ENCODERS}.get(encoder_type, _nothing)
        given: dict[str, Any] = {"in_channels": in_channels}
        if encoder_type in SEQUENCE_ENCODERS:
            given["hidden_size"] = hidden_size
        check_keys(f"SequenceEncoder of type {encoder_type}", make, {**keys, **given}, given)
        self.encoder = make(**keys, **given)
        self.out_channels = in_channels if self.encoder is None else self.encoder.out_channels

    def forward(self, x: Any) -> Any:
        """Map (N, C, 1, W) to (N, W, out_channels)."""
        if self.encodes_map:
            return self.encoder_reshape(self.encoder(x))
        x = self.encoder_reshape(x)
        return x if self.encoder is None else self.encoder(x)


def _nothing(in_channels: int) -> None:
    """Make the encoder of ``reshape``."""
