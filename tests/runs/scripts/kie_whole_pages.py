"""Run in the kie lane: ``kie_whole_pages.py CONFIG TINY RESULT`` asks a network of random weights twice.

Once as the release's evaluation does, for its metrics, and once for whole pages: with the configuration's
window, with a short one, and with each of the short windows as a page of its own.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

SHORT = 24
NAMES = {
    "LayoutXLMForSer": "LayoutXLMForTokenClassification",
    "LayoutXLMForRe": "LayoutXLMForRelationExtraction",
}
OF_TOKENS = ("word_embeddings.weight", ".position_embeddings.weight")


def main(config_file: Path, tiny: Path, result: Path) -> None:
    config = yaml.safe_load(config_file.read_text(encoding="utf-8"))
    backbone = config["Architecture"]["Backbone"]
    folder = result.parent / backbone["name"]
    make_network(backbone, tiny, folder)
    backbone["checkpoints"] = str(folder)
    pages = read_rows(config)
    body = {
        "upstream": evaluate(copy.deepcopy(config)),
        "whole": ask(config, pages, folder, 512)[0],
        "short": ask(config, pages, folder, SHORT),
    }
    result.write_text(json.dumps(body), encoding="utf-8")


def make_network(backbone: dict[str, Any], tiny: Path, folder: Path) -> None:
    """Save a network whose answers are the same everywhere and hang on places more than on words.

    So the tokens of a line have one tag as a rule, never one of a beginning, and some lines the right one.
    """
    from paddlenlp import transformers

    settings = transformers.LayoutXLMConfig.from_pretrained(str(tiny))
    if "num_classes" in backbone:
        settings.num_labels = backbone["num_classes"]
    network = getattr(transformers, NAMES[backbone["name"]])(settings)
    random = np.random.default_rng(0)
    for name, value in network.named_parameters():
        if value.ndim == 2:
            scale = 0.02 if name.endswith(OF_TOKENS) else 0.4
            value.set_value(random.normal(0, scale, value.shape).astype("float32"))
    if hasattr(network, "classifier"):
        bias = network.classifier.bias
        is_begin = np.arange(bias.shape[0]) % 2 == 1
        bias.set_value(np.where(is_begin, -100, 0).astype("float32"))
    network.save_pretrained(str(folder))


def read_rows(config: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    dataset = config["Eval"]["dataset"]
    lines = Path(dataset["label_file_list"][0]).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [(str(Path(dataset["data_dir"], name)), json.loads(boxes)) for name, boxes in rows]


def evaluate(config: dict[str, Any]) -> dict[str, float]:
    """Do what tools/eval.py does after it has read its configuration."""
    import paddle
    from ppocr.data import build_dataloader
    from ppocr.metrics import build_metric
    from ppocr.modeling.architectures import build_model
    from ppocr.postprocess import build_post_process
    from ppocr.utils.logging import get_logger
    from tools.program import eval as evaluate_network

    config["Eval"]["loader"]["num_workers"] = 0
    loader = build_dataloader(config, "Eval", paddle.set_device("cpu"), get_logger())
    decoder = build_post_process(config["PostProcess"], config["Global"])
    network, metric = build_model(config["Architecture"]), build_metric(config["Metric"])
    found = evaluate_network(network, loader, decoder, metric, "kie")
    return {name: float(found[name]) for name in ("precision", "recall", "hmean")}


def ask(config: dict[str, Any], rows: Any, folder: Path, limit: int) -> tuple[list[Any], list[list[Any]]]:
    """Ask for whole pages.

    Returns:
        The answer for each page, and for each page that of each of its windows alone.
    """
    from ppocr_kit.runs.workers.kie_encoding import PageEncoder
    from ppocr_kit.runs.workers.kie_network import KieNetwork
    from ppocr_kit.runs.workers.kie_windows import Page

    transforms = copy.deepcopy(config["Eval"]["dataset"]["transforms"])
    for step in transforms:
        for settings in step.values():
            if settings and "max_seq_len" in settings:
                settings["max_seq_len"] = limit
    network = KieNetwork(
        {
            "transforms": transforms, "postprocess": config["PostProcess"], "settings": config["Global"],
            "architecture": config["Architecture"], "checkpoint": str(folder), "batch_size": 3, "overlap": 8,
        }
    )  # fmt: skip

    def answers(pages: list[Page]) -> list[Any]:
        if not network.finds_links:
            return [[[each.entity["id"], each.tags] for each in page] for page in network.tags_of(pages)]
        kinds = [{entity["id"]: entity["label"] for entity in page.entities} for page in pages]
        return list(network.links_of_pages(zip(pages, kinds)))

    pages = [Page(picture, tuple(boxes)) for picture, boxes in rows]
    encoder = PageEncoder(transforms, config["Global"])
    alone = []
    for page in pages:
        laid_out = encoder.lay_out(page, overlap=8)
        parts = [Page(page.picture, laid_out.order[each.begin : each.end]) for each in laid_out.windows]
        alone.append(answers(parts))
    return answers(pages), alone


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
