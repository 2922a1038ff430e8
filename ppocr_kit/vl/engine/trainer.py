"""``transformers.Trainer`` for PaddleOCR-VL: what is added to it, and nothing of its loop.

Added are the order of the rows, generating the validation texts at each evaluation, and a callback that
keeps the run's files: history, predictions, best and latest checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

from ppocr_kit.storage import atomic_folder
from ppocr_kit.vl.engine.best import Selection
from ppocr_kit.vl.engine.checkpoints import BEST, UNFINISHED, PixelBounds, finish_folder, put_latest
from ppocr_kit.vl.engine.length_order import LengthOrder
from ppocr_kit.vl.engine.lora import is_adapted, merged_weights
from ppocr_kit.vl.engine.stopping import StopRequest, any_process
from ppocr_kit.vl.engine.training_faults import lost_loss
from ppocr_kit.vl.engine.validating import Validation
from ppocr_kit.vl.history import Evaluation, HistoryFile
from ppocr_kit.vl.merging import ADAPTER_FOLDER

Put = Callable[[dict[str, Any]], None]
_EVAL_PREFIX = "eval_"
# Of what Trainer measures; the rest are seconds of its own loop.
_KEPT_METRICS = ("loss", "cer", "cer_mean", "exact", "unended", "seconds")


class VlTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose rows come in a given order and whose evaluation generates texts."""

    def __init__(self, *, order: LengthOrder, validation: Validation, **settings: Any) -> None:
        super().__init__(**settings)
        self.order = order
        self.validation = validation

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthOrder:
        return self.order

    def _load_from_checkpoint(self, *args: Any, **settings: Any) -> None:
        """Leave the weights alone: a resumed run begins with those of its checkpoint (``training.py``).

        Checkpoints have the names of the hub (``visual``, ``mlp_AR``), the network has others. Trainer
        @5.23 loads them without translating: it finds none, warns, and goes on with the base model.
        """

    def evaluation_loop(self, *args: Any, **settings: Any) -> Any:
        """Measure the loss as Trainer does, then what the model writes by itself."""
        output = super().evaluation_loop(*args, **settings)
        scores = self.validation.measure(self.model, self.state.global_step)
        output.metrics.update({f"{_EVAL_PREFIX}{name}": value for name, value in (scores or {}).items()})
        return output


@dataclass
class RunFiles:
    """Where a run keeps what comes of it.

    Attributes:
        base: Folder of the base model, whose files every checkpoint gets.
        run: The run folder.
        history: Steps and evaluations.
        bounds: Least and most pixels of a picture, where they are not the base model's.
        saved: Step of the last whole checkpoint, or None.
    """

    base: Path
    run: Path
    history: HistoryFile
    bounds: PixelBounds = (None, None)
    saved: int | None = None

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.run / "checkpoints"

    def predictions(self, which: str) -> Path:
        """Return the file of the validation texts of ``base`` or ``best``."""
        return self.run / "predictions" / f"training-{which}.jsonl"


class KeepRun(TrainerCallback):  # type: ignore[misc]
    """Writes history and checkpoints, tells the caller, and ends training when it should end.

    Args:
        files: Where things go.
        selection: What the best evaluation is.
        validation: What the last evaluation read.
        stop: Whether somebody asked to stop.
        put: Tells the caller.
        steps_per_epoch: Optimizer steps.
        order: The order of the rows, which is another one in each epoch.
    """

    def __init__(
        self,
        files: RunFiles,
        selection: Selection,
        validation: Validation,
        stop: StopRequest,
        put: Put,
        order: LengthOrder,
        steps_per_epoch: int,
    ) -> None:
        self.files = files
        self.selection = selection
        self.validation = validation
        self.stop = stop
        self.put = put
        self.order = order
        self.steps_per_epoch = steps_per_epoch
        self.stopped = False

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Choose the order of the epoch that begins, or that a resumed run goes on in."""
        self.order.set_epoch(state.global_step // self.steps_per_epoch)

    def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> Any:
        """End after this step when somebody asked to; all processes alike."""
        if any_process(self.stop.asked, args.device) and state.global_step < state.max_steps:
            self.stopped = True
            control.should_save = control.should_training_stop = True
            control.should_evaluate = False
        return control

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **parts: Any) -> None:
        """Keep a step.

        Raises:
            ToolError: Its loss is no number.
        """
        if not logs or "loss" not in logs:
            return
        if not math.isfinite(logs["loss"]):
            raise lost_loss(state.global_step, self.files.saved)
        if state.is_world_process_zero:
            entry = {
                "step": state.global_step,
                "epoch": round(state.epoch, 6),
                "loss": logs["loss"],
                "lr": logs["learning_rate"],
                "grad_norm": logs.get("grad_norm"),
            }
            self.files.history.add(entry)
            self.put({"event": "step", "steps": state.max_steps, **entry})

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **parts: Any) -> Any:
        """Keep an evaluation and, where it is the best, the model."""
        named = {name: f"{_EVAL_PREFIX}{name}" for name in _KEPT_METRICS}
        values = {name: float(metrics[key]) for name, key in named.items() if key in metrics}
        if "cer" not in values:
            # somebody asked to stop in the middle of it
            self.stopped = True
            control.should_save = control.should_training_stop = True
            return control
        evaluation = Evaluation(state.global_step, state.epoch or 0.0, values)
        best = self.selection.take(evaluation)
        if state.is_world_process_zero:
            self._keep_evaluation(evaluation, best, parts["model"])
        if self.selection.exhausted and state.global_step:
            control.should_save = control.should_training_stop = True
        return control

    def on_save(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Make a complete model folder of what Trainer saved, and the latest checkpoint of that."""
        _wait_for_all()
        if state.is_world_process_zero:
            made = self.files.checkpoints / f"{UNFINISHED}{state.global_step}"
            finish_folder(self.files.base, made, self.files.bounds)
            put_latest(self.files.checkpoints, made)
            self.put({"event": "saved", "step": state.global_step})
        self.files.saved = state.global_step
        _wait_for_all()

    def _keep_evaluation(self, evaluation: Evaluation, best: bool, model: Any) -> None:
        """Write the texts, the best model and last the line of the history."""
        if best:
            save_best(model, self.files)
        if best or evaluation.step == 0:
            self.validation.write(self.files.predictions("best" if best else "base"))
        entry = {
            "step": evaluation.step,
            "epoch": round(evaluation.epoch, 6),
            "eval": dict(evaluation.values),
        }
        self.files.history.add(entry)
        self.put({"event": "evaluation", "best": best, **entry})


def save_best(model: Any, files: RunFiles) -> None:
    """Let the model take the place of the best checkpoint; adapters are merged, and kept beside.

    Raises:
        SetupError: The disk is full.
    """
    with atomic_folder(files.checkpoints / BEST) as folder:
        if is_adapted(model):
            network = model.get_base_model()
            network.save_pretrained(folder, state_dict=merged_weights(model))
            model.save_pretrained(folder / ADAPTER_FOLDER)
            (folder / ADAPTER_FOLDER / "README.md").unlink(missing_ok=True)
        else:
            model.save_pretrained(folder)
        finish_folder(files.base, folder, files.bounds)


def _wait_for_all() -> None:
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
