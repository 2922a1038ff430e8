"""Read the formats that have one JSON document for many pictures: COCO-Text, COCO with texts, XFUND."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.labels.boxes import kind_of
from ppocr_kit.labels.formats.boxes_of_file import (
    RecordBoxes,
    RecordParser,
    content_digest,
    keep_record,
    load_document,
)
from ppocr_kit.labels.formats.coco import parse_records, split_document
from ppocr_kit.labels.formats.form_entities import parse_entities
from ppocr_kit.labels.formats.image_search import ImageSearch
from ppocr_kit.labels.formats.pages import FormatPages, FormatRequest, PageCollector
from ppocr_kit.labels.formats.pairing import walk_files
from ppocr_kit.labels.formats.sniffing import Kind, kind_of_content

# Takes the pages of one document.
_TakeDocument = Callable[["_Documents", Path, Mapping[str, Any]], None]


def read_coco(request: FormatRequest) -> FormatPages:
    """Read COCO-Text, TextOCR, and COCO documents whose regions have a text."""
    return _Documents(request).read(Kind.COCO, _take_coco)


def read_xfund(request: FormatRequest) -> FormatPages:
    """Read XFUND documents."""
    return _Documents(request).read(Kind.XFUND, _take_xfund)


class _Documents:
    """Finds the pictures of documents and gathers the pages."""

    def __init__(self, request: FormatRequest) -> None:
        self.request = request
        self.pages = PageCollector(request)
        self._searches: dict[Path, ImageSearch] = {}

    def read(self, kind: Kind, take: _TakeDocument) -> FormatPages:
        """Take in the documents of a kind; tell of others."""
        path = self.request.path.resolve()
        given = path.is_file()
        for file in [path] if given else walk_files(path):
            if not given and file.suffix.lower() != ".json":
                continue
            self._read_file(file, kind, take, given)
        return self.pages.finish()

    def add(self, file: Path, name: str, record: Any, parse: RecordParser) -> None:
        """Take in a page of a document."""
        shown = self.request.shown(file)
        if file.parent not in self._searches:
            self._searches[file.parent] = ImageSearch(file.parent, self.request.image_folder)
        found = self._searches[file.parent].find(name)
        if found.path is None:
            self.pages.lose(found.code or "L020", shown, found.detail)
            return
        if found.code is not None:
            self.pages.tell(found.code, shown, found.detail)
        try:
            content = keep_record(record)
        except RecursionError:
            self.pages.lose("L070", shown, f"what belongs to '{name}' is nested too deeply")
            return
        self.pages.add(found.path, shown, RecordBoxes(content, parse), content_digest(content))

    def _read_file(self, file: Path, kind: Kind, take: _TakeDocument, given: bool) -> None:
        """Take in one file."""
        shown = self.request.shown(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            self.pages.lose("L001", shown, error.strerror or str(error))
            return
        if kind_of_content(content) is not kind and not given:
            self.pages.tell("L074", shown)
            return
        value, findings = load_document(content)
        for code, _, detail in findings:
            self.pages.tell(code, shown, detail)
        if isinstance(value, dict):
            take(self, file, value)
        elif value is not None:
            self.pages.tell("L070", shown, f"it is {kind_of(value)}")


def _take_coco(documents: _Documents, file: Path, value: Mapping[str, Any]) -> None:
    """Take the pages of a COCO document; a picture without regions is a page without text."""
    document = split_document(value)
    shown = documents.request.shown(file)
    for code, region, detail in document.findings:
        documents.pages.tell(code, shown, detail, region)
    for image in document.images:
        documents.add(file, image.name, image.records, parse_records)


def _take_xfund(documents: _Documents, file: Path, value: Mapping[str, Any]) -> None:
    """Take the pages of an XFUND document."""
    shown = documents.request.shown(file)
    pages = value.get("documents")
    for number, page in enumerate(pages if isinstance(pages, list) else []):
        image = page.get("img") if isinstance(page, dict) else None
        name = image.get("fname") if isinstance(image, dict) else None
        if not isinstance(name, str) or not name:
            documents.pages.lose("L070", shown, f"document {number} names no picture")
            continue
        documents.add(file, name, page.get("document"), parse_entities)
    if not isinstance(pages, list):
        documents.pages.tell("L070", shown, "it has no list of 'documents'")
