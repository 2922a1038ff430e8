"""The serial loop that the build is measured against: crop as PPOCRLabel does, copy as its splitter does.

    python benchmarks/serial_peer.py FOLDER OUT [--det-only]

One process, one page after the other, nothing checked: each line of Label.txt is parsed, its page decoded,
every box cut by perspective and written as JPEG (PPOCRLabel, "Export Recognition Result"); then pages and
crops are shuffled and copied into the folders of the splits, and the lists are written
(``gen_ocr_train_val_test.py``, 6:2:2). ``--det-only`` copies pages and writes their lists, no crops.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np

# Shares of train, val and test, as the splitter's default.
SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}


def cut(page: Any, points: list[list[float]]) -> Any:
    """Cut a box out of a page by perspective; one that stands upright is turned."""
    corners = np.array(points[:4], dtype=np.float32)
    width = int(max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[2] - corners[3])))
    height = int(max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    crop = cv2.warpPerspective(
        page, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC
    )
    return np.rot90(crop) if height >= 1.5 * width else crop


def export_crops(folder: Path, rows: list[tuple[str, str]], crops: Path) -> list[tuple[str, str]]:
    """Write every crop of every page, and return the rows of rec_gt.txt."""
    crops.mkdir(parents=True)
    found = []
    for name, text in rows:
        page = cv2.imread(str(folder / name))
        for number, box in enumerate(json.loads(text)):
            crop = cut(page, box["points"])
            if not crop.size:
                continue
            target = f"{Path(name).stem}_crop_{number}.jpg"
            cv2.imwrite(str(crops / target), crop)
            found.append((target, box["transcription"]))
    return found


def split_and_copy(rows: list[tuple[str, str]], source: Path, out: Path, seed: int = 0) -> None:
    """Deal rows out to the splits, copy their pictures and write the lists."""
    dealt = list(rows)
    random.Random(seed).shuffle(dealt)
    begin = 0
    for split, share in SHARES.items():
        end = len(dealt) if split == "test" else begin + int(share * len(dealt))
        (out / split).mkdir(parents=True)
        with (out / f"{split}.txt").open("w", encoding="utf-8") as lines:
            for name, label in dealt[begin:end]:
                target = out / split / name
                shutil.copy(source / name, target)
                lines.write(f"{target}\t{label}\n")
        begin = end


def main() -> None:
    # one thread, as the loop says: OpenCV's own cost it time
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--det-only", action="store_true")
    args = parser.parse_args()
    lines = (args.folder / "Label.txt").read_text(encoding="utf-8").splitlines()
    rows = [(Path(key).name, text) for key, text in (line.split("\t") for line in lines)]
    if not args.det_only:
        texts = export_crops(args.folder, rows, args.out / "crop_img")
        split_and_copy(texts, args.out / "crop_img", args.out / "rec")
    split_and_copy(rows, args.folder, args.out / "det")


if __name__ == "__main__":
    main()
