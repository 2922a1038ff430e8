"""Every finding that checking labels can make: code, severity, what is left out, what to do.

docs/formats.md lists this table; a test holds the two together. Codes are stable: a retired code is
not given to another finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ppocr_kit.problems import FindingKind, Problem, Severity


class Drops(str, Enum):
    """What a finding keeps out of a data set."""

    NOTHING = "nothing"
    PAGE = "page"
    BOX = "box"
    REC_ROW = "rec row"
    KIE_ROW = "kie row"

    def __str__(self) -> str:
        """Return the words used in tables."""
        return self.value


@dataclass(frozen=True)
class LabelCode(FindingKind):
    """A kind of finding about labels.

    Attributes:
        drops: What is left out of the data set because of it.
    """

    drops: Drops


def _error(code: str, drops: Drops, meaning: str, remedy: str) -> LabelCode:
    return LabelCode(code, Severity.ERROR, meaning, remedy, drops)


def _warning(code: str, drops: Drops, meaning: str, remedy: str) -> LabelCode:
    return LabelCode(code, Severity.WARNING, meaning, remedy, drops)


def _note(code: str, drops: Drops, meaning: str, remedy: str) -> LabelCode:
    return LabelCode(code, Severity.NOTE, meaning, remedy, drops)


_RELABEL = "open the page in PPOCRLabel, mend the box and export again"
_NOTHING_TO_DO = "nothing to do, unless it was not meant"

_TABLE = (
    # the file
    _error(
        "L001",
        Drops.PAGE,
        "the label file cannot be read",
        "name a folder that PPOCRLabel exported (it holds Label.txt)",
    ),
    _error(
        "L002", Drops.PAGE, "the label file has no page", "in PPOCRLabel, check pages and use Export Label"
    ),
    _warning("L003", Drops.NOTHING, "text is not UTF-8 and was read as GB18030", "save the file as UTF-8"),
    _error("L004", Drops.PAGE, "the line is text in no known encoding", "save the file as UTF-8"),
    # the line
    _error("L010", Drops.PAGE, "the line is not '<image><tab><list of boxes>'", "mend or delete the line"),
    _error("L011", Drops.PAGE, "the list of boxes is broken JSON", "mend the line, or export the page again"),
    _error("L012", Drops.PAGE, "the JSON is not a list of boxes", "mend the line, or export the page again"),
    _warning("L013", Drops.NOTHING, "spaces stand where the tab should be", "replace them by one tab"),
    _warning("L014", Drops.NOTHING, "the list is in Python notation, not JSON", _NOTHING_TO_DO),
    _warning("L015", Drops.PAGE, "the line is repeated word for word; one counts", "delete the copies"),
    _warning(
        "L016",
        Drops.PAGE,
        "the image has a later line, and the last one counts, as in PPOCRLabel",
        "delete the line that is out of date",
    ),
    _warning(
        "L017",
        Drops.NOTHING,
        "the page has no box; detection learns it as a page without text",
        _NOTHING_TO_DO,
    ),
    _warning(
        "L018", Drops.PAGE, "the same page with the same boxes is in the data set already", "delete one"
    ),
    _error("L019", Drops.PAGE, "none of the page's boxes can be used", _RELABEL),
    # the image file
    _error("L020", Drops.PAGE, "the image is missing", "put the image beside Label.txt, or delete the line"),
    _warning(
        "L021",
        Drops.NOTHING,
        "keys are not '<this folder>/<image>'; the images were found all the same (folder renamed or moved)",
        "rename the folder back, or leave it: the kit finds the images",
    ),
    _warning(
        "L022", Drops.NOTHING, "keys are absolute paths; the images beside Label.txt are used", _NOTHING_TO_DO
    ),
    _warning("L023", Drops.NOTHING, "keys are written with backslashes", _NOTHING_TO_DO),
    _warning(
        "L024",
        Drops.NOTHING,
        "images were found by their name alone",
        "look whether these are the right images",
    ),
    _error(
        "L025",
        Drops.PAGE,
        "several images have the name that the key ends with",
        "write the key as <folder>/<image>",
    ),
    _error(
        "L026",
        Drops.PAGE,
        "the key leads out of the labelled folder and was not followed",
        "put the image beside Label.txt",
    ),
    _warning(
        "L027",
        Drops.NOTHING,
        "the same image is in the set under another name; both go to the same split",
        "keep one copy",
    ),
    _error("L030", Drops.PAGE, "the image cannot be decoded", "replace the image file"),
    _error("L031", Drops.PAGE, "the image file is cut short", "copy the image again"),
    _error("L032", Drops.PAGE, "the image file cannot be read", "look at its permissions and the disk"),
    _warning(
        "L033",
        Drops.NOTHING,
        "parts of the image are transparent, and training sees what lies under them",
        "save the image without transparency, on white",
    ),
    _warning(
        "L034",
        Drops.NOTHING,
        "the file holds several images, of which only the first is used",
        "save each page as a file of its own",
    ),
    _warning(
        "L035",
        Drops.NOTHING,
        "the image has more than 8 bits a channel, of which training sees the highest 8",
        "save the image with 8 bits, stretched to the full range",
    ),
    _warning(
        "L036",
        Drops.NOTHING,
        "the image has the colours of print (CMYK), which may come out changed",
        "save the image as RGB",
    ),
    # the box
    _error("L040", Drops.BOX, "the box is not an object with points", _RELABEL),
    _error("L041", Drops.BOX, "the points are not at least four pairs of finite numbers", _RELABEL),
    _error("L042", Drops.BOX, "the box is thinner than a pixel", _RELABEL),
    _error("L043", Drops.BOX, "the box lies outside the image", _RELABEL),
    _warning(
        "L044",
        Drops.NOTHING,
        "the box reaches over the edge of the image and is cut off there",
        _NOTHING_TO_DO,
    ),
    _warning(
        "L045", Drops.NOTHING, "the sides of the box cross; four corners are put in turning order", _RELABEL
    ),
    _warning("L046", Drops.NOTHING, "the corners run counter-clockwise and are turned round", _NOTHING_TO_DO),
    _warning(
        "L047", Drops.BOX, "the page has the same box with the same text already", "delete one in PPOCRLabel"
    ),
    _warning("L048", Drops.NOTHING, "the page has the same box with another text", _RELABEL),
    # the text
    _warning(
        "L050", Drops.NOTHING, "the transcription is a [text, score] pair; the text is used", _NOTHING_TO_DO
    ),
    _error("L051", Drops.NOTHING, "the transcription is not text", _RELABEL),
    _warning(
        "L052", Drops.REC_ROW, "the transcription is empty", "type the text, or ### if nobody can read it"
    ),
    _warning("L053", Drops.REC_ROW, "marked as unreadable (### or *)", _NOTHING_TO_DO),
    _warning("L054", Drops.REC_ROW, "the text is a placeholder; the region is ignored", "type the text"),
    _warning("L055", Drops.REC_ROW, "marked as difficult; the region is ignored", _NOTHING_TO_DO),
    _warning(
        "L056", Drops.NOTHING, "a tab, line break or control character in the text became a space", _RELABEL
    ),
    _error("L057", Drops.REC_ROW, "the text has damaged characters", "type the text again"),
    # what lies beside the label file
    _warning(
        "L060",
        Drops.NOTHING,
        "Label.txt and rec_gt.txt have different texts for the box",
        "look which is right; --rec-text label or rec_gt says which counts",
    ),
    _warning(
        "L061",
        Drops.PAGE,
        "fileState.txt does not call the page checked",
        "check the page in PPOCRLabel, or leave out --checked-only",
    ),
    _warning(
        "L062",
        Drops.NOTHING,
        "automatic labels of Cache.cach are used, which nobody has checked",
        "check the pages in PPOCRLabel, or leave out --with-unverified",
    ),
    _warning(
        "L063",
        Drops.NOTHING,
        "rec_gt.txt has crops of no page in Label.txt",
        "export the recognition result again, or delete the rows",
    ),
    _warning(
        "L064",
        Drops.NOTHING,
        "rec_gt.txt cannot be held against the page, whose own texts count",
        "export the recognition result again",
    ),
    _warning(
        "L065",
        Drops.NOTHING,
        "rows of rec_gt.txt are not '<crop><tab><text>', or in no known encoding",
        "export the recognition result again",
    ),
    # other formats than PPOCRLabel's
    _error(
        "L070",
        Drops.PAGE,
        "the label file is no readable document of its format",
        "export it again, or name its format with --from",
    ),
    _warning(
        "L071", Drops.PAGE, "the image has no labels", "label it, or take it out of the folder of images"
    ),
    _error("L072", Drops.BOX, "the region cannot be read", "mend it in the program it was made with"),
    _warning(
        "L073",
        Drops.BOX,
        "the shape is no outline of a text (a point, a line, a mask)",
        "draw a rectangle or a polygon, if it was meant",
    ),
    _warning(
        "L074",
        Drops.NOTHING,
        "the file is no label file of this format and was passed over",
        "nothing to do, unless it holds labels",
    ),
    _warning(
        "L075",
        Drops.NOTHING,
        "the value of a key is on no line, or on several, and marks none",
        "give the line its class in PPOCRLabel (key information mode)",
    ),
    _warning(
        "L076",
        Drops.NOTHING,
        "an id or a link between regions cannot be and was left out",
        "mend id and linking in the label file",
    ),
    _error(
        "L077",
        Drops.PAGE,
        "the image is only inside the label file",
        "take it out: ppocr-kit labels convert FOLDER --out NEW_FOLDER",
    ),
    _error(
        "L078",
        Drops.BOX,
        "the region belongs to an image that the file does not name",
        "export the file again, or delete the region",
    ),
    _error(
        "L079",
        Drops.PAGE,
        "which image a label file belongs to cannot be told",
        "call label file and image by the same name, or name the images with --image-folder",
    ),
    # what training would do with the rows
    _warning(
        "L080",
        Drops.REC_ROW,
        "the text is longer than the recogniser takes; training drops the row",
        "split the box in PPOCRLabel, or take a --model or a --max-text-length that holds it",
    ),
    _error(
        "L081",
        Drops.NOTHING,
        "the dictionary lacks characters of the text; training would cut them out of it",
        "correct the text, or add the characters to the dictionary, one per line",
    ),
    _error(
        "L082",
        Drops.REC_ROW,
        "none of the text's characters is in the dictionary; training drops the row",
        "correct the text, or add the characters to the dictionary, one per line",
    ),
    _warning(
        "L083",
        Drops.NOTHING,
        "the text has more characters than the recogniser's line picture can hold",
        "train with a larger --image-width, or split the box in PPOCRLabel",
    ),
    _error("L084", Drops.PAGE, "the release refuses the page for detection", _RELABEL),
    _note(
        "L085",
        Drops.NOTHING,
        "the box is too small for detection to learn where the whole page is in the training crop",
        "train with a larger --image-size if many are, or cut the page into parts",
    ),
    _error("L086", Drops.REC_ROW, "the release refuses the text for recognition", _RELABEL),
    _note(
        "L087",
        Drops.NOTHING,
        "the crop is more than twice as long as the recogniser's line picture and is squeezed together",
        "train with a larger --image-width, or split the box in PPOCRLabel",
    ),
    _note(
        "L088",
        Drops.NOTHING,
        "the text is probably meant to be a more frequent one",
        "make the spelling the same in PPOCRLabel where it is",
    ),
    _note(
        "L089",
        Drops.NOTHING,
        "the page is most likely a copy of another one: turned, scanned again or trimmed",
        "nothing to do: both go to the same split; keep one if they are the same labels",
    ),
    # links between questions and answers
    _note(
        "L090",
        Drops.NOTHING,
        "the link stands at one of its two boxes only, or at a third; it counts",
        _NOTHING_TO_DO,
    ),
    _warning(
        "L091",
        Drops.NOTHING,
        "the link is not between a question and an answer and was left out",
        "give the boxes classes of a question and an answer, or link them: ppocr-kit labels link SRC",
    ),
    _note(
        "L092",
        Drops.NOTHING,
        "the page has several questions of one class; their answers went to the nearest",
        "look at the links: ppocr-kit labels link SRC",
    ),
    _warning(
        "L093",
        Drops.NOTHING,
        "boxes changed since people linked the page",
        "look at the page again: ppocr-kit labels link SRC",
    ),
    _warning(
        "L094",
        Drops.NOTHING,
        "links.json has links of a page that the label file does not have",
        "nothing to do, unless the page was renamed",
    ),
    # key information
    _warning(
        "L095",
        Drops.NOTHING,
        "the box has a label and a key_cls, and they differ; key_cls counts",
        "take away the one that is wrong",
    ),
    _warning(
        "L096",
        Drops.NOTHING,
        "the class is not one of the given classes and counts as OTHER",
        "correct the class in PPOCRLabel, or add it to the file of --classes",
    ),
    _warning(
        "L097",
        Drops.NOTHING,
        "the link was left out: one of its boxes has no text that can be read, or cannot be used",
        "type the text, or mend the box in PPOCRLabel",
    ),
    _warning(
        "L098",
        Drops.KIE_ROW,
        "no box of the page has a text that can be read; key information learns nothing from it",
        "type the texts in PPOCRLabel",
    ),
    _note(
        "L099",
        Drops.KIE_ROW,
        "the page has no question or no answer; RE learns nothing from it",
        "nothing to do, unless links are missing: ppocr-kit labels link SRC",
    ),
    _note(
        "L100",
        Drops.NOTHING,
        "the page is longer than the network's window and is cut into overlapping ones",
        _NOTHING_TO_DO,
    ),
    _warning(
        "L101",
        Drops.NOTHING,
        "the text is longer than the network's window, which cuts it off",
        "split the box in PPOCRLabel",
    ),
    _warning(
        "L102",
        Drops.NOTHING,
        "the link reaches over the windows of its page and is not learnt",
        "build with a larger --window-overlap, or with --tokenizer for windows that hold more",
    ),
    _note(
        "L103",
        Drops.NOTHING,
        "VI-LayoutXLM reads the boxes in another order: 20 pixels are a line to it, whatever the resolution",
        "nothing to do; should scores be poor, train with --model layoutxlm, or with larger pictures",
    ),
    _error(
        "L104",
        Drops.KIE_ROW,
        "no box has a class, so there is nothing for ser",
        "give boxes their classes in PPOCRLabel (key information mode)",
    ),
    _error(
        "L105",
        Drops.KIE_ROW,
        "no page has a link between a question and its answer, so there is nothing for re",
        "call the classes of both sides name_q and name_a, pair them with --pair Q=A, or link boxes: "
        "ppocr-kit labels link SRC",
    ),
)

LABEL_CODES: dict[str, LabelCode] = {entry.code: entry for entry in _TABLE}


def label_problem(
    code: str, file: str, line: int | None = None, region: int | None = None, detail: str = ""
) -> Problem:
    """Make a finding of a kind in the table; the arguments are those of ``FindingKind.found``."""
    return LABEL_CODES[code].found(file, line, region, detail)
