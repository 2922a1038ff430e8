"""Look at a training configuration with the release's own code, without training.

Run inside the lane: ``inspect_config.py CONFIG RESULT [FILE_SHAPES FRESH]``. Writes JSON: for ``Train``
and ``Eval`` which rows the release's label encoders refuse and why, how many processes share the work,
and the shape of every parameter of the model as the dictionary sizes it. With the shapes of a file of
weights (JSON), the parameters that it does not fill go to FRESH (``.npz``) as the model starts them.

Source: ppocr/data/simple_dataset.py@3.7.0 (how a row is split), ppocr/data/imaug/label_ops.py@3.7.0
(what its encoders refuse).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ppocr_kit.datasets.lmdb_reading import LMDB_DATA_SET, LmdbRows, list_line
from ppocr_kit.runs.transplant import CLASS_LAYERS
from ppocr_kit.runs.workers.heads import sized_architecture

# Encoders that need room for a start and an end sign: label lengths end two before max_text_length.
_MARKED = ("MultiLabelEncode", "NRTRLabelEncode", "SARLabelEncode")


def main(config_file: Path, result_file: Path, *weights: Path) -> None:
    """Inspect ``config_file`` and write the findings to ``result_file``.

    Args:
        config_file: A complete configuration.
        result_file: Where the JSON goes.
        weights: Shapes of a file of weights, and where the model's own start goes; or neither.
    """
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    rows = {mode: check_rows(config, mode) for mode in ("Train", "Eval")}
    model = build_for(config)
    shapes = {name: [int(length) for length in value.shape] for name, value in model.items()}
    result = {"rows": rows, "shapes": shapes}
    if weights:
        shapes_file, fresh_file = weights
        np.savez(fresh_file, **unfilled(model, json.loads(shapes_file.read_text(encoding="utf-8"))))
    result_file.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


def check_rows(config: dict[str, Any], mode: str) -> dict[str, Any]:
    """Pass every row of a mode's lists, or of its LMDB where it has no list, through the label encoders.

    Returns:
        ``total``, ``lists`` (per list the numbers of good lines), ``rejected`` (list, line from
        1, reason), ``lost_characters`` (characters of good rows that the dictionary lacks) and
        ``pasteable`` (false when ``CopyPaste`` would look for a page it can copy from for ever).
    """
    dataset = config[mode]["dataset"]
    encoders = label_encoders(dataset["transforms"], config["Global"])
    folder, delimiter = Path(dataset["data_dir"]), dataset.get("delimiter", "\t")
    good: list[list[int]] = []
    rejected: list[dict[str, Any]] = []
    lost: dict[str, int] = {}
    total, pasteable = 0, False
    pastes = any("CopyPaste" in entry for entry in dataset["transforms"])
    with ExitStack() as stack:
        lmdb = stack.enter_context(LmdbRows(folder)) if dataset["name"] == LMDB_DATA_SET else None
        for name, lines in lists_of(dataset, lmdb):
            kept = []
            for number, line in enumerate(lines, start=1):
                total += 1
                reason = refusal(line, folder, encoders, delimiter, lmdb)
                if reason is not None:
                    rejected.append({"list": name, "line": number, "reason": reason})
                    continue
                kept.append(number)
                pasteable = pasteable or (pastes and has_four_points_each(line))
                for character in unknown_characters(line, encoders):
                    lost[character] = lost.get(character, 0) + 1
            good.append(kept)
    return {
        "total": total,
        "lists": good,
        "rejected": rejected,
        "lost_characters": lost,
        "pasteable": not pastes or pasteable,
    }


def lists_of(dataset: dict[str, Any], lmdb: LmdbRows | None) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the name and the lines of each list; an LMDB without a list is one by itself."""
    names = dataset.get("label_file_list")
    for name in names or ():
        with Path(name).open("rb") as handle:
            yield name, handle
    if lmdb is not None and not names:
        delimiter = dataset.get("delimiter", "\t")
        yield dataset["data_dir"], (list_line(picture, label, delimiter) for picture, label in lmdb)


def has_four_points_each(line: bytes) -> bool:
    """Tell whether every box of a detection row has four points."""
    boxes = json.loads(line.decode("utf-8").rstrip("\r\n").split("\t", 1)[-1])
    return all(len(box["points"]) == 4 for box in boxes)


