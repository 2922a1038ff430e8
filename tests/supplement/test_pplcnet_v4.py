"""PPLCNetV4 beyond the recorded configurations."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppocr_kit.supplement.ppocr.modeling.backbones import build_backbone
from ppocr_kit.supplement.ppocr.modeling.backbones.pplcnet_v4 import PPLCNetV4
from ppocr_kit.supplement.ppocr.modeling.backbones.pplcnet_v4_blocks import LCNetV4Block, quartering_stem

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]


def images(*shape):
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


@pytest.mark.parametrize(
    ("model_size", "channels"),
    [("tiny", [32, 48, 64, 160]), ("small", [48, 96, 192, 384]), ("medium", [128, 256, 512, 896])],
)
def test_detector_gets_four_maps(model_size, channels):
    backbone = PPLCNetV4(det=True, model_size=model_size)
    backbone.eval()
    assert backbone.out_channels == channels
    shapes = [tuple(level.shape) for level in backbone(images(1, 3, 64, 96))]
    assert shapes == [(1, width, 64 >> i, 96 >> i) for width, i in zip(channels, (2, 3, 4, 5))]


@pytest.mark.parametrize(
    ("model_size", "channels", "height", "width"),
    [("tiny", 160, 48, 320), ("tiny", 160, 48, 97), ("small", 384, 50, 16), ("medium", 768, 48, 32)],
)
def test_recogniser_gets_a_row_of_an_eighth_of_the_width_and_forty_columns_while_training(
    model_size, channels, height, width
):
    backbone = PPLCNetV4(model_size=model_size)
    assert backbone.out_channels == channels
    assert tuple(backbone(images(1, 3, height, width)).shape) == (1, channels, 1, 40)
    backbone.eval()
    columns = -(-width // 4) // 2
    assert tuple(backbone(images(1, 3, height, width)).shape) == (1, channels, 1, columns)


def test_table_of_either_task_has_it():
    assert (
        len(
            build_backbone({"name": "PPLCNetV4", "det": True, "model_size": "tiny"}, "det", 1)(
                images(1, 1, 32, 32)
            )
        )
        == 4
    )
    assert build_backbone({"name": "PPLCNetV4"}, "rec", 1)(images(1, 1, 48, 40)).shape[1] == 384


@pytest.mark.parametrize("size", [(8, 8), (31, 18), (9, 33)])
def test_stem_quarters_any_size(size):
    stem = quartering_stem(3, 4, 6)
    expected = [-(-side // 2) for side in size]
    expected = [-(-side // 2) for side in expected]
    assert list(stem(images(1, 3, *size)).shape) == [1, 6, *expected]


def test_even_kernels_of_the_stem_read_to_the_right_and_down():
    stem = quartering_stem(3, 4, 6)
    stem.eval()
    x = images(1, 4, 6, 6)
    changed = x.numpy()
    changed[0, :, 3, 3] += 1
    for layer in (stem.stem2a, stem.pool):
        difference = layer(paddle.to_tensor(changed)).numpy() - layer(x).numpy()
        rows, columns = np.nonzero(np.abs(difference[0]).max(0) > 1e-6)
        assert {*rows, *columns} <= {2, 3}
        assert tuple(layer(x).shape[2:]) == (6, 6)


def test_fresh_residual_block_adds_nothing():
    block = LCNetV4Block(8, 8, squeeze=True)
    x = images(1, 8, 4, 4)
    np.testing.assert_array_equal(block(x).numpy(), block.token_mixer(x).numpy())
    assert np.abs(LCNetV4Block(8, 12)(images(1, 8, 4, 4)).numpy()).max() > 0


def test_multipliers_pace_the_stem_and_the_excitation_of_their_stage():
    backbone = PPLCNetV4(model_size="small", lr_mult_list=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    rates = {
        name: round(parameter.optimize_attr["learning_rate"], 3)
        for name, parameter in backbone.named_parameters()
    }
    assert rates["conv1.stem3.conv.weight"] == rates["conv1.stem3.bn.bias"] == 0.1
    assert rates["blocks2.0.token_mixer.se.conv1.weight"] == 0.2
    assert rates["blocks5.1.token_mixer.se.conv2.bias"] == 0.5
    assert rates["blocks5.1.channel_mixer.expand.conv.weight"] == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"model_size": "large"}, "model_size 'large' is not known here; there are medium, small, tiny"),
        ({"lr_mult_list": [1, 1]}, r"6 numbers as lr_mult_list, not \[1, 1\]"),
        ({"scale": 0.5}, "does not know the key 'scale'"),
    ],
)
def test_what_is_not_known_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        build_backbone({"name": "PPLCNetV4", **config}, "rec", 3)


@pytest.mark.parametrize("height", [8, 16, 32])
def test_lines_lower_than_usual_leave_one_row(height):
    backbone = PPLCNetV4(model_size="tiny")
    backbone.eval()
    row = backbone(images(1, 3, height, 64)).numpy()
    assert row.shape == (1, 160, 1, 8)
    assert np.isfinite(row).all()
