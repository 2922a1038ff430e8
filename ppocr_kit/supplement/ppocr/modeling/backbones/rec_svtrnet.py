"""SVTRNet: text lines as a sequence of small patches that attend to each other.

Source: Du et al., "SVTR: Scene Text Recognition with a Single Visual Model", arXiv:2205.00159,
figure 2 and table 1; recorded shapes of ``rec_svtrnet`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle.nn.functional as F
from paddle import nn
from paddle.nn.initializer import Constant, TruncatedNormal

from ..choice import known_name
from ..svtr_blocks import Block, BlockSettings
from .svtr_patches import AveragedColumns, PatchEmbed, SubSample

# PaddleOCR's configurations name classes as Python spells them
ACTIVATIONS: dict[str, type[Any]] = {
    "nn.GELU": nn.GELU,
    "nn.Hardswish": nn.Hardswish,
    "nn.ReLU": nn.ReLU,
    "nn.Silu": nn.Silu,
    "nn.Swish": nn.Swish,
}
NORMALISATIONS: dict[str, type[Any]] = {"nn.LayerNorm": nn.LayerNorm}
_MERGINGS = ("Conv", "Pool", "None")
_DEFAULT_MIXER = ("Local",) * 6 + ("Global",) * 6
_DEFAULT_WINDOWS = ((7, 11),) * 3


@dataclass(frozen=True)
class _Stage:
    """Channels of a token, heads, the blocks' mixers, and the window of local ones."""

    dim: int
    heads: int
    mixers: Sequence[str]
    window: Sequence[int]


class SVTRNet(nn.Layer):
    """The backbone of SVTR.

    Args:
        in_channels: Channels of the image.
        img_size: Height and width of the image that arrives here (behind the transform). Both are
            multiples of ``2^sub_num``; with ``patch_merging`` the height is one of ``2^(sub_num + 2)``.
        embed_dim: Channels of a token in the three stages.
        depth: Blocks of the three stages.
        num_heads: Heads in the three stages.
        mixer: ``Local``, ``Global`` or ``Conv`` for each block, through all stages.
        local_mixer: Rows and columns that ``Local`` and ``Conv`` look at, for each stage.
        patch_merging: How the rows are halved between stages: ``Conv``, ``Pool`` or not at all (None).
        mlp_ratio: See ``BlockSettings``; so ``qkv_bias``, ``qk_scale``, ``epsilon`` and ``prenorm``.
        qkv_bias: See there.
        qk_scale: See there.
        drop_rate: Dropout on the tokens and behind every projection.
        last_drop: Dropout on the features.
        attn_drop_rate: Dropout on the attention.
        drop_path_rate: Stochastic depth of the last block; it rises from 0 at the first one.
        norm_layer: ``nn.LayerNorm``; so ``sub_norm``, that between the stages.
        sub_norm: See there.
        epsilon: See ``BlockSettings``.
        out_channels: Channels of the features, when there is a ``last_stage``.
        out_char_num: Columns of the features: the longest text, and at most the columns of tokens.
        block_unit: ``Block``.
        act: Activation within the blocks, one of ``ACTIVATIONS``.
        last_stage: Whether the tokens become a map of one row in the end.
        sub_num: How often the image is halved before the blocks, 2 or 3.
        prenorm: See ``BlockSettings``. When false, a last normalisation follows the blocks.
        use_lenhead: Whether features for the length of the text are given, too.

    Attributes:
        out_channels: Channels of what is given.

    Raises:
        ValueError: The settings do not fit together.
    """

    def __init__(
        self,
        in_channels: int = 3,
        img_size: Sequence[int] = (32, 100),
        embed_dim: Sequence[int] = (64, 128, 256),
        depth: Sequence[int] = (3, 6, 3),
        num_heads: Sequence[int] = (2, 4, 8),
        mixer: Sequence[str] = _DEFAULT_MIXER,
        local_mixer: Sequence[Sequence[int]] = _DEFAULT_WINDOWS,
        patch_merging: str | None = "Conv",
        mlp_ratio: float = 4,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        drop_rate: float = 0.0,
        last_drop: float = 0.1,
        attn_drop_rate: float = 0.0,
        drop_path_rate: float = 0.1,
        norm_layer: str = "nn.LayerNorm",
        sub_norm: str = "nn.LayerNorm",
        epsilon: float = 1e-6,
        out_channels: int = 192,
        out_char_num: int = 25,
        block_unit: str = "Block",
        act: str = "nn.GELU",
        last_stage: bool = True,
        sub_num: int = 2,
        prenorm: bool = True,
        use_lenhead: bool = False,
    ) -> None:
        super().__init__()
        for key, value, names in (
            ("norm_layer", norm_layer, list(NORMALISATIONS)),
            ("sub_norm", sub_norm, list(NORMALISATIONS)),
            ("block_unit", block_unit, ["Block"]),
            ("act", act, list(ACTIVATIONS)),
            ("patch_merging", patch_merging or "None", _MERGINGS),
        ):
            known_name(f"SVTRNet {key}", value, names)
        merging = patch_merging if patch_merging in ("Conv", "Pool") else None
        stages = _plan_stages(embed_dim, depth, num_heads, mixer, local_mixer)
        self._img_size = list(img_size)
        self._sizes = _map_sizes(img_size, sub_num, merging is not None)
        settings = BlockSettings(
            mlp_ratio, qkv_bias, qk_scale, drop_rate, attn_drop_rate, ACTIVATIONS[act], epsilon, prenorm
        )
        self.patch_embed = PatchEmbed(in_channels, embed_dim[0], sub_num)
        rows, columns = self._sizes[0]
        shape = [1, rows * columns, embed_dim[0]]
        self.pos_embed = self.create_parameter(shape, default_initializer=Constant(0.0))
        self.pos_drop = nn.Dropout(drop_rate)
        self._add_stages(stages, settings, merging, drop_path_rate)
        self._add_end(embed_dim[2], out_channels, out_char_num if last_stage else None, last_drop)
        self.norm = None if prenorm else nn.LayerNorm(embed_dim[2], epsilon=epsilon)
        self.len_conv = None
        if use_lenhead:
            self.len_conv = nn.Linear(embed_dim[2], out_channels)
            self.dropout_len = nn.Dropout(last_drop, mode="downscale_in_infer")
        TruncatedNormal(std=0.02)(self.pos_embed)
        self.apply(_start_linear)

    def _add_stages(
        self, stages: Sequence[_Stage], settings: BlockSettings, merging: str | None, drop_path_rate: float
    ) -> None:
        """Add the blocks of the three stages and what halves the rows between them."""
        rates = iter(np.linspace(0, drop_path_rate, sum(len(stage.mixers) for stage in stages)))
        before: _Stage | None = None
        for number, (stage, size) in enumerate(zip(stages, self._sizes)):
            if before is not None and merging is not None:
                self.add_sublayer(f"sub_sample{number}", SubSample(before.dim, stage.dim, merging))
            elif before is not None and before.dim != stage.dim:
                raise ValueError("SVTRNet without patch_merging wants one embed_dim in all stages")
            blocks = [
                Block(stage.dim, stage.heads, settings, mixer, size, stage.window, float(next(rates)))
                for mixer in stage.mixers
            ]
            self.add_sublayer(f"blocks{number + 1}", nn.LayerList(blocks))
            before = stage
        self._merges = merging is not None

    def _add_end(self, dim: int, out_channels: int, columns: int | None, drop: float) -> None:
        """Add what makes one row of ``columns`` features of the tokens; None leaves them as they are."""
        self.out_channels = dim if columns is None else out_channels
        self.last_conv = None
        if columns is not None:
            self.avg_pool = AveragedColumns(self._sizes[2][1], columns)
            self.last_conv = nn.Conv2D(dim, out_channels, 1, bias_attr=False)
            self.dropout = nn.Dropout(drop, mode="downscale_in_infer")

    def _lay_out(self, x: Any, stage: int) -> Any:
        """Map the tokens of a stage (N, H * W, C) to a map (N, C, H, W)."""
        return x.transpose([0, 2, 1]).reshape([0, x.shape[2], *self._sizes[stage]])

    def forward(self, x: Any) -> Any:
        """Map images (N, C, H, W) of ``img_size`` to features (N, out_channels, 1, out_char_num).

        Without ``last_stage`` to tokens (N, T, out_channels); with ``use_lenhead`` to a pair of either
        and features for the length, (N, out_channels).

        Raises:
            ValueError: The images have another size.
        """
        if list(x.shape[2:]) != self._img_size:
            raise ValueError(
                f"SVTRNet is made for images of {self._img_size}, these have {list(x.shape[2:])}: make "
                "Backbone.img_size agree with Transform.tps_outputsize, or with the images if there is none"
            )
        x = self.pos_drop(self.patch_embed(x) + self.pos_embed)
        for stage in range(3):
            if stage and self._merges:
                x = getattr(self, f"sub_sample{stage}")(self._lay_out(x, stage - 1))
            for block in getattr(self, f"blocks{stage + 1}"):
                x = block(x)
        if self.norm is not None:
            x = self.norm(x)
        features = x
        if self.last_conv is not None:
            features = self.dropout(F.hardswish(self.last_conv(self.avg_pool(self._lay_out(x, 2)))))
        if self.len_conv is None:
            return features
        return features, self.dropout_len(F.hardswish(self.len_conv(x.mean(1))))


