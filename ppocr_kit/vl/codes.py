"""Every finding that preparing rows for PaddleOCR-VL can make: code, severity, what is left out, what to do.

docs/tasks/vl.md lists this table; a test holds the two together. Codes are stable: a retired code is not
given to another finding. Findings about labelled folders have the codes of ``labels/codes.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ppocr_kit.problems import FindingKind, Problem, Severity


@dataclass(frozen=True)
class VlCode(FindingKind):
    """A kind of finding about rows.

    Attributes:
        drops: Whether the row is left out because of it.
    """

    drops: bool


_PICTURE = "replace the picture, or delete the row"
_TEXT = "type the text again"

_TABLE = (
    # the row
    ("V001", Severity.ERROR, "the row is no JSON object", "mend or delete the line", True),
    (
        "V002",
        Severity.ERROR,
        "the row names no picture",
        'name it: {"image": "a.png", "prompt": "OCR:", "completion": "…"}',
        True,
    ),
    (
        "V003",
        Severity.ERROR,
        "the row has several pictures, and the model learns from one at a time",
        "make a row of each picture",
        True,
    ),
    # the picture
    (
        "V004",
        Severity.ERROR,
        "the picture is missing",
        "paths are relative to the folder of the file that names them",
        True,
    ),
    ("V005", Severity.ERROR, "the picture cannot be used", _PICTURE, True),
    (
        "V006",
        Severity.NOTE,
        "the picture is turned or its colours are converted, as a viewer shows it",
        "nothing to do, unless it was not meant",
        False,
    ),
    (
        "V007",
        Severity.WARNING,
        "the picture is less than 8 pixels high or wide",
        "look whether the box was drawn by mistake",
        False,
    ),
    # the prompt
    (
        "V010",
        Severity.ERROR,
        "the row has no prompt",
        "--prompt ocr (or table, chart, formula) gives one to rows without",
        True,
    ),
    (
        "V011",
        Severity.WARNING,
        "the prompt is none that the model was taught",
        "use the prompts of docs/tasks/vl.md, unless it is to learn a new one",
        False,
    ),
    (
        "V012",
        Severity.ERROR,
        "prompt or text spells a token that the model keeps for itself",
        "take it out of the text",
        True,
    ),
    # the text
    ("V020", Severity.ERROR, "the text is empty", "type the text, or delete the row", True),
    ("V021", Severity.ERROR, "the text is no text", "write the text as a string", True),
    ("V022", Severity.ERROR, "the text has damaged characters", _TEXT, True),
    (
        "V023",
        Severity.WARNING,
        "the text begins or ends with white space, which the model learns too",
        _TEXT,
        False,
    ),
    (
        "V024",
        Severity.WARNING,
        "the row is longer than --max-length",
        "raise --max-length, or make several rows of it",
        True,
    ),
    # what vl check finds
    (
        "V040",
        Severity.ERROR,
        "no token of the row is supervised: training on it changes nothing",
        "look at the chat template and at the tokens shown",
        False,
    ),
    (
        "V041",
        Severity.ERROR,
        "the end token is not supervised: the model would learn never to stop",
        "take tokenizer and chat_template.jinja from the folder of the base model",
        False,
    ),
    (
        "V042",
        Severity.ERROR,
        "the row is longer than training takes",
        "raise --max-length, lower --max-pixels, or leave the row out",
        False,
    ),
    (
        "V043",
        Severity.ERROR,
        "the chat template does not belong to the version of the model",
        "copy chat_template.jinja from the folder of that version; --model-version where the name misleads",
        False,
    ),
    ("V044", Severity.ERROR, "the tokenizer cannot say the text", "leave the row out", False),
    (
        "V045",
        Severity.WARNING,
        "the text comes back changed from its tokens, so that it can never be answered exactly",
        "write it as the model would; white space is often the reason",
        False,
    ),
    # rows together
    ("V030", Severity.WARNING, "the row is repeated; one counts", "delete the copies", True),
    (
        "V031",
        Severity.ERROR,
        "the picture has rows with the same prompt and different texts; none counts",
        "keep the row that is right",
        True,
    ),
    (
        "V032",
        Severity.WARNING,
        "a picture of another split looks like this one and has the same text",
        "keep them together with --group-by, or split anew with --resplit",
        False,
    ),
    (
        "V033",
        Severity.WARNING,
        "the page or book is on two sides of the split that its source has",
        "split anew with --resplit",
        False,
    ),
)

VL_CODES = {row[0]: VlCode(*row) for row in _TABLE}


def vl_problem(code: str, file: str, line: int | None = None, detail: str = "") -> Problem:
    """Make a finding of a kind in the table; the arguments are those of ``FindingKind.found``."""
    return VL_CODES[code].found(file, line, detail=detail)
