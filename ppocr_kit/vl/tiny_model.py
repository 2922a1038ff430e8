"""Making a small model folder in the lane: ``ppocr-kit vl tiny``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.vl.lane import run_engine
from ppocr_kit.vl.model_folder import ModelFolder, read_model_folder
from ppocr_kit.vl.rows import read_rows

# What a tokenizer of a few hundred pieces can learn from.
_MOST_TEXTS = 20_000
_TRAIN = Path("vl") / "train.jsonl"


@dataclass(frozen=True)
class TinyRequest:
    """What to make.

    Attributes:
        folder: Where.
        version: Version of PaddleOCR-VL whose chat template it gets.
        tokenizer: ``byte``, ``unigram`` or ``llama``.
        texts: Data set or text file that the tokenizer learns from, or None.
        seed: Of the weights.
    """

    folder: Path
    version: str = "1.5"
    tokenizer: str = "byte"
    texts: Path | None = None
    seed: int = 0


def make_tiny_model(request: TinyRequest, *, replace: bool = False) -> ModelFolder:
    """Make the folder.

    Raises:
        UsageError: The folder is there, or there is no such version or tokenizer.
        DataError: The texts cannot be read.
        SetupError: There is no environment for the lane, or the folder cannot be written.
    """
    if request.folder.exists() and not (replace and (request.folder / "config.json").is_file()):
        raise UsageError(
            "there is something already",
            at=str(request.folder),
            hint="name another folder with --out; --force replaces a model folder, nothing else",
        )
    job = {
        "folder": str(request.folder.absolute()),
        "version": request.version,
        "tokenizer": request.tokenizer,
        "texts": [] if request.texts is None else list(_texts(request.texts)),
        "seed": request.seed,
    }
    run_engine("tiny", job)
    return read_model_folder(request.folder)


def _texts(source: Path) -> Iterator[str]:
    """Yield the answers of a data set's training rows, or the lines of a text file.

    Raises:
        DataError: It is neither, or not UTF-8.
    """
    if source.is_dir():
        if not (source / _TRAIN).is_file():
            raise DataError("this folder holds no data set of vl prepare", at=str(source))
        texts: Iterator[str] = (row.completion for row in read_rows(source / _TRAIN))
    else:
        try:
            texts = iter(source.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read the texts ({error})", at=str(source)) from error
    for _, text in zip(range(_MOST_TEXTS), texts):
        yield text
