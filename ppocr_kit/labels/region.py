"""The central values of labelling: a text region and the page image it belongs to.

Field names are those of PPOCRLabel 3.1.6 (``transcription``, ``points``, ``difficult``,
``key_cls``) and of PaddleOCR's key information files (``id``, ``linking``), which PPOCRLabel lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# PaddleOCR leaves regions with these texts out of training and scoring
# (ppocr/data/imaug/label_ops.py, DetLabelEncode).
IGNORED_TEXTS = frozenset({"###", "*"})

# What PPOCRLabel puts in a new box until somebody types the text.
PLACEHOLDER_TEXTS = frozenset({"TEMPORARY", "NULL", "待识别", "无法识别"})

# What a damaged character was replaced by, here or in an editor before.
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class TextRegion:
    """One box of a page.

    Attributes:
        transcription: The text, or a mark that says there is none to read.
        points: At least four corners, pixels of the decoded image, as the annotator set them.
        difficult: The annotator said that this region should not count.
        key_cls: Key information class, None when unset.
        index: Position in its line from 0.
        id: Number that ``linking`` names the region by, None when it has none.
        linking: Pairs of ids that belong together, key first, as the file lists them here.
        cropped: The picture is the crop that a recognition list names: it is learnt as it lies, and not
            turned when it is high.
    """

    transcription: str
    points: tuple[tuple[float, float], ...]
    difficult: bool = False
    key_cls: str | None = None
    index: int = 0
    id: int | None = None
    linking: tuple[tuple[int, int], ...] = ()
    cropped: bool = False

    @property
    def ignored(self) -> bool:
        """Whether the region is neither text to find nor background, for PaddleOCR's ``###``."""
        text = self.transcription.strip()
        return self.difficult or text in IGNORED_TEXTS or text in PLACEHOLDER_TEXTS


@dataclass(frozen=True)
class LabeledImage:
    """One page: an image and its regions.

    Attributes:
        key: The image as the label file names it.
        path: The image file that was found for the key.
        regions: The usable boxes in file order; empty for a page without text.
        line: Line number in the label file from 1.
        file: The label file as the user named it.
    """

    key: str
    path: Path
    regions: tuple[TextRegion, ...]
    line: int
    file: str = ""