def label_encoders(transforms: list[dict[str, Any]], global_config: dict[str, Any]) -> list[Any]:
    """Build those of the mode's transforms that turn text into training targets."""
    from ppocr.data.imaug import create_operators

    chosen = [entry for entry in transforms if next(iter(entry)).endswith("LabelEncode")]
    return list(create_operators(chosen, global_config))


def refusal(
    line: bytes, folder: Path, encoders: list[Any], delimiter: str, lmdb: LmdbRows | None
) -> str | None:
    """Say why the release would not use a row, or None when it would.

    Args:
        line: A line of a list.
        folder: What its picture is relative to.
        encoders: The label encoders of its mode.
        delimiter: What stands between picture and label.
        lmdb: Where its picture lies when it is no file.
    """
    try:
        image, label = line.decode("utf-8").strip("\n").split(delimiter)[:2]
    except ValueError:
        return "not 'image<tab>label' in UTF-8"
    there = (lambda name: (folder / name).is_file()) if lmdb is None else lmdb.has
    missing = [name for name in pictures_of(image) if not there(name)]
    if missing:
        return f"image not found: {missing[0]}"
    if lmdb is not None and lmdb.label_of(image) != label.encode("utf-8"):
        # the keys of all LMDBs are the same: this is the LMDB of another list
        return "the LMDB has another text for it"
    data: Any = {"label": label, "image": None, "img_path": str(folder / image)}
    for encoder in encoders:
        try:
            data = encoder(data)
        except Exception as error:
            return f"{type(encoder).__name__} raised {type(error).__name__}: {error}"
        if data is None:
            return explain(encoder, label)
    return None


def pictures_of(field: str) -> list[str]:
    """Return the pictures of a row; several of one text stand as a JSON list."""
    if field.startswith("["):
        try:
            names = json.loads(field)
        except ValueError:
            return [field]
        if names and all(isinstance(name, str) for name in names):
            return list(names)
    return [field]


def unknown_characters(line: bytes, encoders: list[Any]) -> set[str]:
    """List the characters of a row that its encoder would leave out of the target."""
    text = line.decode("utf-8").rstrip("\r\n").split("\t", 1)[-1]
    missing: set[str] = set()
    for encoder in encoders:
        known = getattr(encoder, "dict", None)
        if isinstance(known, dict):
            lower = bool(getattr(encoder, "lower", False))
            missing |= {
                character for character in (text.lower() if lower else text) if character not in known
            }
    return missing


def explain(encoder: Any, label: str) -> str:
    """Say why a label encoder answered None, as far as its public facts tell."""
    name = type(encoder).__name__
    if name == "DetLabelEncode":
        return "the page has no box"
    characters = getattr(encoder, "dict", {})
    longest = getattr(encoder, "max_text_len", None)
    if longest is not None and len(label) > longest:
        return f"longer than max_text_length ({len(label)} > {longest})"
    if longest is not None and name in _MARKED and len(label) > longest - 2:
        return f"longer than max_text_length without its start and end sign ({len(label)} > {longest} - 2)"
    if characters and not any(char in characters for char in label):
        return "none of its characters is in the dictionary"
    return f"refused by {name}"


def build_for(config: dict[str, Any]) -> dict[str, Any]:
    """Build the model as training does, from the same seed, and return its parameters by name."""
    from ppocr.modeling.architectures import build_model
    from ppocr.postprocess import build_post_process
    from ppocr.utils.utility import set_seed

    set_seed(int(config["Global"].get("seed", 1024)))
    decoder = build_post_process(config["PostProcess"], config["Global"])
    architecture = config["Architecture"]
    if hasattr(decoder, "character"):
        architecture = sized_architecture(
            architecture, len(decoder.character), str(config["PostProcess"]["name"])
        )
    state: dict[str, Any] = build_model(architecture).state_dict()
    return state


def unfilled(model: dict[str, Any], file: dict[str, list[int]]) -> dict[str, Any]:
    """Return the parameters that a file does not fill, and all that have a place for each character."""
    return {
        name: value.numpy()
        for name, value in model.items()
        if name in CLASS_LAYERS or file.get(name) != [int(length) for length in value.shape]
    }


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
