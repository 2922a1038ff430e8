"""Every finding that verifying a data set can make: code, severity, meaning, what to do.

docs/formats.md lists this table; a test holds the two together. Codes are stable: a retired code is
not given to another finding.
"""

from __future__ import annotations

from ppocr_kit.problems import FindingKind, Problem, Severity

_BUILD = "build the data set again from its labels"
_TOGETHER = "build again; dataset build keeps such pages on one side"

_TABLE = (
    # what was built is still there
    ("D001", Severity.ERROR, "the manifest is missing or damaged", _BUILD),
    ("D002", Severity.ERROR, "the file is not as it was built", _BUILD),
    ("D003", Severity.ERROR, "the file is missing", _BUILD),
    ("D004", Severity.ERROR, "the number of rows is not what the manifest says", _BUILD),
    ("D005", Severity.ERROR, "the row is none that PaddleOCR can read", _BUILD),
    (
        "D006",
        Severity.ERROR,
        "the picture of the row is missing",
        "copy the data set again, whole, or build it again",
    ),
    ("D007", Severity.ERROR, "the picture of the row is empty, cut short or no picture", _BUILD),
    ("D008", Severity.ERROR, "the page image is not the one that was labelled", _BUILD),
    ("D009", Severity.ERROR, "the text of the row is another in the LMDB", _BUILD),
    ("D010", Severity.ERROR, "characters of texts are missing from the dictionary", _BUILD),
    ("D011", Severity.ERROR, "a class of the row is not in the file of classes", _BUILD),
    ("D012", Severity.ERROR, "the list of windows does not belong to the rows", _BUILD),
    # leaks
    ("D020", Severity.ERROR, "the page is on two sides of the split", _TOGETHER),
    ("D021", Severity.ERROR, "the group is on two sides of the split", _TOGETHER),
    ("D022", Severity.ERROR, "near-duplicates are on two sides of the split", _TOGETHER),
    (
        "D023",
        Severity.WARNING,
        "pages that look alike are on two sides, because a chain of them would take up too much of the set",
        "look at them; --group-by keeps together what belongs together",
    ),
    # what cannot be told
    (
        "D030",
        Severity.NOTE,
        "the data set does not say which page its crops come from, so leaks between crops cannot be found",
        "build it again with this version of the kit",
    ),
)

DATASET_CODES = {row[0]: FindingKind(*row) for row in _TABLE}


def dataset_problem(code: str, file: str, line: int | None = None, detail: str = "") -> Problem:
    """Make a finding of a kind in the table; the arguments are those of ``FindingKind.found``."""
    return DATASET_CODES[code].found(file, line, detail=detail)
