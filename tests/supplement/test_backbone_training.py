"""How the backbones of PP-OCRv3 to v5 learn, and what their exports are."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from paddle.static import InputSpec
from trained_networks import fold, folded, noise, parameters, trained

from ppocr_kit.supplement.ppocr.modeling.backbones import build_backbone
from ppocr_kit.supplement.ppocr.modeling.backbones.learnable_rep import LearnableRepLayer

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]


def build(model_type, name, **keys):
    return build_backbone({"name": name, **keys}, model_type, 3)


def maps_of(output):
    return output if isinstance(output, list) else [output]


def learning_rates(backbone):
    return {
        name: parameter.optimize_attr["learning_rate"]
        for name, parameter in backbone.named_parameters()
        if not parameter.stop_gradient
    }


def undecayed(backbone):
    """Return the names of the parameters that an optimizer's weight decay leaves alone."""
    return {
        name
        for name, parameter in backbone.named_parameters()
        if parameter.regularizer is not None and parameter.regularizer._coeff == 0
    }


# ---------------------------------------------------------------- folding


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "kernel", "stride", "groups"),
    [
        (8, 8, 3, 1, 8),
        (8, 8, 5, (2, 1), 8),
        (8, 8, 3, 2, 8),
        (8, 8, 1, 1, 1),
        (8, 12, 1, 1, 1),
        (8, 8, 3, 1, 2),
    ],
)
@pytest.mark.parametrize("branches", [1, 4])
def test_a_folded_layer_gives_what_its_branches_gave(
    in_channels, out_channels, kernel, stride, groups, branches
):
    x = noise(2, in_channels, 9, 14)
    layer = trained(LearnableRepLayer(in_channels, out_channels, kernel, stride, groups, branches), x)
    before = layer(x).numpy()
    layer.rep()
    np.testing.assert_allclose(layer(x).numpy(), before, rtol=1e-5, atol=1e-5)
    kernel_size = out_channels * (in_channels // groups) * kernel**2
    assert parameters(layer) == kernel_size + out_channels + 4
    layer.rep()
    np.testing.assert_allclose(layer(x).numpy(), before, rtol=1e-5, atol=1e-5)


def test_an_identity_is_a_branch_only_where_nothing_changes_the_shape():
    assert LearnableRepLayer(8, 8, 3).identity is not None
    assert LearnableRepLayer(8, 12, 1).identity is None
    assert LearnableRepLayer(8, 8, 3, stride=(2, 1)).identity is None


def test_a_layer_of_stride_two_has_no_activation_but_one_of_a_pair_has():
    x = noise(1, 4, 8, 8)
    plain, paired = (trained(LearnableRepLayer(4, 4, 3, stride, 4), x) for stride in (2, (2, 2)))
    paired.set_state_dict(plain.state_dict())
    np.testing.assert_allclose(paired(x).numpy(), plain.act(plain(x)).numpy(), rtol=1e-5, atol=1e-6)
    assert np.abs(paired(x).numpy() - plain(x).numpy()).max() > 0.1


@pytest.mark.parametrize(("det", "shape"), [(True, (4, 3, 96, 128)), (False, (2, 3, 48, 100))])
def test_a_folded_pplcnet_v3_gives_the_same_with_less_than_a_third_of_the_parameters(det, shape):
    backbone = trained(build("rec", "PPLCNetV3", scale=0.5, det=det), noise(*shape))
    small = folded(backbone)
    for before, after in zip(maps_of(backbone(noise(*shape))), maps_of(small(noise(*shape)))):
        assert before.numpy().std() > 0.05
        # of the largest value; nearly 50 layers round differently, the folded ones nearer to the truth
        tolerance = 1e-4 * np.abs(before.numpy()).max()
        np.testing.assert_allclose(after.numpy(), before.numpy(), rtol=0, atol=tolerance)
    normalised = {name.split(".")[0] for name in small.state_dict() if ".bn." in name}
    assert normalised == {"conv1"}  # as in upstream's exports
    assert parameters(small) < 0.3 * parameters(backbone)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_an_export_holds_the_folded_convolutions_only(tmp_path):
    shape = [None, 3, 48, -1]
    x = noise(1, 3, 48, 96)
    backbone = trained(build("rec", "PPLCNetV3", scale=0.25, conv_kxk_num=2), x)
    expected = backbone(x).numpy()
    count = parameters(folded(backbone))
    # in the order of ppocr/utils/export_model.py of 3.7.0: compile, fold, save
    static = paddle.jit.to_static(backbone, input_spec=[InputSpec(shape=shape, dtype="float32")])
    fold(static)
    paddle.jit.save(static, str(tmp_path / "inference"))
    assert (tmp_path / "inference.pdiparams").stat().st_size < 4 * count * 1.05
    loaded = paddle.jit.load(str(tmp_path / "inference"))
    np.testing.assert_allclose(loaded(x).numpy(), expected, rtol=1e-4, atol=1e-4)


# ---------------------------------------------------------------- learning


# the parameters that official checkpoints have and no output depends on
IDLE = {
    "PPLCNetV3": lambda name: ".dw_conv.act." in name and name.split(".")[0] != "blocks2" and ".0." in name,
    "PPHGNetV2_B4": lambda name: name.startswith(("last_conv.", "fc.")),
}


@pytest.mark.parametrize(
    ("model_type", "name", "keys"),
    [
        ("det", "PPLCNetV3", {"scale": 0.25, "det": True}),
        ("rec", "PPLCNetV3", {"scale": 0.25}),
        ("det", "PPHGNet_small", {"det": True}),
        ("rec", "PPHGNetV2_B4", {"text_rec": True}),
        ("rec", "MobileNetV1Enhance", {"scale": 0.25}),
    ],
)
def test_a_gradient_reaches_every_parameter_that_an_output_depends_on(model_type, name, keys):
    backbone = build(model_type, name, **keys)
    backbone.train()
    sum((level**2).sum() for level in maps_of(backbone(noise(2, 3, 48, 64)))).backward()
    parameters = {key: value for key, value in backbone.named_parameters() if not value.stop_gradient}
    without = {key for key, value in parameters.items() if value.grad is None}
    idle = IDLE.get(name, lambda key: False) if name != "PPLCNetV3" or keys.get("det") else lambda key: False
    assert without == {key for key in parameters if idle(key)}
    assert all(
        np.isfinite(value.grad.numpy()).all() for key, value in parameters.items() if key not in without
    )


def test_pplcnet_v3_learns_each_stage_and_its_scales_at_their_own_rate():
    backbone = build("rec", "PPLCNetV3", scale=0.25, lr_mult_list=[0.5, 1, 2, 3, 4, 5], lab_lr=0.2)
    for name, rate in learning_rates(backbone).items():
        stage = name.split(".")[0]
        expected = 0.5 if stage == "conv1" else int(stage[len("blocks") :]) - 1
        assert rate == pytest.approx(expected * (0.2 if ".lab." in name else 1)), name


def test_pphgnet_v2_learns_each_stage_at_its_own_rate():
    rates = learning_rates(build("det", "PPHGNetV2_B4", det=True, lr_mult_list=[0.0, 0.25, 0.5, 0.75, 2]))
    for name, rate in rates.items():
        part, number = name.split(".")[:2]
        expected = {"stem": 0.0, "last_conv": 1.0}.get(part)
        assert rate == ([0.25, 0.5, 0.75, 2][int(number)] if expected is None else expected), name


@pytest.mark.parametrize(
    ("name", "keys", "normalisation"),
    [
        ("PPLCNetV3", {"scale": 0.25}, ".bn."),
        ("PPHGNet_small", {}, ".bn."),
        ("PPHGNetV2_B4", {"text_rec": True}, ".bn."),
        ("MobileNetV1Enhance", {"scale": 0.25}, "._batch_norm."),
    ],
)
def test_weight_decay_leaves_the_normalisations_behind_convolutions_alone(name, keys, normalisation):
    backbone = build("rec", name, **keys)
    trainable = {key for key, value in backbone.named_parameters() if not value.stop_gradient}
    assert undecayed(backbone) == {key for key in trainable if normalisation in key} != set()


@pytest.mark.parametrize(
    ("name", "keys", "weight", "fan_in"),
    [
        ("PPLCNetV3", {"scale": 1.0}, "blocks5.1.dw_conv.conv_kxk.0.conv.weight", 25),
        ("PPLCNetV3", {"scale": 1.0}, "blocks6.1.pw_conv.conv_kxk.3.conv.weight", 512),
        ("PPHGNet_small", {}, "stages.3.downsample.conv.weight", 9),
        ("PPHGNet_small", {}, "stages.3.blocks.0.att.conv.weight", 1024),
        ("PPHGNetV2_B4", {"det": True}, "stages.3.blocks.0.layers.2.conv2.conv.weight", 25),
        ("PPHGNetV2_B4", {"det": True}, "last_conv.weight", 2048),
        ("MobileNetV1Enhance", {"scale": 1.0}, "block_list.12._depthwise_conv._conv.weight", 25),
    ],
)
def test_kernels_start_with_the_variance_of_he(name, keys, weight, fan_in):
    start = build("rec", name, **keys).state_dict()[weight].numpy()
    assert start.std() == pytest.approx(np.sqrt(2 / fan_in), rel=0.05)
    assert abs(start.mean()) < 0.05 * start.std() + 3 * start.std() / np.sqrt(start.size)
