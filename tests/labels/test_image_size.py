from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.image_size import read_image_size
from ppocr_kit.labels.images import decode_image


def encode(suffix, width=37, height=21, channels=3, kind=np.uint8, **options):
    shape = (height, width, channels) if channels > 1 else (height, width)
    pixels = np.random.default_rng(0).integers(0, 255, shape).astype(kind)
    flags = [value for pair in options.items() for value in (getattr(cv2, pair[0]), pair[1])]
    return cv2.imencode(suffix, pixels, flags)[1].tobytes()


def shown_size(content):
    height, width = decode_image(content).shape[:2]
    return width, height


def with_exif(jpeg, orientation, order="<"):
    """Put an EXIF segment with a padding entry and the orientation behind the start mark."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHIHH", 0x0100, 3, 1, 5, 0)
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(order + "IH", 8, 2) + entries + struct.pack(order + "I", 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize(
    "content",
    [
        encode(".jpg"),
        encode(".jpg", 1, 1),
        encode(".jpg", 4000, 3),
        encode(".jpg", channels=1),
        encode(".jpg", IMWRITE_JPEG_PROGRESSIVE=1),
        encode(".jpg", IMWRITE_JPEG_RST_INTERVAL=4),
        encode(".png"),
        encode(".png", channels=1),
        encode(".png", channels=4),
        encode(".png", kind=np.uint16),
        encode(".png", 1, 1),
    ],
)
def test_the_size_is_that_of_the_decoded_picture(content):
    assert read_image_size(content) == shown_size(content)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_photo_has_the_size_that_its_orientation_shows(orientation, order):
    content = with_exif(encode(".jpg"), orientation, order)
    assert read_image_size(content) == shown_size(content)


def test_a_picture_embedded_in_the_exif_data_is_not_taken_for_the_page():
    jpeg = encode(".jpg")
    body = b"Exif\0\0MM\0*" + struct.pack(">IHI", 8, 0, 0) + encode(".jpg", 8, 8)
    content = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]
    assert read_image_size(content) == (37, 21) == shown_size(content)


def png(*chunks):
    found = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        found += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return found


HEAD = (b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0))
END = (b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"not an image",
        encode(".bmp"),
        encode(".webp"),
        encode(".jpg")[:60],
        encode(".png")[:-30],
        encode(".png").replace(b"IDAT", b"IDAX"),
        png(HEAD),
        png(END),
        png(HEAD, (b"acTL", b""), END),
        png(HEAD, (b"eXIf", b"II*\0"), END),
        png((b"IHDR", struct.pack(">IIBBBBB", 0, 3, 8, 2, 0, 0, 0)), END),
        png((b"IHDR", struct.pack(">IIBBBBB", 1 << 20, 1 << 20, 8, 2, 0, 0, 0)), END),
    ],
)
def test_what_cannot_be_told_from_the_head_is_left_to_the_decoder(content):
    assert read_image_size(content) is None


def test_a_flipped_bit_in_a_png_is_noticed():
    content = bytearray(encode(".png"))
    content[len(content) // 2] ^= 1
    assert read_image_size(bytes(content)) is None


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_give_a_size_or_none(tail, head):
    size = read_image_size(head + tail)
    assert size is None or min(size) > 0


@given(st.integers(0, 700), st.binary(min_size=1, max_size=8))
def test_a_damaged_jpeg_head_never_crashes(at, noise):
    content = bytearray(with_exif(encode(".jpg"), 6))
    content[at : at + len(noise)] = noise
    read_image_size(bytes(content))
