"""SequenceEncoder: from a feature map of one row to a sequence, and through a recurrent net.

Source: Shi et al., "An End-to-End Trainable Neural Network for Image-based Sequence
Recognition" (CRNN), arXiv:1507.05717; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any

from paddle import nn


class Im2Seq(nn.Layer):
    """Turn a map of height 1 into a sequence: (N, C, 1, W) to (N, W, C)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.out_channels = in_channels

    def forward(self, x: Any) -> Any:
        """Drop the height and put time before channels."""
        return x.squeeze(axis=2).transpose([0, 2, 1])


class EncoderWithRNN(nn.Layer):
    """Two bidirectional LSTM layers: (N, T, C) to (N, T, 2 * hidden_size)."""

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = hidden_size * 2
        self.lstm = nn.LSTM(in_channels, hidden_size, direction="bidirectional", num_layers=2)

    def forward(self, x: Any) -> Any:
        """Read the sequence from both ends."""
        return self.lstm(x)[0]


# by ``encoder_type``; None reads the sequence as it is
ENCODERS: dict[str, type[nn.Layer] | None] = {"reshape": None, "rnn": EncoderWithRNN}


class SequenceEncoder(nn.Layer):
    """The neck of CTC recognisers.

    Args:
        in_channels: Channels of the backbone's map, whose height is 1.
        encoder_type: ``rnn`` or ``reshape``.
        hidden_size: Units of each LSTM direction, for ``rnn``.

    Raises:
        ValueError: The encoder is unknown.
    """

    def __init__(self, in_channels: int, encoder_type: str, hidden_size: int = 48, **kwargs: Any) -> None:
        super().__init__()
        if encoder_type not in ENCODERS:
            raise ValueError(f"unknown encoder_type '{encoder_type}'; there are {sorted(ENCODERS)}")
        self.encoder_reshape = Im2Seq(in_channels)
        kind = ENCODERS[encoder_type]
        self.encoder = None if kind is None else kind(in_channels, hidden_size)
        self.out_channels = in_channels if self.encoder is None else self.encoder.out_channels

    def forward(self, x: Any) -> Any:
        """Map (N, C, 1, W) to (N, W, out_channels)."""
        x = self.encoder_reshape(x)
        return x if self.encoder is None else self.encoder(x)
