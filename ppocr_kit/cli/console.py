"""What all verbs print with: progress bars and problem lists on stderr, results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

import click

from ppocr_kit.problems import Problem

T = TypeVar("T")


def print_json(value: Any) -> None:
    """Print one JSON document on stdout: the whole result of a ``--json`` call."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """Print a line for people on stderr, which keeps stdout clean for results."""
    click.echo(text, err=True)


def print_problems(problems: Iterable[Problem], *, err: bool = False) -> None:
    """Print findings one a line: place, severity, code, what is wrong, what to do."""
    for problem in problems:
        hint = f" ({problem.hint})" if problem.hint else ""
        click.echo(f"{problem.where}: {problem.severity} {problem.code}: {problem.message}{hint}", err=err)


def progress_bar(items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
    """Pass items through and draw a progress bar on stderr when it is a terminal."""
    if not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=description, total=total, console=Console(stderr=True), transient=True)
