"""LayoutXLM networks run by Paddle: a run's checkpoint by training code, an export by its inference engine.

Source: ppstructure/kie/predict_kie_token_ser.py and predict_kie_token_ser_re.py@3.7.0 (what an exported
network is given), ppocr/utils/export_model.py@3.7.0 (the order of its inputs).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ppocr_kit.configs.key_information import LONGEST_WINDOW
from ppocr_kit.errors import DataError
from ppocr_kit.runs.model_source import PROGRAM_FILES, WEIGHTS_FILE
from ppocr_kit.runs.rundir import NETWORK_WEIGHTS
from ppocr_kit.runs.weights import require_whole
from ppocr_kit.runs.workers.engines import first_line
from ppocr_kit.runs.workers.paddle_networks import require_gpu
from ppocr_kit.vendor.compat_kie_export import SCORE_UNIT

Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
# From the inputs of a batch in the release's order to the scores (N, T, classes) of its tokens.
TokenNetwork = Callable[[Sequence[Any]], Scores]
_PREFIX = "backbone.model."
_LINKED = 1
_GPU_MEMORY_MIB = 500
# What an exported network gets behind the last token: a masked one, nowhere on the page.
_FILLINGS = (1, 0, 0, 0)


@dataclass(frozen=True)
class Pair:
    """A question and an answer that the network links.

    Attributes:
        question: Its number among the entities that the network was given.
        answer: The same.
        score: The network's probability of the link; None where an exported network does not tell.
    """

    question: int
    answer: int
    score: float | None


# From the inputs of a batch to the links of each of its pages.
PairNetwork = Callable[[Sequence[Any]], list[list[Pair]]]


@dataclass(frozen=True)
class Loaded:
    """A network that can be asked.

    Attributes:
        run: Answers the inputs of a batch; a :data:`TokenNetwork` or a :data:`PairNetwork`.
        sees: Whether pixels are among its inputs.
    """

    run: Callable[[Sequence[Any]], Any]
    sees: bool


def load_kie(job: Mapping[str, Any], *, pairs: bool) -> Loaded:
    """Load the network that a job describes.

    Args:
        job: ``export`` (a folder) or ``checkpoint`` (a folder) with ``architecture``; ``gpu``, ``threads``.
        pairs: Whether it finds links (RE), or classes (SER).

    Raises:
        DataError: The files are damaged, or of another model.
        SetupError: There is no GPU.
    """
    if job.get("gpu"):
        require_gpu()
    if job.get("export") is None:
        return _checkpoint(job, pairs)
    return _export(job, pairs)


def _checkpoint(job: Mapping[str, Any], pairs: bool) -> Loaded:
    import paddle
    from ppocr.modeling.architectures import build_model

    paddle.set_device("gpu:0" if job.get("gpu") else "cpu")
    folder = Path(job["checkpoint"])
    architecture = copy.deepcopy(dict(job["architecture"]))
    architecture["Backbone"]["checkpoints"] = str(folder)
    model = build_model(architecture)
    shapes = {name[len(_PREFIX) :]: tuple(value.shape) for name, value in model.state_dict().items()}
    require_whole(shapes, folder / NETWORK_WEIGHTS)
    model.eval()
    run = _find_pairs(model) if pairs else _score_tokens(model)
    return Loaded(run, bool(model.backbone.use_visual_backbone))


def _score_tokens(model: Any) -> TokenNetwork:
    import paddle

    def run(inputs: Sequence[Any]) -> Scores:
        with paddle.no_grad():
            output = model([paddle.to_tensor(value) for value in inputs])
        scores = output[0] if isinstance(output, (tuple, list)) else output
        return np.asarray(scores.numpy(), dtype=np.float32)

    return run


def _find_pairs(model: Any) -> PairNetwork:
    """Ask for links, with their scores, which the network itself throws away."""
    import paddle

    judged: list[list[Pair]] = []

    def note(logits: Any, pairs: Any, entities: Any) -> list[Any]:
        judged.append(_linked(logits.numpy(), pairs.numpy(), entities.numpy()))
        return []

    # called once for each page of a batch; its own loop over all pairs only builds a table of the same
    model.backbone.model.extractor.get_predicted_relations = note

    def run(inputs: Sequence[Any]) -> list[list[Pair]]:
        judged.clear()
        with paddle.no_grad():
            model([paddle.to_tensor(value) for value in inputs])
        return list(judged)

    return run


def _linked(logits: Any, pairs: Any, entities: Any) -> list[Pair]:
    """Keep the pairs that are rather linked than not.

    Args:
        logits: (P, 2) for not linked and linked.
        pairs: (P, 3) numbers of question and answer, and whether they are labelled as linked.
        entities: (E, 3) the page's entities, their number in row 0.
    """
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    share = raised[:, _LINKED] / raised.sum(axis=1)
    return [
        Pair(int(pairs[row, 0]), int(pairs[row, 1]), float(share[row]))
        for row in np.flatnonzero(logits.argmax(axis=1) == _LINKED)
    ]


def _export(job: Mapping[str, Any], pairs: bool) -> Loaded:
    run, inputs = _predictor(Path(job["export"]), bool(job.get("gpu")), int(job.get("threads", 1)))
    beside = 6 if pairs else 4

    def answer(batch: Sequence[Any]) -> Any:
        tokens = batch[0].shape[1]
        outputs = run([*map(_fill_up, batch[:4], _FILLINGS), *_trim(batch[4:], pairs)])
        if not pairs:
            return np.asarray(outputs[0][:, :tokens], dtype=np.float32)
        return [_read_pairs(page) for page in next(table for table in outputs if table.shape[2:] == (7, 2))]

    return Loaded(answer, inputs > beside)


def _fill_up(values: Any, filling: int) -> Any:
    """Fill tokens (N, T, ...) up to the length that the release exports networks for."""
    missing = [(0, 0) for _ in values.shape]
    missing[1] = (0, LONGEST_WINDOW - values.shape[1])
    return np.pad(values, missing, constant_values=filling)


def _trim(rest: Sequence[Any], pairs: bool) -> list[Any]:
    """Give entities as many rows as the graph looks at, and leave out the room for links to learn from."""
    if not pairs:
        return list(rest)
    *image, entities, relations = rest
    room = ((0, 0), (0, LONGEST_WINDOW + 1 - entities.shape[1]), (0, 0))
    return [*image, np.pad(entities, room, constant_values=-1), relations[:, :1]]


def _read_pairs(table: Any) -> list[Pair]:
    """Read the links of a page from the table (R, 7, 2) of an exported network, their number in row 0."""
    return [
        Pair(int(row[0, 0]), int(row[3, 0]), float(row[6, 1]) / SCORE_UNIT if row[6, 1] >= 0 else None)
        for row in table[1 : max(0, int(table[0, 0, 0])) + 1]
    ]


def _predictor(folder: Path, gpu: bool, threads: int) -> tuple[Callable[[Sequence[Any]], list[Any]], int]:
    """Load an inference model.

    Returns:
        What answers the inputs of a batch, and how many it takes.

    Raises:
        DataError: The files are damaged.
    """
    from paddle import inference

    program = next((folder / name for name in PROGRAM_FILES if (folder / name).is_file()), None)
    config = inference.Config(str(program), str(folder / WEIGHTS_FILE))
    if gpu:
        config.enable_use_gpu(_GPU_MEMORY_MIB, 0)
    else:
        config.disable_mkldnn()
        config.set_cpu_math_library_num_threads(threads)
    config.enable_new_ir(True)
    config.enable_new_executor()
    config.enable_memory_optim()
    config.disable_glog_info()
    try:
        predictor = inference.create_predictor(config)
    except Exception as error:
        raise DataError(
            f"the exported model cannot be loaded ({first_line(error)})",
            at=str(folder),
            hint="export the run again: ppocr-kit export RUN",
        ) from error
    sources = [predictor.get_input_handle(name) for name in predictor.get_input_names()]
    results = [predictor.get_output_handle(name) for name in predictor.get_output_names()]

    def run(batch: Sequence[Any]) -> list[Any]:
        for source, value in zip(sources, batch):
            whole = np.ascontiguousarray(value)
            source.reshape(whole.shape)
            source.copy_from_cpu(whole)
        predictor.run()
        return [result.copy_to_cpu() for result in results]

    return run, len(sources)
