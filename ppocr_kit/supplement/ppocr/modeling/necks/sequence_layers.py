"""The encoders of a sequence: LSTM layers, LSTM layers with a linear layer each, or one linear layer.

Source: Shi et al. (CRNN), arXiv:1507.05717, section 2.2; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from paddle import ParamAttr, nn
from paddle.nn.initializer import Uniform
from paddle.regularizer import L2Decay


class EncoderWithRNN(nn.Layer):
    """Two bidirectional LSTM layers.

    Args:
        in_channels: Channels of the sequence.
        hidden_size: Units of each direction.
    """

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = hidden_size * 2
        self.lstm = nn.LSTM(in_channels, hidden_size, direction="bidirectional", num_layers=2)

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to (N, T, 2 * hidden_size)."""
        return self.lstm(x)[0]


class EncoderWithFC(nn.Layer):
    """One linear layer with its own L2 decay, 1e-5.

    Args:
        in_channels: Channels of the sequence.
        hidden_size: Channels that go out.
    """

    def __init__(self, in_channels: int, hidden_size: int) -> None:
        super().__init__()
        self.out_channels = hidden_size
        reach = 1.0 / math.sqrt(in_channels)

        def attribute() -> ParamAttr:
            return ParamAttr(regularizer=L2Decay(1e-5), initializer=Uniform(-reach, reach))

        self.fc = nn.Linear(in_channels, hidden_size, weight_attr=attribute(), bias_attr=attribute())

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to (N, T, hidden_size)."""
        return self.fc(x)


class BidirectionalLSTM(nn.Layer):
    """One bidirectional LSTM layer, and a linear layer when ``output_size`` is given.

    Args:
        in_channels: Channels of the sequence.
        hidden_size: Units of each direction.
        output_size: Channels of the linear layer; None leaves it out.
    """

    def __init__(self, in_channels: int, hidden_size: int, output_size: int | None) -> None:
        super().__init__()
        self.rnn = nn.LSTM(in_channels, hidden_size, direction="bidirectional")
        self.linear = None if output_size is None else nn.Linear(hidden_size * 2, output_size)

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to (N, T, output_size or 2 * hidden_size)."""
        x = self.rnn(x)[0]
        return x if self.linear is None else self.linear(x)


class EncoderWithCascadeRNN(nn.Layer):
    """Bidirectional LSTM layers, each with a linear layer behind it or not.

    Args:
        in_channels: Channels of the sequence.
        hidden_size: Units of each direction.
        out_channels: Channels behind each layer; without linear layers ``2 * hidden_size`` each.
        num_layers: LSTM layers, as many as ``out_channels`` has numbers.
        with_linear: Whether there are linear layers.

    Raises:
        ValueError: ``out_channels`` does not fit the layers.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_size: int,
        out_channels: Sequence[int],
        num_layers: int = 2,
        with_linear: bool = False,
    ) -> None:
        super().__init__()
        if len(out_channels) < num_layers:
            raise ValueError(
                f"cascadernn wants out_channels for each of its {num_layers} layers, not {list(out_channels)}"
            )
        if not with_linear and any(channels != 2 * hidden_size for channels in out_channels):
            raise ValueError(
                f"cascadernn without linear layers gives {2 * hidden_size} channels, twice its hidden_size, "
                f"not {list(out_channels)}"
            )
        self.out_channels = out_channels[-1]
        inputs = [in_channels, *out_channels]
        self.encoder = nn.LayerList(
            BidirectionalLSTM(inputs[i], hidden_size, out_channels[i] if with_linear else None)
            for i in range(num_layers)
        )

    def forward(self, x: Any) -> Any:
        """Map (N, T, C) to (N, T, out_channels[-1])."""
        for layer in self.encoder:
            x = layer(x)
        return x
