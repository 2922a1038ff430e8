"""The pooling that ends the recognition backbones made for lines of 48 rows.

Source: recorded outputs of ``PP-OCRv4_mobile_rec`` and ``PP-OCRv4_server_rec`` (PaddleOCR 3.7.0).
"""

from __future__ import annotations

from typing import Any

import paddle.nn.functional as F

_COLUMNS = 40  # what an image of 48x320, the usual size of training, has at an eighth of its width


def pool_line(x: Any, training: bool) -> Any:
    """Average a map (N, C, H, W) to one row.

    While training lines of any size become (N, C, 1, 40), so that batches of several sizes give equally
    many steps. Otherwise three rows by two columns become one: (N, C, H // 3, W // 2); a map that has fewer
    becomes one row or column.
    """
    if training:
        return F.adaptive_avg_pool2d(x, [1, _COLUMNS])
    return F.avg_pool2d(x, [3, 2])
