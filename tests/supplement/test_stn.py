"""STN_ON and its thin plate spline."""

from __future__ import annotations

import logging

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ppocr_kit.supplement.ppocr.modeling.architectures import apply_to_static
from ppocr_kit.supplement.ppocr.modeling.resizing import linear_weights
from ppocr_kit.supplement.ppocr.modeling.transforms import build_transform
from ppocr_kit.supplement.ppocr.modeling.transforms.thin_plate_spline import (
    ThinPlateSpline,
    pixel_positions,
    points_on_two_sides,
    spline_weights,
)

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
STN_ON = {
    "name": "STN_ON",
    "tps_inputsize": [32, 64],
    "tps_outputsize": [16, 40],
    "num_control_points": 8,
    "tps_margins": [0.05, 0.05],
    "stn_activation": "none",
}


def images(*shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


def transform(**keys):
    layer = build_transform({**STN_ON, **keys}, 3)
    layer.eval()
    return layer


# ---------------------------------------------------------------- the transform


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
@pytest.mark.parametrize("size", [(64, 256), (32, 100), (31, 77)])
def test_lines_of_any_size_come_out_at_one_size(activation, size):
    layer = transform(stn_activation=activation)
    assert tuple(layer(images(2, 3, *size)).shape) == (2, 3, 16, 40)
    assert layer.out_channels == 3


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_untrained_points_lie_along_the_edges(activation):
    layer = transform(stn_activation=activation)
    points = layer.stn_head(images(1, 3, 32, 64)).numpy()[0]
    np.testing.assert_allclose(points, points_on_two_sides(8, 0.01, 0.01), atol=1e-5)


def test_an_untrained_transform_is_nearly_a_resize():
    ramp = paddle.linspace(0, 1, 80).reshape([1, 1, 1, 80]).expand([1, 3, 32, 80])
    straight = transform(tps_margins=[0.01, 0.01])(ramp).numpy()[0, 0]
    np.testing.assert_allclose(straight, np.broadcast_to(np.linspace(0, 1, 40), (16, 40)), atol=1e-3)


def test_the_points_are_learnt_and_the_image_stays_as_it_was():
    layer, x = transform(), images(2, 3, 32, 64)
    layer.train()
    layer(x).square().mean().backward()
    assert np.abs(layer.stn_head.stn_fc2.bias.grad.numpy()).max() > 0
    assert x.stop_gradient
    assert x.grad is None


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_points_are_learnt_in_compiled_training():
    settings = {"Global": {"to_static": True, "d2s_train_image_shape": [3, 32, 64]}}
    layer = transform()
    layer.train()
    gradients = []
    for network in (layer, apply_to_static(layer, settings, logging.getLogger(__name__))):
        network(images(2, 3, 32, 64)).square().mean().backward()
        gradients.append(layer.stn_head.stn_fc2.bias.grad.numpy().copy())
        layer.stn_head.stn_fc2.clear_gradients()
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-2, atol=1e-6)


def test_the_spline_is_no_part_of_a_checkpoint():
    assert {key.split(".")[0] for key in transform().state_dict()} == {"stn_head"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"tps_inputsize": [32, 100]}, r"tps_inputsize of STN_ON is \[32, 64\], not \[32, 100\]"),
        ({"tps_outputsize": [1, 100]}, "two numbers of at least 2"),
        ({"num_control_points": 7}, "an even number of at least 4, not 7"),
        ({"num_control_points": 2}, "an even number of at least 4, not 2"),
        ({"stn_activation": "tanh"}, "stn_activation 'tanh' is not known here; there are none, sigmoid"),
    ],
)
def test_settings_that_do_not_fit_are_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        transform(**keys)


# ---------------------------------------------------------------- the spline


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([4, 6, 10, 20]),
    st.floats(0, 0.3),
    st.lists(st.floats(-1, 1), min_size=6, max_size=6),
)
def test_affine_maps_are_followed_exactly(number, margin, affine):
    fixed, places = points_on_two_sides(number, margin, margin), pixel_positions(5, 9)
    weights = spline_weights(places, fixed)
    matrix, shift = np.reshape(affine[:4], (2, 2)), np.array(affine[4:])
    np.testing.assert_allclose(weights @ (fixed @ matrix + shift), places @ matrix + shift, atol=1e-7)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-7)


def test_control_points_go_where_they_are_told_to():
    fixed = points_on_two_sides(10, 0.1, 0.2)
    told = np.random.default_rng(1).uniform(0, 1, fixed.shape)
    np.testing.assert_allclose(spline_weights(fixed, fixed) @ told, told, atol=1e-9)


def test_what_lies_outside_of_the_image_has_the_colour_of_its_edge():
    image = paddle.to_tensor(np.arange(4, dtype="float32").reshape(1, 1, 1, 4)).expand([1, 1, 3, 4])
    points = points_on_two_sides(4, 0.0, 0.0) + [2.0, 0.0]
    sampled = ThinPlateSpline([2, 3], 4, [0.0, 0.0])(image, paddle.to_tensor(points[None].astype("float32")))
    assert sampled.numpy().ravel() == pytest.approx([3.0] * 6)


# ---------------------------------------------------------------- the resize


@pytest.mark.parametrize("new", [1, 2, 5, 9, 33])
@pytest.mark.parametrize("old", [1, 2, 9, 20])
def test_two_products_resize_as_paddle_does(old, new):
    x = images(1, 2, old, 7)
    expected = F.interpolate(x, [new, 7], mode="bilinear", align_corners=True).numpy()
    weights = linear_weights(new, paddle.to_tensor(old)).numpy()
    np.testing.assert_allclose(weights @ x.numpy(), expected, atol=1e-5)
