"""The picture of a Labelme file that is not called like it: by its path, or out of the file itself."""

from __future__ import annotations

import re
from pathlib import Path

from ppocr_kit.labels.formats.image_search import ImageSearch
from ppocr_kit.labels.formats.labelme import embedded_image, image_name
from ppocr_kit.labels.formats.pages import FormatRequest, PageCollector
from ppocr_kit.storage import write_bytes_atomic

_SUFFIX_OF = {
    b"\xff\xd8": ".jpg",
    b"\x89P": ".png",
    b"BM": ".bmp",
    b"II": ".tif",
    b"MM": ".tif",
    b"GI": ".gif",
}


def find_image(request: FormatRequest, pages: PageCollector, file: Path, content: bytes) -> Path | None:
    """Find the picture by ``imagePath``, or take out the one that the file carries.

    Args:
        request: What is read.
        pages: Takes the finding when there is none.
        file: The label file.
        content: Its bytes.

    Returns:
        The picture, or None when there is none and that was told.
    """
    shown = request.shown(file)
    name = image_name(content)
    # "..\images\a.jpg": what comes after the way up is looked for here and beside
    below = re.split(r"(?:^|[\\/])\.\.[\\/]", name)[-1]
    found = ImageSearch(file.parent, request.image_folder).find(below) if below else None
    if found is not None and found.path is not None:
        if found.code is not None:
            pages.tell(found.code, shown, found.detail)
        return found.path
    image = embedded_image(content)
    if image is None:
        pages.lose("L020", shown, f"'{name}'")
        return None
    if request.embedded_to is None:
        pages.lose("L077", shown)
        return None
    place = request.embedded_to / file.relative_to(request.folder)
    target = place.with_name(file.stem + _SUFFIX_OF.get(image[:2], ".png"))
    write_bytes_atomic(target, image)
    return target
