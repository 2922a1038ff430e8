"""Export recipes with made-up weights, and answer on every engine: ``... JOB RESULT``, by the launcher.

For each recipe: the largest difference of any number of the answer from the checkpoint's, by engine,
and how much the checkpoint's numbers vary at all.
"""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from ppocr.modeling.architectures import build_model
from ppocr.utils.export_model import export

from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.runs.engines import ENGINES, PADDLE_PLAIN
from ppocr_kit.runs.inference import deployment_of, export_config
from ppocr_kit.runs.workers import convert_onnx
from ppocr_kit.runs.workers.engines import Engine, is_installed, open_network
from ppocr_kit.runs.workers.heads import sized_architecture
from ppocr_kit.tasks import Task

CLASSES = 38
_PATCH = 16


def main(asked: Path, result: Path) -> None:
    job = json.loads(asked.read_text(encoding="utf-8"))
    found = {}
    for name in job["recipes"]:
        folder = Path(job["folder"]) / name
        folder.mkdir(parents=True)
        found[name] = compare(Task(job["task"]), name, folder)
        result.write_text(json.dumps(found), encoding="utf-8")


def compare(task: Task, name: str, folder: Path) -> dict[str, Any]:
    config = load_recipe(find_recipe(task, name))
    if task is Task.REC:
        config["Global"]["character_dict_path"] = str(dictionary(folder))
        config["Global"]["use_space_char"] = True
    architecture = config["Architecture"]
    prefix = folder / "best_accuracy"
    deployment = deployment_of(config, name)
    batches = inputs(deployment)
    sized = architecture if task is Task.DET else sized_architecture(architecture, CLASSES)
    write_weights(sized, f"{prefix}.pdparams", batches[0])
    export(export_config(config, deployment, prefix, folder))
    convert_onnx.main({"export": str(folder), "metadata": {"model_name": name}}, lambda answer: None)
    classes = None if task is Task.DET else CLASSES
    checkpoint = {"export": None, "checkpoint": str(prefix), "architecture": architecture}
    trained = open_network(checkpoint, Engine(), classes)
    wanted = [trained(batch) for batch in batches]
    engines = {}
    for engine in filter(is_installed, (*ENGINES, PADDLE_PLAIN)):
        network = open_network({"export": str(folder)}, Engine(engine), classes)
        answers = [network(batch) for batch in batches]
        assert [answer.shape for answer in answers] == [answer.shape for answer in wanted]
        engines[engine] = max(float(np.abs(one - other).max()) for one, other in zip(answers, wanted))
    return {"engines": engines, "spread": float(np.std(wanted[0]))}


def dictionary(folder: Path) -> Path:
    file = folder / "letters.txt"
    # with CTC's blank and the space that makes CLASSES
    file.write_text("".join(f"{character}\n" for character in "0123456789abcdefghijklmnopqrstuvwxyz"))
    return file


def write_weights(architecture: dict[str, Any], file: str, batch: Any) -> None:
    """Save weights that are drawn by their names, and the statistics of the normalisations that fit them.

    With other statistics the answers of deep networks are all 0 or 1, whatever goes in.
    """
    network = build_model(json.loads(json.dumps(architecture)))
    network.set_state_dict({name: drawn(name, value) for name, value in network.state_dict().items()})
    network.eval()
    for layer in network.sublayers():
        if "BatchNorm" in type(layer).__name__:
            layer.train()
            # what is kept of the statistics before
            layer._momentum = 0.0
    with paddle.no_grad():
        network(paddle.to_tensor(batch))
    paddle.save(network.state_dict(), file)


def drawn(name: str, value: Any) -> Any:
    if "float" not in str(value.dtype):
        return value
    shape, random = list(value.shape), np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("_variance"):
        numbers = np.ones(shape)
    elif len(shape) >= 2:
        inputs_of_one = shape[0] if len(shape) == 2 else int(np.prod(shape[1:]))
        numbers = random.standard_normal(shape) / np.sqrt(inputs_of_one)
    else:
        middle = 0.0 if "bias" in name or name.endswith("_mean") else 1.0
        numbers = middle + 0.1 * random.standard_normal(shape)
    return paddle.to_tensor(numbers.astype("float32"))


def inputs(deployment: Any) -> list[Any]:
    """Two batches of other sizes, because an export must take any; the first also sets the statistics."""
    shapes: list[tuple[int, ...]] = [(2, 3, 128, 160), (1, 3, 96, 64)]
    if deployment.task is Task.REC:
        resize = next(step["RecResizeImg"] for step in deployment.transforms if "RecResizeImg" in step)
        _, height, width = resize["image_shape"]
        shapes = [(4, 3, height, width), (1, 3, height, width if resize.get("padding") is False else 160)]
    random = np.random.default_rng(0)
    return [patches(random, shape) for shape in shapes]


def patches(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Draw pictures of patches of one colour: of mere noise nothing is left behind a few layers."""
    number, channels, height, width = shape
    coarse = random.uniform(-1, 1, (number, channels, -(-height // _PATCH), -(-width // _PATCH)))
    whole = coarse.repeat(_PATCH, axis=2).repeat(_PATCH, axis=3)[..., :height, :width]
    return (whole + random.uniform(-0.1, 0.1, shape)).astype("float32")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
