"""A model folder of PaddleOCR-VL: which files it must have, and which version it is.

Tuned models often will not load because only the weights were copied (ERNIE#1349): everything that a model
needs besides is looked for before anything is loaded, and what is missing is named all at once.

Source: files of the model's folders on the hub; safetensors' format (8 bytes of length, a JSON header).
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError

MODEL_TYPE = "paddleocr_vl"
VERSIONS = ("1.0", "1.5", "1.6")
# Key of config.json by which a folder that the kit wrote says its version.
MODEL_VERSION_KEY = "paddleocr_vl_version"
CHAT_TEMPLATE = "chat_template.jinja"
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
# Any one file of each line will do.
_PROCESSOR_FILES = (
    ("tokenizer.json", "tokenizer.model"),
    ("tokenizer_config.json",),
    ("preprocessor_config.json", "processor_config.json"),
)
_OFFICIAL_NAME = re.compile(r"PaddleOCR-VL(?:-(1\.[056]))?(?:-0\.9B)?\Z", re.IGNORECASE)
# A template is Jinja: the line end is written as an escape, or is one.
_CUE = re.compile(r"Assistant:(\\n|\n| )")
_LFS_POINTER = b"version https://git-lfs"
_LARGEST_HEADER = 100 << 20


@dataclass(frozen=True)
class ModelFolder:
    """A model folder that has what it needs.

    Attributes:
        path: The folder.
        files: Names of the files in it.
        template_versions: Versions that its chat template belongs to; none for one that is not known.
        version: Version of the model by its config or its name; None where neither tells.
        version_from: What tells it, for people.
        weight_bytes: Size of the weights.
    """

    path: Path
    files: tuple[str, ...]
    template_versions: tuple[str, ...]
    version: str | None
    version_from: str
    weight_bytes: int

    @property
    def template_fits(self) -> bool:
        """Whether the chat template is one of the model's version, as far as that is known."""
        return self.version is None or self.version in self.template_versions


def read_model_folder(path: Path) -> ModelFolder:
    """Look at a model folder without loading it.

    Raises:
        DataError: It is no folder, holds another model or only adapters, or lacks files; the message
            names all of them.
    """
    if not path.is_dir():
        raise DataError(
            "there is no such model folder", at=str(path), hint="ppocr-kit vl tiny makes a small one"
        )
    whole = any((path / name).is_file() for name in (_WEIGHTS, _INDEX))
    if (path / "adapter_config.json").is_file() and not whole:
        raise DataError(
            "this folder holds LoRA adapters without the model that they change",
            at=str(path),
            hint="ppocr-kit vl merge puts both into one model folder",
        )
    config = _config(path)
    lacking = [*_lacking_weights(path), *_lacking_processor(path)]
    if lacking:
        files = ", ".join(sorted(entry.name for entry in path.iterdir())[:12])
        raise DataError(
            f"the model folder lacks {'; '.join(lacking)} (it has {files})",
            at=str(path),
            hint="copy what is missing from the folder of the base model: tokenizer, image processor and "
            "template stay as they are in training",
        )
    version, told_by = _declared_version(path, config)
    return ModelFolder(
        path,
        tuple(sorted(entry.name for entry in path.iterdir() if entry.is_file())),
        template_versions(_template_text(path) or ""),
        version,
        told_by,
        sum(file.stat().st_size for file in path.glob("*.safetensors")),
    )


def template_versions(template: str) -> tuple[str, ...]:
    """Return the versions whose answers begin as a chat template lets them; none for a strange one."""
    cues = set(_CUE.findall(template))
    if cues == {" "}:
        return VERSIONS[:1]
    return VERSIONS[1:] if cues and " " not in cues else ()


def _config(path: Path) -> dict[str, Any]:
    """Read ``config.json``.

    Raises:
        DataError: It is missing or broken, or of another kind of model.
    """
    file = path / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        kind = config.get("model_type")
    except FileNotFoundError as error:
        raise DataError(
            "this is no model folder: it has no config.json",
            at=str(path),
            hint="name the folder that has config.json and model.safetensors; in a run: checkpoints/best",
        ) from error
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"config.json cannot be read ({error})", at=str(file)) from error
    if kind != MODEL_TYPE:
        raise DataError(
            f"this is a model of the kind {kind!r}, not {MODEL_TYPE!r}",
            at=str(file),
            hint="PaddleOCR-VL 1.0, 1.5 or 1.6, or a model tuned from one of them",
        )
    return dict(config)


def _lacking_weights(path: Path) -> Iterator[str]:
    """Say which files of the weights are missing, cut short, or not the weights themselves."""
    index = path / _INDEX
    names = [_WEIGHTS]
    if index.is_file() and not (path / _WEIGHTS).is_file():
        try:
            names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            yield f"a readable {_INDEX}"
            return
    for name in names:
        file = path / Path(str(name)).name
        if not file.is_file():
            yield f"{name} (the weights)"
        elif not is_whole(file):
            yield f"the whole of {name}: the file is cut short, or a pointer of git-lfs"


def is_whole(file: Path) -> bool:
    """Whether a safetensors file is as long as its header says."""
    with file.open("rb") as stream:
        begin = stream.read(8)
        size = file.stat().st_size
        if len(begin) < 8 or _LFS_POINTER.startswith(begin):
            return False
        length = struct.unpack("<Q", begin)[0]
        if length > min(size, _LARGEST_HEADER):
            return False
        try:
            header = json.loads(stream.read(length))
            ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return False
    return bool(ends) and size >= 8 + int(length) + max(ends)


def _lacking_processor(path: Path) -> Iterator[str]:
    """Say which files besides the weights are missing."""
    for names in _PROCESSOR_FILES:
        if not any((path / name).is_file() for name in names):
            yield " or ".join(names)
    if not _template_text(path):
        yield f"{CHAT_TEMPLATE} (how the model is asked)"


def _template_text(path: Path) -> str | None:
    """Return the chat template from the places where transformers looks for it, or None."""
    file = path / CHAT_TEMPLATE
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    for name in ("chat_template.json", "tokenizer_config.json", "processor_config.json"):
        try:
            template = json.loads((path / name).read_text(encoding="utf-8")).get("chat_template")
        except (OSError, ValueError, AttributeError, RecursionError):
            continue
        if isinstance(template, str) and template:
            return template
    return None


def _declared_version(path: Path, config: dict[str, Any]) -> tuple[str | None, str]:
    """Return the version that a folder says it is, and where it says so."""
    written = config.get(MODEL_VERSION_KEY)
    if written in VERSIONS:
        return str(written), "config.json"
    origin = str(config.get("_name_or_path") or "").rstrip("/").rpartition("/")[2]
    # the cache of the hub: models--PaddlePaddle--PaddleOCR-VL-1.5/snapshots/<commit>
    parts = [part.rpartition("--")[2] for part in reversed(path.absolute().parts[-4:])]
    for name in (origin, *parts):
        official = _OFFICIAL_NAME.match(name)
        if official:
            return official[1] or "1.0", f"its name {name}"
    return None, "nothing"
