"""Pages that are there twice are told, of two different pages nothing."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from ppocr_kit.fingerprint import fingerprint
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.labels.copied_pages import CopiedPages


def write_pages(folder: Path, pages: dict[str, tuple[np.ndarray, list[str]]]) -> Path:
    folder.mkdir()
    rows = []
    for name, (pixels, texts) in pages.items():
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        boxes = [
            {"transcription": text, "points": [[5, y], [95, y], [95, y + 15], [5, y + 15]]}
            for text, y in zip(texts, (5, 25, 45))
        ]
        rows.append(f"{folder.name}/{name}\t{json.dumps(boxes)}\n")
    (folder / "Label.txt").write_text("".join(rows), "utf-8")
    return folder


def drawn(seed: int) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, (160, 120), interpolation=cv2.INTER_CUBIC)


def test_a_turned_copy_is_told_beside_its_original(tmp_path: Path) -> None:
    page, texts = drawn(1), ["4-K071", "N1151", "J2210"]
    folder = write_pages(
        tmp_path / "batch",
        {
            "x.png": (page, texts),
            "other.png": (drawn(2), ["2P24", "A7719", "B0021"]),
            "x_rotated.png": (np.ascontiguousarray(np.rot90(page)), texts),
        },
    )
    found = [problem for problem in check_sources([folder]).problems if problem.code == "L089"]
    assert [problem.line for problem in found] == [3]
    assert f"'batch/x.png' ({folder / 'Label.txt'}:1)" in found[0].message


def test_the_same_bytes_are_told_once_and_by_their_own_code(tmp_path: Path) -> None:
    page = (drawn(1), ["4-K071", "N1151", "J2210"])
    folder = write_pages(tmp_path / "batch", {"a.png": page, "b.png": page, "c.png": page})
    codes = [(problem.code, problem.line) for problem in check_sources([folder]).problems]
    assert codes == [("L027", 2), ("L027", 3)]


def test_pages_beyond_the_limit_are_counted_and_told() -> None:
    copies = CopiedPages(most=1)
    looks = fingerprint(drawn(1))
    for number in range(3):
        assert not list(copies.add("Label.txt", number, f"{number}.png", f"{number:02x}" * 32, looks, b""))
    assert not list(copies.near_copies())
    assert copies.notes() == ["2 pages beyond the first 1 were not compared by their looks"]


def test_filled_in_copies_of_a_real_form_are_no_copies_of_one_another(shared: Path) -> None:
    assert check_sources([shared / "real" / "form_1040"]).problems.by_code["L089"] == 0


def test_two_crops_of_one_photo_in_a_real_export_are_found(shared: Path) -> None:
    result = check_sources([shared / "real" / "wire"])
    messages = [problem.message for problem in result.problems if problem.code == "L089"]
    assert any("wire_3708.jpg' and 'train_data/wire_3597.jpg'" in message for message in messages)
