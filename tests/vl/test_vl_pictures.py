"""Pictures as a viewer shows them, and files that are none."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ppocr_kit.errors import DataError
from ppocr_kit.vl.pictures import (
    BadPicture,
    decode_picture,
    measure_picture,
    read_picture,
    read_picture_file,
)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A small file with a large head."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def two_coloured(mode: str = "RGB") -> Image.Image:
    """White, with a red left upper corner."""
    image = Image.new("RGB", (40, 20), "white")
    image.paste((200, 0, 0), (0, 0, 10, 10))
    return image.convert(mode)


@pytest.mark.parametrize(
    ("image", "kind", "plain"),
    [
        (two_coloured(), "PNG", True),
        (two_coloured(), "JPEG", True),
        (two_coloured(), "BMP", True),
        (two_coloured("L"), "PNG", True),
        (two_coloured("1"), "PNG", False),
        (two_coloured("P"), "PNG", False),
        (two_coloured("RGBA"), "PNG", False),
        (two_coloured("LA"), "PNG", False),
        (two_coloured("CMYK"), "JPEG", False),
        (two_coloured("CMYK"), "TIFF", False),
        (two_coloured("RGB"), "WEBP", True),
        (two_coloured("RGB"), "PPM", True),
        (two_coloured("P"), "GIF", False),
    ],
)
def test_every_mode_becomes_what_a_viewer_shows(image, kind, plain):
    picture = decode_picture(encoded(image, kind), "a")
    assert (picture.image.mode, picture.image.size) == ("RGB", (40, 20))
    assert (picture.kind, picture.plain) == (kind, plain)
    seen = np.asarray(picture.image.convert("L"), dtype=int)
    assert seen[:6, :6].mean() < 120 and seen[14:, 20:].min() > 240


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_shows_white_paper(mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 4, 8))
    kind = "TIFF" if mode == "PA" else "PNG"
    content = encoded(image if mode == "PA" else image.convert(mode), kind)
    seen = np.asarray(decode_picture(content, "a").image)
    assert seen[:, :4].max() == 0 and seen[:, 4:].min() == 255


def test_a_transparent_colour_of_a_palette_shows_white_paper():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([0, 0, 0, 9, 9, 9])
    seen = decode_picture(encoded(image, "PNG", transparency=0), "a").image
    assert np.asarray(seen).min() == 255


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 32768, 65535]], dtype=np.uint16), [0, 128, 255]),
        (np.array([[0, 128, 255]], dtype=np.uint16), [0, 0, 1]),
        (np.array([[0, 300, 65535]], dtype=np.int32), [0, 1, 255]),
        (np.array([[0, 128, 255]], dtype=np.int32), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[0.0, 128.0, 255.0]], dtype=np.float32), [0, 128, 255]),
        (np.array([[-5.0, np.nan, 65535.0]], dtype=np.float32), [0, 0, 255]),
    ],
)
def test_deep_grey_keeps_its_shades(values, expected):
    picture = decode_picture(encoded(Image.fromarray(values), "TIFF"), "a")
    assert np.asarray(picture.image)[0, :, 0].tolist() == expected
    assert not picture.plain


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_a_viewer_turns_them(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(two_coloured(), "JPEG", exif=exif, quality=95))
    picture = read_picture(path)
    wanted = {
        **{1: ((40, 20), (0, 0)), 2: ((40, 20), (-1, 0)), 3: ((40, 20), (-1, -1)), 4: ((40, 20), (0, -1))},
        **{5: ((20, 40), (0, 0)), 6: ((20, 40), (-1, 0)), 7: ((20, 40), (-1, -1)), 8: ((20, 40), (0, -1))},
    }[orientation]
    assert picture.image.size == measure_picture(path) == wanted[0]
    column, row = wanted[1]
    red = np.asarray(picture.image)[row, column]
    assert red[0] > 150 and red[1] < 80
    assert picture.plain is (orientation == 1)


def test_a_strange_orientation_turns_nothing():
    exif = Image.Exif()
    exif[0x0112] = 99
    picture = decode_picture(encoded(two_coloured(), "JPEG", exif=exif), "a")
    assert (picture.image.size, picture.plain) == ((40, 20), True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "is "),
        (b"not a picture", "is no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is no picture"),
        (encoded(two_coloured())[:-60], "is damaged"),
        (encoded(two_coloured(), "JPEG")[:300], "is "),
        (png_that_claims(60_000, 60_000), "more than 89 million pixels"),
        (png_that_claims(10_000, 9_000), "more than 89 million pixels"),
        (png_that_claims(300, 300), "is damaged"),
        (encoded(Image.new("RGB", (601, 3))), "one side more than 200 times"),
    ],
)
def test_what_is_no_usable_picture_has_a_reason(content, reason, tmp_path):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(BadPicture, match=reason) as caught:
        read_picture(path)
    assert isinstance(caught.value, DataError)
    assert str(path) in str(caught.value)


def test_what_cannot_be_read_to_its_end_is_not_opened(tmp_path):
    empty, pipe, loop = tmp_path / "empty.png", tmp_path / "pipe.png", tmp_path / "loop.png"
    empty.touch()
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    cases = {
        empty: "empty file",
        pipe: "not a plain file",
        loop: "cannot be read",
        tmp_path: "is a folder",
        tmp_path / "none.png": "No such file",
        Path("nul\0"): "cannot be read",
    }
    for path, reason in cases.items():
        for read in (read_picture, read_picture_file, measure_picture):
            with pytest.raises(BadPicture, match=reason):
                read(path)


def test_a_file_larger_than_a_picture_can_be_is_not_read(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as stream:
        stream.truncate((512 << 20) + 1)
    with pytest.raises(BadPicture, match="512 MiB"):
        read_picture(path)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1", b"II*\0", b"RIFF", b""]),
)
def test_no_bytes_raise_anything_else(content, head):
    with pytest.raises(BadPicture):
        decode_picture(head + content, "a")


@given(st.data())
def test_damage_at_any_place_is_decoded_or_refused(data):
    whole = bytearray(encoded(two_coloured("RGBA"), data.draw(st.sampled_from(["PNG", "TIFF", "WEBP"]))))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode_picture(bytes(whole), "a").image.mode == "RGB"
    except BadPicture as error:
        assert error.message
