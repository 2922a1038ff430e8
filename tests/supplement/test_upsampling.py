from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from ppocr_kit.supplement.ppocr.modeling.upsampling import repeat_pixels

pytestmark = pytest.mark.release


@pytest.mark.parametrize("factor", [1, 2, 8])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 4, 5)])
def test_repeated_pixels_are_nearest_interpolation_forth_and_back(shape, factor):
    values = np.random.default_rng(0).standard_normal(shape).astype("float32")
    gradients = np.random.default_rng(1).standard_normal((*shape[:2], shape[2] * factor, shape[3] * factor))
    results = []
    for enlarge in (repeat_pixels, lambda x, f: F.interpolate(x, scale_factor=f, mode="nearest")):
        x = paddle.to_tensor(values, stop_gradient=False)
        y = enlarge(x, factor)
        y.backward(paddle.to_tensor(gradients.astype("float32")))
        results.append((y.numpy(), x.grad.numpy()))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5, atol=1e-5)
