"""SAR's encoder and its decoder with attention over the whole feature map.

Source: Li et al., "Show, Attend and Read: A Simple and Strong Baseline for Irregular Text
Recognition", arXiv:1811.00751, sections 3.2 and 3.3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn


def _recurrent(channels: int, hidden: int, drop_rate: float, gru: bool, both_directions: bool) -> nn.Layer:
    make = nn.GRU if gru else nn.LSTM
    direction = "bidirectional" if both_directions else "forward"
    return make(channels, hidden, num_layers=2, dropout=drop_rate, direction=direction)


def valid_columns(valid_ratio: Any, width: int) -> Any:
    """Return how many of ``width`` columns show the image and not its padding, (N,), at least 1."""
    return paddle.ceil(valid_ratio * width).astype("int64").clip(1, width)


class SAREncoder(nn.Layer):
    """Read the columns of a map one after the other into one vector.

    Args:
        in_channels: Channels of the map.
        hidden: Units of the recurrent layers.
        both_directions: Whether they read from both ends; the vector is twice as long then.
        drop_rate: Dropout between the two layers.
        gru: GRU layers instead of LSTM layers.

    Attributes:
        out_channels: Length of the vector.
    """

    def __init__(
        self, in_channels: int, hidden: int, both_directions: bool, drop_rate: float, gru: bool
    ) -> None:
        super().__init__()
        self.out_channels = hidden * (2 if both_directions else 1)
        self.rnn_encoder = _recurrent(in_channels, hidden, drop_rate, gru, both_directions)
        self.linear = nn.Linear(self.out_channels, self.out_channels)

    def forward(self, x: Any, valid_ratio: Any = None) -> Any:
        """Map (N, C, H, W) to (N, out_channels), the state at the last column that shows the image."""
        columns = self.rnn_encoder(x.max(axis=2).transpose([0, 2, 1]))[0]
        if valid_ratio is None:
            return self.linear(columns[:, -1])
        last = F.one_hot(valid_columns(valid_ratio, columns.shape[1]) - 1, columns.shape[1])
        return self.linear((columns * last.astype(columns.dtype).unsqueeze(2)).sum(axis=1))


class ParallelSARDecoder(nn.Layer):
    """Write a text character by character, looking at the map anew each time.

    Args:
        characters: Characters, the last but one being start and end, the last one padding.
        in_channels: Channels of the map.
        state: Length of the encoder's vector.
        key_channels: Channels that the attention compares.
        both_directions: Whether the recurrent layers read from both ends.
        drop_rate: Dropout between the two layers.
        gru: GRU layers instead of LSTM layers.
        score_drop_rate: Dropout of the scores while training.
        max_text_length: Most characters of a text.
        joins_state: Whether the last layer reads state and encoder's vector beside what was looked at.
    """

    def __init__(
        self,
        characters: int,
        in_channels: int,
        state: int,
        key_channels: int,
        both_directions: bool,
        drop_rate: float,
        gru: bool,
        score_drop_rate: float,
        max_text_length: int,
        joins_state: bool,
    ) -> None:
        super().__init__()
        self.start = characters - 2
        self.max_text_length = max_text_length
        self.joins_state = joins_state
        out = state * (2 if both_directions else 1)
        self.conv1x1_1 = nn.Linear(out, key_channels)
        self.conv3x3_1 = nn.Conv2D(in_channels, key_channels, 3, padding=1)
        self.conv1x1_2 = nn.Linear(key_channels, 1)
        self.rnn_decoder = _recurrent(state, state, drop_rate, gru, both_directions)
        self.embedding = nn.Embedding(characters, state, padding_idx=characters - 1)
        self.pred_dropout = nn.Dropout(score_drop_rate)
        self.prediction = nn.Linear(out + in_channels + state if joins_state else in_channels, characters - 1)

    def forward(self, x: Any, summary: Any, labels: Any = None, valid_ratio: Any = None) -> Any:
        """Give the scores of each character.

        Args:
            x: The map (N, C, H, W).
            summary: The encoder's vector (N, state).
            labels: While training, (N, L): start, text, end, padding.
            valid_ratio: Share of the width that shows the image, (N,), above 0; None means all of it.

        Returns:
            While training (N, L, characters - 1) scores: the n-th of the character behind the n-th
            label. Otherwise (N, max_text_length, characters - 1) likelihoods.
        """
        # in mixed precision the layers do not agree on a type, and sequences are joined in one only
        first = summary.unsqueeze(1).astype(self.embedding.weight.dtype)
        if self.training:
            given = paddle.concat([first, self.embedding(labels.astype("int64"))], axis=1)
            return self.pred_dropout(self._scores(given, x, summary, valid_ratio))[:, 1:]
        start = self.embedding(paddle.full([x.shape[0], 1], self.start, dtype="int64"))
        written, likelihoods = [start], []
        for place in range(self.max_text_length):
            # a recurrent layer that reads from both ends sees starts where nothing is written yet
            ahead = [start] * (self.max_text_length - len(written))
            scores = self._scores(paddle.concat([first, *written, *ahead], axis=1), x, summary, valid_ratio)
            likelihoods.append(F.softmax(scores[:, place + 1], axis=-1))
            written.append(self.embedding(likelihoods[-1].argmax(axis=1, keepdim=True)))
        return paddle.stack(likelihoods, axis=1)

    def _scores(self, given: Any, x: Any, summary: Any, valid_ratio: Any) -> Any:
        """Map characters (N, T, state) and the map to scores (N, T, characters - 1)."""
        state = self.rnn_decoder(given)[0]
        query = self.conv1x1_1(state).unsqueeze([3, 4])
        key = self.conv3x3_1(x).unsqueeze(1)
        weights = self.conv1x1_2(paddle.tanh(query + key).transpose([0, 1, 3, 4, 2])).squeeze(4)
        if valid_ratio is not None:
            columns = paddle.arange(x.shape[3])
            padding = columns >= valid_columns(valid_ratio, x.shape[3]).unsqueeze(1)
            hidden = paddle.full([1], -float("inf"), dtype=weights.dtype)
            weights = paddle.where(padding.unsqueeze([1, 2]), hidden, weights)
        weights = F.softmax(weights.flatten(2), axis=-1)
        looked_at = weights.matmul(x.flatten(2).transpose([0, 2, 1])).astype(state.dtype)
        if not self.joins_state:
            return self.prediction(looked_at)
        everywhere = summary.unsqueeze(1).astype(state.dtype).expand([-1, state.shape[1], -1])
        return self.prediction(paddle.concat([state, looked_at, everywhere], axis=2))
