"""Count the numbers of every recipe's network, in training and as exported, with its own dictionary.

    ppocr-kit vendor exec -- benchmarks/count_parameters.py [RESULT.json] [NAME ...]

Prints (or writes) JSON: per recipe ``parameters`` (all that a checkpoint holds) and ``exported`` (what an
answer depends on once branches are folded: heads that only guide the training are gone). The
figures in ``configs/catalogue.yml`` are these; a test holds them against this script.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import paddle
from ppocr.modeling.architectures import build_model
from ppocr.postprocess import build_post_process

from ppocr_kit.configs.base import ModelRecipe, list_models, load_recipe
from ppocr_kit.runs.workers.heads import sized_architecture
from ppocr_kit.tasks import Task

# Any size that the network takes; what is counted does not depend on it.
_DET_INPUT = (1, 3, 64, 64)


def count(recipe: ModelRecipe, release: Path) -> dict[str, int]:
    """Build a recipe's network and count its numbers."""
    config = load_recipe(recipe)
    network = build_model(_architecture(config, release))
    parameters = sum(math.prod(value.shape) for value in network.state_dict().values())
    network.eval()
    for layer in network.sublayers():
        if hasattr(layer, "rep") and not getattr(layer, "is_repped", False):
            layer.rep()
    return {"parameters": parameters, "exported": _exported(network, _input(config, recipe.task))}


def _architecture(config: dict[str, Any], release: Path) -> dict[str, Any]:
    """Give the head the classes of the recipe's dictionary."""
    settings = dict(config["Global"])
    if settings.get("character_dict_path"):
        settings["character_dict_path"] = str(release / settings["character_dict_path"])
    decoder = build_post_process(dict(config["PostProcess"]), settings)
    if not hasattr(decoder, "character"):
        return dict(config["Architecture"])
    return sized_architecture(config["Architecture"], len(decoder.character))


def _input(config: dict[str, Any], task: Task) -> paddle.Tensor:
    """Draw a picture of the size that the recipe evaluates at."""
    shape = list(_DET_INPUT)
    for step in config["Eval"]["dataset"]["transforms"]:
        for settings in step.values():
            if task is Task.REC and isinstance(settings, dict) and "image_shape" in settings:
                shape = [1, *settings["image_shape"]]
    paddle.seed(0)
    return paddle.rand(shape)


def _exported(network: Any, picture: paddle.Tensor) -> int:
    """Count the parameters that the answer has a gradient to, and the statistics of their layers."""
    if not hasattr(network.head, "gtc_head") and not hasattr(network.head, "binarize"):
        # Paddle's LSTM keeps what its gradient needs in training mode only; one head answers in both
        network.train()
    answer = network(picture)
    answer = answer["maps"] if isinstance(answer, dict) else answer
    (answer * paddle.rand(answer.shape)).sum().backward()
    state = network.state_dict()
    answering = {name for name, value in state.items() if value.grad is not None}
    layers = {name.rpartition(".")[0] for name in answering}
    kept = [
        value
        for name, value in state.items()
        if name in answering or (value.stop_gradient and name.rpartition(".")[0] in layers)
    ]
    return sum(math.prod(value.shape) for value in kept)


def main() -> None:
    """Count the recipes that are named, or all."""
    result, names = Path(sys.argv[1]) if len(sys.argv) > 1 else None, sys.argv[2:]
    import ppocr

    release = Path(ppocr.__file__).resolve().parent.parent
    recipes = [recipe for recipe in list_models() if not names or recipe.name in names]
    text = json.dumps({recipe.name: count(recipe, release) for recipe in recipes}, indent=1)
    if result is None:
        sys.stdout.write(text + "\n")
    else:
        result.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
