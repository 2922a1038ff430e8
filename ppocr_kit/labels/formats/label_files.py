"""Read the formats that have one label file a picture: ICDAR, SROIE, Labelme, FUNSD."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ppocr_kit.errors import DataError
from ppocr_kit.labels.formats.boxes_of_file import FileBoxes, FileParser, content_digest
from ppocr_kit.labels.formats.form_entities import parse_form
from ppocr_kit.labels.formats.icdar import LineLayout, guess_layout, parse_lines, text_lines
from ppocr_kit.labels.formats.labelme import parse_shapes
from ppocr_kit.labels.formats.labelme_images import find_image
from ppocr_kit.labels.formats.pages import FormatPages, FormatRequest, PageCollector
from ppocr_kit.labels.formats.pairing import ImagePairs, image_folders, walk_files
from ppocr_kit.labels.formats.sniffing import Kind, kind_of_content, kind_of_file
from ppocr_kit.labels.formats.sroie import Entities, parse_receipt, read_entities

# So many files, and lines of each, show the layout of all.
_FILES_LOOKED_AT = 200
_LINES_LOOKED_AT = 50

# Makes the parser of a label file from its stem.
ParserOf = Callable[[str], FileParser]


def read_icdar(request: FormatRequest) -> FormatPages:
    """Read text files of the Robust Reading Competitions."""
    files = _files_with(request, ".txt")
    parser = partial(parse_lines, layout=_find_layout(request, files))
    return _LabelFiles(request).read(files, Kind.ICDAR, lambda stem: parser)


def read_labelme(request: FormatRequest) -> FormatPages:
    """Read Labelme's JSON files."""
    return _LabelFiles(request).read(_files_with(request, ".json"), Kind.LABELME, lambda stem: parse_shapes)


def read_funsd(request: FormatRequest) -> FormatPages:
    """Read FUNSD's JSON files."""
    return _LabelFiles(request).read(_files_with(request, ".json"), Kind.FUNSD, lambda stem: parse_form)


def read_sroie(request: FormatRequest) -> FormatPages:
    """Read SROIE's lines, with the values of the keys where there are any."""
    files = _files_with(request, ".txt", ".json")
    label_files = _LabelFiles(request)
    keys = {file: file.stem for file in files if kind_of_file(file) is Kind.ENTITIES}
    values = label_files.read_values(keys)
    lines = [file for file in files if file not in keys]
    layout = _find_layout(request, lines)

    def parser_of(stem: str) -> FileParser:
        return partial(parse_receipt, layout=layout, entities=values.get(stem, ()))

    return label_files.read(lines, Kind.ICDAR, parser_of)


class _LabelFiles:
    """Pairs label files with their pictures and gathers the pages."""

    def __init__(self, request: FormatRequest) -> None:
        self.request = request
        self.pages = PageCollector(request)
        self.pairs = ImagePairs(request.folder, image_folders(request.folder, request.image_folder))

    def read(self, files: Iterable[Path], kind: Kind, parser_of: ParserOf) -> FormatPages:
        """Take in the files of a kind; tell of others, and of pictures without labels."""
        for file in files:
            self._read_file(file, kind, parser_of)
        if self.request.path.is_dir():
            for image in self.pairs.unused:
                self.pages.lose("L071", self.request.shown(image))
        return self.pages.finish()

    def read_values(self, keys: Mapping[Path, str]) -> dict[str, Entities]:
        """Read the files with the values of receipts, by their stems."""
        values: dict[str, Entities] = {}
        for file, stem in keys.items():
            values[stem], findings = read_entities(file.read_bytes())
            for code, region, detail in findings:
                self.pages.tell(code, self.request.shown(file), detail, region)
            for image in self.pairs.find(file):
                # the second copy of the pictures that the task on keys comes with
                if image.parent == file.parent:
                    self.pairs.use(image)
        return values

    def _read_file(self, file: Path, kind: Kind, parser_of: ParserOf) -> None:
        """Take in one file."""
        shown = self.request.shown(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            self.pages.lose("L001", shown, error.strerror or str(error))
            return
        images = self.pairs.find(file)
        found = kind_of_content(content)
        # a broken or an empty file still says that its picture is one of the set
        if found is not kind and (found is not None or not images):
            self.pages.tell("L074", shown)
            return
        if kind is Kind.LABELME and not images:
            named = find_image(self.request, self.pages, file, content)
            if named is None:
                return
            images = [named]
        if len(images) == 1:
            self.pairs.use(images[0])
            boxes = FileBoxes(file, content_digest(content), parser_of(file.stem))
            self.pages.add(images[0], shown, boxes, boxes.digest)
        elif images:
            self.pages.lose("L079", shown, f"any of {len(images)}, '{images[0].name}' is one")
        else:
            self.pages.lose("L020", shown, f"no picture is called like '{file.name}'")


def _files_with(request: FormatRequest, *suffixes: str) -> list[Path]:
    """Return the label files: the one that was named, or those below the folder."""
    path = request.path.resolve()
    if path.is_file():
        return [path]
    return [file for file in walk_files(path) if file.suffix.lower() in suffixes]


def _find_layout(request: FormatRequest, files: Sequence[Path]) -> LineLayout:
    """Tell the layout of text files from some of them.

    Raises:
        DataError: No file has lines of this format.
    """
    lines: list[str] = []
    step = max(1, len(files) // _FILES_LOOKED_AT)
    for file in files[::step]:
        try:
            content = file.read_bytes()
        except OSError:
            continue
        if kind_of_content(content) is Kind.ICDAR:
            lines.extend(text_lines(content, _LINES_LOOKED_AT))
    layout = guess_layout(lines)
    if layout is None:
        raise DataError(
            "no text file has lines of coordinates and text",
            at=str(request.path),
            hint="a line is 'x1,y1,x2,y2,x3,y3,x4,y4,text'; --from names another format",
        )
    return layout
