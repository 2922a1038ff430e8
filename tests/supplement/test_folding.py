"""What is trained wide and exported narrow gives the same."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle import nn
from trained_networks import folded, noise, parameters

from ppocr_kit.supplement.ppocr.modeling.backbones.pplcnet_v4 import PPLCNetV4
from ppocr_kit.supplement.ppocr.modeling.backbones.pplcnet_v4_blocks import (
    FoldingConv,
    LCNetV4Block,
    RepDWConv,
    quartering_stem,
)
from ppocr_kit.supplement.ppocr.modeling.folding import absorb_norm
from ppocr_kit.supplement.ppocr.modeling.heads.det_db_head import DBHead, Head, LiteHead
from ppocr_kit.supplement.ppocr.modeling.heads.det_pf_head import PFHeadLocal
from ppocr_kit.supplement.ppocr.modeling.necks.rep_lk import DilatedReparamBlock, DilatedReparamConv
from ppocr_kit.supplement.ppocr.modeling.necks.rep_lk_fpn import RepLKFPN
from ppocr_kit.supplement.ppocr.modeling.necks.rep_lk_pan import RepLKPAN

pytestmark = pytest.mark.release


def drawn(layer):
    """Draw what a layer's normalisations have learnt, and let it evaluate inside a network."""
    random = np.random.default_rng(0)
    for name, tensor in layer.state_dict().items():
        kind = name.rsplit(".", 1)[-1]
        if kind == "_variance":
            tensor.set_value(random.uniform(0.3, 2, tensor.shape).astype("float32"))
        elif len(tensor.shape) == 1:
            middle = 0.0 if kind == "_mean" else 0.5
            tensor.set_value(random.normal(middle, 0.4, tensor.shape).astype("float32"))
    layer.eval()
    return nn.Sequential(layer)


def outputs(layer, x):
    result = layer(x)
    if isinstance(result, dict):
        result = result["maps"]
    return [tensor.numpy() for tensor in (result if isinstance(result, list) else [result])]


