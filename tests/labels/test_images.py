from __future__ import annotations

import cv2
import numpy as np
import pytest

from ppocr_kit.labels.images import BadImage, PageImage, is_cut_short, read_page_image

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)


def encoded(suffix, pixels=PIXELS):
    return cv2.imencode(suffix, pixels)[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tiff", ".webp"])
def test_a_whole_image_is_decoded_to_bgr(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix))
    image = read_page_image(path)
    assert isinstance(image, PageImage)
    assert image.pixels.shape == (60, 100, 3)
    assert image.content == path.read_bytes()


@pytest.mark.parametrize(
    "pixels",
    [PIXELS[:, :, 0], np.dstack([PIXELS, PIXELS[:, :, :1]]), PIXELS.astype(np.uint16) * 257],
    ids=["grey", "alpha", "16 bit"],
)
def test_grey_alpha_and_deep_images_become_eight_bit_colour(tmp_path, pixels):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png", pixels))
    image = read_page_image(path)
    assert (image.pixels.shape, image.pixels.dtype) == ((60, 100, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_an_image_cut_short_is_told(tmp_path, suffix, share):
    content = encoded(suffix)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    bad = read_page_image(path)
    assert isinstance(bad, BadImage)
    assert bad.code in ("L030", "L031")


def test_bytes_after_the_end_of_a_jpeg_are_no_fault():
    assert not is_cut_short(encoded(".jpg") + b"\0" * 100 + b"maker notes")


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"<svg/>"])
def test_what_is_no_image_is_told(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert isinstance(read_page_image(path), BadImage)


def test_a_folder_in_place_of_an_image_is_told(tmp_path):
    assert read_page_image(tmp_path).code == "L032"
