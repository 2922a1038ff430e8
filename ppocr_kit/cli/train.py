"""``ppocr-kit train``: say what will happen, then train."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.cli.own_config import prepare_own
from ppocr_kit.cli.run_options import run_options, spec_from_options
from ppocr_kit.cli.weights_table import show_weights
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.plan import TrainingPlan
from ppocr_kit.runs.rundir import weights_file
from ppocr_kit.runs.train import PreparedTraining, prepare_training, run_training
from ppocr_kit.tasks import KIE_TASKS, TASK_FACTS, Task

_EPILOG = """Examples:

  ppocr-kit train rec --dataset train_data/invoices --name invoices-rec

  ppocr-kit train det --dataset train_data/invoices --pretrained official --epochs 20

  ppocr-kit train rec --dataset train_data/invoices --name invoices-rec --resume

  ppocr-kit train --config my_rec.yml --name my-rec --device gpu:0

  ppocr-kit train ser --dataset train_data/forms --pretrained layoutxlm_folder --name forms-ser

  ppocr-kit train re --dataset train_data/forms --from-ser forms-ser --name forms-re
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("task", required=False, type=click.Choice([str(task) for task in Task]))
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="A PaddleOCR YAML of your own in place of TASK, --model and --dataset; it is checked as by "
    "config lint, and paths in it start from the current folder.",
)
@run_options
@click.option("--resume", is_flag=True, help="Go on from the run's latest checkpoint.")
@click.option("--overwrite", is_flag=True, help="Replace an existing run of that name.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and print the configuration.")
@click.option("--json", "as_json", is_flag=True, help="Print the run's record as JSON.")
def train(
    task: str | None,
    config_file: Path | None,
    resume: bool,
    overwrite: bool,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train or fine-tune a text detector (det), a recogniser (rec) or a network for key information.

    ser tells the class of each text line, re which answer belongs to which question; --pretrained names the
    folder of a LayoutXLM network for them, with its tokenizer's sentencepiece.bpe.model.

    Says first how many rows train, the steps per epoch, the evaluations and how much of the pretrained
    weights fits; refuses what could not train. Ctrl-C leaves a run that --resume goes on with.
    """
    if config_file is not None:
        prepared = prepare_own(config_file, resume=resume, overwrite=overwrite, task=task, **options)
    else:
        spec = spec_from_options(_task(task), **options)
        prepared = prepare_training(spec, resume=resume, overwrite=overwrite)
    describe_plan(prepared)
    if dry_run:
        _print_dry_run(prepared, as_json)
        return
    command = ["ppocr-kit", *sys.argv[1:]]
    from ppocr_kit.cli.training_display import training_display

    facts = TASK_FACTS[prepared.spec.task]
    try:
        with training_display(prepared.plan, facts.main_indicator) as display:
            record = run_training(prepared, command=command, on_event=display.event)
    except KeyboardInterrupt:
        say(f"to go on: {_again(prepared)}")
        raise
    if as_json:
        from ppocr_kit.runs.rundir import record_to_json

        print_json(record_to_json(record))
        return
    best = ", ".join(
        f"{name} {record.final[name]:.4f}" for name in facts.metric_names if name in record.final
    )
    click.echo(f"trained {prepared.folder.name} in {record.seconds:.0f} s: best on val {best}")
    if record.final.get(facts.main_indicator) == 0:
        say(f"warning: the best model has {facts.main_indicator} 0: it has not learned anything yet")
    click.echo(f"next: ppocr-kit eval {prepared.folder.name}")


def _task(name: str | None) -> Task:
    """Return the task of the command line.

    Raises:
        UsageError: There is none.
    """
    if name is None:
        raise UsageError(
            "what is to be trained was not said",
            at="TASK",
            hint="ppocr-kit train rec --dataset … (or det), or ppocr-kit train --config FILE",
        )
    return Task(name)


def describe_plan(prepared: PreparedTraining) -> None:
    """Say on stderr what is about to be trained."""
    plan = prepared.plan
    verb = f"going on with epoch {plan.first_epoch} of" if prepared.resumes else "training"
    say(f"{verb} {prepared.folder.name}: {prepared.spec.task} with {prepared.spec.model}")
    data = "lists       " if prepared.dataset is None else f"data set     {prepared.dataset.name}"
    say(f"  {data} ({_rows(plan)})")
    processes = f" on each of {plan.processes} processes" if plan.processes > 1 else ""
    say(f"  per epoch    {plan.steps_per_epoch} steps of {plan.batch_size} rows{processes}")
    say(f"  in all       {plan.epochs} epochs, {plan.evaluations} evaluations")
    say(f"  model        {plan.parameters / 1e6:.2f} M parameters, {_weights(prepared)}")
    if prepared.changes and prepared.dataset is not None:
        say(f"  recipe       {len(prepared.changes)} values changed, each with its reason in config.yml")
    for note in plan.notes:
        say(f"  note         {note}")
    if plan.start is not None:
        show_weights(plan.start.match)
    say(f"  release      PaddleOCR {prepared.release.version} on {prepared.device}")


def _again(prepared: PreparedTraining) -> str:
    """Return the command that goes on with an interrupted run, or starts it anew before its first epoch."""
    resumable = weights_file(prepared.folder.checkpoints / "latest", prepared.spec.task).is_file()
    words = ["ppocr-kit", "train"]
    if prepared.dataset is None:
        words += ["--config", str(prepared.spec.config_file)]
    else:
        words += [str(prepared.spec.task), "--dataset", str(prepared.dataset.root)]
        words += ["--model", prepared.spec.model]
    words += ["--name", prepared.folder.name]
    return shlex.join([*words, "--resume" if resumable else "--overwrite"])


def _rows(plan: TrainingPlan) -> str:
    refused = len(plan.train.rejected) + len(plan.val.rejected)
    note = f"; {refused} rows are left out, see reports/rejected-rows.json" if refused else ""
    return f"{plan.train.usable} rows to train, {plan.val.usable} to validate{note}"


def _weights(prepared: PreparedTraining) -> str:
    plan = prepared.plan
    if plan.start is None and plan.first_epoch > 1:
        return "from its latest checkpoint"
    if plan.start is None:
        return "with paddlenlp's weights" if prepared.spec.task in KIE_TASKS else "from scratch"
    return f"{plan.start.match.share_of_all:.1%} from the pretrained weights"


def _print_dry_run(prepared: PreparedTraining, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "run": prepared.folder.name,
                "plan": prepared.plan.to_json(),
                "changes": [change.to_json() for change in prepared.changes],
                "command": list(prepared.invocation().argv),
                "config": dict(prepared.plan.config),
            }
        )
        return
    click.echo(f"# would run: {shlex.join(prepared.invocation().argv)}")
    config = dict(prepared.plan.config)
    click.echo(prepared.config_text(config), nl=False)
