"""``ppocr-kit eval``: measure a run, or weights under a recipe, on a split."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.configs.base import find_recipe_by_name
from ppocr_kit.configs.overrides import parse_override
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.errors import UsageError
from ppocr_kit.reports import words
from ppocr_kit.reports.console import render_figures
from ppocr_kit.runs.evaluate import Evaluation, evaluate_recipe, evaluate_run
from ppocr_kit.runs.kie_evaluate import FIGURE_NOTES
from ppocr_kit.runs.rundir import find_run
from ppocr_kit.tasks import Split

_EPILOG = """Examples:

  ppocr-kit eval invoices-rec

  ppocr-kit eval invoices-rec --split val --checkpoint latest --json

  ppocr-kit eval forms-re --ser forms-ser

  ppocr-kit eval rec_en_number_lite_train --weights best_accuracy.pdparams --dataset train_data/invoices
"""


@click.command("eval", epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("run")
@click.option(
    "--split",
    type=click.Choice([str(split) for split in Split]),
    help="Default: test. A run by a YAML of your own has none: its Eval lists are measured.",
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
@click.option(
    "--image-size", type=click.IntRange(min=32), help="With --weights, as in train: det only, pixels."
)
@click.option("-o", "overrides", multiple=True, metavar="KEY=VALUE", help="With --weights, as in train.")
@click.option(
    "--ser",
    "ser_run",
    metavar="RUN|FOLDER",
    help="Of a re run: find links between what this ser run, or export, reads, too (end_to_end).",
)
@click.option("--device", default="cpu", show_default=True, help="cpu or gpu:0.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurement as JSON.")
def evaluate(
    run: str,
    split: str | None,
    checkpoint: str,
    dataset: Path | None,
    weights: Path | None,
    image_size: int | None,
    overrides: tuple[str, ...],
    ser_run: str | None,
    device: str,
    as_json: bool,
) -> None:
    """Measure Precision, Recall and Hmean (det, ser, re) or acc and norm_edit_dis (rec).

    RUN is a run under output/ or its path. The result is kept in the run's reports/ folder. Of ser and re
    whole pages are measured, overall and by class, and beside it the first window of each page.
    """
    if weights is not None and ser_run is not None:
        raise UsageError("weights under a recipe are measured alone", at="--ser", hint="leave it out")
    if weights is not None:
        spec = _recipe_spec(run, dataset, image_size, overrides)
        wanted = Split(split or Split.TEST)
        say(f"measuring {weights.name} as {spec.model} on the {wanted} split of {spec.dataset_root}")
        found = evaluate_recipe(spec, wanted, weights, device=device)
    elif image_size is not None or overrides:
        raise UsageError("a run is measured as it was trained", at="--image-size, -o", hint="leave them out")
    else:
        folder = find_run(run)
        say(f"measuring {folder.name}")
        wanted_split = Split(split) if split is not None else None
        found = evaluate_run(
            folder,
            wanted_split,
            checkpoint=checkpoint,
            dataset_root=dataset,
            device=device,
            ser_run=ser_run,
            track=progress_bar,
        )
    if as_json:
        print_json(found.to_json())
        return
    _print(found)


def _recipe_spec(
    model: str, dataset: Path | None, image_size: int | None, overrides: tuple[str, ...]
) -> RunSpec:
    """Describe the run that the weights would have been trained by."""
    if dataset is None:
        raise UsageError("--weights needs a data set to measure on", at="--dataset")
    recipe = find_recipe_by_name(model)
    return RunSpec(
        task=recipe.task,
        model=recipe.name,
        name=recipe.name,
        dataset_root=dataset,
        image_size=image_size,
        overrides=tuple(parse_override(text) for text in overrides),
    )


def _print(found: Evaluation) -> None:
    report = found.report
    width = max(len(name) for name in report.values)
    for name, value in report.values.items():
        click.echo(f"{name:<{width}}  {value:.4f}")
    skipped = f", {report.num_skipped} skipped" if report.num_skipped else ""
    place = f"{found.dataset['name']}/{found.split}" if found.dataset is not None else "the YAML's Eval lists"
    what = words.plural(report.num_samples, "page" if found.figures else "sample")
    click.echo(f"on {what} of {place}{skipped}")
    if found.figures:
        click.echo(render_figures(found.figures, FIGURE_NOTES), nl=False)
    for row in found.skipped[:5]:
        say(f"  skipped {Path(row['list']).name}:{row['line']}: {row['reason']}")
    if len(found.skipped) > 5:
        say(f"  … and {len(found.skipped) - 5} more (--json lists all)")
