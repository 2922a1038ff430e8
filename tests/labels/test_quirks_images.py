"""Page images as they are: what training sees of them, and where that is a surprise."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ppocr_kit.labels.image_traits import read_image_traits
from ppocr_kit.labels.images import BadImage, open_page_image

HEIGHT, WIDTH = 60, 100
NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def encoded(suffix, pixels=NOISE, *options):
    return cv2.imencode(suffix, pixels, list(options))[1].tobytes()


def with_alpha(colour, alpha):
    """Return a page of one colour, of which the left half is transparent to some degree."""
    page = np.full((HEIGHT, WIDTH, 4), (*colour, 255), np.uint8)
    page[:, : WIDTH // 2, 3] = alpha
    return page


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def orientation_exif(orientation):
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def turned_jpeg(pixels, orientation):
    exif = b"Exif\0\0" + orientation_exif(orientation)
    jpeg = encoded(".jpg", pixels)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def turned_png(pixels, orientation):
    png = encoded(".png", pixels)
    return png[:33] + chunk(b"eXIf", orientation_exif(orientation)) + png[33:]


def turned_tiff(pixels, orientation):
    """Return an uncompressed TIFF, which OpenCV does not write with an orientation."""
    height, width = pixels.shape[:2]
    data = pixels[:, :, ::-1].tobytes()
    tags = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, 3, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (273, 4, 1, 14),
        (274, 3, 1, orientation),
        (277, 3, 1, 3),
        (278, 3, 1, height),
        (279, 4, 1, len(data)),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    bits = struct.pack("<HHH", 8, 8, 8)
    start = 8 + len(bits) + len(data)
    return (
        b"II*\0" + struct.pack("<I", start) + bits + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    )


def codes(content):
    image = open_page_image(content, "a")
    return [image.code] if isinstance(image, BadImage) else [code for code, _, _ in image.findings]


# which corner the mark at the stored top left is shown in, and whether the sides change places
ORIENTATIONS = [
    (1, "top left", False),
    (2, "top right", False),
    (3, "bottom right", False),
    (4, "bottom left", False),
    (5, "top left", True),
    (6, "top right", True),
    (7, "bottom right", True),
    (8, "bottom left", True),
]


@pytest.mark.parametrize(("orientation", "corner", "sides_change"), ORIENTATIONS)
@pytest.mark.parametrize("encode", [turned_jpeg, turned_png, turned_tiff])
def test_a_photo_is_read_as_its_exif_orientation_shows_it(encode, orientation, corner, sides_change):
    stored = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    stored[: HEIGHT // 2, : WIDTH // 2] = 255
    image = open_page_image(encode(stored, orientation), "a")
    height, width = (WIDTH, HEIGHT) if sides_change else (HEIGHT, WIDTH)
    assert image.pixels.shape == (height, width, 3)
    y = 5 if "top" in corner else height - 5
    x = 5 if "left" in corner else width - 5
    assert image.pixels[y, x].min() > 200
    assert image.pixels[height - y, width - x].max() < 50


@pytest.mark.parametrize(
    ("suffix", "colour", "alpha", "found"),
    [
        (".png", (0, 0, 0), 0, ["L033"]),
        (".png", (0, 0, 200), 0, ["L033"]),
        (".png", (255, 255, 255), 0, []),
        (".png", (0, 0, 0), 255, []),
        (".png", (0, 0, 0), 200, []),
        # this encoder makes black what lies under transparency
        (".webp", (255, 255, 255), 0, ["L033"]),
        (".webp", (0, 0, 0), 255, []),
    ],
)
def test_transparency_that_hides_a_colour_is_told(suffix, colour, alpha, found):
    assert codes(encoded(suffix, with_alpha(colour, alpha))) == found


def test_the_finding_says_how_much_is_transparent_and_what_shows_there():
    image = open_page_image(encoded(".png", with_alpha((0, 0, 200), 0)), "a")
    assert image.findings[0][2] == "50 % of the page, which shows as colour (200, 0, 0)"
    assert image.pixels[5, 5].tolist() == [0, 0, 200]


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_colours_of_a_picture_with_alpha_are_those_that_paddleocr_sees(suffix):
    alpha = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    content = encoded(suffix, np.dstack([NOISE, alpha]))
    seen = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(open_page_image(content, "a").pixels, seen)


def test_a_turned_photo_with_alpha_keeps_the_orientation():
    content = turned_png(with_alpha((0, 0, 0), 0), 6)
    assert open_page_image(content, "a").pixels.shape == (WIDTH, HEIGHT, 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
@pytest.mark.parametrize("pixels", [NOISE, NOISE[:, :, 0]], ids=["colour", "grey"])
def test_plain_pictures_hold_no_surprise(suffix, pixels):
    image = open_page_image(encoded(suffix, pixels), "a")
    assert (image.pixels.shape, image.findings) == ((HEIGHT, WIDTH, 3), ())


def test_a_black_and_white_picture_holds_no_surprise():
    content = encoded(".png", (NOISE[:, :, 0] > 99).astype(np.uint8) * 255, cv2.IMWRITE_PNG_BILEVEL, 1)
    assert codes(content) == []


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_are_told_with_the_brightness_that_remains(suffix):
    scan = np.full((HEIGHT, WIDTH), 4095, np.uint16)
    image = open_page_image(encoded(suffix, scan), "a")
    assert int(image.pixels.max()) == 15
    assert [(code, detail) for code, _, detail in image.findings] == [
        ("L035", "its brightest value is 15 of 255")
    ]


def test_a_float_picture_is_none():
    assert codes(encoded(".tiff", NOISE[:, :, 0].astype(np.float32))) == ["L030"]


def four_component_jpeg():
    """Return a one-colour CMYK JPEG, 8 x 8, written by hand: OpenCV only reads them."""
    zeros = bytes(16)
    tables = b"\xff\xdb\0\x43\0" + bytes([1] * 64)
    frame = (
        b"\xff\xc0"
        + struct.pack(">HBHHB", 20, 8, 8, 8, 4)
        + b"".join(bytes([number, 0x11, 0]) for number in range(1, 5))
    )
    # one code each: difference of zero, end of block
    huffman = b"".join(
        b"\xff\xc4" + struct.pack(">HB", 20, kind) + b"\1" + zeros[:15] + b"\0" for kind in (0x00, 0x10)
    )
    scan = (
        b"\xff\xda" + struct.pack(">HB", 14, 4) + b"".join(bytes([n, 0]) for n in range(1, 5)) + b"\0\x3f\0"
    )
    return b"\xff\xd8" + tables + frame + huffman + scan + b"\0" + b"\xff\xd9"


def test_colours_of_print_are_told():
    image = open_page_image(four_component_jpeg(), "a")
    assert image.pixels.shape == (8, 8, 3)
    assert [code for code, _, _ in image.findings] == ["L036"]


def animation(count):
    pictures = cv2.Animation()
    pictures.frames = [
        np.full((HEIGHT, WIDTH, 4), (shade, 0, 0, 255), np.uint8) for shade in range(50, 50 + 80 * count, 80)
    ]
    pictures.durations = [100] * count
    return pictures


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
@pytest.mark.parametrize(("count", "found"), [(1, []), (3, ["L034"])])
def test_of_an_animation_the_first_picture_is_used_and_that_is_told(suffix, count, found):
    if not hasattr(cv2, "imencodeanimation"):
        pytest.skip("this OpenCV writes no animations")
    done, content = cv2.imencodeanimation(suffix, animation(count))
    assert done
    image = open_page_image(content.tobytes(), "a")
    assert [code for code, _, _ in image.findings] == found
    assert abs(int(image.pixels[5, 5, 0]) - 50) < 40


def test_of_a_scan_with_several_pages_the_first_is_used_and_that_is_told():
    pages = [np.full((HEIGHT, WIDTH), shade, np.uint8) for shade in (10, 20)]
    done, content = cv2.imencodemulti(".tiff", pages)
    assert done
    image = open_page_image(content.tobytes(), "a")
    assert [code for code, _, _ in image.findings] == ["L034"]
    assert image.pixels[5, 5].tolist() == [10, 10, 10]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_file_that_was_cut_short_is_told_as_that(suffix, share):
    content = encoded(suffix)
    assert codes(content[: int(len(content) * share)]) == ["L031"]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif"])
def test_bytes_behind_the_end_are_no_fault(suffix):
    assert codes(encoded(suffix) + b"\0" * 64) == []


def test_the_decoder_says_nothing_of_its_own(capfd):
    codes(encoded(".bmp")[:2000])
    codes(encoded(".tiff")[:2000])
    codes(encoded(".png")[:2000])
    assert capfd.readouterr().err == ""


HEADS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b"II*\0", b"MM\0*", b"GIF89a", b"BM"]


@given(st.sampled_from(HEADS), st.binary(max_size=200))
@example(b"II*\0", struct.pack("<I", 8) + b"\xff" * 100)
@example(b"GIF89a", b"\0" * 30)
def test_any_head_of_a_file_is_read_without_a_crash(head, rest):
    read_image_traits(head + rest)


@given(st.sampled_from([".jpg", ".png", ".tiff", ".gif", ".webp", ".bmp"]), st.data())
def test_a_file_with_bytes_changed_is_decoded_or_told(suffix, data):
    content = bytearray(encoded(suffix, NOISE[:16, :16]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    image = open_page_image(bytes(content), "a")
    assert isinstance(image, BadImage) or image.pixels.dtype == np.uint8