def norms(layer):
    return [part for part in layer.sublayers(include_self=True) if isinstance(part, nn.BatchNorm2D)]


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2D(3, 5, 3, padding=1, bias_attr=False),
        nn.Conv2D(3, 5, 1),
        nn.Conv2D(5, 5, 3, stride=2, groups=5, bias_attr=False),
        nn.Conv2D(4, 6, 2, padding="SAME", groups=2),
        nn.Conv2DTranspose(3, 5, 2, stride=2),
        nn.Conv2DTranspose(5, 5, 3, stride=2, bias_attr=False),
    ],
)
def test_convolution_takes_over_its_normalisation(convolution):
    channels = convolution(noise(1, convolution._in_channels, 8, 8)).shape[1]
    pair = drawn(nn.Sequential(convolution, nn.BatchNorm2D(channels)))[0]
    x = noise(2, convolution._in_channels, 8, 12)
    expected = pair(x).numpy()
    absorb_norm(pair[0], pair[1])
    np.testing.assert_allclose(pair[0](x).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_normalisation_that_has_seen_a_constant_folds_too():
    pair = drawn(nn.Sequential(nn.Conv2D(2, 3, 1, bias_attr=False), nn.BatchNorm2D(3)))[0]
    pair[1]._variance.set_value(paddle.zeros([3]))
    expected = pair(noise(1, 2, 4, 4)).numpy()
    absorb_norm(pair[0], pair[1])
    np.testing.assert_allclose(pair[0](noise(1, 2, 4, 4)).numpy(), expected, rtol=1e-4, atol=1e-3)


FOLDABLE = {
    "FoldingConv": (lambda: FoldingConv(3, 5, 3, (2, 1), act="relu"), (2, 3, 9, 7)),
    "quartering_stem": (lambda: quartering_stem(1, 6, 10), (1, 1, 17, 22)),
    "RepDWConv": (lambda: RepDWConv(5), (2, 5, 6, 7)),
    "RepDWConv-5": (lambda: RepDWConv(3, kernel=5), (1, 3, 3, 9)),
    "LCNetV4Block": (lambda: LCNetV4Block(8, 8, squeeze=True), (2, 8, 6, 7)),
    "LCNetV4Block-stride": (lambda: LCNetV4Block(8, 12, stride=(2, 1), squeeze=True), (1, 8, 6, 7)),
    **{
        f"DilatedReparamBlock-{side}": (
            lambda side=side: DilatedReparamBlock(3, side),
            (1, 3, 16, 15),
        )
        for side in (5, 7, 9, 11, 13)
    },
    # smaller than the kernel
    "DilatedReparamBlock-tiny-map": (lambda: DilatedReparamBlock(3, 13), (1, 3, 2, 1)),
    "DilatedReparamConv": (lambda: DilatedReparamConv(6, 4, 9), (2, 6, 8, 9)),
    "Head": (lambda: Head(12), (1, 12, 6, 5)),
    "Head-3": (lambda: Head(8, kernel_list=(1, 3, 2)), (1, 8, 6, 5)),
    "LiteHead": (lambda: LiteHead(12), (1, 12, 6, 5)),
    "DBHead": (lambda: DBHead(16, aux_in_channels=8), (1, 16, 6, 5)),
    "PFHeadLocal": (lambda: PFHeadLocal(16, mode="large"), (1, 16, 6, 5)),
    "PPLCNetV4-det": (lambda: PPLCNetV4(det=True, model_size="tiny"), (1, 3, 64, 32)),
    "PPLCNetV4-rec": (lambda: PPLCNetV4(model_size="tiny"), (1, 3, 48, 70)),
    "PPLCNetV4-rec-small": (lambda: PPLCNetV4(model_size="small"), (1, 3, 48, 40)),
}


@pytest.mark.parametrize("name", FOLDABLE)
def test_folded_layer_gives_the_same_and_is_smaller(name):
    make, shape = FOLDABLE[name]
    layer, x = drawn(make()), noise(*shape)
    small = folded(layer)
    for before, after in zip(outputs(layer, x), outputs(small, x)):
        assert before.std() > 1e-3
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4 * np.abs(before).max())
    assert parameters(small) < parameters(layer)


@pytest.mark.parametrize("name", [key for key in FOLDABLE if key != "PFHeadLocal"])
def test_no_normalisation_is_left(name):
    layer = drawn(FOLDABLE[name][0]())
    assert norms(layer)
    assert not norms(folded(layer))


@pytest.mark.parametrize(
    ("make", "channels"),
    [
        (lambda c: RepLKFPN(c, 16, dilated_kernel_size=7), (8, 12, 16, 20)),
        (lambda c: RepLKFPN(c, 32, shortcut=False, dilated_kernel_size=5, intracl=True), (3, 5, 7, 9)),
        (lambda c: RepLKPAN(c, 16), (8, 12, 16, 20)),
        (lambda c: RepLKPAN(c, 32, intracl=True), (4, 4, 4, 4)),
    ],
)
def test_folded_necks_give_the_same_and_are_smaller(make, channels):
    neck = drawn(make(channels))
    maps = [noise(1, c, 16 >> i, 24 >> i) for i, c in enumerate(channels)]
    small = folded(neck)
    before, after = neck(maps).numpy(), small(maps).numpy()
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4 * np.abs(before).max())
    assert parameters(small) < parameters(neck)


@pytest.mark.parametrize("name", ["RepDWConv", "DilatedReparamConv", "Head", "LiteHead", "FoldingConv"])
def test_folding_twice_changes_nothing(name):
    make, shape = FOLDABLE[name]
    layer = folded(drawn(make()))
    before = outputs(layer, noise(*shape))
    layer[0].rep()
    assert np.array_equal(outputs(layer, noise(*shape))[0], before[0])


def test_folding_leaves_the_network_that_was_copied_as_it_was():
    layer = drawn(DilatedReparamConv(6, 4, 9))
    before = {key: value.numpy() for key, value in layer.state_dict().items()}
    folded(layer)
    after = layer.state_dict()
    assert after.keys() == before.keys()
    assert all(np.array_equal(after[key].numpy(), value) for key, value in before.items())
