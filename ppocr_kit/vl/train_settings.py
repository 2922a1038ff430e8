"""How PaddleOCR-VL is trained: every number that the command line can set, with its default and bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ppocr_kit.errors import ReportError, UsageError

# Full training moves every weight a little; adapters start from nothing and may move faster.
FULL_RATE, LORA_RATE = 1e-5, 2e-4
# Evaluations over a whole training when nothing else is asked for.
_EVALUATIONS = 10
_AT_LEAST_ONE = (
    *("epochs", "batch_size", "grad_accum", "lora_rank", "lora_alpha", "eval_steps", "save_steps"),
    *("steps", "patience", "max_new_tokens", "max_length", "max_pixels", "min_pixels"),
)


@dataclass(frozen=True)
class TrainSettings:
    """Numbers of a training.

    Attributes:
        epochs: Passes over the training rows.
        steps: Optimizer steps after which it ends whatever ``epochs`` says, or None.
        lr: Peak learning rate; None for 1e-5, with LoRA 2e-4.
        batch_size: Rows at a time on each GPU.
        grad_accum: Batches per optimizer step.
        warmup: Share of the steps in which the learning rate rises; then it falls along a cosine.
        weight_decay: Of AdamW.
        seed: Of order and dropout.
        lora: Whether adapters are trained in place of all weights.
        lora_rank: Width of an adapter.
        lora_alpha: Its output is scaled by alpha / rank.
        lora_dropout: Share of an adapter's inputs that is left out.
        lora_vision: Whether the vision tower gets adapters too.
        attention: ``auto``, ``sdpa`` or ``flash_attention_2``.
        bf16: ``auto`` (on GPUs that have it), ``on`` or ``off``.
        min_pixels: Smaller crops are enlarged to this; None for the model's own bound.
        max_pixels: Larger crops are reduced to this; None for the model's own bound.
        max_length: Most tokens of a row; longer ones are refused, never cut.
        gradient_checkpointing: Whether layers are computed again on the way back instead of kept.
        eval_steps: Steps between evaluations; None for ten in all.
        eval_rows: Most validation rows of an evaluation; 0 for all.
        save_steps: Steps between checkpoints; None for those between evaluations.
        patience: Evaluations without a better CER after which training ends; None for never.
        max_new_tokens: Most tokens of a generated text; None for twice the longest answer and 16.
        workers: Processes that open pictures; None for 4 with a GPU, else none.
    """

    epochs: int = 3
    steps: int | None = None
    lr: float | None = None
    batch_size: int = 8
    grad_accum: int = 1
    warmup: float = 0.05
    weight_decay: float = 0.0
    seed: int = 0
    lora: bool = False
    lora_rank: int = 16
    lora_alpha: int = 32
    lora_dropout: float = 0.0
    lora_vision: bool = False
    attention: str = "auto"
    bf16: str = "auto"
    min_pixels: int | None = None
    max_pixels: int | None = None
    max_length: int = 4096
    gradient_checkpointing: bool = False
    eval_steps: int | None = None
    eval_rows: int = 256
    save_steps: int | None = None
    patience: int | None = None
    max_new_tokens: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that cannot train, all at once.

        Raises:
            UsageError: With every one of them.
        """
        wrong = [
            f"--{name.replace('_', '-')} {getattr(self, name)}: at least 1"
            for name in _AT_LEAST_ONE
            if getattr(self, name) is not None and getattr(self, name) < 1
        ]
        if self.lr is not None and not 0 < self.lr < 1:
            wrong.append(f"--lr {self.lr}: above 0 and below 1")
        if not 0 <= self.warmup < 1:
            wrong.append(f"--warmup {self.warmup}: a share of the steps, from 0 to below 1")
        if not 0 <= self.lora_dropout < 1:
            wrong.append(f"--lora-dropout {self.lora_dropout}: from 0 to below 1")
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            wrong.append(f"--min-pixels {self.min_pixels} is above --max-pixels {self.max_pixels}")
        if wrong:
            raise UsageError("; ".join(wrong), at="the command line")

    @property
    def rate(self) -> float:
        """Peak learning rate, with its default filled in."""
        return self.lr if self.lr is not None else (LORA_RATE if self.lora else FULL_RATE)

    def evaluation_interval(self, steps: int) -> int:
        """Return the steps between evaluations of a training of ``steps`` steps."""
        return self.eval_steps or max(1, -(-steps // _EVALUATIONS))

    def save_interval(self, steps: int) -> int:
        """Return the steps between checkpoints of a training of ``steps`` steps."""
        return self.save_steps or self.evaluation_interval(steps)

    def to_json(self) -> dict[str, Any]:
        """Return the settings for ``run.json`` and for the worker."""
        return dataclasses.asdict(self)


def settings_from_json(body: Mapping[str, Any]) -> TrainSettings:
    """Return settings that :meth:`TrainSettings.to_json` wrote; what is absent has its default.

    Raises:
        ReportError: They are damaged.
    """
    known = {entry.name for entry in dataclasses.fields(TrainSettings)}
    try:
        return TrainSettings(**{name: value for name, value in body.items() if name in known})
    except TypeError as error:
        raise ReportError("the run's settings are damaged", at="run.json: settings") from error