def _start_linear(layer: nn.Layer) -> None:
    """Start a linear layer as vision transformers do."""
    if isinstance(layer, nn.Linear):
        TruncatedNormal(std=0.02)(layer.weight)


def _plan_stages(
    embed_dim: Sequence[int],
    depth: Sequence[int],
    num_heads: Sequence[int],
    mixer: Sequence[str],
    windows: Sequence[Sequence[int]],
) -> list[_Stage]:
    """Share the blocks out among the three stages; mixers beyond the last block are not used.

    Raises:
        ValueError: A list is too short.
    """
    for key, values, wanted in (
        ("embed_dim", embed_dim, 3),
        ("depth", depth, 3),
        ("num_heads", num_heads, 3),
        ("local_mixer", windows, 3),
        ("mixer", mixer, sum(depth)),
    ):
        if len(values) < wanted:
            raise ValueError(f"{key} of SVTRNet wants {wanted} values, not {len(values)}")
    ends = np.cumsum(depth[:3])
    parts = [mixer[end - length : end] for end, length in zip(ends, depth)]
    return [_Stage(*stage) for stage in zip(embed_dim, num_heads, parts, windows)]


def _map_sizes(img_size: Sequence[int], sub_num: int, merges: bool) -> list[list[int]]:
    """Return rows and columns of the map in each of the three stages.

    Raises:
        ValueError: The image cannot be halved so often.
    """
    if sub_num not in (2, 3):
        raise ValueError(f"sub_num of SVTRNet is 2 or 3, not {sub_num}")
    height, width = img_size
    columns = 2**sub_num
    if height % (columns * 4 if merges else columns) or width % columns:
        raise ValueError(
            f"img_size of SVTRNet wants a height in multiples of {columns * 4 if merges else columns} "
            f"and a width in multiples of {columns}, not {list(img_size)}"
        )
    return [[height // columns >> (stage if merges else 0), width // columns] for stage in range(3)]
