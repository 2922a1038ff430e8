"""Look at a configuration for key information with the release's own transforms, without training.

Run inside the kie lane: ``inspect_kie.py CONFIG RESULT [NETWORK [FILE_SHAPES FRESH]]``. Writes JSON: for
``Train`` and ``Eval`` which rows the transforms refuse and why, what of the pages lies beyond the window,
and the shape of every parameter of the network that NETWORK (a folder with ``config.json``) describes.
With the shapes of a file of weights (JSON), the parameters that it does not fill go to FRESH (``.npz``)
as the network starts them. Without NETWORK it is the one that paddlenlp fetches.

Source: ppocr/data/simple_dataset.py@3.7.0 (how a row is split), ppocr/data/imaug/label_ops.py@3.7.0
(``VQATokenLabelEncode``), ppocr/data/imaug/vqa/token/*.py@3.7.0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ppocr_kit.labels.image_size import read_image_size
from ppocr_kit.runs.workers.starting import start_link_head

_NETWORKS = {
    "LayoutXLMForSer": "LayoutXLMForTokenClassification",
    "LayoutXLMForRe": "LayoutXLMForRelationExtraction",
}
# The transforms of a page's tokens; those of its pixels refuse nothing that can be decoded.
_OF_TOKENS = ("VQA", "Tensorize")
_PREFIX = "backbone.model."


def main(config_file: Path, result_file: Path, *network: Path) -> None:
    """Inspect ``config_file`` and write the findings to ``result_file``.

    Args:
        config_file: A complete configuration.
        result_file: Where the JSON goes.
        network: Folder of the network; shapes of a file of weights, and where the network's own start goes.
    """
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    rows = {mode: check_rows(config, mode) for mode in ("Train", "Eval")}
    model = build_for(config, network[0] if network else None)
    shapes = {name: [int(length) for length in value.shape] for name, value in model.items()}
    if len(network) > 1:
        _, shapes_file, fresh_file = network
        file = json.loads(shapes_file.read_text(encoding="utf-8"))
        unfilled = {name: value.numpy() for name, value in model.items() if file.get(name) != shapes[name]}
        np.savez(fresh_file, **unfilled)
    result_file.write_text(json.dumps({"rows": rows, "shapes": shapes}, ensure_ascii=False), encoding="utf-8")


def build_for(config: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Build the network as training starts it, from the same seed, and return its parameters by name."""
    from ppocr.utils.utility import set_seed

    seed = int(config["Global"].get("seed", 1024))
    set_seed(seed)
    if folder is None:
        from ppocr.modeling.architectures import build_model

        state = build_model(config["Architecture"]).state_dict()
        return {name[len(_PREFIX) :]: value for name, value in state.items()}
    from paddlenlp import transformers

    kind = getattr(transformers, _NETWORKS[config["Architecture"]["Backbone"]["name"]])
    settings = transformers.LayoutXLMConfig.from_pretrained(str(folder))
    parameters = dict(kind(settings).state_dict())
    start_link_head(parameters, seed)
    return parameters


def check_rows(config: dict[str, Any], mode: str) -> dict[str, Any]:
    """Pass every row of a mode's lists through the transforms of tokens.

    Returns:
        ``total``, ``lists`` (per list the numbers of good lines), ``rejected`` (list, line from 1,
        reason), ``cut_pages`` and ``cut_tokens`` (beyond the window), ``unpaired`` (pages without a
        question or without an answer, RE only), ``largest_id`` of a token.
    """
    from ppocr.data.imaug import create_operators

    dataset = config[mode]["dataset"]
    steps = [step for step in dataset["transforms"] if next(iter(step)).startswith(_OF_TOKENS)]
    page = Pages(Path(dataset["data_dir"]), create_operators(steps, config["Global"]))
    for name in dataset["label_file_list"]:
        with Path(name).open("rb") as handle:
            page.read_list(name, handle)
    return page.facts


class Pages:
    """The rows of a mode, counted."""

    def __init__(self, folder: Path, steps: list[Any]) -> None:
        """Start with no row.

        Args:
            folder: What pictures are relative to.
            steps: The release's transforms of tokens, the encoder first.
        """
        self.folder = folder
        self.encoder, *self.later = steps
        self.window = next(int(step.max_seq_len) for step in self.later if hasattr(step, "max_seq_len"))
        self.pairs = bool(self.encoder.contains_re)
        self.facts: dict[str, Any] = {
            "total": 0, "lists": [], "rejected": [],
            "cut_pages": 0, "cut_tokens": 0, "unpaired": 0, "largest_id": -1,
        }  # fmt: skip

    def read_list(self, name: str, lines: Iterable[bytes]) -> None:
        """Take in a list."""
        kept = []
        for number, line in enumerate(lines, start=1):
            self.facts["total"] += 1
            reason = self.refusal(line)
            if reason is None:
                kept.append(number)
            else:
                self.facts["rejected"].append({"list": name, "line": number, "reason": reason})
        self.facts["lists"].append(kept)

    def refusal(self, line: bytes) -> str | None:
        """Say why the release would not use a row, or None when it would."""
        try:
            image, label = line.decode("utf-8").strip("\n").split("\t")[:2]
            boxes = json.loads(label)
        except ValueError:
            return "not 'image<tab>JSON list of boxes' in UTF-8"
        size = size_of(self.folder / image)
        if size is None:
            return f"image not found, or not one: {image}"
        picture = np.broadcast_to(np.uint8(0), (size[1], size[0], 3))
        try:
            data = self.encoder({"label": label, "image": picture})
            tokens = np.asarray(data["input_ids"], dtype=np.int64)
            for step in self.later:
                data = step(data)
                if data is None:
                    break
        except Exception as error:
            return self.explain(error, boxes)
        if data is None:
            return "no question and no answer" if self.pairs and tokens.size else "no text in any box"
        self.count(tokens, boxes)
        return None

    def count(self, tokens: Any, boxes: list[dict[str, Any]]) -> None:
        """Count what of a good row is cut off or cannot be paired."""
        beyond = max(0, len(tokens) - self.window)
        self.facts["cut_pages"] += beyond > 0
        self.facts["cut_tokens"] += beyond
        self.facts["largest_id"] = max(self.facts["largest_id"], int(tokens.max()))
        labels = {box["label"] for box in boxes}
        self.facts["unpaired"] += self.pairs and not {"question", "answer"} <= labels

    def explain(self, error: Exception, boxes: Any) -> str:
        """Put what a transform raised into words, as far as the row tells."""
        known = {name[2:] for name in self.encoder.label2id_map if name != "O"}
        if (
            isinstance(error, KeyError)
            and isinstance(boxes, list)
            and all(isinstance(b, dict) for b in boxes)
        ):
            for key in ("transcription", "label", "points", *(("id", "linking") if self.pairs else ())):
                if any(key not in box for box in boxes):
                    return f"a box has no '{key}'"
            for box in boxes:
                label = str(box["label"]).upper()
                if label not in known and label not in ("OTHER", "OTHERS", "IGNORE"):
                    return f"the class '{box['label']}' is not one of {', '.join(sorted(known))}"
            if self.pairs:
                return f"a link names box {error}, which the page has not"
        return f"{type(error).__name__}: {error}"


def size_of(file: Path) -> tuple[int, int] | None:
    """Return width and height of a picture in pixels, or None when there is none."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    size = read_image_size(content)
    if size is not None:
        return size
    import cv2

    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    return None if picture is None else (picture.shape[1], picture.shape[0])


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
