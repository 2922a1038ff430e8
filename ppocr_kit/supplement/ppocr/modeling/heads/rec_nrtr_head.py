"""Transformer: NRTR's head, which writes a text character by character.

Source: Sheng et al., "NRTR: A No-Recurrence Sequence-to-Sequence Model For Scene Text Recognition",
arXiv:1806.00926; parameter names as in PaddleOCR 3.7.0. In PP-OCRv4 and later it guides CTC
while training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paddle
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import XavierNormal

from .beam_search import END, START, search_beams
from .transformer import Embeddings, PositionalEncoding, TransformerBlock


class Transformer(nn.Layer):
    """An encoder, if it has layers, and a decoder.

    Args:
        in_channels: Channels of the sequence; they are ``d_model``.
        out_channels: Characters of the dictionary and 4 for padding, unknown, start and end, less 1:
            the head counts one more itself, as upstream's.
        d_model: Channels of every layer.
        nhead: Attention heads, which share them evenly.
        num_encoder_layers: Blocks of the encoder; 0 or less leaves it out.
        beam_size: Texts that a beam search keeps; 0 or less takes the likeliest character each time.
        num_decoder_layers: Blocks of the decoder.
        max_len: Most characters of a text, start included.
        dim_feedforward: Hidden channels of the blocks' MLPs.
        attention_dropout_rate: Dropout of the attention weights.
        residual_dropout_rate: Dropout everywhere else.
        scale_embedding: Whether characters' vectors are scaled by the root of their length.

    Raises:
        ValueError: The heads cannot share the channels.
    """

    def __init__(
        self,
        in_channels: int = 0,
        out_channels: int = 0,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        beam_size: int = 0,
        num_decoder_layers: int = 6,
        max_len: int = 25,
        dim_feedforward: int = 1024,
        attention_dropout_rate: float = 0.0,
        residual_dropout_rate: float = 0.1,
        scale_embedding: bool = True,
    ) -> None:
        super().__init__()
        self.out_channels = out_channels + 1
        self.beam_size = beam_size
        self.max_len = max_len
        self.embedding = Embeddings(self.out_channels, d_model, scale_embedding)
        self.positional_encoding = PositionalEncoding(d_model, residual_dropout_rate)

        def blocks(count: int, reads_memory: bool) -> nn.LayerList:
            sizes = (d_model, nhead, dim_feedforward, attention_dropout_rate, residual_dropout_rate)
            return nn.LayerList(TransformerBlock(*sizes, reads_memory) for _ in range(count))

        self.encoder = blocks(num_encoder_layers, False) if num_encoder_layers > 0 else None
        self.decoder = blocks(num_decoder_layers, True)
        self.tgt_word_prj = nn.Linear(d_model, self.out_channels, weight_attr=XavierNormal(), bias_attr=False)

    def forward(self, x: Any, targets: Sequence[Any] | None = None) -> Any:
        """Read a sequence.

        Args:
            x: (N, S, d_model).
            targets: While training: labels (N, L) that start with 2, end with 3 and are filled up with
                0, and the lengths of the texts between (N,).

        Returns:
            While training the scores (N, longest text + 1, characters) of each next character.
            Otherwise character numbers and their likelihoods, both (N, T); a greedy search starts
            them with the start character.
        """
        memory = self._encode(x)
        if self.training:
            if targets is None:
                raise ValueError("the head Transformer learns from targets: labels and their lengths")
            labels, lengths = targets[0], targets[1]
            return self._scores(labels[:, : 1 + lengths.max()], memory)
        if self.beam_size > 0:
            return search_beams(self._next_likelihoods, memory, self.beam_size, self.max_len)
        return self._decode_greedily(memory)

    def _encode(self, x: Any) -> Any:
        if self.encoder is None:
            return x
        x = self.positional_encoding(x)
        for block in self.encoder:
            x = block(x)
        return x

    def _scores(self, text: Any, memory: Any) -> Any:
        """Return the scores (N, T, characters) of what follows each of (N, T) characters."""
        x = self.positional_encoding(self.embedding(text))
        length = x.shape[1]
        # a character sees itself and those before it
        mask = paddle.triu(paddle.full([length, length], -float("inf")), diagonal=1)
        for block in self.decoder:
            x = block(x, memory, mask)
        return self.tgt_word_prj(x)

    def _next_likelihoods(self, text: Any, memory: Any) -> Any:
        return F.softmax(self._scores(text, memory)[:, -1], axis=-1)

    def _decode_greedily(self, memory: Any) -> list[Any]:
        """Take the likeliest character each time, until all texts end at the same step."""
        text = paddle.full([memory.shape[0], 1], START, dtype="int64")
        likelihood = paddle.ones([memory.shape[0], 1])
        for _ in range(1, self.max_len):
            chances = self._next_likelihoods(text, memory)
            character = chances.argmax(axis=-1, keepdim=True)
            if bool((character == END).all()):
                break
            text = paddle.concat([text, character], axis=1)
            likelihood = paddle.concat([likelihood, chances.max(axis=-1, keepdim=True)], axis=1)
        return [text, likelihood]
