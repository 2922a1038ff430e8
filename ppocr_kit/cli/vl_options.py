"""Options that the ``vl`` verbs which read pictures share."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--checkpoint", default="best", show_default=True, help="Of a run: best or latest."),
    click.option(
        "--batch-size",
        default=32,
        show_default=True,
        type=click.IntRange(min=1, max=4096),
        help="Pictures at a time; requests at a time to a server.",
    ),
    click.option(
        "--max-new-tokens",
        default=1024,
        show_default=True,
        type=click.IntRange(min=1),
        help="Longer answers are cut off; a page may need 4096.",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=784),
        help="Reduce larger pictures to this. Default: as in training.",
    ),
    click.option(
        "--min-pixels",
        type=click.IntRange(min=784),
        help="Enlarge smaller pictures to this. Default: as in training.",
    ),
    click.option("--device", default="cpu", show_default=True, help="cpu or gpu:0."),
    click.option("--bf16/--no-bf16", default=None, help="Compute in bfloat16; default on a GPU."),
)


def answering_options(command: Command) -> Command:
    """Give a verb the options of how a model reads pictures, by these names."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
