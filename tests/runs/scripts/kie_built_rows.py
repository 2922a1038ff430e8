"""Pass lists of a data set through the release's transforms: ``kie_built_rows.py DATASET WINDOW RESULT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ppocr.data.imaug import create_operators

from ppocr_kit.runs.workers.inspect_kie import Pages


def steps(task: str, classes: Path, window: int) -> list[dict]:
    """Return the transforms of tokens, as the recipes of VI-LayoutXLM have them."""
    re = task == "re"
    encode = {
        "class_path": str(classes), "contains_re": re, "algorithm": "LayoutXLM",
        "use_textline_bbox_info": True, "order_method": "tb-yx",
    }  # fmt: skip
    size = {"max_seq_len": window}
    made = [{"VQATokenLabelEncode": encode}, {"VQATokenPad": {**size, "return_attention_mask": True}}]
    if re:
        return [
            *made,
            {"VQAReTokenRelation": None},
            {"VQAReTokenChunk": size},
            {"TensorizeEntitiesRelations": size},
        ]
    return [*made, {"VQASerTokenChunk": size}]


class CountingLinks:
    """Looks at the links that are left of a row."""

    def __init__(self) -> None:
        self.links = 0

    def __call__(self, data: dict) -> dict:
        self.links += int(data["relations"][0][0])
        return data


def main(dataset: Path, window: int, result: Path) -> None:
    found = {}
    for task in ("ser", "re"):
        operators = create_operators(steps(task, dataset / task / "classes.txt", window), {})
        counting = CountingLinks()
        pages = Pages(dataset / task, [*operators, *([counting] if task == "re" else [])])
        for split in ("train", "val", "test"):
            with (dataset / task / f"{split}.txt").open("rb") as lines:
                pages.read_list(split, lines)
        found[task] = {**pages.facts, "links": counting.links}
    result.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
