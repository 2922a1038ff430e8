"""The worker of ``ppocr-kit vl train``: rows are checked, the base model is measured, Trainer trains."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, TrainingArguments, set_seed

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.best import Selection
from ppocr_kit.vl.engine.checkpoints import find_latest, require_space, step_of
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.examples import KEPT_BYTES, Examples
from ppocr_kit.vl.engine.length_order import LengthOrder
from ppocr_kit.vl.engine.loading import checked_device, load_model, load_processor
from ppocr_kit.vl.engine.lora import LoraChoice, load_adapters, with_adapters
from ppocr_kit.vl.engine.row_check import check_model, checked_lengths
from ppocr_kit.vl.engine.serving import Put, serve
from ppocr_kit.vl.engine.stopping import StopRequest
from ppocr_kit.vl.engine.supervised import supervise_only
from ppocr_kit.vl.engine.trainer import KeepRun, RunFiles, VlTrainer
from ppocr_kit.vl.engine.training_faults import training_errors
from ppocr_kit.vl.engine.training_plan import TrainPlan, chosen_rows, make_plan
from ppocr_kit.vl.engine.validating import Validation
from ppocr_kit.vl.history import HISTORY_FILE, HistoryFile, cut_history, read_history
from ppocr_kit.vl.rows import VlRow, read_rows
from ppocr_kit.vl.train_settings import TrainSettings, settings_from_json

_GPU_WORKERS = 4


@dataclass(frozen=True)
class Job:
    """What the worker is told.

    Attributes:
        model: Folder of the base model.
        root: Folder that the pictures lie below.
        train: JSONL of the training rows.
        val: JSONL of the validation rows.
        run: Run folder.
        device: ``cpu`` or ``cuda``; a process of several takes the GPU of its number.
        settings: Numbers of the training.
        version: Version of the model, or None where nothing tells it.
        version_from: What tells it.
        resume: Whether to go on from the latest checkpoint.
        dry_run: Whether to end with the plan.
    """

    model: Path
    root: Path
    train: Path
    val: Path
    run: Path
    device: str
    settings: TrainSettings
    version: str | None = None
    version_from: str = "nothing"
    resume: bool = False
    dry_run: bool = False

    @property
    def checkpoints(self) -> Path:
        """Where they go."""
        return self.run / "checkpoints"

    @property
    def history(self) -> Path:
        """Steps and evaluations."""
        return self.run / "logs" / HISTORY_FILE


@dataclass(frozen=True)
class Material:
    """Rows as the trainer takes them, and what is known of the training."""

    train: Examples
    val: Examples
    order: LengthOrder
    plan: TrainPlan
    processor: Any


def job_from_json(body: Mapping[str, Any]) -> Job:
    """Return the job of a spec."""
    paths = {name: Path(body[name]) for name in ("model", "root", "train", "val", "run")}
    return Job(
        **paths,
        device=str(body["device"]),
        settings=settings_from_json(body["settings"]),
        version=body.get("version"),
        version_from=str(body.get("version_from", "nothing")),
        resume=bool(body.get("resume")),
        dry_run=bool(body.get("dry_run")),
    )


def prepare(job: Job) -> Material:
    """Check every row and count what the training will do; no weight is loaded.

    Raises:
        DataError: There is nothing to train with, or rows cannot be used.
    """
    settings = job.settings
    processor = load_processor(job.model)
    encoder = Encoder(
        processor,
        max_length=settings.max_length,
        min_pixels=settings.min_pixels,
        max_pixels=settings.max_pixels,
    )
    train_rows, all_val = list(read_rows(job.train)), list(read_rows(job.val))
    if not train_rows:
        raise DataError("there is no row to train with", at=str(job.train), hint="ppocr-kit vl prepare")
    if not all_val:
        raise DataError(
            "there is no row to validate with, so that no checkpoint could be told to be the best",
            at=str(job.val),
            hint="ppocr-kit vl prepare with a --ratio that leaves some for val",
        )
    val_rows = chosen_rows(all_val, settings.eval_rows)
    workers = max(1, _workers(job))
    train = Examples(train_rows, job.root, encoder, kept_bytes=KEPT_BYTES // workers)
    val = Examples(val_rows, job.root, encoder, kept_bytes=KEPT_BYTES // (4 * workers))
    lengths = checked_lengths(train)
    checked_lengths(Examples(all_val, job.root, encoder))
    check_model(train, job.version, job.version_from)
    order = LengthOrder(lengths, settings.batch_size, settings.seed)
    plan = make_plan(
        settings,
        lengths,
        [_answer(encoder, row) for row in train_rows],
        (len(val_rows), len(all_val), max(_answer(encoder, row) for row in val_rows)),
        list(order),
        int(os.environ.get("WORLD_SIZE", "1")),
    )
    return Material(train, val, order, plan, processor)


def train(job: Job, put: Put, stop: StopRequest) -> dict[str, Any]:
    """Train, or say what training would do.

    Returns:
        ``status`` (``planned``, ``finished``, ``interrupted``), ``plan``, ``step``, ``base`` and ``best``
        evaluation.

    Raises:
        DataError: Rows or model cannot be used.
        ToolError: Memory ran out, or the loss is no number.
        SetupError: Disk, device or package.
    """
    material = prepare(job)
    plan = material.plan
    put({"event": "plan", **plan.to_json()})
    if job.dry_run:
        return {"status": "planned", "plan": plan.to_json()}
    with training_errors(job.checkpoints):
        latest = _place_to_go_on_from(job)
        trainer, keep = _assemble(job, material, latest, put, stop)
        # until here there is nothing to save, and a signal ends the process as usual
        stop.listen()
        trainer.train(resume_from_checkpoint=str(latest) if latest else None)
    history = read_history(job.history)
    return {
        "status": "interrupted" if keep.stopped else "finished",
        "ended_early": keep.selection.exhausted,
        "plan": plan.to_json(),
        "step": trainer.state.global_step,
        "base": dict(history.base.values) if history.base else None,
        "best": {"step": history.best.step, **history.best.values} if history.best else None,
    }


def _assemble(
    job: Job, material: Material, latest: Path | None, put: Put, stop: StopRequest
) -> tuple[VlTrainer, KeepRun]:
    """Put model, rows and run files together."""
    settings, plan = job.settings, material.plan
    bf16 = _uses_bf16(settings, job.device)
    model = _model(job, bf16, latest)
    put({"event": "model", **_described(model, job, bf16)})
    require_space(job.checkpoints, _bytes(model), _bytes(model, trained=True))
    past = read_history(job.history).evaluations if latest else ()
    files = RunFiles(
        job.model,
        job.run,
        HistoryFile(job.history),
        (settings.min_pixels, settings.max_pixels),
        step_of(latest) if latest else None,
    )
    selection = Selection(past, settings.patience)
    validation = Validation(
        material.val.rows,
        job.root,
        material.processor,
        plan.max_new_tokens,
        settings.min_pixels,
        settings.max_pixels,
        stop,
        put,
    )
    keep = KeepRun(files, selection, validation, stop, put, material.order, plan.steps_per_epoch)
    tokenizer = material.processor.tokenizer
    trainer = VlTrainer(
        order=material.order,
        validation=validation,
        model=model,
        args=_arguments(job, plan, bf16, resumes=latest is not None),
        data_collator=Collator(int(tokenizer.pad_token_id)),
        train_dataset=material.train,
        eval_dataset=material.val,
        callbacks=[keep],
    )
    # stdout is for answers
    trainer.remove_callback(PrinterCallback)
    return trainer, keep


def _model(job: Job, bf16: bool, latest: Path | None) -> Any:
    """Load the model to train, from the latest checkpoint where there is one.

    All weights are in float32, or frozen under adapters.
    """
    settings = job.settings
    # adapters begin at random
    set_seed(settings.seed)
    # a step of 1e-5 is lost in the rounding of bfloat16; frozen weights lose nothing by it
    dtype = "bfloat16" if bf16 and settings.lora else "float32"
    folder = job.model if latest is None or settings.lora else latest
    model, _ = load_model(folder, _own_device(job.device), dtype, settings.attention)
    model.config.use_cache = False
    if settings.gradient_checkpointing:
        # its name changes with transformers 6, and releases of 5 warn of the old one
        again = getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)
        again({"use_reentrant": False})
    supervise_only(model)
    if not settings.lora:
        return model
    if latest is not None:
        return load_adapters(model, latest, train=True)
    size = settings.lora_rank, settings.lora_alpha, settings.lora_dropout, settings.lora_vision
    return with_adapters(model, LoraChoice(*size), str(job.model))


def _arguments(job: Job, plan: TrainPlan, bf16: bool, *, resumes: bool) -> TrainingArguments:
    settings = job.settings
    workers = _workers(job)
    return TrainingArguments(
        output_dir=str(job.checkpoints),
        num_train_epochs=settings.epochs,
        max_steps=settings.steps or -1,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.grad_accum,
        learning_rate=settings.rate,
        lr_scheduler_type="cosine",
        warmup_steps=plan.warmup_steps,
        weight_decay=settings.weight_decay,
        optim="adamw_torch_fused",
        bf16=bf16,
        use_cpu=job.device == "cpu",
        seed=settings.seed,
        eval_strategy="steps",
        eval_steps=plan.eval_steps,
        eval_on_start=not resumes,
        save_strategy="steps",
        save_steps=plan.save_steps,
        logging_strategy="steps",
        logging_steps=1,
        # a loss that is no number has to show
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_num_workers=workers,
        dataloader_persistent_workers=workers > 0,
        dataloader_pin_memory=job.device != "cpu",
        ddp_find_unused_parameters=False,
    )


def _place_to_go_on_from(job: Job) -> Path | None:
    """Return the checkpoint of a resumed run, with the history cut off behind it."""
    latest = find_latest(job.checkpoints) if job.resume else None
    if int(os.environ.get("RANK", "0")) == 0:
        cut_history(job.history, step_of(latest) if latest else -1)
    return latest


def _bytes(model: Any, *, trained: bool = False) -> int:
    return sum(one.nbytes for one in model.parameters() if one.requires_grad or not trained)


def _described(model: Any, job: Job, bf16: bool) -> dict[str, Any]:
    trained = sum(one.numel() for one in model.parameters() if one.requires_grad)
    return {
        "parameters": sum(one.numel() for one in model.parameters()),
        "trained": trained,
        "precision": "bfloat16 over float32" if bf16 else "float32",
        "attention": model.config._attn_implementation,
        "device": torch.cuda.get_device_name() if job.device != "cpu" else "cpu",
    }


def _uses_bf16(settings: TrainSettings, device: str) -> bool:
    if settings.bf16 != "auto":
        return settings.bf16 == "on"
    return device != "cpu" and torch.cuda.is_available() and torch.cuda.is_bf16_supported()


def _own_device(device: str) -> str:
    """Return this process's device; of several, each takes the GPU of its number."""
    if device == "cpu":
        return device
    checked_device(device)
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def _workers(job: Job) -> int:
    if job.settings.workers is not None:
        return job.settings.workers
    return 0 if job.device == "cpu" else _GPU_WORKERS


def _answer(encoder: Encoder, row: VlRow) -> int:
    return len(encoder.answer_ids(row.completion))


def work(body: dict[str, Any], put: Put) -> None:
    """Do what ``ppocr-kit vl train`` asks for."""
    put({"event": "result", **train(job_from_json(body), put, StopRequest())})


if __name__ == "__main__":
    serve(work)
