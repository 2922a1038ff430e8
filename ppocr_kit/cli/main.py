"""The ``ppocr-kit`` command: its list of verbs, and the one place where errors become exit codes.

Verbs are imported only when they are called, so that ``--help`` stays fast.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import click

from ppocr_kit import __version__
from ppocr_kit.cli.lazy_group import LazyGroup
from ppocr_kit.errors import PpocrKitError

# what LazyGroup takes: module, attribute, one line of help
COMMANDS: dict[str, tuple[str, str, str]] = {
    "prelabel": ("ppocr_kit.cli.prelabel", "prelabel", "Label pages with your own models, to be corrected."),
    "label": ("ppocr_kit.cli.label", "label", "Draw and correct labels in PPOCRLabel."),
    "labels": ("ppocr_kit.cli.labels", "labels", "Check PPOCRLabel folders."),
    "dataset": ("ppocr_kit.cli.dataset", "dataset", "Build split data sets from PPOCRLabel folders."),
    "config": ("ppocr_kit.cli.config", "config", "List, show, render and check training configurations."),
    "models": ("ppocr_kit.cli.models", "models", "List and fetch the official training weights."),
    "train": ("ppocr_kit.cli.train", "train", "Train or fine-tune a model."),
    "eval": ("ppocr_kit.cli.evaluate", "evaluate", "Measure a run on a split of its data set."),
    "export": ("ppocr_kit.cli.export", "export", "Export a run as an inference model."),
    "predict": ("ppocr_kit.cli.predict", "predict", "Find and read text on images; fields of forms."),
    "benchmark": ("ppocr_kit.cli.benchmark", "benchmark", "Measure how fast exports answer."),
    "report": ("ppocr_kit.cli.report", "report", "Summarise a run: what was measured, on what."),
    "vl": ("ppocr_kit.cli.vl", "vl", "Tune PaddleOCR-VL, the vision-language model, on your own crops."),
    "synth": ("ppocr_kit.cli.synth", "synth", "Draw a labelled data set of synthetic pages."),
    "vendor": ("ppocr_kit.cli.vendor", "vendor", "Bring and check the PaddleOCR release."),
    "env": ("ppocr_kit.cli.env", "env", "List and make the environments the tools run in."),
    "quickstart": ("ppocr_kit.cli.quickstart", "quickstart", "Run the whole flow on a synthetic data set."),
}


@click.group(
    cls=LazyGroup,
    verbs=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: ppocr-kit dataset build my_labels --name invoices",
)
@click.version_option(__version__, "--version", prog_name="ppocr-kit")
def cli() -> None:
    """Train PaddleOCR on your own PPOCRLabel exports, and measure what came of it.

    The flow: labels check, dataset build, train, eval, export, predict, report.
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Args:
        argv: Arguments without the program name; None takes them from ``sys.argv``.

    Returns:
        0 for success, a documented code of docs/errors.md, 70 for a bug, 130 for Ctrl-C.
    """
    arguments = sys.argv[1:] if argv is None else argv
    try:
        code = cli.main(args=arguments, prog_name="ppocr-kit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except PpocrKitError as error:
        _print_error(error, as_json="--json" in arguments)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except BrokenPipeError:
        # the reader of our output (head, less) went away: not an error of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        _print_crash(arguments)
        return 70


def _print_error(error: PpocrKitError, as_json: bool) -> None:
    """Print an expected error: ``error / at / try`` on stderr, and an object for ``--json``."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error.message}", err=True)
    if error.at:
        click.echo(f"   at: {error.at}", err=True)
    if error.hint:
        click.echo(f"  try: {error.hint}", err=True)
    if as_json:
        body = {
            "kind": type(error).__name__,
            "message": error.message,
            "at": error.at,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        click.echo(json.dumps({"error": body}, ensure_ascii=False))


def _print_crash(arguments: list[str]) -> None:
    """Keep the traceback of a bug in a file and say where, instead of printing it."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix="ppocr-kit-crash-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"ppocr-kit {__version__}, Python {sys.version}\n")
        stream.write(f"arguments: {arguments}\nfolder: {Path.cwd()}\n\n")
        stream.write(traceback.format_exc())
    last = traceback.format_exc().strip().splitlines()[-1]
    click.echo(f"{click.style('unexpected error:', fg='red', bold=True)} {last}", err=True)
    click.echo(f"   at: {name}", err=True)
    click.echo("  try: this is a bug of ppocr-kit; please report it with that file", err=True)


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())
