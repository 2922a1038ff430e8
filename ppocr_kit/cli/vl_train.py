"""``ppocr-kit vl train``: fine-tune PaddleOCR-VL on a data set of ``vl prepare``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json, say

if TYPE_CHECKING:
    from ppocr_kit.vl.record import VlRun
    from ppocr_kit.vl.training import PreparedVlTraining

_EPILOG = """Examples:

  ppocr-kit vl train --model PaddleOCR-VL-1.5 --dataset manga --name manga-vl --device gpu:0

  ppocr-kit vl train --model models/PaddleOCR-VL --dataset manga --name manga-lora --lora --device gpu:0,1

  ppocr-kit vl train --model PaddleOCR-VL-1.5 --dataset manga --name manga-vl --device gpu:0 --resume

  ppocr-kit vl train --model tiny-vl --dataset strings --name try --epochs 120 --lr 3e-3
"""
_POSITIVE = click.IntRange(1)


Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def _option(name: str, kind: Any, default: Any, text: str) -> Decorator:
    """Return an option that shows its default, or says in its text what is done without it."""
    return click.option(name, type=kind, default=default, show_default=default is not None, help=text)


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.option(
    "--model",
    required=True,
    metavar="DIR_OR_NAME",
    help="Folder of the base model, its name on the hub (PaddleOCR-VL-1.5, owner/name), or a run.",
)
@click.option(
    "--dataset",
    required=True,
    metavar="D",
    type=click.Path(path_type=Path),
    help="Data set of vl prepare: its folder, or its name under train_data/.",
)
@click.option("--name", required=True, metavar="RUN", help="Name of the run, a folder under output/.")
@click.option(
    "--device",
    default="cpu",
    show_default=True,
    help="cpu, cpu:2 (two processes), gpu:0 or gpu:0,1 (one process per GPU, by torchrun).",
)
@click.option("--lora", is_flag=True, help="Train small adapters in place of all weights.")
@_option("--lora-rank", _POSITIVE, 16, "Width of an adapter.")
@_option("--lora-alpha", _POSITIVE, 32, "An adapter's output is scaled by alpha / rank.")
@_option("--lora-dropout", float, 0.0, "Share of an adapter's inputs that is left out.")
@click.option("--lora-vision", is_flag=True, help="Adapters in the vision tower too.")
@_option("--epochs", _POSITIVE, 3, "Passes over the training rows.")
@_option("--steps", _POSITIVE, None, "End after so many optimizer steps, whatever --epochs says.")
@_option("--lr", float, None, "Peak learning rate.  [default: 1e-5; with --lora 2e-4]")
@_option("--batch-size", _POSITIVE, 8, "Rows at a time on each device.")
@_option("--grad-accum", _POSITIVE, 1, "Batches per optimizer step.")
@_option("--warmup", float, 0.05, "Share of the steps in which the learning rate rises; a cosine follows.")
@_option("--weight-decay", float, 0.0, "Of AdamW.")
@_option("--seed", int, 0, "Of the order of rows and of adapters.")
@_option("--attn", click.Choice(["auto", "sdpa", "flash_attention_2"]), "auto", "How attention is computed.")
@_option(
    "--bf16",
    click.Choice(["auto", "on", "off"]),
    "auto",
    "Compute in bfloat16, with weights in float32 (LoRA: frozen ones in bfloat16); auto: where a GPU has it.",
)
@_option("--min-pixels", _POSITIVE, None, "Enlarge smaller crops to this.  [default: the model's own bound]")
@_option("--max-pixels", _POSITIVE, None, "Reduce larger crops to this.  [default: the model's own bound]")
@_option("--max-length", _POSITIVE, 4096, "Most tokens of a row; longer rows are refused, never cut.")
@click.option(
    "--gradient-checkpointing",
    is_flag=True,
    help="Compute layers again on the way back instead of keeping them: less memory, about a third slower.",
)
@_option("--eval-steps", _POSITIVE, None, "Steps between evaluations.  [default: ten in all]")
@_option("--eval-rows", click.IntRange(0), 256, "Most validation rows of an evaluation; 0 for all.")
@_option("--save-steps", _POSITIVE, None, "Steps between checkpoints.  [default: those of evaluations]")
@_option(
    "--patience", _POSITIVE, None, "End after so many evaluations without a better CER.  [default: never]"
)
@_option(
    "--max-new-tokens", _POSITIVE, None, "Most tokens of a text.  [default: twice the longest answer, and 16]"
)
@_option(
    "--workers", click.IntRange(0), None, "Processes that open pictures.  [default: 4 with a GPU, else 0]"
)
@click.option("--resume", is_flag=True, help="Go on from the run's latest checkpoint.")
@click.option("--overwrite", is_flag=True, help="Replace an existing run of that name.")
@click.option("--dry-run", is_flag=True, help="Check all rows and say what would be trained.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record as JSON.")
def train(
    model: str,
    dataset: Path,
    name: str,
    device: str,
    attn: str,
    resume: bool,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    **numbers: Any,
) -> None:
    """Fine-tune PaddleOCR-VL: all weights, or with --lora small adapters.

    Every row is checked first. The base model then reads the validation rows, so that its scores stand
    beside those of every evaluation. The best checkpoint is the one whose generated texts have the lowest
    character error rate (CER) there. Ctrl-C finishes the step, saves and ends; --resume goes on.
    """
    from ppocr_kit.configs.device import parse_device
    from ppocr_kit.vl.train_settings import TrainSettings
    from ppocr_kit.vl.training import TrainRequest, plan_vl_training, prepare_vl_training

    settings = TrainSettings(attention=attn, **numbers)
    request = TrainRequest(model, dataset, name, settings, parse_device(device), resume, overwrite)
    prepared = prepare_vl_training(request)
    _describe(prepared)
    if dry_run:
        plan = plan_vl_training(prepared)
        _print_plan(prepared, plan, as_json)
        return
    run = _run(prepared)
    if as_json:
        from ppocr_kit.vl.record import run_to_json

        print_json(run_to_json(run))
    else:
        _print_result(run, prepared)


def _run(prepared: PreparedVlTraining) -> VlRun:
    """Train and draw the curves, also of a training that was interrupted."""
    from ppocr_kit.cli.vl_training_display import plan_lines, vl_training_display
    from ppocr_kit.reports.vl_curves import draw_vl_curves
    from ppocr_kit.vl.training import run_vl_training

    command = ["ppocr-kit", *sys.argv[1:]]
    try:
        with vl_training_display() as display:

            def show(event: dict[str, Any]) -> None:
                if event.get("event") == "plan":
                    for line in plan_lines(event):
                        say(f"  {line}")
                display.event(event)

            return run_vl_training(prepared, command=command, on_event=show)
    except KeyboardInterrupt:
        say(f"to go on: {_again(prepared)}")
        raise
    finally:
        if prepared.folder.history_file.is_file():
            draw_vl_curves(prepared.folder)


def _describe(prepared: PreparedVlTraining) -> None:
    """Say on stderr what is about to be trained."""
    settings = prepared.request.settings
    earlier = prepared.earlier
    verb = f"going on after step {earlier.step} with" if earlier else "training"
    kind = f"LoRA of rank {settings.lora_rank}" if settings.lora else "all weights"
    say(f"{verb} {prepared.folder.name}: {kind} of PaddleOCR-VL {prepared.model.version or ''}".rstrip())
    say(f"  base model   {prepared.model.path}")
    say(f"  data set     {prepared.dataset.name} ({prepared.dataset.root})")
    if prepared.dataset.same_rows:
        say("  note         train and val are the same rows: scores say what was learnt by heart")


def _print_plan(prepared: PreparedVlTraining, plan: Mapping[str, Any], as_json: bool) -> None:
    from ppocr_kit.cli.vl_training_display import plan_lines

    if as_json:
        print_json({"run": prepared.folder.name, "plan": dict(plan), "job": prepared.job(dry_run=True)})
        return
    for line in plan_lines(plan):
        click.echo(line)


def _print_result(run: VlRun, prepared: PreparedVlTraining) -> None:
    """Print base and best side by side, and what comes next."""
    from ppocr_kit.cli.vl_training_display import scores_in_words

    click.echo(f"{run.status} {run.name}: {run.step} steps in {run.seconds:.0f} s")
    if run.base:
        click.echo(f"  base model   {scores_in_words(run.base)}")
    if run.best:
        click.echo(f"  step {run.best['step']:<7} {scores_in_words(run.best)}")
    if run.tuned_is_worse:
        say(
            "warning: the tuned model reads no better than the base model; look at some rows with ppocr-kit "
            "vl check, then try a lower --lr, or more and cleaner rows"
        )
    if run.status == "interrupted":
        click.echo(f"to go on: {_again(prepared)}")
    else:
        click.echo(f"next: ppocr-kit vl eval {run.name}")


def _again(prepared: PreparedVlTraining) -> str:
    """Return the command that goes on with an interrupted run, or starts it anew before its first save."""
    words = [word for word in sys.argv[1:] if word not in ("--resume", "--overwrite")]
    saved = (prepared.folder.checkpoints / "latest").is_dir()
    return shlex.join(["ppocr-kit", *words, "--resume" if saved else "--overwrite"])
