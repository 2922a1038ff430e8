"""What PaddleOCR-VL is asked: one prompt per kind of picture.

The model was trained on these very texts; a question in other words is one that it never saw.
Source: paddlex/inference/pipelines/paddleocr_vl/pipeline.py @3.7.2.
"""

from __future__ import annotations

from ppocr_kit.errors import UsageError

PROMPTS: dict[str, str] = {
    "ocr": "OCR:",
    "table": "Table Recognition:",
    "chart": "Chart Recognition:",
    "formula": "Formula Recognition:",
}
# What versions from 1.5 on were taught besides.
NEWER_PROMPTS: dict[str, str] = {"seal": "Seal Recognition:", "spotting": "Spotting:"}


def prompt_of(name: str) -> str:
    """Return the prompt of a name, or the text itself where it is a prompt of the user's own.

    Args:
        name: ``ocr``, ``table``, ``chart``, ``formula``, ``seal``, ``spotting``, or a whole prompt.

    Raises:
        UsageError: It is empty, or one word that is no name.
    """
    known = {**PROMPTS, **NEWER_PROMPTS}
    text = name.strip()
    if text.lower() in known:
        return known[text.lower()]
    if not text or (text.isalnum() and text.isascii()):
        raise UsageError(
            f"'{name}' is no prompt",
            at="--prompt",
            hint=f"one of {', '.join(known)}, or a whole text: 'OCR:'",
        )
    return text
