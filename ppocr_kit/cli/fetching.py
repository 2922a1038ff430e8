"""Fetching weights as a person sees it: a bar on stderr, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr_kit.cli.console import say
from ppocr_kit.errors import PpocrKitError
from ppocr_kit.pretrained.catalogue import PretrainedWeights
from ppocr_kit.pretrained.download import OnBytes
from ppocr_kit.pretrained.fetch import Fetched, FetchRequest, fetch_weights


def fetch_and_say(entry: PretrainedWeights, request: FetchRequest) -> Fetched:
    """Fetch weights with a progress bar, and say what is happening on stderr."""

    def waiting() -> None:
        say(f"another ppocr-kit is fetching {entry.name}; waiting for it")

    with _bytes_bar(entry.name) as on_bytes:
        fetched = fetch_weights(entry, request, on_bytes=on_bytes, on_wait=waiting)
    if fetched.resumed_at:
        say(f"went on at byte {fetched.resumed_at} of an earlier download")
    if fetched.brought and not fetched.record.known:
        say(f"no checksum of {entry.name} is recorded: {fetched.record.sha256[:12]}… is pinned from now on")
    if fetched.record.student and fetched.brought:
        say("the file holds several models; the student was kept")
    return fetched


def dictionary_size(entry: PretrainedWeights) -> int | None:
    """Return how many characters the weights tell apart, if the release is here to say so."""
    from ppocr_kit.vendor.release import find_release

    if entry.dictionary is None:
        return None
    try:
        release = find_release().path
    except PpocrKitError:
        return None
    return len(read_characters(entry.dictionary.path, entry.dictionary.use_space_char, release))


def read_characters(path: str | None, use_space_char: bool, release: Path) -> tuple[str, ...]:
    """Return the characters of a dictionary of the release, in class order."""
    from ppocr_kit.pretrained.characters import read_class_characters

    return read_class_characters(None if path is None else release / path, use_space_char)


@contextmanager
def _bytes_bar(name: str) -> Iterator[OnBytes | None]:
    """Draw a bar of bytes on stderr when it is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=None)

        def show(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        yield show
