"""Write synthetic pages as the folder PPOCRLabel 3.1.6 exports after labelling.

``Label.txt`` and ``fileState.txt`` name images as ``<folder>/<image>``, ``rec_gt.txt`` names the
crops in ``crop_img/``. ``synth.json`` says how the folder was drawn; only a folder that has it, with
labels that nobody has touched since, is drawn over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ppocr_kit import __version__
from ppocr_kit.datasets.workspace import build_folder
from ppocr_kit.errors import UsageError
from ppocr_kit.geometry import Image, as_points, crop_quad
from ppocr_kit.labels.links_file import LINKS_FILE_NAME
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import sha256_of
from ppocr_kit.synth.form import draw_form
from ppocr_kit.synth.page import DrawnPage, DrawnText, PageStyle, draw_page
from ppocr_kit.synth.words import DEFAULT_ALPHABET

RECORD_NAME = "synth.json"
# What can be drawn: lines of text in a table, or forms with questions and answers.
LINES, FORM = "lines", "form"
KINDS = (LINES, FORM)
_JPEG_QUALITY = 92


@dataclass(frozen=True)
class SynthFolder:
    """What was drawn.

    Attributes:
        folder: The labelled folder.
        pages: Number of page images.
        texts: Number of labelled texts.
    """

    folder: Path
    pages: int
    texts: int


def draw_pages(
    out: Path,
    pages: int = 400,
    seed: int = 0,
    *,
    kind: str = LINES,
    lines: int = 8,
    alphabet: str = DEFAULT_ALPHABET,
    track: Track = no_progress,
) -> SynthFolder:
    """Draw labelled pages into ``out``, replacing what an earlier call drew there.

    Args:
        out: Folder to write; its name becomes part of the keys in Label.txt.
        pages: Number of pages.
        seed: Same seed, same bytes.
        kind: One of ``KINDS``.
        lines: Texts per page of lines.
        alphabet: Characters of lines; at least one that is not a separator.
        track: Progress.

    Raises:
        UsageError: A number is out of range, the font lacks a character, or ``out`` holds
            something that this function did not draw.
        SetupError: The disk is full or ``out`` cannot be written.
    """
    _check_request(pages, seed, kind, lines, alphabet)
    out = Path(out).absolute()
    _check_replaceable(out)
    style = PageStyle(lines=lines, alphabet=alphabet)
    with build_folder(out) as folder:
        (folder / "crop_img").mkdir()
        label_rows, crop_rows = [], []
        for number in track(range(pages), "drawing pages", pages):
            rng = np.random.default_rng([seed, number])
            page = draw_form(rng) if kind == FORM else draw_page(rng, style)
            stem = f"page_{number:04d}"
            _write_image(folder / f"{stem}.jpg", page.image)
            label_rows.append(f"{out.name}/{stem}.jpg\t{_label_json(page)}\n")
            crop_rows.extend(_write_crops(folder, stem, page))
        label_bytes = "".join(label_rows).encode("utf-8")
        (folder / "Label.txt").write_bytes(label_bytes)
        states = "".join(row.split("\t", 1)[0] + "\t1\n" for row in label_rows)
        (folder / "fileState.txt").write_bytes(states.encode("utf-8"))
        (folder / "rec_gt.txt").write_bytes("".join(crop_rows).encode("utf-8"))
        record = {
            "tool": {"name": "ppocr-kit", "version": __version__},
            "kind": kind,
            "pages": pages,
            "seed": seed,
            **({"lines": lines, "alphabet": alphabet} if kind == LINES else {}),
            "label_sha256": sha256_of(folder / "Label.txt"),
        }
        (folder / RECORD_NAME).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return SynthFolder(out, pages, len(crop_rows))


def _check_request(pages: int, seed: int, kind: str, lines: int, alphabet: str) -> None:
    """Raise UsageError for what cannot be drawn."""
    if kind not in KINDS:
        raise UsageError(f"'{kind}' cannot be drawn", at="--kind", hint=f"one of {', '.join(KINDS)}")
    if pages < 1 or lines < 1 or seed < 0:
        raise UsageError("pages and lines must be at least 1, and the seed not negative")
    unusable = [char for char in alphabet if not (char.isprintable() and ord(char) < 0x180)]
    if unusable:
        raise UsageError(
            f"the built-in font has no {unusable[0]!r}",
            at="--alphabet",
            hint="use Latin letters, digits and punctuation",
        )
    if not any(char.isalnum() for char in alphabet):
        raise UsageError("the alphabet needs at least one letter or digit", at="--alphabet")


def _check_replaceable(out: Path) -> None:
    """Raise UsageError when drawing would destroy somebody's work."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    hint = "choose another folder, or remove this one yourself"
    try:
        record: Any = json.loads((out / RECORD_NAME).read_text("utf-8"))
        drawn = record["label_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError("the folder exists and was not drawn by synth", at=str(out), hint=hint) from None
    label_file = out / "Label.txt"
    if label_file.exists() and sha256_of(label_file) != drawn:
        raise UsageError("the labels in the folder were edited since", at=str(label_file), hint=hint)
    if (out / LINKS_FILE_NAME).exists():
        raise UsageError("people have linked pages of the folder", at=str(out / LINKS_FILE_NAME), hint=hint)


def _label_json(page: DrawnPage) -> str:
    """Return the page's boxes as PPOCRLabel writes them; links, which it does not know, behind them."""
    return json.dumps([_box(text) for text in page.texts], ensure_ascii=False)


def _box(text: DrawnText) -> dict[str, Any]:
    box: dict[str, Any] = {
        "transcription": text.transcription,
        "points": [list(point) for point in text.points],
        "difficult": False,
    }
    if text.id is not None:
        # "None" is PPOCRLabel's word for no class
        box.update(key_cls=text.key_cls or "None", id=text.id, linking=[list(pair) for pair in text.linking])
    return box


def _write_crops(folder: Path, stem: str, page: DrawnPage) -> list[str]:
    """Write the crop of each text; return the rows of rec_gt.txt."""
    rows = []
    for index, text in enumerate(page.texts):
        name = f"crop_img/{stem}_crop_{index}.jpg"
        _write_image(folder / name, crop_quad(page.image, as_points(text.points)))
        rows.append(f"{name}\t{text.transcription}\n")
    return rows


def _write_image(path: Path, image: Image) -> None:
    """Write a JPEG file."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    path.write_bytes(encoded.tobytes())
