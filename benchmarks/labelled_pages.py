"""Labelled folders to measure on: real exports repeated under other names, and synthetic pages.

A copy has the pixels of its page and other bytes (a comment with its number), for pages of the same
bytes would be one page to the kit; as near-duplicates the copies of a page are one group, twelve pages of
ten thousand.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "real"
_PNG_HEADER_BYTES = 33
# Where a session draws pages itself: more are repeated, for drawing takes longer than measuring.
_DRAWN = 500


@dataclass(frozen=True)
class Pages:
    """A labelled folder.

    Attributes:
        name: What to call it in the table.
        folder: Where it lies; it holds Label.txt.
        pages: Number of its pages.
        boxes: Number of their boxes.
    """

    name: str
    folder: Path
    pages: int
    boxes: int


def repeat_real(target: Path, pages: int) -> Pages | None:
    """Repeat the pages of the shared real exports; None where they are not beside the checkout."""
    sources = [line for folder in sorted(REAL.glob("*")) for line in label_lines(folder)]
    return repeat("real", sources, target, pages) if sources else None


def repeat_drawn(target: Path, pages: int, lines: int = 20) -> Pages:
    """Draw pages of ``lines`` lines with the kit, and repeat them."""
    drawn = target.absolute().with_name("originals")
    words = ["synth", str(drawn), "--pages", str(min(pages, _DRAWN)), "--lines", str(lines)]
    subprocess.run([sys.executable, "-m", "ppocr_kit", *words], cwd=ROOT, check=True, capture_output=True)
    return repeat(f"{lines} lines", list(label_lines(drawn)), target, pages)


def label_lines(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the image and the boxes of each line; the images are looked up by their names."""
    for line in (folder / "Label.txt").read_text(encoding="utf-8").splitlines():
        key, boxes = line.split("\t")
        yield folder / Path(key).name, boxes


def repeat(name: str, sources: list[tuple[Path, str]], target: Path, pages: int) -> Pages:
    """Write ``pages`` pages, round after round of ``sources``."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    boxes = 0
    with (target / "Label.txt").open("w", encoding="utf-8", newline="\n") as lines:
        for number in range(pages):
            image, text = sources[number % len(sources)]
            turn = number // len(sources)
            copy = f"{image.stem}_{turn:03d}{image.suffix}"
            (target / copy).write_bytes(with_comment(image.read_bytes(), f"copy {turn}"))
            lines.write(f"{target.name}/{copy}\t{text}\n")
            boxes += len(json.loads(text))
    return Pages(name, target, pages, boxes)


def with_comment(content: bytes, comment: str) -> bytes:
    """Return a JPEG or PNG with the same pixels and a comment in it."""
    text = comment.encode("ascii")
    if content.startswith(b"\xff\xd8"):
        return content[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + content[2:]
    chunk = b"tEXt" + b"Comment\0" + text
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:_PNG_HEADER_BYTES] + whole + content[_PNG_HEADER_BYTES:]


def change_some(pages: Pages, share: float, turn: int) -> int:
    """Change the first text of a share of the pages, others each turn; return how many were changed."""
    file = pages.folder / "Label.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    step = max(1, round(1 / share))
    changed = 0
    for number in range(turn % step, len(lines), step):
        key, text = lines[number].split("\t")
        boxes = json.loads(text)
        if boxes:
            boxes[0]["transcription"] = f"{turn}{boxes[0]['transcription']}"[:20]
            lines[number] = f"{key}\t{json.dumps(boxes, ensure_ascii=False)}"
            changed += 1
    file.write_bytes(("\n".join(lines) + "\n").encode("utf-8"))
    return changed


def read_whole(folder: Path) -> int:
    """Read every file once, so that all of them lie in memory; return their bytes."""
    return sum(len(path.read_bytes()) for path in folder.iterdir() if path.is_file())
