"""PP-LCNetV4, the backbone of PP-OCRv6, for detection and for recognition.

Source: PaddleOCR 3.7.0: the recorded shapes of ``PP-OCRv6_{tiny,small,medium}_{det,rec}`` and their
configurations; PP-LCNet is arXiv:2109.15099.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paddle import nn

from ..choice import known_name
from .conv_norm import Stride
from .line_pooling import pool_line
from .pplcnet_v4_blocks import FoldingConv, LCNetV4Block, quartering_stem

_RATES = 6


@dataclass(frozen=True)
class Stage:
    """Blocks of one width.

    Attributes:
        channels: Channels that the blocks give.
        blocks: How many they are.
        squeezed: Numbers of the blocks with squeeze-and-excitation, from 0.
        stride: Stride of the first one, a number or (vertical, horizontal).
    """

    channels: int
    blocks: int
    squeezed: Sequence[int] = ()
    stride: Stride = 1


def _det(*channels: int) -> tuple[Stage, ...]:
    plan = ((2, (0,), 1), (3, (1,), 2), (5, (1, 3), 2), (3, (1,), 2))
    return tuple(Stage(width, *rest) for width, rest in zip(channels, plan))


_LOW = (2, 1)
# stages by ``model_size``; the stem gives as many channels as the first stage, through half of them
DET: dict[str, tuple[Stage, ...]] = {
    "tiny": _det(32, 48, 64, 160),
    "small": _det(48, 96, 192, 384),
    "medium": _det(128, 256, 512, 896),
}
REC: dict[str, tuple[Stage, ...]] = {
    "tiny": (Stage(48, 1, (0,)), Stage(48, 1), Stage(96, 3, (1,), _LOW), Stage(160, 4, (1,), _LOW)),
    "small": (Stage(96, 1, (0,)), Stage(96, 2), Stage(192, 7, (1, 3, 5), _LOW), Stage(384, 3, (1,), _LOW)),
    "medium": (
        Stage(128, 1, (0,)),
        Stage(256, 3, (2,)),
        Stage(512, 7, (1, 3, 5), _LOW),
        Stage(768, 3, (1,), _LOW),
    ),
}


class PPLCNetV4(nn.Layer):
    """The backbone of PP-OCRv6.

    Args:
        in_channels: Channels of the image.
        det: Give four maps, for a detector, rather than one row, for a recogniser.
        model_size: ``tiny``, ``small`` or ``medium``.
        lr_mult_list: Six multipliers of the learning rate: a recogniser's stem, its four stages, and one that
            no stage has.

    Attributes:
        out_channels: Channels of the row, or of the four maps, finest first.

    Raises:
        ValueError: There is no such size, or the multipliers are not six.
    """

    def __init__(
        self,
        in_channels: int = 3,
        det: bool = False,
        model_size: str = "small",
        lr_mult_list: Sequence[float] = (1.0,) * _RATES,
    ) -> None:
        super().__init__()
        if not isinstance(lr_mult_list, (list, tuple)) or len(lr_mult_list) != _RATES:
            raise ValueError(f"PPLCNetV4 wants {_RATES} numbers as lr_mult_list, not {lr_mult_list}")
        self.det = det
        stages = (DET if det else REC)[known_name("PPLCNetV4 model_size", model_size, list(DET))]
        rates = (1.0,) * _RATES if det else lr_mult_list
        channels = stages[0].channels
        self._stem = "stem" if det else "conv1"
        simple = not det and model_size == "tiny"
        stem = _simple_stem(in_channels, channels) if simple else _stem(in_channels, channels, rates[0])
        self.add_sublayer(self._stem, stem)
        self._names = [f"blocks_s{i}" if det else f"blocks{i + 1}" for i in range(1, len(stages) + 1)]
        for name, stage, rate in zip(self._names, stages, rates[1:]):
            self.add_sublayer(name, _blocks(channels, stage, rate))
            channels = stage.channels
        self.out_channels: Any = [stage.channels for stage in stages] if det else channels

    def forward(self, x: Any) -> Any:
        """Map images (N, C, H, W) to the features of a detector or a recogniser.

        Returns:
            Detector: four maps (N, C_i, H / 2^(i+2), W / 2^(i+2)), i = 0..3. Recogniser: (N, C, 1, 40) while
            training, otherwise (N, C, H / 48, W / 8), at least one row.
        """
        x = getattr(self, self._stem)(x)
        maps = []
        for name in self._names:
            x = getattr(self, name)(x)
            maps.append(x)
        if self.det:
            return maps
        return pool_line(x, self.training)


def _stem(in_channels: int, channels: int, lr_mult: float) -> nn.Layer:
    return quartering_stem(in_channels, channels // 2, channels, lr_mult)


def _simple_stem(in_channels: int, channels: int) -> nn.Layer:
    half = channels // 2
    return nn.Sequential(
        FoldingConv(in_channels, half, 3, stride=2),
        nn.GELU(),
        FoldingConv(half, channels, 3, stride=2),
    )


def _blocks(in_channels: int, stage: Stage, lr_mult: float) -> nn.Sequential:
    """Make a stage's blocks; the first one changes channels and size."""
    inputs = [in_channels] + [stage.channels] * (stage.blocks - 1)
    return nn.Sequential(
        *(
            LCNetV4Block(
                channels,
                stage.channels,
                stride=1 if number else stage.stride,
                squeeze=number in stage.squeezed,
                lr_mult=lr_mult,
            )
            for number, channels in enumerate(inputs)
        )
    )
