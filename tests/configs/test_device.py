from __future__ import annotations

import pytest

from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.errors import UsageError


@pytest.mark.parametrize(
    ("text", "device", "again"),
    [
        ("cpu", Device("cpu", (), 1), "cpu"),
        ("cpu:1", Device("cpu", (), 1), "cpu"),
        ("cpu:2", Device("cpu", (), 2), "cpu:2"),
        (" CPU:4 ", Device("cpu", (), 4), "cpu:4"),
        ("gpu", Device("gpu", (0,), 1), "gpu:0"),
        ("gpu:3", Device("gpu", (3,), 1), "gpu:3"),
        ("gpu:0,1", Device("gpu", (0, 1), 2), "gpu:0,1"),
    ],
)
def test_device_is_read_and_written_back(text: str, device: Device, again: str) -> None:
    assert parse_device(text) == device
    assert str(device) == again
    assert parse_device(again) == device


@pytest.mark.parametrize(
    "text", ["", "cpu:", "cpu:0", "cpu:65", "cpu:1,2", "gpu:", "gpu:a", "gpu:0,", "cuda:0", "-1"]
)
def test_other_text_is_no_device(text: str) -> None:
    with pytest.raises(UsageError, match="is not a device"):
        parse_device(text)


def test_a_gpu_cannot_be_named_twice() -> None:
    with pytest.raises(UsageError, match="names a GPU twice"):
        parse_device("gpu:0,1,0")
