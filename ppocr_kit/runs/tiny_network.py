"""A small LayoutXLM of random weights with its tokenizer: to try the flow without official weights.

It knows what a data set teaches it, and no language. docs/tasks/kie.md says how far it gets.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.manifest import MANIFEST_NAME, read_dataset
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.runs.networks import is_network
from ppocr_kit.storage import atomic_folder, write_json_atomic, write_text_atomic
from ppocr_kit.tasks import KIE_TASKS, Split
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

_WORKER = Path(__file__).parent / "workers" / "make_tiny_layoutxlm.py"
_TIMEOUT_S = 1800.0
# Left, top, right, bottom, width and height of a box share the width of a token.
_PLACES = 6


@dataclass(frozen=True)
class TinySizes:
    """How large the network shall be.

    Attributes:
        pieces: Most pieces of the tokenizer.
        hidden: Width, a multiple of 6 and of ``heads``.
        layers: Layers of attention.
        heads: Of each layer.
        visual: Whether it has LayoutXLM's visual backbone, which is 90 M numbers whatever the width.
        seed: Of the random weights.
    """

    pieces: int = 800
    hidden: int = 48
    layers: int = 2
    heads: int = 4
    visual: bool = False
    seed: int = 0


@dataclass(frozen=True)
class TinyNetwork:
    """A network that was made.

    Attributes:
        folder: Where it lies: ``config.json``, ``model_state.pdparams``, ``sentencepiece.bpe.model``.
        pieces: Pieces of its tokenizer.
        parameters: Numbers in its weights, with a head for links.
        texts: Texts that the tokenizer was learnt from.
    """

    folder: Path
    pieces: int
    parameters: int
    texts: int

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), "folder": self.folder.as_posix()}


def make_tiny_layoutxlm(
    folder: Path, source: Path, sizes: TinySizes = TinySizes(), *, overwrite: bool = False
) -> TinyNetwork:
    """Make a network and its tokenizer.

    Args:
        folder: Where to; one that holds a network is replaced with ``overwrite``.
        source: A data set (the texts of its training pages are taken) or a file of texts, one a line.
        sizes: How large.
        overwrite: Whether an existing network may be replaced.

    Raises:
        UsageError: The folder exists, or the sizes do not go together.
        DataError: There are no texts in ``source``.
        SetupError: There is no release, or no lane for key information.
    """
    _require_sizes(sizes)
    _require_place(folder, overwrite)
    texts = read_texts(source)
    release, python = find_release(), find_interpreter("kie").python
    with (
        tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch,
        atomic_folder(folder.absolute()) as made,
    ):
        job, result = Path(scratch, "job.json"), Path(scratch, "result.json")
        write_text_atomic(Path(scratch, "texts.txt"), "".join(f"{text}\n" for text in texts))
        write_json_atomic(
            job, {"folder": str(made), "texts": str(Path(scratch, "texts.txt")), **asdict(sizes)}
        )
        run_tool(
            tool_invocation(
                release, python, str(_WORKER), [str(job), str(result)], cwd=Path.cwd(),
                log=Path(scratch, "make.log"), timeout_s=_TIMEOUT_S, expects=(result,),
            )
        )  # fmt: skip
        told = json.loads(result.read_text(encoding="utf-8"))
    return TinyNetwork(folder, told["pieces"], told["parameters"], len(texts))


def read_texts(source: Path) -> list[str]:
    """Read what is written on the training pages of a data set, or in a file of texts.

    Raises:
        DataError: There are none, or the source cannot be read.
    """
    texts = list(_texts_of_dataset(source) if source.is_dir() else _texts_of_file(source))
    if not texts:
        raise DataError(
            "there are no texts to learn a tokenizer from",
            at=str(source),
            hint="name a data set for ser or re (train_data/NAME), or a file with one text a line",
        )
    return texts


def _texts_of_dataset(folder: Path) -> Iterator[str]:
    data = read_dataset(folder)
    task = next((data.tasks[task] for task in KIE_TASKS if task in data.tasks), None)
    if task is None:
        raise DataError(
            "the data set is not for key information",
            at=str(folder / MANIFEST_NAME),
            hint="build it with: ppocr-kit dataset build FOLDER --name NAME --tasks ser,re",
        )
    file = task.splits[Split.TRAIN].list_path
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            boxes = json.loads(line.split("\t", 1)[1])
            yield from filter(None, (_one_line(box["transcription"]) for box in boxes))
        except (IndexError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"a row is not 'image<tab>JSON list of boxes': {line[:80]}", at=str(file)
            ) from error


def _texts_of_file(file: Path) -> Iterator[str]:
    try:
        content = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the texts ({error})", at=str(file)) from error
    yield from filter(None, map(_one_line, content.splitlines()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _require_sizes(sizes: TinySizes) -> None:
    if sizes.hidden % _PLACES or sizes.hidden % sizes.heads:
        raise UsageError(
            f"a width of {sizes.hidden} does not divide into 6 places and {sizes.heads} heads",
            at="--hidden",
            hint="a multiple of 6 and of the heads, such as 48, 96 or 192",
        )


def _require_place(folder: Path, overwrite: bool) -> None:
    """Refuse to replace what is no network, or one that may not be replaced."""
    if not folder.exists():
        return
    if not is_network(folder):
        raise UsageError("the folder exists, and is no network", at=str(folder), hint="choose another --out")
    if not overwrite:
        raise UsageError(
            "there is a network already", at=str(folder), hint="choose another --out, or --overwrite"
        )
