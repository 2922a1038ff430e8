"""The formats that labels are read in, by the names that ``--from`` takes."""

from __future__ import annotations

from collections.abc import Callable

from ppocr_kit.errors import UsageError
from ppocr_kit.labels.formats.documents import read_coco, read_xfund
from ppocr_kit.labels.formats.label_files import read_funsd, read_icdar, read_labelme, read_sroie
from ppocr_kit.labels.formats.lists import read_boxes_list, read_rec_list
from ppocr_kit.labels.formats.pages import FormatPages, FormatRequest

PPOCRLABEL = "ppocrlabel"

# PPOCRLabel's folders are read by labels.ppocrlabel_folder.
READERS: dict[str, Callable[[FormatRequest], FormatPages]] = {
    "icdar": read_icdar,
    "sroie": read_sroie,
    "coco": read_coco,
    "labelme": read_labelme,
    "funsd": read_funsd,
    "xfund": read_xfund,
    "det": read_boxes_list,
    "kie": read_boxes_list,
    "rec": read_rec_list,
}

FORMAT_NAMES = (PPOCRLABEL, *READERS)


def check_format_name(name: str) -> str:
    """Return the name of a format.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in FORMAT_NAMES:
        raise UsageError(
            f"'{name}' is no format of labels", at="--from", hint=f"one of {', '.join(FORMAT_NAMES)}"
        )
    return name
