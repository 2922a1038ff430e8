"""SARHead: reads the map with attention in two dimensions; in PP-OCRv3 it guides CTC while training.

Source: Li et al., "Show, Attend and Read", arXiv:1811.00751; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from .sar_attention import ParallelSARDecoder, SAREncoder


class SARHead(nn.Layer):
    """SAR's encoder and decoder.

    Args:
        in_channels: Channels of the map.
        out_channels: Characters of the dictionary and 3 for unknown, start or end, and padding.
        enc_dim: Units of the encoder's recurrent layers.
        max_text_length: Most characters of a text.
        enc_bi_rnn: Whether the encoder reads from both ends.
        enc_drop_rnn: Dropout between the encoder's layers.
        enc_gru: GRU instead of LSTM layers in the encoder.
        dec_bi_rnn: Whether the decoder reads from both ends.
        dec_drop_rnn: Dropout between the decoder's layers.
        dec_gru: GRU instead of LSTM layers in the decoder.
        d_k: Channels that the attention compares.
        pred_dropout: Dropout of the scores while training.
        pred_concat: Whether the last layer reads state and encoder's vector beside what was looked at.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        enc_dim: int = 512,
        max_text_length: int = 30,
        enc_bi_rnn: bool = False,
        enc_drop_rnn: float = 0.1,
        enc_gru: bool = False,
        dec_bi_rnn: bool = False,
        dec_drop_rnn: float = 0.0,
        dec_gru: bool = False,
        d_k: int = 512,
        pred_dropout: float = 0.1,
        pred_concat: bool = True,
    ) -> None:
        super().__init__()
        self.encoder = SAREncoder(in_channels, enc_dim, enc_bi_rnn, enc_drop_rnn, enc_gru)
        self.decoder = ParallelSARDecoder(
            characters=out_channels,
            in_channels=in_channels,
            state=self.encoder.out_channels,
            key_channels=d_k,
            both_directions=dec_bi_rnn,
            drop_rate=dec_drop_rnn,
            gru=dec_gru,
            score_drop_rate=pred_dropout,
            max_text_length=max_text_length,
            joins_state=pred_concat,
        )

    def forward(self, x: Any, targets: Sequence[Any] | None = None) -> Any:
        """Read a map (N, C, H, W).

        Args:
            x: The map.
            targets: Labels (N, L), needed while training only, and last the share of each image's width
                that is not padding (N,), above 0.

        Returns:
            While training (N, L, out_channels - 1) scores, otherwise (N, max_text_length,
            out_channels - 1) likelihoods.

        Raises:
            ValueError: It is training and there are no targets.
        """
        if self.training and targets is None:
            raise ValueError("SARHead learns from targets: labels and the valid share of each image's width")
        labels, valid_ratio = (None, None) if targets is None else (targets[0], targets[-1])
        return self.decoder(x, self.encoder(x, valid_ratio), labels, valid_ratio)
