"""``ppocr-kit label``: draw and correct labels by hand, in PPOCRLabel."""

from __future__ import annotations

from pathlib import Path

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.runs.labelling import LabelChange, inspect_folder, label_folder, label_invocation
from ppocr_kit.tasks import Task

_EPILOG = """Examples:

  ppocr-kit label my_labels

  ppocr-kit label receipts --kie --predefined-classes classes.txt
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("folder", metavar="SRC", type=click.Path(path_type=Path))
@click.option(
    "--lang",
    default="en",
    show_default=True,
    help="Language of the window, en or ch; others only choose what PPOCRLabel's built-in models read.",
)
@click.option(
    "--kie/--no-kie", default=None, help="Boxes have classes (key information). Default: when SRC has some."
)
@click.option(
    "--predefined-classes",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Classes to choose from with --kie, texts to choose from without; one a line. May be repeated.",
)
@click.option(
    "--det",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Exported detector for the window's Auto Recognition, in place of the built-in one.",
)
@click.option(
    "--rec",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Exported recogniser that reads boxes you draw (Re-recognition), in place of the built-in one.",
)
@click.option("--dry-run", is_flag=True, help="Print the command instead of running it.")
@click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON.")
def label(
    folder: Path,
    lang: str,
    kie: bool | None,
    predefined_classes: tuple[Path, ...],
    det: Path | None,
    rec: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Open the folder SRC in PPOCRLabel, and say what changed when the window is closed.

    Runs in the environment of the lane 'label' (ppocr-kit env sync label, or make label). One command
    at a time can label or repair a folder.
    """
    state = inspect_folder(folder)
    if kie is None and state.classes:
        say("boxes of this folder have classes: opened with --kie (--no-kie opens it without)")
    with_classes = state.classes if kie is None else kie
    given = {Task.DET: det, Task.REC: rec}
    call = label_invocation(
        folder,
        lang=lang,
        kie=with_classes,
        predefined_classes=predefined_classes,
        models={task: model for task, model in given.items() if model is not None},
    )
    if dry_run:
        click.echo(call.command_line())
        return
    automatic = f", {len(state.unchecked)} with automatic labels only" if state.unchecked else ""
    say(f"{state.images} images, {len(state.checked)} checked{automatic}")
    say(f"starting {call.command_line()}")
    change = label_folder(call, folder, state, on_line=lambda line: say(f"  {line}"))
    if as_json:
        print_json(change.to_json())
        return
    for line in describe_change(change, folder):
        click.echo(line)


def describe_change(change: LabelChange, folder: Path) -> list[str]:
    """Return what was done in the window and what to do next, for people."""
    after = change.after
    counts = {
        "newly checked": len(change.newly_checked),
        "changed": len(change.changed),
        "not checked any more": len(change.gone),
    }
    done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    left = f", {len(after.unchecked)} with automatic labels only" if after.unchecked else ""
    return [
        f"pages: {done or 'nothing changed'}",
        f"checked now: {len(after.checked)} of {after.images} images{left}",
        f"boxes on checked pages: {change.before.boxes} -> {after.boxes}",
        f"next: ppocr-kit labels check {folder}" if after.checked else f"next: ppocr-kit label {folder}",
    ]
