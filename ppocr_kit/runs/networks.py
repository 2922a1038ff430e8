"""Folders of LayoutXLM networks: what a run of key information starts from, and its checkpoints.

Such a folder holds ``config.json`` and ``model_state.pdparams``, as paddlenlp writes them, and beside
them the tokenizer's ``sentencepiece.bpe.model``. A run keeps the one that it starts from in ``start/``:
sized for its own classes, and complete, so that nothing in it starts at random unseen.

Source: paddlenlp 2.8.1, transformers/layoutxlm; ``save_model`` of ppocr/utils/save_load.py@3.7.0.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.rundir import NETWORK_WEIGHTS
from ppocr_kit.runs.start import Arrays, Start, StartFile
from ppocr_kit.runs.weights import WeightMatch, match_weights
from ppocr_kit.storage import write_bytes_atomic, write_json_atomic
from ppocr_kit.vendor.checkpoints import read_weights, write_weights
from ppocr_kit.vendor.compat_kie import TOKENIZER_FILE, TOKENIZER_VARIABLE

WEIGHTS_FILE = NETWORK_WEIGHTS
CONFIG_FILE = "config.json"
# Parameters of the network itself; a file of the bare network names them without it.
_BODY = "layoutxlm."
# What is learnt for a task and its classes, and may start at random.
_HEADS = ("classifier.", "extractor.")
# Counted, not learnt; older files lack it.
_COUNTED = "layoutxlm.embeddings.position_ids"
_HINT = (
    "name a folder of LayoutXLM with config.json and model_state.pdparams, such as "
    "output/RUN/checkpoints/best_accuracy"
)


@dataclass(frozen=True)
class NetworkFolder:
    """A network that a run may start from.

    Attributes:
        path: The folder.
        config: Its ``config.json``.
        weights: Its arrays by parameter name.
    """

    path: Path
    config: Mapping[str, Any]
    weights: Arrays

    @property
    def file(self) -> StartFile:
        """The file of weights, as the plan of any task names one."""
        return StartFile(self.path / WEIGHTS_FILE, self.weights)


def is_network(folder: Path) -> bool:
    """Tell a folder that holds a network."""
    return (folder / CONFIG_FILE).is_file() and (folder / WEIGHTS_FILE).is_file()


def read_network(folder: Path) -> NetworkFolder:
    """Read the network in a folder; its files may come from anybody.

    Raises:
        DataError: It holds none, or a file is damaged or asks for code to be run.
    """
    missing = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]
    if missing:
        raise DataError(f"there is no {' and no '.join(missing)}", at=str(folder), hint=_HINT)
    weights = read_weights(folder / WEIGHTS_FILE)
    if not any(name.startswith(_BODY) for name in weights):
        weights = {f"{_BODY}{name}": value for name, value in weights.items()}
    return NetworkFolder(folder, read_network_config(folder), weights)


def read_network_config(folder: Path) -> dict[str, Any]:
    """Read a network's ``config.json``.

    Raises:
        DataError: It cannot be read, or describes another kind of network.
    """
    file = folder / CONFIG_FILE
    try:
        body: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"cannot read the network's description ({error})", at=str(file), hint=_HINT
        ) from error
    kind = body.get("model_type") if isinstance(body, dict) else None
    if kind not in ("layoutxlm", "layoutlmv2"):
        raise DataError(f"the network is {kind!r}, not LayoutXLM", at=str(file), hint=_HINT)
    return dict(body)


def sized_config(config: Mapping[str, Any], num_classes: int | None, sees: bool) -> dict[str, Any]:
    """Return a network's description for a run.

    Args:
        config: Its ``config.json``.
        num_classes: SER: classes of a token; None for RE.
        sees: Whether the network has its visual backbone (LayoutXLM), or not (VI-LayoutXLM). paddlenlp
            2.8.1 leaves it out unless the file says so.
    """
    sized = {key: value for key, value in config.items() if key not in ("num_labels", "num_classes")}
    if num_classes is not None:
        labels = [f"LABEL_{number}" for number in range(num_classes)]
        sized["id2label"] = {str(number): label for number, label in enumerate(labels)}
        sized["label2id"] = {label: number for number, label in enumerate(labels)}
    return {**sized, "use_visual_backbone": sees}


def fit_network(network: NetworkFolder, shapes: Mapping[str, Sequence[int]], fresh: Arrays) -> Start:
    """Fit a folder's weights to the network of a run.

    Args:
        network: What :func:`read_network` returned.
        shapes: Shapes of the run's network by parameter name.
        fresh: Its own start of what the file does not fill.

    Raises:
        DataError: Anything but the head would start at random.
    """
    given = {name: tuple(value.shape) for name, value in network.weights.items()}
    match = match_weights(shapes, given, character_head=False)
    _require_body(match, network.path / WEIGHTS_FILE)
    return Start(network.file, match, fresh)


def _require_body(match: WeightMatch, file: Path) -> None:
    other = [entry for entry in match.mismatched if not entry[0].startswith(_HEADS)]
    absent = [name for name in match.missing if not name.startswith(_HEADS) and name != _COUNTED]
    if not other and not absent:
        return
    reason = (
        f"{other[0][0]} is {list(other[0][2])} in the file and {list(other[0][1])} in the model"
        if other
        else f"the model's {absent[0]} is not in the file"
    )
    visual = any(".visual" in name for name in absent)
    raise DataError(
        f"the weights are of another model: {match.share_of_all:.0%} of it would load ({reason})",
        at=str(file),
        hint="--model vi_layoutxlm, whose network has no visual backbone" if visual else _HINT,
    )


def write_network(start: Start, config: Mapping[str, Any], folder: Path) -> None:
    """Write the network that a run starts from, complete.

    Args:
        start: What :func:`fit_network` returned.
        config: What :func:`sized_config` returned.
        folder: ``start/`` of the run.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    write_json_atomic(folder / CONFIG_FILE, dict(config))
    values = {**start.fresh, **{name: start.file.weights[name] for name in start.match.loaded}}
    write_weights(folder / WEIGHTS_FILE, {name: values[name] for name in start.match.shapes})


def find_tokenizer(*folders: Path) -> Path | None:
    """Return the folder of the tokenizer: the one that the user names, else the first that has it.

    Args:
        folders: Where it may lie.

    Raises:
        UsageError: The user names a folder without a tokenizer.
    """
    named = os.environ.get(TOKENIZER_VARIABLE)
    if named:
        if not has_tokenizer(Path(named)):
            raise UsageError(
                f"there is no {TOKENIZER_FILE}",
                at=f"{TOKENIZER_VARIABLE}={named}",
                hint="name the folder of LayoutXLM's tokenizer, or unset the variable",
            )
        return Path(named).absolute()
    return next((folder.absolute() for folder in folders if has_tokenizer(folder)), None)


def has_tokenizer(folder: Path) -> bool:
    """Tell a folder that holds LayoutXLM's tokenizer."""
    return (folder / TOKENIZER_FILE).is_file()


def copy_tokenizer(source: Path, target: Path) -> None:
    """Keep a tokenizer in another folder."""
    write_bytes_atomic(target / TOKENIZER_FILE, (source / TOKENIZER_FILE).read_bytes())


def tokenizer_environment(folder: Path | None) -> dict[str, str]:
    """Return what tells a tool of the kie lane where its tokenizer lies."""
    return {} if folder is None else {TOKENIZER_VARIABLE: str(folder)}
