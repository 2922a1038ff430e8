"""Where the picture is that a document names: the pictures of a data set move more often than its labels."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.labels.formats.pairing import image_folders
from ppocr_kit.labels.locate import Found, ImageLocator


class ImageSearch:
    """Looks up names of pictures for one document.

    Args:
        folder: The folder of the document, absolute.
        image_folder: The folder of pictures that the user named.
    """

    def __init__(self, folder: Path, image_folder: Path | None) -> None:
        if image_folder is not None:
            places = [image_folder.resolve()]
        else:
            places = list(dict.fromkeys([folder, *image_folders(folder, None)]))
        self._locators = [ImageLocator(place) for place in places]

    def find(self, name: str) -> Found:
        """Return where a name leads: below the folders of pictures, then by its last part alone.

        Names are relative to a folder that the document does not name, so that how the picture was found is
        only told where the name has a folder in it that is not there.
        """
        usual = {"L021"} if "/" in name or "\\" in name else {"L021", "L024"}
        missing = Found(None, "L020", f"'{name}'")
        for locator in self._locators:
            found = locator.find(name)
            if found.path is not None:
                return Found(found.path) if found.code in usual else found
            if found.code != "L020":
                missing = found
        return missing
