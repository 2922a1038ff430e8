"""The backbones of PP-OCRv3 to v5: maps of other widths and sizes than test_recorded_facts.py has."""

from __future__ import annotations

import numpy as np
import pytest
from trained_networks import noise

from ppocr_kit.supplement.ppocr.modeling.backbones import BACKBONES, build_backbone

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
V3_KEYS = {"last_conv_stride": [1, 2], "last_pool_type": "avg", "last_pool_kernel_size": [2, 2]}


def evaluating(model_type, name, **keys):
    backbone = build_backbone({"name": name, **keys}, model_type, 3)
    backbone.eval()
    return backbone


def shapes_of(output):
    return [tuple(level.shape) for level in (output if isinstance(output, list) else [output])]


@pytest.mark.parametrize(
    ("scale", "channels"),
    [
        (1 / 16, [1, 1, 3, 30]),
        (0.35, [5, 8, 19, 168]),
        (0.75, [12, 18, 42, 360]),
        (1.0, [16, 24, 56, 480]),
        (1.25, [20, 30, 70, 600]),
    ],
)
@pytest.mark.parametrize("size", [(64, 96), (33, 50)])
def test_pplcnet_v3_gives_detectors_four_maps_each_half_of_the_one_before(scale, channels, size):
    backbone = evaluating("det", "PPLCNetV3", scale=scale, det=True, conv_kxk_num=1)
    assert backbone.out_channels == channels
    rounded_up = [tuple(-(-side // 2**level) for side in size) for level in (2, 3, 4, 5)]
    maps = shapes_of(backbone(noise(1, 3, *size)))
    assert maps == [(1, width, *side) for width, side in zip(channels, rounded_up)]


@pytest.mark.parametrize(
    ("scale", "channels"), [(0.01, 16), (0.35, 176), (0.5, 256), (0.95, 480), (1.0, 512), (1.3, 672)]
)
def test_width_of_pplcnet_v3_features_is_a_multiple_of_sixteen(scale, channels):
    backbone = evaluating("rec", "PPLCNetV3", scale=scale, conv_kxk_num=1)
    assert backbone.out_channels == channels
    assert shapes_of(backbone(noise(1, 3, 48, 32))) == [(1, channels, 1, 4)]


# the image, what it becomes when evaluating, what while training
LINES = [
    ((48, 320), (1, 40), (1, 40)),
    ((48, 331), (1, 41), (1, 40)),
    # 48 pixels leave the three rows that are averaged; fewer are averaged all
    ((32, 100), (1, 12), (1, 40)),
    ((64, 256), (1, 32), (1, 40)),
    ((96, 32), (2, 4), (1, 40)),
]


@pytest.mark.parametrize(("size", "evaluated", "training"), LINES)
def test_a_line_becomes_a_row_of_an_eighth_of_its_width_and_of_forty_columns_while_training(
    size, evaluated, training
):
    backbone = evaluating("rec", "PPLCNetV3", scale=0.25, conv_kxk_num=2)
    line = noise(2, 3, *size)
    assert shapes_of(backbone(line)) == [(2, 128, *evaluated)]
    backbone.train()
    assert shapes_of(backbone(line)) == [(2, 128, *training)]


@pytest.mark.parametrize(("name", "keys"), [("PPHGNet_small", {}), ("PPHGNetV2_B4", {"text_rec": True})])
def test_server_backbones_give_rows_of_the_same_length_as_the_mobile_ones(name, keys):
    backbone = evaluating("rec", name, **keys)
    assert shapes_of(backbone(noise(1, 3, 32, 100))) == [(1, backbone.out_channels, 1, 12)]
    assert shapes_of(backbone(noise(1, 3, 48, 40))) == [(1, backbone.out_channels, 1, 5)]
    backbone.train()
    assert shapes_of(backbone(noise(1, 3, 48, 40))) == [(1, backbone.out_channels, 1, 40)]


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("PPHGNet_tiny", [224, 448, 512, 768]),
        ("PPHGNet_small", [256, 512, 768, 1024]),
        ("PPHGNetV2_B4", [128, 512, 1024, 2048]),
    ],
)
def test_server_backbones_give_detectors_four_maps_or_those_asked_for(name, channels):
    backbone = evaluating("det", name, det=True)
    assert backbone.out_channels == channels
    sides = [(9, 13), (5, 7), (3, 4), (2, 2)]
    maps = shapes_of(backbone(noise(1, 3, 33, 50)))
    assert maps == [(1, width, *side) for width, side in zip(channels, sides)]
    some = evaluating("det", name, det=True, out_indices=[1, 3])
    assert some.out_channels == [channels[1], channels[3]]
    assert shapes_of(some(noise(1, 3, 33, 50))) == [maps[1], maps[3]]


@pytest.mark.parametrize(("name", "channels"), [("PPHGNet_tiny", 768), ("PPHGNet_base", 1280)])
def test_other_sizes_of_pphgnet_make_single_rows_of_lines_of_32_pixels(name, channels):
    backbone = evaluating("rec", name)
    assert backbone.out_channels == channels
    assert shapes_of(backbone(noise(1, 3, 32, 32))) == [(1, channels, 1, 4)]
    assert shapes_of(backbone(noise(1, 3, 48, 32))) == [(1, channels, 2, 4)]


def test_pphgnet_v2_without_a_task_gives_its_last_map():
    backbone = evaluating("rec", "PPHGNetV2_B4", use_last_conv=False, class_num=10)
    assert shapes_of(backbone(noise(1, 3, 64, 64))) == [(1, 2048, 2, 8)]
    assert tuple(backbone.fc.weight.shape) == (2048, 10)
    assert not hasattr(backbone, "last_conv")


@pytest.mark.parametrize(
    ("keys", "size", "shape"),
    [
        ({"scale": 0.5, **V3_KEYS}, (48, 320), (1, 512, 1, 40)),
        ({"scale": 0.5, **V3_KEYS}, (32, 100), (1, 512, 1, 12)),
        ({"scale": 0.35, **V3_KEYS}, (64, 96), (1, 358, 2, 12)),
        ({"scale": 1 / 32}, (32, 100), (1, 32, 1, 25)),
        ({"scale": 0.25, "last_pool_type": "avg"}, (48, 100), (1, 256, 1, 25)),
        ({"scale": 0.25, "last_conv_stride": 2, "last_pool_kernel_size": 9}, (64, 96), (1, 256, 1, 12)),
    ],
)
def test_mobilenet_v1_enhance_keeps_what_strides_and_pooling_leave(keys, size, shape):
    backbone = evaluating("rec", "MobileNetV1Enhance", **keys)
    assert backbone.out_channels == shape[1]
    assert shapes_of(backbone(noise(1, 3, *size))) == [shape]
    backbone.train()
    assert shapes_of(backbone(noise(1, 3, *size))) == [shape]


def test_mobilenet_v1_enhance_pools_by_maximum_or_by_average():
    maximum, average = (
        evaluating("rec", "MobileNetV1Enhance", scale=0.1, last_pool_type=kind, last_pool_kernel_size=2)
        for kind in ("max", "avg")
    )
    average.set_state_dict(maximum.state_dict())
    line = noise(1, 3, 32, 64)
    features = maximum.block_list(maximum.conv1(line)).numpy().reshape(1, 102, 1, 2, 16, 2)
    np.testing.assert_allclose(maximum(line).numpy(), features.max((3, 5)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(average(line).numpy(), features.mean((3, 5)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("PPLCNetV3", {"scale": 0}, "scale above 0, not 0"),
        ("PPLCNetV3", {"scale": float("nan")}, "scale above 0, not nan"),
        ("PPLCNetV3", {"scale": 0.06, "det": True}, "scale of 0.0625 or more for detection"),
        ("PPLCNetV3", {"conv_kxk_num": 0}, "conv_kxk_num of PPLCNetV3 wants 1 or more"),
        ("PPLCNetV3", {"lr_mult_list": [1, 1]}, "lr_mult_list of PPLCNetV3 wants 6 numbers"),
        ("PPLCNetV3", {"lr_mult_list": 1.0}, "lr_mult_list of PPLCNetV3 wants 6 numbers"),
        ("PPLCNetV3", {"scales": 1.0}, "did you mean scale"),
        ("PPHGNet_small", {"out_indices": [4]}, "out_indices of PPHGNet wants some of 0 to 3"),
        ("PPHGNet_small", {"out_indices": []}, "out_indices of PPHGNet wants some of 0 to 3"),
        ("PPHGNet_small", {"text_rec": True}, "does not know the key 'text_rec'"),
        ("PPHGNetV2_B4", {"lr_mult_list": [1.0] * 6}, "wants 5 numbers"),
        ("PPHGNetV2_B4", {"det": True, "text_rec": True}, "for det or for text_rec"),
        ("MobileNetV1Enhance", {"scale": 0.03}, "scale of 0.03125 or more"),
        ("MobileNetV1Enhance", {"last_pool_type": "sum"}, "last_pool_type 'sum' is not known"),
    ],
)
def test_keys_that_make_no_network_are_refused(name, keys, message):
    with pytest.raises(ValueError, match=message):
        build_backbone({"name": name, **keys}, "rec", 3)


def test_what_both_tasks_know_is_the_same_network():
    both = ("PPHGNetV2_B4", "PPHGNet_base", "PPHGNet_small", "PPHGNet_tiny", "PPLCNetV3")
    assert all(BACKBONES["det"][name] is BACKBONES["rec"][name] for name in both)
