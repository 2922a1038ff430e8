"""``ppocr-kit vl``: PaddleOCR-VL, one module per verb."""

from __future__ import annotations

import click

from ppocr_kit.cli.lazy_group import LazyGroup

VERBS: dict[str, tuple[str, str, str]] = {
    "prepare": ("ppocr_kit.cli.vl_prepare", "prepare", "Make a data set from labels, lists or tables."),
    "check": ("ppocr_kit.cli.vl_check", "check", "Show what the model would learn of one row."),
    "train": ("ppocr_kit.cli.vl_train", "train", "Fine-tune the model, all of it or adapters (LoRA)."),
    "merge": ("ppocr_kit.cli.vl_merge", "merge", "Take a run's adapters into whole weights."),
    "infer": ("ppocr_kit.cli.vl_infer", "infer", "Read pictures: text, tables, charts, formulas."),
    "eval": ("ppocr_kit.cli.vl_eval", "evaluate", "Measure how well a model reads, beside its base model."),
    "tiny": (
        "ppocr_kit.cli.vl_tiny",
        "tiny",
        "Make a small model folder with random weights, to try things.",
    ),
}


@click.group(
    cls=LazyGroup,
    verbs=VERBS,
    epilog="Example: ppocr-kit vl train --model PaddleOCR-VL-1.5 --dataset train_data/invoices",
)
def vl() -> None:
    """Tune PaddleOCR-VL (0.9 B; versions 1.0, 1.5, 1.6) on your own crops, and measure what came of it.

    The flow: prepare, check, train, merge (LoRA only), infer, eval. All but prepare and eval run in an
    environment of their own: ppocr-kit env sync vl.
    """
