"""``ppocr-kit eval``: measure a run, or weights under a recipe, on a split."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.configs.base import find_recipe_by_name
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.evaluate import Evaluation, evaluate_recipe, evaluate_run
from ppocr_kit.runs.rundir import find_run
from ppocr_kit.tasks import Split

_EPILOG = """Examples:

  ppocr-kit eval invoices-rec

  ppocr-kit eval invoices-rec --split val --checkpoint latest --json

  ppocr-kit eval rec_en_number_lite_train --weights best_accuracy.pdparams --dataset train_data/invoices
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("run")
@click.option(
    "--split", type=click.Choice([str(split) for split in Split]), default="test", show_default=True
)
@click.option(
    "--checkpoint", default="best", show_default=True, help="best, latest, pretrained, or a .pdparams file."
)
@click.option(
    "--dataset", type=click.Path(path_type=Path), help="Measure on another data set than the run's."
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="Measure these training weights; RUN then names a recipe (ppocr-kit config list).",
)
@click.option("--device", default="cpu", show_default=True, help="cpu or gpu:0.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurement as JSON.")
def evaluate(
    run: str,
    split: str,
    checkpoint: str,
    dataset: Path | None,
    weights: Path | None,
    device: str,
    as_json: bool,
) -> None:
    """Measure Precision, Recall and Hmean (det) or acc and norm_edit_dis (rec).

    RUN is a run under output/ or its path. The result is kept in the run's reports/ folder.
    """
    if weights is not None:
        found = _evaluate_weights(run, Split(split), weights, dataset, device)
    else:
        folder = find_run(run)
        say(f"measuring {folder.name} on its {split} split")
        found = evaluate_run(folder, Split(split), checkpoint=checkpoint, dataset_root=dataset, device=device)
    if as_json:
        print_json(found.to_json())
        return
    _print(found)


def _evaluate_weights(
    model: str, split: Split, weights: Path, dataset: Path | None, device: str
) -> Evaluation:
    if dataset is None:
        raise UsageError("--weights needs a data set to measure on", at="--dataset")
    recipe = find_recipe_by_name(model)
    spec = RunSpec(task=recipe.task, model=recipe.name, name=recipe.name, dataset_root=dataset)
    say(f"measuring {weights.name} as {recipe.name} on the {split} split of {dataset.name}")
    return evaluate_recipe(spec, split, weights, device=device)


def _print(found: Evaluation) -> None:
    report = found.report
    width = max(len(name) for name in report.values)
    for name, value in report.values.items():
        click.echo(f"{name:<{width}}  {value:.4f}")
    skipped = f", {report.num_skipped} skipped" if report.num_skipped else ""
    click.echo(f"on {report.num_samples} samples of {found.dataset['name']}/{found.split}{skipped}")
    for row in found.skipped[:5]:
        say(f"  skipped {Path(row['list']).name}:{row['line']}: {row['reason']}")
    if len(found.skipped) > 5:
        say(f"  … and {len(found.skipped) - 5} more (--json lists all)")
