"""``pages.jsonl``: what a data set keeps of its pages, so that it can be verified, compared and continued.

One JSON object per page, in the order of names. It holds what the lists cannot say: the hash of each
page's image, what it looks like, and with which pages it stays together. Neither times nor paths of the
machine: the same labels give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.fingerprint import Fingerprint
from ppocr_kit.tasks import Split
from ppocr_kit.text import has_lone_surrogates

PAGES_NAME = "pages.jsonl"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HINT = "build the data set again with: ppocr-kit dataset build FOLDER --name NAME"


@dataclass(frozen=True)
class PageFact:
    """What is kept of one page.

    Attributes:
        name: Name of the page in the data set: stem of its image and of its crops.
        image: Key of its image in the label file it came from, POSIX.
        image_sha256: Hash of the image file.
        split: Where it went.
        crops: Number of its rows for recognition; in an LMDB these follow one another in the order of
            pages.
        group: What ``--group-by`` made of it, None without.
        unit: Smallest hash of an image among those it stays together with, None when it is alone.
        fingerprint: What it looks like, None where nobody had to know.
    """

    name: str
    image: str
    image_sha256: str
    split: Split
    crops: int = 0
    group: str | None = None
    unit: str | None = None
    fingerprint: Fingerprint | None = None


def render_page_fact(fact: PageFact) -> str:
    """Return the line of a page, with what it has nothing of left out."""
    row = {
        "name": fact.name,
        "image": fact.image,
        "image_sha256": fact.image_sha256,
        "split": str(fact.split),
        "crops": fact.crops,
        "group": fact.group,
        "unit": fact.unit,
        "fingerprint": None if fact.fingerprint is None else fact.fingerprint.to_text(),
    }
    kept = {key: value for key, value in row.items() if value is not None}
    # a key may hold bytes of no encoding (half surrogates), which only an escape can be written as
    return json.dumps(kept, ensure_ascii=not _is_plain(kept)) + "\n"


def read_page_facts(folder: Path) -> Iterator[PageFact] | None:
    """Read the pages of a data set one by one.

    Args:
        folder: The data set.

    Returns:
        The pages; None for a data set that an older version of the kit built, which kept no such file.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / PAGES_NAME
    if not path.is_file():
        return None
    return _read_lines(path)


def _read_lines(path: Path) -> Iterator[PageFact]:
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                yield _parse(line, f"{path}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("the list of pages cannot be read", at=str(path), hint=_HINT) from error


def _parse(line: str, where: str) -> PageFact:
    """Read one line; a data set may come from anybody."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise DataError("this line of the list of pages is no JSON object", at=where, hint=_HINT)
    split = _text(row, "split", where)
    if split not in {str(known) for known in Split}:
        raise DataError(f"the page has the split '{split}'", at=where, hint=_HINT)
    fingerprint = _text(row, "fingerprint", where, optional=True)
    return PageFact(
        name=_text(row, "name", where),
        image=_text(row, "image", where),
        image_sha256=_hash(row, "image_sha256", where),
        split=Split(split),
        crops=_count(row, "crops", where),
        group=_text(row, "group", where, optional=True) or None,
        unit=_hash(row, "unit", where) if "unit" in row else None,
        fingerprint=Fingerprint.from_text(fingerprint) if fingerprint else None,
    )


def _text(row: Mapping[str, Any], key: str, where: str, *, optional: bool = False) -> str:
    value = row.get(key, "" if optional else None)
    if not isinstance(value, str):
        raise DataError(f"the page's '{key}' is missing or no text", at=where, hint=_HINT)
    return value


def _count(row: Mapping[str, Any], key: str, where: str) -> int:
    value = row.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DataError(f"the page's '{key}' is missing or no count", at=where, hint=_HINT)
    return value


def _hash(row: Mapping[str, Any], key: str, where: str) -> str:
    value = _text(row, key, where)
    if not _SHA256.fullmatch(value):
        raise DataError(f"the page's '{key}' is no sha256", at=where, hint=_HINT)
    return value


def _is_plain(row: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, str) and has_lone_surrogates(value) for value in row.values())
