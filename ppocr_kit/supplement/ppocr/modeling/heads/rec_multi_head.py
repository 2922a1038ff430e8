"""MultiHead: a CTC head that is deployed, and an attention head that guides it while training.

Source: Hu et al., "GTC: Guided Training of CTC", arXiv:2002.01276; Li et al., "PP-OCRv3",
arXiv:2206.03001, section 3; parameter names as in PaddleOCR 3.7.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddle import nn
from paddle.nn.initializer import TruncatedNormal

from ..choice import build_named, known_name
from ..necks.sequence_encoder import SequenceEncoder
from .rec_ctc_head import CTCHead
from .rec_nrtr_head import Transformer
from .rec_sar_head import SARHead

HEAD_NAMES = ("CTCHead", "NRTRHead", "SARHead")
# an attention head of the guide looks at this many channels
_CHANNELS_PER_HEAD = 32
_MOST_POSITIONS = 80


def guiding_transformer(
    out_channels: int, nrtr_dim: int = 256, max_text_length: int = 25, num_decoder_layers: int = 4
) -> Transformer:
    """Make the decoder that ``NRTRHead`` of a ``head_list`` means; ``nrtr_dim`` is a multiple of 32."""
    return Transformer(
        out_channels=out_channels,
        d_model=nrtr_dim,
        nhead=nrtr_dim // _CHANNELS_PER_HEAD,
        num_encoder_layers=-1,
        beam_size=-1,
        num_decoder_layers=num_decoder_layers,
        max_len=max_text_length,
        dim_feedforward=nrtr_dim * 4,
    )


class FCTranspose(nn.Layer):
    """Turn (N, C, T) into (N, T, out_channels) by a linear layer without bias."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_channels, out_channels, bias_attr=False)

    def forward(self, x: Any) -> Any:
        """Map (N, in_channels, T) to (N, T, out_channels)."""
        return self.fc(x.transpose([0, 2, 1]))


