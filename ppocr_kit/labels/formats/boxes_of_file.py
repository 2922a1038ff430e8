"""Boxes that lie in a file of their own or in one record of a document, read where the page is worked on."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.labels.boxes import Finding
from ppocr_kit.labels.entries import Boxes

# A parser is a module-level function, or a ``functools.partial`` of one, so that entries pickle small.
FileParser = Callable[[bytes], Boxes]
RecordParser = Callable[[Any], Boxes]


@dataclass(frozen=True)
class FileBoxes:
    """The boxes of a page that has a label file of its own.

    Attributes:
        file: The label file.
        digest: Hash of its bytes, to notice a file that changed since.
        parse: Reads the bytes.
    """

    file: Path
    digest: bytes
    parse: FileParser

    def read(self) -> Boxes:
        """Read and parse the file.

        Raises:
            DataError: The file changed since it was looked up.
        """
        try:
            content = self.file.read_bytes()
        except OSError as error:
            raise DataError(f"the label file cannot be read ({error.strerror})", at=str(self.file)) from error
        if content_digest(content) != self.digest:
            raise DataError(
                "the label file was changed while it was read",
                at=str(self.file),
                hint="wait until it is saved, then run the command again",
            )
        return self.parse(content)


@dataclass(frozen=True)
class RecordBoxes:
    """The boxes of a page that is one record of a document.

    Attributes:
        record: The record as JSON: a third of what it takes as objects.
        parse: Reads the record.
    """

    record: bytes
    parse: RecordParser

    def read(self) -> Boxes:
        """Parse the record."""
        return self.parse(json.loads(self.record))


def content_digest(content: bytes) -> bytes:
    """Return a short hash of a label file's bytes."""
    return blake2b(content, digest_size=16).digest()


def keep_record(value: Any) -> bytes:
    """Return a JSON value as the bytes that :class:`RecordBoxes` keeps."""
    return json.dumps(value, separators=(",", ":")).encode()


def decode_document(content: bytes) -> tuple[str, bool] | None:
    """Return a whole file as text, and whether it is GB18030; None when it is in no known encoding."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), False
        except UnicodeDecodeError:
            return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding), encoding == "gb18030"
        except UnicodeDecodeError:
            continue
    return None


def load_document(content: bytes) -> tuple[Any, tuple[Finding, ...]]:
    """Read a JSON document leniently in all that does not change its meaning.

    Returns:
        The value, None when it is no JSON; and what was wrong.
    """
    decoded = decode_document(content)
    if decoded is None:
        return None, (("L070", None, "text in no known encoding"),)
    text, is_gb18030 = decoded
    findings: tuple[Finding, ...] = (("L003", None, ""),) if is_gb18030 else ()
    try:
        # strict=False: a raw line break inside a string is no reason to lose a page
        return json.loads(text, strict=False), findings
    except RecursionError:
        return None, (*findings, ("L070", None, "nested too deeply"))
    except ValueError as error:
        return None, (*findings, ("L070", None, str(error)))
