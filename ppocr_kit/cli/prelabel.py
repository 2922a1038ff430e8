"""``ppocr-kit prelabel``: pages labelled by one's own models, to be corrected instead of drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.errors import DataError
from ppocr_kit.runs.engines import AUTO, ENGINES
from ppocr_kit.runs.model_source import find_source
from ppocr_kit.runs.predict import EngineUsed, collect_images
from ppocr_kit.runs.prelabelling import (
    RECORD_NAME,
    Candidates,
    Prelabelled,
    describe_result,
    find_candidates,
    prelabel_pages,
)
from ppocr_kit.tasks import Task

_EPILOG = """Examples:

  ppocr-kit prelabel scans/ --det inference/invoices-det --rec inference/invoices-rec --out to_check

  ppocr-kit prelabel scans/ --det invoices-det --rec invoices-rec --out to_check --only-uncertain 50
"""
_SHOWN = 10


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("images", nargs=-1, required=True)
@click.option("--det", required=True, metavar="DIR", help="Detector: an exported model or a run.")
@click.option("--rec", required=True, metavar="DIR", help="Recogniser: an exported model or a run.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="PPOCRLabel folder to make or to add to."
)
@click.option(
    "--only-uncertain",
    type=click.IntRange(min=1),
    metavar="N",
    help="Take the N pages worth labelling next, and say why those.",
)
@click.option("--renew", is_flag=True, help="Replace automatic labels of pages that nobody has checked.")
@click.option(
    "--engine",
    type=click.Choice((AUTO, *ENGINES)),
    default=AUTO,
    show_default=True,
    help="What runs exports, as for predict.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads. Default: all cores, at most 8.")
@click.option("--device", default="cpu", show_default=True, help="cpu or gpu:0.")
@click.option("--dry-run", is_flag=True, help="Say which pictures would be looked at; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def prelabel(
    images: tuple[str, ...],
    det: str,
    rec: str,
    out: Path,
    only_uncertain: int | None,
    renew: bool,
    engine: str,
    threads: int | None,
    device: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Label pages with your own models as unverified labels (Cache.cach) of a PPOCRLabel folder.

    IMAGES are files, folders or patterns; they are copied, never changed. Checked pages of the folder and
    automatic labels that it has stay as they are. Run again, the command goes on where it was ended.
    """
    detector, recogniser = find_source(det, Task.DET), find_source(rec, Task.REC)
    candidates = find_candidates(collect_images(images), out, renew=renew, track=progress_bar)
    for line in _describe_candidates(candidates):
        say(line)
    if dry_run or not candidates.images:
        _tell_candidates(candidates, as_json)
        return
    result = prelabel_pages(
        detector,
        recogniser,
        candidates,
        out,
        only_uncertain=only_uncertain,
        renew=renew,
        predict_options={
            "engine": engine,
            "threads": threads,
            "device": device,
            "on_engine": _say_engine,
        },
        track=progress_bar,
    )
    if as_json:
        print_json({"out": str(out), **describe_result(result, detector, recogniser)})
        return
    _print_result(result, out)


def _say_engine(used: EngineUsed) -> None:
    say(f"{used.model}: {used.engine} {used.version} ({used.why})")


def _describe_candidates(candidates: Candidates) -> list[str]:
    counts = {
        "without labels": len(candidates.images),
        "labelled already": candidates.labelled,
        "equal to another": candidates.repeated,
        "that cannot be read": len(candidates.bad),
    }
    return ["pictures: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)]


def _tell_candidates(candidates: Candidates, as_json: bool) -> None:
    """Say what would be done, or that there is nothing to do.

    Raises:
        DataError: None of the pictures can be read.
    """
    if candidates.bad and not candidates.images and not candidates.labelled:
        image, error = candidates.bad[0]
        raise DataError(f"no picture could be read: {error}", at=image)
    if as_json:
        body: dict[str, Any] = {
            "candidates": [str(path) for path in candidates.images.values()],
            "labelled": candidates.labelled,
            "repeated": candidates.repeated,
            "failed": [{"image": image, "error": error} for image, error in candidates.bad],
        }
        print_json(body)
        return
    for path in candidates.images.values():
        click.echo(str(path))
    if not candidates.images:
        click.echo("nothing to label (--renew replaces automatic labels of pages that nobody has checked)")


def _print_result(result: Prelabelled, out: Path) -> None:
    """Print what was labelled, why, and the next command."""
    for image, error in result.failed[:_SHOWN]:
        say(f"passed over {image}: {error}")
    if len(result.failed) > _SHOWN:
        say(f"  … and {len(result.failed) - _SHOWN} more, see {out / RECORD_NAME}")
    for pick in result.picks:
        click.echo(f"{pick.name}: {'; '.join(pick.why)}")
    click.echo(f"{len(result.pages)} pages, {result.boxes} boxes to check in {out}")
    click.echo(f"next: ppocr-kit label {out}")
