"""One picture with what to ask of it and what to answer: the rows of a data set for PaddleOCR-VL.

Rows lie in JSONL files, one JSON object a line with the names of :class:`VlRow` as keys; keys that are
not named there are left alone, so that a file may carry more. Pictures are named by their path below the
folder of the data set, so that the folder can be moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.storage import write_lines_atomic

_REBUILD_HINT = "write the data set again with: ppocr-kit vl prepare SRC --name NAME"
_TEXTS = ("image", "prompt", "completion", "group")
_SIZES = ("width", "height")


@dataclass(frozen=True)
class VlRow:
    """A picture, a prompt and the answer to learn.

    Attributes:
        image: Path of the picture below the data set's folder, with forward slashes.
        prompt: What the model is asked, such as ``OCR:``.
        completion: What it should answer.
        group: Page or book that the picture is of; rows of one group are in one split.
        width: Width of the picture, pixels.
        height: Height of the picture, pixels.
        source: Where the row came from, for people: ``folder: page`` or ``file:line``.
    """

    image: str
    prompt: str
    completion: str
    group: str
    width: int
    height: int
    source: str = ""


def read_rows(path: Path) -> Iterator[VlRow]:
    """Read the rows of one split, one after the other.

    Args:
        path: JSONL file, such as ``train_data/NAME/vl/train.jsonl``.

    Raises:
        DataError: The file cannot be read, or a line is no row; the error names the line.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _row(line, f"{path}:{number}")
    except OSError as error:
        raise DataError(
            f"cannot read the rows ({error.strerror})", at=str(path), hint=_REBUILD_HINT
        ) from error


def write_rows(path: Path, rows: Iterable[VlRow]) -> None:
    """Write rows as JSONL, atomically and without holding them.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    lines = (json.dumps(asdict(row), ensure_ascii=False).encode("utf-8") + b"\n" for row in rows)
    write_lines_atomic(path, lines)


def is_inside(path: str) -> bool:
    """Tell whether a path with forward slashes stays below the folder that it is relative to."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and not set("\\\0") & set(path)


def _row(line: bytes, where: str) -> VlRow:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError("a row is broken JSON", at=where, hint=_REBUILD_HINT) from error
    if not isinstance(value, dict):
        raise DataError(f"a row is {type(value).__name__}, not an object", at=where, hint=_REBUILD_HINT)
    texts = [_get(value, name, str, where) for name in _TEXTS]
    width, height = (_get(value, name, int, where) for name in _SIZES)
    if not is_inside(texts[0]):
        raise DataError(
            f"image is {texts[0]!r}, which is not a path inside the data set", at=where, hint=_REBUILD_HINT
        )
    source = _get(value, "source", str, where) if "source" in value else ""
    return VlRow(texts[0], texts[1], texts[2], texts[3], width, height, source)


def _get(value: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    found = value.get(name)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        what = f"{name} is missing" if name not in value else f"{name} is not {kind.__name__}"
        raise DataError(f"a row is damaged: {what}", at=where, hint=_REBUILD_HINT)
    return found
