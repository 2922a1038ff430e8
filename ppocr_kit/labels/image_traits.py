"""What the head of an image file says about its pixels that decoding hides.

PaddleOCR decodes every picture to 8-bit colour without transparency, and only the first of several
(``cv2.imdecode(…, IMREAD_COLOR)``). Where that shows something else than a picture viewer, the
annotator should know.

Source: PNG specification third edition (IHDR, tRNS, acTL, eXIf), ITU-T T.81 annex B (SOF), GIF89a,
WebP container specification (VP8X, ANMF), TIFF 6.0 (IFD; tags 258, 262, 273, 279, 325).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_GIFS = (b"GIF87a", b"GIF89a")
_TIFFS = {b"II*\0": "<", b"MM\0*": ">"}
_BMP = b"BM"

# PNG colour types with an alpha channel, bit 2 of the number.
_PNG_ALPHA = 4
# Start-of-frame markers; C4, C8 and CC mark tables.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN_MARKER = 0xDA
_CMYK_COMPONENTS = 4
_TIFF_CMYK = 5
_BITS, _PHOTOMETRIC, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 258, 262, 273, 279, 324, 325
_ORIENTATION, _EXTRA_SAMPLES = 274, 338
_WANTED = (_BITS, _PHOTOMETRIC, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES, _ORIENTATION, _EXTRA_SAMPLES)
_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I"}
_MOST_TIFF_VALUES = 1 << 20


@dataclass(frozen=True)
class ImageTraits:
    """What a file's head tells.

    Attributes:
        alpha: Whether pixels may be transparent.
        deep: Whether a channel has more than eight bits.
        cmyk: Whether the colours are those of print.
        several: Whether the file holds more than one picture.
        turned: Whether it may have an EXIF orientation.
        size: Bytes the file says it has or needs, None when it does not say.
    """

    alpha: bool = False
    deep: bool = False
    cmyk: bool = False
    several: bool = False
    turned: bool = False
    size: int | None = None


_PLAIN = ImageTraits()


def read_image_traits(content: bytes) -> ImageTraits:
    """Read the head of an image file; one that is damaged or of another format has no traits."""
    try:
        if content.startswith(_JPEG):
            return _read_jpeg(content)
        if content.startswith(_PNG):
            return _read_png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _read_webp(content)
        if content[:4] in _TIFFS:
            return _read_tiff(content, _TIFFS[content[:4]])
        if content[:6] in _GIFS:
            return _read_gif(content)
        if content.startswith(_BMP):
            return ImageTraits(size=struct.unpack_from("<I", content, 2)[0] or None)
    except (struct.error, IndexError):
        pass
    return _PLAIN


def _read_jpeg(content: bytes) -> ImageTraits:
    """Walk the segments up to the frame header."""
    at = 2
    while content[at] == 0xFF and content[at + 1] != _SCAN_MARKER:
        if content[at + 1] in _FRAME_MARKERS:
            return ImageTraits(deep=content[at + 4] > 8, cmyk=content[at + 9] == _CMYK_COMPONENTS)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return _PLAIN


def _read_png(content: bytes) -> ImageTraits:
    """Walk the chunks up to the pixels."""
    bits, colour = content[24], content[25]
    alpha, several, turned = bool(colour & _PNG_ALPHA), False, False
    at = len(_PNG)
    while (kind := content[at + 4 : at + 8]) not in (b"IDAT", b"IEND", b""):
        if kind == b"tRNS":
            alpha = True
        elif kind == b"acTL":
            several = int.from_bytes(content[at + 8 : at + 12], "big") > 1
        elif kind == b"eXIf":
            turned = True
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return ImageTraits(alpha=alpha, deep=bits > 8, several=several, turned=turned)


def _read_webp(content: bytes) -> ImageTraits:
    """Read the flags of the extended header, and count frames."""
    size = struct.unpack_from("<I", content, 4)[0] + 8
    kind = content[12:16]
    if kind == b"VP8L":
        # bit 28 of the header says that alpha is used
        return ImageTraits(alpha=bool(content[24] & 0x10), size=size)
    if kind != b"VP8X":
        return ImageTraits(size=size)
    several = content.count(b"ANMF") > 1 and bool(content[20] & 0x02)
    return ImageTraits(
        alpha=bool(content[20] & 0x10), several=several, turned=bool(content[20] & 0x08), size=size
    )


def _read_gif(content: bytes) -> ImageTraits:
    """Walk the blocks up to the second picture or the end."""
    at = 13 + _table_size(content[10])
    pictures, alpha = 0, False
    while pictures < 2:
        if at >= len(content):
            # ends before its trailer
            return ImageTraits(alpha=alpha, several=pictures > 1, size=len(content) + 1)
        kind = content[at]
        if kind == 0x2C:
            pictures += 1
            at = _skip_blocks(content, at + 11 + _table_size(content[at + 9]))
        elif kind == 0x21:
            alpha |= content[at + 1] == 0xF9 and bool(content[at + 3] & 1)
            at = _skip_blocks(content, at + 2)
        else:
            break
    return ImageTraits(alpha=alpha, several=pictures > 1)


def _table_size(flags: int) -> int:
    """Return the bytes of a colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(content: bytes, at: int) -> int:
    """Return the place behind a chain of data blocks."""
    while at < len(content) and content[at]:
        at += content[at] + 1
    return at + 1


def _read_tiff(content: bytes, order: str) -> ImageTraits:
    """Read the first directory, which may stand behind the pixels."""
    start = struct.unpack_from(order + "I", content, 4)[0]
    try:
        tags = dict(_tiff_tags(content, start, order))
        count = struct.unpack_from(order + "H", content, start)[0]
        following = struct.unpack_from(order + "I", content, start + 2 + count * 12)[0]
    except struct.error:
        return ImageTraits(size=len(content) + 1)
    offsets = tags.get(_STRIPS) or tags.get(_TILES) or ()
    sizes = tags.get(_STRIP_SIZES) or tags.get(_TILE_SIZES) or ()
    return ImageTraits(
        alpha=any(kind in (1, 2) for kind in tags.get(_EXTRA_SAMPLES, ())),
        deep=max(tags.get(_BITS, (1,))) > 8,
        cmyk=tags.get(_PHOTOMETRIC) == (_TIFF_CMYK,),
        several=following != 0,
        turned=tags.get(_ORIENTATION, (1,)) != (1,),
        size=max((offset + size for offset, size in zip(offsets, sizes)), default=None),
    )


def _tiff_tags(content: bytes, start: int, order: str) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the whole numbers of the tags that matter, of each the first."""
    wanted = set(_WANTED)
    (count,) = struct.unpack_from(order + "H", content, start)
    for at in range(start + 2, start + 2 + count * 12, 12):
        tag, kind, length = struct.unpack_from(order + "HHI", content, at)
        number = _TIFF_NUMBERS.get(kind)
        if tag not in wanted or number is None or length > _MOST_TIFF_VALUES:
            continue
        wanted.remove(tag)
        form = f"{order}{length}{number}"
        inside = struct.calcsize(form) <= 4
        place = at + 8 if inside else struct.unpack_from(order + "I", content, at + 8)[0]
        yield tag, struct.unpack_from(form, content, place)
