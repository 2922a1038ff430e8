"""What ``labels check --fix`` repairs, and what it leaves although a program could change it.

docs/formats.md lists this table; a test holds the two together.
"""

from __future__ import annotations

# What is done about a finding. All of it keeps what the labels mean: which picture, which outline, which
# text. Nothing else is repaired.
REPAIRS: dict[str, str] = {
    "L003": "the line is written in UTF-8",
    "L013": "one tab takes the place of the spaces",
    "L014": "the list is written as JSON",
    "L015": "the copies are deleted",
    "L016": "the line that is out of date is deleted",
    "L021": "the key becomes <folder>/<image>",
    "L022": "the key becomes <folder>/<image>",
    "L023": "the key becomes <folder>/<image>",
    "L024": "the key becomes <folder>/<image>",
    "L045": "four crossing corners are put in turning order, the first one kept",
    "L046": "the corners are turned round the first one",
    "L047": "the box that repeats another in every field is deleted",
    "L050": "the text takes the place of [text, score]",
    "L051": "a number becomes text, digit for digit",
    "L056": "each tab, line break or control character becomes a space",
}

# What is mended in the file beside the findings: PPOCRLabel or scripts stumble over it, the kit does not.
FILE_FORM = "byte order marks, UTF-16, line ends, blank lines"

# Codes that a program could make go away, and why it must not.
LEFT_ON_PURPOSE: dict[str, str] = {
    "L044": "a box that is cut off at the edge of the page gives another crop",
    "L048": "only a person can say which of the two texts is right",
    "L052": "only a person can read the text",
    "L053": "it was meant",
    "L054": "only a person can read the text",
    "L055": "it was meant",
    "L057": "only a person can read the text",
}
