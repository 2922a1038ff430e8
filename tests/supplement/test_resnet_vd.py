"""ResNet-vd beyond the two recorded configurations."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from ppocr_kit.supplement.ppocr.modeling.backbones import build_backbone
from ppocr_kit.supplement.ppocr.modeling.backbones.resnet_vd import DEPTHS, DeformableConv, Shortcut

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
NARROW, WIDE = [64, 128, 256, 512], [256, 512, 1024, 2048]


def images(*shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


def det(layers=18, **keys):
    backbone = build_backbone({"name": "ResNet_vd", "layers": layers, **keys}, "det", 3)
    backbone.eval()
    return backbone


def rec(layers=18):
    backbone = build_backbone({"name": "ResNet", "layers": layers}, "rec", 3)
    backbone.eval()
    return backbone


@pytest.mark.parametrize("layers", DEPTHS)
def test_a_network_has_as_many_layers_as_its_name_says(layers):
    # the stem's three stand for one; the classifier, which is not here, is another
    assert sum(DEPTHS[layers]) * (3 if layers >= 50 else 2) + 2 == layers


@pytest.mark.parametrize(("layers", "channels"), [(18, NARROW), (34, NARROW), (50, WIDE)])
def test_blocks_have_two_convolutions_and_from_50_layers_on_three(layers, channels):
    backbone = det(layers)
    assert backbone.out_channels == channels
    weights = [key for key in backbone.state_dict() if key.endswith("_conv.weight")]
    assert len([key for key in weights if ".short." not in key]) - 3 + 2 == layers
    assert len([key for key in weights if ".short." in key]) == 4


@pytest.mark.parametrize("size", [(64, 96), (45, 70), (33, 33)])
def test_detection_maps_are_at_a_quarter_to_a_32th_rounded_up(size):
    shapes = [tuple(level.shape[2:]) for level in det()(images(1, 3, *size))]
    assert shapes == [tuple(-(-side // scale) for side in size) for scale in (4, 8, 16, 32)]


def test_only_the_stages_asked_for_are_given():
    everything, some = det(), det(out_indices=[1, 3])
    some.set_state_dict(everything.state_dict())
    assert some.out_channels == [128, 512]
    x = images(1, 3, 32, 64)
    for given, wanted in zip(some(x), everything(x)[1::2]):
        np.testing.assert_array_equal(given.numpy(), wanted.numpy())


@pytest.mark.parametrize(("layers", "width"), [(18, 32), (18, 100), (34, 50), (50, 40)])
def test_recognition_leaves_one_row_and_a_quarter_of_the_width(layers, width):
    backbone = rec(layers)
    features = backbone(images(1, 3, 32, width))
    assert tuple(features.shape) == (1, 512 if layers < 50 else 2048, 1, width // 4)
    assert backbone.out_channels == features.shape[1]


@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
def test_the_way_around_a_block_averages_before_it_projects(stride):
    shortcut, x = Shortcut(3, 4, stride), images(1, 3, 5, 7)
    shortcut.eval()
    averaged = F.avg_pool2d(x, stride, stride, ceil_mode=True)
    expected = F.conv2d(averaged, shortcut.state_dict()["_conv.weight"]) / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(shortcut(x).numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)


def test_deformable_stages_have_offsets_and_learn():
    backbone = det(50, dcn_stage=[False, False, False, True])
    offsets = [key for key in backbone.state_dict() if "conv_offset" in key]
    assert {key.split(".")[0] for key in offsets} == {"bb_3_0", "bb_3_1", "bb_3_2"}
    backbone.train()
    backbone(images(1, 3, 64, 64))[-1].mean().backward()
    weight = dict(backbone.named_parameters())["bb_3_0.conv1._conv.conv_offset.weight"]
    assert np.abs(weight.grad.numpy()).max() > 0


def test_offsets_start_where_the_plain_convolution_looks_with_half_the_trust():
    layer, x = DeformableConv(2, 4, 2), images(1, 2, 8, 8)
    expected = 0.5 * F.conv2d(x, layer.conv_dcn.weight, stride=2, padding=1)
    np.testing.assert_allclose(layer(x).numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: det(20), "18, 34, 50, 101, 152, 200 layers, not 20"),
        (lambda: rec(20), "18, 34, 50, 101, 152, 200 layers, not 20"),
        (lambda: det(18, dcn_stage=[False, True, True, True]), "dcn_stage wants 50 layers or more, not 18"),
        (lambda: det(50, dcn_stage=[True]), r"four of true and false, not \[True\]"),
        (lambda: det(layer=18), "does not know the key 'layer'; did you mean layers"),
    ],
)
def test_networks_that_there_are_not_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_key_of_the_official_recipe_that_changes_nothing_is_known():
    assert det(disable_se=True).out_channels == NARROW
