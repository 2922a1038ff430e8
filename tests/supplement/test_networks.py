"""The networks beyond the recorded configurations."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import pytest
from architectures import crnn, db
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.supplement.ppocr.modeling.architectures import apply_to_static, build_model
from ppocr_kit.supplement.ppocr.modeling.backbones import BACKBONES
from ppocr_kit.supplement.ppocr.modeling.backbones.mobilenet_v3 import make_divisible

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]


def images(*shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


# ---------------------------------------------------------------- backbones


@given(st.floats(min_value=0.5, max_value=5000, allow_nan=False))
def test_widths_are_multiples_of_eight_that_keep_nine_tenths(width):
    rounded = make_divisible(width)
    assert rounded % 8 == 0
    assert rounded >= 0.9 * width
    assert abs(rounded - width) <= 8


@pytest.mark.parametrize(
    ("scale", "model_name", "channels"),
    [
        (0.35, "large", [8, 16, 40, 336]),
        (0.5, "large", [16, 24, 56, 480]),
        (1.0, "large", [24, 40, 112, 960]),
        (1.25, "large", [32, 48, 144, 1200]),
        (0.35, "small", [8, 8, 16, 200]),
        (0.5, "small", [8, 16, 24, 288]),
        (1.0, "small", [16, 24, 48, 576]),
        (0.1, "small", [8, 8, 8, 56]),
    ],
)
def test_detection_backbone_gives_four_maps(scale, model_name, channels):
    backbone = BACKBONES["det"]["MobileNetV3"](scale=scale, model_name=model_name)
    backbone.eval()
    assert backbone.out_channels == channels
    shapes = [tuple(level.shape) for level in backbone(images(1, 3, 64, 96))]
    assert shapes == [(1, width, 64 >> i, 96 >> i) for width, i in zip(channels, (2, 3, 4, 5))]


@pytest.mark.parametrize("model_name", ["large", "small"])
@pytest.mark.parametrize("scale", [0.35, 0.5, 0.75, 1.25])
def test_recognition_backbone_leaves_one_row_and_a_quarter_of_the_width(model_name, scale):
    backbone = BACKBONES["rec"]["MobileNetV3"](
        scale=scale, model_name=model_name, small_stride=[1, 2, 2, 2], large_stride=[1, 2, 2, 2]
    )
    backbone.eval()
    assert tuple(backbone(images(1, 3, 32, 100)).shape) == (1, backbone.out_channels, 1, 25)


def test_a_first_stride_of_two_shrinks_large_in_both_directions_and_small_in_height():
    kind = BACKBONES["rec"]["MobileNetV3"]
    large, small = kind(model_name="large", large_stride=[2, 2, 2, 2]), kind(small_stride=[2, 2, 2, 2])
    large.eval(), small.eval()
    assert tuple(large(images(1, 3, 64, 64)).shape)[2:] == (1, 8)
    assert tuple(small(images(1, 3, 64, 64)).shape)[2:] == (1, 16)


@pytest.mark.parametrize("make", [db, crnn])
def test_squeeze_and_excitation_can_be_left_out(make):
    def squeezing(**backbone):
        return [key for key in build_model(make(**backbone)).state_dict() if "mid_se" in key]

    assert len(squeezing(disable_se=False)) == 9 * 4
    assert squeezing(disable_se=True) == []


# ---------------------------------------------------------------- whole networks


@pytest.mark.parametrize(("neck", "size"), [(24, (64, 96)), (96, (96, 32))])
def test_detector_gives_one_map_and_three_while_training(neck, size):
    model = build_model(db(neck={"out_channels": neck}))
    model.eval()
    assert tuple(model(images(2, 3, *size))["maps"].shape) == (2, 1, *size)
    model.train()
    maps = model(images(2, 3, *size))["maps"]
    assert tuple(maps.shape) == (2, 3, *size)
    shrink, threshold, binary = (maps[:, channel].numpy() for channel in range(3))
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-50 * (shrink - threshold))), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("encoder", [{"encoder_type": "reshape"}, {"hidden_size": 8}, {"hidden_size": 48}])
@pytest.mark.parametrize("head", [{}, {"mid_channels": 12}, {"out_channels": 97, "fc_decay": 0}])
def test_recogniser_gives_probabilities_and_scores_while_training(encoder, head):
    model = build_model(crnn(neck=encoder, head=head, small_stride=[1, 2, 2, 2]))
    classes = head.get("out_channels", 7)
    model.eval()
    probabilities = model(images(2, 3, 32, 64)).numpy()
    assert probabilities.shape == (2, 16, classes)
    np.testing.assert_allclose(probabilities.sum(2), 1, rtol=1e-5)
    model.train()
    scores = model(images(2, 3, 32, 64))
    assert tuple(scores.shape) == (2, 16, classes)
    assert abs(float(scores.sum(2).mean()) - 1) > 1e-3


def test_features_go_out_beside_the_scores_while_training_only():
    model = build_model(crnn(head={"mid_channels": 12, "return_feats": True}))
    features, scores = model(images(2, 3, 32, 64))
    assert (features.shape[2], scores.shape[2]) == (12, 7)
    model.eval()
    assert tuple(model(images(2, 3, 32, 64)).shape) == (2, 16, 7)


def test_images_may_have_one_channel():
    model = build_model({**db(), "in_channels": 1})
    model.eval()
    assert tuple(model(images(1, 1, 32, 32))["maps"].shape) == (1, 1, 32, 32)


def test_all_features_are_named_while_training_and_the_last_one_otherwise():
    model = build_model({**crnn(), "return_all_feats": True})
    assert set(model(images(1, 3, 32, 32))) == {"backbone_out", "neck_out", "head_out"}
    model.eval()
    assert set(model(images(1, 3, 32, 32))) == {"head_out"}
    detector = build_model({**db(), "return_all_feats": True})
    assert set(detector(images(1, 3, 32, 32))) == {"backbone_out", "neck_out", "maps"}


def test_neck_and_head_may_be_absent():
    assert (
        len(build_model({"model_type": "det", "Backbone": {"name": "MobileNetV3"}})(images(1, 3, 32, 32)))
        == 4
    )


def test_the_configuration_is_left_as_it_is():
    config = crnn()
    before = copy.deepcopy(config)
    build_model(config)
    assert config == before


def test_fresh_weights_are_those_that_training_from_scratch_starts_with():
    detector, recogniser = build_model(db()), build_model(crnn()).state_dict()
    state = detector.state_dict()
    assert np.all(state["head.binarize.conv_bn1.bias"].numpy() == np.float32(1e-4))
    assert np.all(state["head.binarize.conv_bn1.weight"].numpy() == 1)
    # Kaiming's standard deviation sqrt(2 / fan_in) of a 3x3 convolution over 24 channels
    assert np.std(state["head.binarize.conv1.weight"].numpy()) == pytest.approx(
        (2 / (24 * 9)) ** 0.5, rel=0.1
    )
    fully_connected = recogniser["head.fc.weight"].numpy()
    assert np.abs(fully_connected).max() <= 32**-0.5
    assert np.abs(fully_connected).max() > 0.9 * 32**-0.5


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            db(name="DenseNet"),
            "Backbone 'DenseNet' is not known here; there are MobileNetV3.* .*--source git",
        ),
        (db(neck={"name": "EASTFPN"}), "Neck 'EASTFPN' is not known here; there are DBFPN, LKPAN"),
        (db(head={"name": "EASTHead"}), "Head 'EASTHead' is not known here; there are CTCHead, DBHead"),
        ({**db(), "model_type": "table"}, "model_type 'table' is not known here; there are det, kie, rec"),
        ({**db(), "Transform": {"name": "TPS"}}, "Transform 'TPS' is not known here; there "),
        ({**db(), "Neck": {"out_channels": 24}}, "Neck has no name"),
        ({**db(), "algorithm": "Distillation"}, "Distillation.*--source git"),
        ({"model_type": "det"}, "Architecture needs the key 'Backbone'"),
        (db(neck={"use_asf": True}), "Neck DBFPN does not know the key 'use_asf'"),
        (db(model_nam="large"), "key 'model_nam'; did you mean model_name"),
        (db(model_name="huge"), "model_name 'huge' is not known here; there are large, small"),
        (db(scale=0), "scale above 0, not 0"),
        (db(neck={"out_channels": 30}), "multiple of 4"),
        (
            crnn(neck={"encoder_type": "swin"}),
            "encoder_type 'swin' is not known here; there are cascadernn, fc, lightsvtr, reshape, rnn, svtr",
        ),
        (crnn(small_stride=[1, 2]), "small_stride of MobileNetV3 wants four numbers"),
        (
            {**crnn(), "Head": {"name": "CTCHead"}},
            "Head CTCHead needs the key 'out_channels'",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(config, message):
    with pytest.raises(ValueError, match=message):
        build_model(config)


def test_images_that_leave_more_than_one_row_are_refused():
    model = build_model(crnn())
    with pytest.raises(ValueError, match=r"leaves 2 rows .* 48 pixels from PP-OCRv3 on, 32 before"):
        model(images(1, 3, 128, 64))


# ---------------------------------------------------------------- compiled training


class Log:
    """Takes what a logger is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_compiled_network_trains_like_the_plain_one():
    plain, log = paddle.nn.Conv2D(3, 4, 3), Log()
    compiled = paddle.nn.Conv2D(3, 4, 3)
    compiled.set_state_dict(plain.state_dict())
    settings = {"Global": {"to_static": True, "d2s_train_image_shape": [3, -1, -1]}}
    compiled = apply_to_static(compiled, settings, log)
    assert log.lines == ["the model is compiled for inputs of [None, 3, -1, -1]"]
    for model in (plain, compiled):
        model(images(2, 3, 32, 32)).mean().backward()
    np.testing.assert_allclose(plain.weight.grad.numpy(), compiled.weight.grad.numpy(), rtol=1e-5)


def test_compiling_is_off_unless_asked_for_and_needs_a_shape():
    model = build_model(db())
    assert apply_to_static(model, {"Global": {}}, Log()) is model
    with pytest.raises(ValueError, match="d2s_train_image_shape"):
        apply_to_static(model, {"Global": {"to_static": True}}, Log())
