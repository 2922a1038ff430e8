"""The options by which every verb that takes labelled folders is told what to read of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--with-unverified",
        is_flag=True,
        help="Also take the pages that only Cache.cach has: automatic labels that nobody checked.",
    ),
    click.option(
        "--checked-only",
        is_flag=True,
        help="Leave out the pages that fileState.txt does not call checked.",
    ),
    click.option(
        "--rec-text",
        type=click.Choice(["label", "rec_gt"]),
        default="label",
        show_default=True,
        help="Which text counts where Label.txt and rec_gt.txt differ for a crop.",
    ),
    click.option(
        "--from",
        "format",
        metavar="FORMAT",
        help="Format of the labels, where looking at them does not tell: ppocrlabel, icdar, sroie, coco, "
        "labelme, funsd, xfund, or PaddleOCR's own lists det, kie, rec.",
    ),
    click.option(
        "--image-folder",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Where the pictures are, for formats whose labels do not lie beside them.",
    ),
)


def reading_options(command: Command) -> Command:
    """Add the options to a command, which gets them as one argument ``reading: ReadOptions``."""

    @functools.wraps(command)
    def with_reading(
        *args: Any,
        with_unverified: bool,
        checked_only: bool,
        rec_text: str,
        format: str | None,
        image_folder: Path | None,
        **rest: Any,
    ) -> Any:
        from ppocr_kit.labels.sources import ReadOptions

        reading = ReadOptions(with_unverified, checked_only, rec_text, format, image_folder)
        return command(*args, reading=reading, **rest)

    for option in reversed(_OPTIONS):
        with_reading = option(with_reading)
    return with_reading
