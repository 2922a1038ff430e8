"""SequenceEncoder: from a feature map of one row to a sequence, and through an encoder.

Source: Shi et al., "An End-to-End Trainable Neural Network for Image-based Sequence
Recognition" (CRNN), arXiv:1507.05717, sections 2.1 and 2.2; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any

from paddle import nn

from ..choice import known_name


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
                f"the backbone leaves {rows} rows where a sequence needs 1: "
                "are the images 32 pixels high, as RecResizeImg.image_shape says?"
            )
        return x.squeeze(axis=2).transpose([0, 2, 1])


class EncoderWithRNN(nn.Layer):
    """Two bidirectional LSTM layers.

    Args:
        in_channels: Channels of the sequence.
        hidden_size: Units of each direction.
    """

    def __init__(self, in_channels: int, hidden_size: int = 48) -> None:
        super().__init__()
        self.out_channels = hidden_size * 2
        self.lstm = nn.LSTM(in_channels, hidden_size, direction="bidirectional", num_layers=2)

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to (N, T, 2 * hidden_size)."""
        return self.lstm(x)[0]


# by ``encoder_type``; None hands the sequence on as it is
ENCODERS: dict[str, type[nn.Layer] | None] = {"reshape": None, "rnn": EncoderWithRNN}


class SequenceEncoder(nn.Layer):
    """The neck of CTC recognisers.

    Args:
        in_channels: Channels of the backbone's map.
        encoder_type: ``rnn`` or ``reshape``.
        hidden_size: Units of each LSTM direction, for ``rnn``.

    Attributes:
        out_channels: Channels of the sequence that it gives.

    Raises:
        ValueError: The encoder is unknown.
    """

    def __init__(self, in_channels: int, encoder_type: str, hidden_size: int = 48) -> None:
        super().__init__()
        kind = ENCODERS[known_name("SequenceEncoder encoder_type", encoder_type, list(ENCODERS))]
        self.encoder_reshape = Im2Seq(in_channels)
        self.encoder = None if kind is None else kind(in_channels, hidden_size)
        self.out_channels = in_channels if self.encoder is None else self.encoder.out_channels

    def forward(self, x: Any) -> Any:
        """Map (N, C, 1, W) to (N, W, out_channels)."""
        x = self.encoder_reshape(x)
        return x if self.encoder is None else self.encoder(x)
