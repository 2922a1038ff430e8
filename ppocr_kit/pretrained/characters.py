"""The characters behind a recogniser's classes, as upstream's decoders number them.

Source: ppocr/postprocess/rec_postprocess.py@3.7.0 (BaseRecLabelDecode).
"""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.text import SPACE

# what upstream takes when no dictionary is named
_DEFAULT = tuple("0123456789abcdefghijklmnopqrstuvwxyz")


def read_class_characters(path: Path | None, use_space_char: bool) -> tuple[str, ...]:
    """Return the characters of a dictionary in class order, special classes left out.

    Every line counts, also a blank or repeated one: each is a class of the trained network.

    Args:
        path: The dictionary file, or None for upstream's default, which never has the space.
        use_space_char: Whether the space is added as the last class.

    Raises:
        DataError: The file cannot be read.
    """
    if path is None:
        return _DEFAULT
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except OSError as error:
        raise DataError(f"cannot read the dictionary ({error.strerror})", at=str(path)) from error
    except UnicodeDecodeError as error:
        raise DataError("the dictionary is not UTF-8 text", at=str(path)) from error
    if lines[-1] == "":
        lines.pop()
    characters = tuple(line.rstrip("\r") for line in lines)
    return (*characters, SPACE) if use_space_char else characters
