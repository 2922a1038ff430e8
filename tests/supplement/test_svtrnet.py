"""SVTRNet beyond the recorded configuration, and the blocks that it shares with necks."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from architectures import svtr

from ppocr_kit.supplement.ppocr.modeling.backbones import build_backbone
from ppocr_kit.supplement.ppocr.modeling.backbones.svtr_patches import AveragedColumns
from ppocr_kit.supplement.ppocr.modeling.svtr_blocks import (
    Attention,
    Block,
    BlockSettings,
    DropPath,
    window_mask,
)

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
SMALL = svtr()["Backbone"]


def images(*shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


def network(**keys):
    backbone = build_backbone({**SMALL, **keys}, "rec", 3)
    backbone.eval()
    return backbone


# ---------------------------------------------------------------- the network


@pytest.mark.parametrize("patch_merging", ["Conv", "Pool", None, "None"])
@pytest.mark.parametrize("prenorm", [True, False])
@pytest.mark.parametrize(
    ("size", "sub_num"), [([32, 64], 2), ([32, 60], 2), ([48, 40], 2), ([64, 128], 3), ([16, 40], 2)]
)
def test_features_are_one_row_of_as_many_columns_as_asked_for(patch_merging, prenorm, size, sub_num):
    same = {} if patch_merging in ("Conv", "Pool") else {"embed_dim": [8, 8, 8]}
    backbone = network(img_size=size, sub_num=sub_num, patch_merging=patch_merging, prenorm=prenorm, **same)
    assert tuple(backbone(images(2, 3, *size)).shape) == (2, 12, 1, 10)
    assert backbone.out_channels == 12
    assert ("norm.weight" in backbone.state_dict()) is not prenorm


def test_without_a_last_stage_the_tokens_come_out():
    backbone = network(last_stage=False)
    assert tuple(backbone(images(2, 3, 32, 64)).shape) == (2, 2 * 16, 24)
    assert backbone.out_channels == 24


def test_the_length_has_features_of_its_own_when_asked_for():
    features, length = network(use_lenhead=True)(images(2, 3, 32, 64))
    assert tuple(features.shape) == (2, 12, 1, 10)
    assert tuple(length.shape) == (2, 12)


def test_mixers_beyond_the_last_block_are_not_used():
    plain, longer = network(), network(mixer=[*SMALL["mixer"], "Global", "Global"])
    assert plain.state_dict().keys() == longer.state_dict().keys()


def test_masks_are_no_part_of_a_checkpoint():
    assert not [key for key in network(mixer=["Local"] * 3).state_dict() if "mask" in key]


def test_everything_learns():
    backbone = network()
    backbone.train()
    backbone(images(2, 3, 32, 64)).mean().backward()
    untouched = [
        name for name, weight in backbone.named_parameters() if weight.trainable and weight.grad is None
    ]
    assert untouched == []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"img_size": [32, 62]}, r"a width in multiples of 4, not \[32, 62\]"),
        ({"img_size": [24, 64]}, "a height in multiples of 16"),
        ({"sub_num": 4}, "sub_num of SVTRNet is 2 or 3, not 4"),
        ({"mixer": ["Local"]}, "mixer of SVTRNet wants 3 values, not 1"),
        ({"depth": [1, 1]}, "depth of SVTRNet wants 3 values, not 2"),
        (
            {"mixer": ["Local", "Glob", "Conv"]},
            "mixer 'Glob' is not known here; there are Conv, Global, Local",
        ),
        ({"patch_merging": "conv"}, "patch_merging 'conv' is not known here; there are Conv, None, Pool"),
        ({"patch_merging": None}, "without patch_merging wants one embed_dim"),
        ({"act": "nn.Tanh"}, "act 'nn.Tanh' is not known here; there are nn.GELU, "),
        ({"norm_layer": "__import__('os')"}, "norm_layer '__import__.*' is not known here"),
        ({"num_heads": [3, 2, 4]}, "3 heads cannot share 8 channels evenly"),
        ({"img_siz": [32, 64]}, "did you mean img_size"),
    ],
)
def test_settings_that_do_not_fit_are_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        network(**keys)


def test_images_of_another_size_are_refused_with_what_must_agree():
    with pytest.raises(ValueError, match=r"images of \[32, 64\], these have \[32, 100\].*tps_outputsize"):
        network()(images(1, 3, 32, 100))


@pytest.mark.parametrize(("old", "new"), [(25, 25), (32, 25), (40, 7), (40, 1), (8, 13)])
def test_columns_are_averaged_as_adaptive_pooling_does(old, new):
    x = images(2, 3, 4, old)
    expected = F.adaptive_avg_pool2d(x, [1, new]).numpy()
    np.testing.assert_allclose(AveragedColumns(old, new)(x).numpy(), expected, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- the blocks


@pytest.mark.parametrize(
    ("size", "window", "seen"),
    [
        ((1, 4), (1, 3), ["1100", "1110", "0111", "0011"]),
        ((1, 4), (1, 2), ["1000", "1100", "0110", "0011"]),
        ((2, 2), (1, 3), ["1100", "1100", "0011", "0011"]),
        ((2, 1), (7, 11), ["11", "11"]),
        ((1, 1), (1, 1), ["1"]),
    ],
)
def test_a_token_sees_its_window_only(size, window, seen):
    mask = window_mask(size, window).numpy()
    assert ["".join("1" if value == 0 else "0" for value in row) for row in mask] == seen
    assert set(mask.ravel()) <= {0, -np.inf}


def test_masked_tokens_change_nothing_in_local_attention():
    layer = Attention(8, 2, BlockSettings(), window_mask((1, 6), (1, 3)))
    x = images(1, 6, 8)
    changed = x.clone()
    changed[:, 4:] = 9.0
    same = np.isclose(layer(x).numpy(), layer(changed).numpy()).all(axis=(0, 2))
    assert same.tolist() == [True, True, True, False, False, False]


def test_attention_is_softmax_of_scaled_products():
    layer, x = Attention(4, 2, BlockSettings()), images(1, 3, 4)
    query, key, value = np.split(layer.qkv(x).numpy()[0], 3, axis=1)
    heads = []
    for part in (slice(0, 2), slice(2, 4)):
        scores = query[:, part] @ key[:, part].T / np.sqrt(2)
        weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        heads.append(weights @ value[:, part])
    expected = np.concatenate(heads, 1) @ layer.proj.weight.numpy() + layer.proj.bias.numpy()
    np.testing.assert_allclose(layer(x).numpy()[0], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("prenorm", [True, False])
def test_prenorm_means_that_the_sum_is_normalised(prenorm):
    block, x = Block(8, 2, BlockSettings(prenorm=prenorm)), images(1, 5, 8)
    spread = block(x).numpy().std(axis=2)
    assert np.allclose(spread, 1, atol=1e-2) is prenorm


def test_whole_branches_are_left_out_while_training_only():
    layer, x = DropPath(0.25), paddle.ones([4000, 1, 2])
    kept = layer(x).numpy()[:, 0]
    assert np.unique(kept) == pytest.approx([0, 1 / 0.75])
    assert (kept[:, 0] == kept[:, 1]).all()
    assert kept.mean() == pytest.approx(1, abs=0.05)
    layer.eval()
    assert layer(x) is x