class AddPos(nn.Layer):
    """Add a vector to each of at most 80 positions, learnt by training."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dec_pos_embed = self.create_parameter(
            [1, _MOST_POSITIONS, channels], default_initializer=TruncatedNormal(std=0.02)
        )

    def forward(self, x: Any) -> Any:
        """Map (N, T, channels), T at most 80, to the same shape."""
        return x + self.dec_pos_embed[:, : x.shape[1]]


class MultiHead(nn.Layer):
    """CTC beside NRTR or SAR.

    Args:
        in_channels: Channels of the backbone's map.
        out_channels_list: Number of characters by the name of the decoder: ``CTCLabelDecode``, and
            ``NRTRLabelDecode`` or ``SARLabelDecode``. The tools of the release fill it in.
        head_list: One mapping each from a head's name to its settings: ``CTCHead`` (sections ``Neck``,
            whose ``name`` is a SequenceEncoder's type, and ``Head``), ``NRTRHead``, ``SARHead``.
        use_pool: Whether the backbone gives sequences of three rows, which are averaged to one.
        use_pos: Whether NRTR gets positions added.

    Raises:
        ValueError: A head is missing, there twice or unknown, or one of its keys.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels_list: Mapping[str, int],
        head_list: Sequence[Mapping[str, Any]],
        use_pool: bool = False,
        use_pos: bool = False,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.pool = nn.AvgPool2D(kernel_size=[3, 2], stride=[3, 2]) if use_pool else None
        self.gtc_head: Transformer | None = None
        self.sar_head: SARHead | None = None
        for name, settings in _by_name(head_list).items():
            characters = _characters(name, out_channels_list)
            if name == "CTCHead":
                self._add_ctc(settings, characters)
            elif name == "NRTRHead":
                self._add_nrtr(settings, characters, use_pos)
            else:
                self.sar_head = build_named(
                    "Head", {name: SARHead}, {**settings, "name": name},
                    in_channels=in_channels, out_channels=characters,
                )  # fmt: skip

    def _add_ctc(self, settings: Mapping[str, Any], characters: int) -> None:
        unknown = sorted(set(settings) - {"Neck", "Head"})
        if unknown or not settings.get("Neck"):
            what = f"does not know the key '{unknown[0]}'" if unknown else "needs the key 'Neck'"
            raise ValueError(f"CTCHead of MultiHead {what}; it takes Neck, Head")
        neck = {"encoder_type": settings["Neck"].get("name"), **settings["Neck"], "name": "SequenceEncoder"}
        self.ctc_encoder = build_named(
            "Neck", {"SequenceEncoder": SequenceEncoder}, neck, in_channels=self.in_channels
        )
        self.ctc_head = build_named(
            "Head",
            {"CTCHead": CTCHead},
            {**(settings.get("Head") or {}), "name": "CTCHead"},
            in_channels=self.ctc_encoder.out_channels,
            out_channels=characters,
        )

    def _add_nrtr(self, settings: Mapping[str, Any], characters: int, use_pos: bool) -> None:
        guide = build_named(
            "Head", {"NRTRHead": guiding_transformer}, {**settings, "name": "NRTRHead"},
            out_channels=characters,
        )  # fmt: skip
        channels = guide.tgt_word_prj.weight.shape[0]
        layers = [nn.Flatten(2), FCTranspose(self.in_channels, channels)]
        self.before_gtc = nn.Sequential(*layers, *([AddPos(channels)] if use_pos else []))
        self.gtc_head = guide

    def forward(self, x: Any, targets: Sequence[Any] | None = None) -> Any:
        """Read a map (N, C, 1, W).

        Args:
            x: The map; with ``use_pool`` a sequence (N, 3 * W, C).
            targets: While training: CTC's labels, the guide's labels (N, L), text lengths (N,), and
                the valid share of each image's width (N,).

        Returns:
            While training a dict: ``ctc`` (N, T, characters) scores, ``ctc_neck`` (N, T, channels) what
            CTC reads, and the guide's scores, ``gtc`` of NRTR or ``sar`` of SAR. Otherwise CTC's
            likelihoods (N, T, characters).

        Raises:
            ValueError: It is training and there are no targets.
        """
        if self.pool is not None:
            x = self.pool(x.reshape([0, 3, -1, self.in_channels]).transpose([0, 3, 1, 2]))
        sequence = self.ctc_encoder(x)
        scores = self.ctc_head(sequence)
        if not self.training:
            return scores
        if targets is None:
            raise ValueError(
                "MultiHead learns from targets, which the release's training hands to the algorithms "
                "SVTR_LCNet and SVTR_HGNet: is Architecture.algorithm one of these?"
            )
        outputs = {"ctc": scores, "ctc_neck": sequence}
        if self.gtc_head is not None:
            outputs["gtc"] = self.gtc_head(self.before_gtc(x), targets[1:])
        elif self.sar_head is not None:
            outputs["sar"] = self.sar_head(x, targets[1:])
        return outputs


def _by_name(head_list: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return each head's settings by its name.

    Raises:
        ValueError: An entry is not one named head, or a head is missing or there twice.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for entry in head_list:
        if len(entry) != 1:
            raise ValueError(f"an entry of MultiHead's head_list names one head, not {sorted(entry)}")
        ((name, settings),) = entry.items()
        if known_name("head of MultiHead", name, HEAD_NAMES) in found:
            raise ValueError(f"MultiHead's head_list has {name} twice")
        found[name] = settings or {}
    if "CTCHead" not in found or len(found) < 2:
        raise ValueError(
            f"MultiHead wants CTCHead, and NRTRHead or SARHead, not {', '.join(found) or 'no head'}"
        )
    return found


def _characters(name: str, out_channels_list: Mapping[str, int]) -> int:
    decoder = f"{name[: -len('Head')]}LabelDecode"
    if decoder not in out_channels_list:
        there = ", ".join(out_channels_list) or "nothing"
        raise ValueError(f"out_channels_list has no {decoder} for {name}; it has {there}")
    return int(out_channels_list[decoder])
