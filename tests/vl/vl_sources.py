"""Pictures of words and rows about them, as users have them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ppocr_kit.vl.dataset import MANIFEST_NAME
from ppocr_kit.vl.prepare import PrepareResult, prepare_dataset
from ppocr_kit.vl.prepare_request import PrepareRequest

WORDS = [
    *("alder", "birch", "cedar", "dogwood", "elder", "fir", "gorse", "hazel"),
    *("ivy", "juniper", "kapok", "larch", "maple", "nutmeg", "oak", "pine"),
]


def draw(text: str, noise: int = 0) -> bytes:
    """A crop with a text, as PNG; noise makes other bytes that look the same."""
    picture = Image.new("RGB", (30 + 14 * len(text), 40), "white")
    ImageDraw.Draw(picture).text((8, 8), text, fill="black", font=ImageFont.load_default(size=20))
    pixels = np.asarray(picture).copy()
    pixels[:1, :noise] = 200
    done, encoded = cv2.imencode(".png", pixels[:, :, ::-1])
    assert done
    return bytes(encoded)


def save(picture: Image.Image, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def row(image: str, text: Any, **more: Any) -> dict[str, Any]:
    return {"image": image, "prompt": "OCR:", "completion": text, **more}


def write_jsonl(folder: Path, rows: Sequence[Any], name: str = "rows.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in rows]
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / name


def make_words(folder: Path, words: Sequence[str] = WORDS, *, pages: int = 0) -> Path:
    """A JSONL file with a picture of each word; ``pages`` rows are of one page each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, word in enumerate(words):
        (folder / f"{word}.png").write_bytes(draw(word))
        rows.append(row(f"{word}.png", word, **({"page": f"p{number // pages}"} if pages else {})))
    return write_jsonl(folder, rows)


def prepare(tmp_path: Path, *sources: Path | str, dry_run: bool = False, **more: Any) -> PrepareResult:
    """Prepare ``tmp_path/td/set``."""
    options = {"out": tmp_path / "td", **more}
    request = PrepareRequest(tuple(map(str, sources)), "set", **options)
    return prepare_dataset(request, dry_run=dry_run, workers=1)


def rows_of(result: PrepareResult, split: str) -> list[Mapping[str, Any]]:
    text = (result.folder / "vl" / f"{split}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def all_rows(result: PrepareResult) -> list[Mapping[str, Any]]:
    return [one for split in ("train", "val", "test") for one in rows_of(result, split)]


def left_out(result: PrepareResult) -> dict[str, int]:
    """Codes of what the data set lists as left out."""
    text = (result.folder / "vl" / "left_out.jsonl").read_text(encoding="utf-8")
    codes = [json.loads(line)["code"] for line in text.splitlines()]
    listed = {code: codes.count(code) for code in sorted(set(codes))}
    assert json.loads((result.folder / MANIFEST_NAME).read_text())["left_out"]["by_code"] == listed
    return listed


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
