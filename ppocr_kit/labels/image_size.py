"""The size of a picture from the head of its file, as the decoder would show it, without decoding.

Detection alone needs a page's size and whether its file is whole; decoding it to know takes a
hundred times as long. Only JPEG and PNG are read here, which is what pages are; other files are
decoded.

Source: ITU-T T.81 annex B (JPEG markers), Exif 2.32 section 4.6 (orientation), PNG specification
third edition section 5 (chunks).
"""

from __future__ import annotations

import struct
import zlib

Size = tuple[int, int]

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ORIENTATION_TAG = 0x0112
# Orientations 5 to 8 turn the picture by a quarter.
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_EXIF_ENTRY = 12
# Start-of-frame markers; C4, C8 and CC mark tables.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_MARKER = 0xDA
# OpenCV's own limits (CV_IO_MAX_IMAGE_WIDTH, CV_IO_MAX_IMAGE_PIXELS): it refuses larger pictures.
_LONGEST_SIDE = 1 << 20
_MOST_PIXELS = 1 << 30
_APP1_MARKER = 0xE1


def read_image_size(content: bytes) -> Size | None:
    """Return width and height in pixels of the picture as it is shown.

    Args:
        content: The bytes of a file.

    Returns:
        None when the file is no JPEG or PNG, has something unusual about it, or is damaged as far as
        can be told: then only decoding tells.
    """
    size = None
    if content.startswith(b"\xff\xd8\xff"):
        size = _read_jpeg_size(content)
    elif content.startswith(_PNG_SIGNATURE):
        size = _read_png_size(content)
    if size is None or not all(0 < side <= _LONGEST_SIDE for side in size):
        return None
    return size if size[0] * size[1] <= _MOST_PIXELS else None


def _read_jpeg_size(content: bytes) -> Size | None:
    """Walk the segments up to the first scan."""
    size: Size | None = None
    orientation = 1
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            return None
        if marker == _SCAN_MARKER:
            return _turned(size, orientation) if size else None
        if marker in _FRAME_MARKERS:
            if len(body) < 6 or body[0] != 8 or body[5] not in (1, 3):
                return None
            height, width = struct.unpack(">HH", body[1:5])
            size = (width, height)
        elif marker == _APP1_MARKER and body.startswith(b"Exif\0\0"):
            orientation = _read_orientation(body[6:])
        at += 2 + length
    return None


def _turned(size: Size, orientation: int) -> Size:
    """Return the size after the turn that the orientation asks for."""
    return (size[1], size[0]) if orientation in _QUARTER_TURNS else size


def _read_orientation(tiff: bytes) -> int:
    """Return the orientation that the first directory of Exif data holds, 1 without one."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    start = struct.unpack(order + "I", tiff[4:8])[0]
    if start + 2 > len(tiff):
        return 1
    count = struct.unpack(order + "H", tiff[start : start + 2])[0]
    for number in range(count):
        entry = tiff[start + 2 + _EXIF_ENTRY * number :][:_EXIF_ENTRY]
        if len(entry) < _EXIF_ENTRY:
            return 1
        tag, _, _, value = struct.unpack(order + "HHIH", entry[:10])
        if tag == _ORIENTATION_TAG:
            return int(value)
    return 1


def _read_png_size(content: bytes) -> Size | None:
    """Check every chunk's checksum, so that a picture that passes here also decodes."""
    size: Size | None = None
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, end = content[at + 4 : at + 8], at + 8 + length
        # an animated picture, or one with Exif data: rare enough to decode
        if end + 4 > len(content) or kind in (b"acTL", b"eXIf"):
            return None
        if zlib.crc32(content[at + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            return None
        if kind == b"IHDR" and length == 13:
            width, height = struct.unpack(">II", content[at + 8 : at + 16])
            size = (width, height)
        if kind == b"IEND":
            return size
        at = end + 4
    return None
