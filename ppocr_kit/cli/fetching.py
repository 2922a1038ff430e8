"""Fetching weights as a person sees it: a bar on stderr, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr_kit.cli.console import say
from ppocr_kit.errors import DataError, PpocrKitError, UsageError
from ppocr_kit.pretrained.cache import cache_folder, find_fetched, weights_file
from ppocr_kit.pretrained.catalogue import PretrainedWeights, find_weights, is_known
from ppocr_kit.pretrained.download import OnBytes
from ppocr_kit.pretrained.fetch import Fetched, FetchRequest, fetch_weights
from ppocr_kit.tasks import Task

# what --pretrained calls the weights of the recipe itself
OFFICIAL = "official"


def resolve_weights(named: str, task: Task, model: str | None, *, fetch: bool = True) -> Path:
    """Return the file that ``--pretrained`` means, fetched if it is not here yet.

    Args:
        named: A ``.pdparams`` file or its prefix, a name of the catalogue, or ``official``.
        task: Task of the model that is trained.
        model: Its recipe, whose weights ``official`` means; None for a model that is no recipe.
        fetch: Whether to fetch what is not here; else the place it would have is returned.

    Raises:
        UsageError: There are no official weights of the recipe, or they are another task's.
        DataError: There is no such file.
        SetupError: They cannot be fetched.
    """
    path = Path(named)
    file = path if path.suffix == ".pdparams" else path.with_name(f"{path.name}.pdparams")
    if file.is_file():
        return path
    name = model if named == OFFICIAL and model is not None else named
    if not is_known(name):
        raise _no_weights(named, model, path, file)
    entry, cache = find_weights(name), cache_folder()
    if entry.task is not task:
        raise UsageError(f"'{name}' are {entry.task} weights, not {task} weights", at="--pretrained")
    if find_fetched(entry, cache) is None and fetch:
        fetch_and_say(entry, FetchRequest(cache, num_characters=dictionary_size(entry)))
    return weights_file(entry, cache)


def _no_weights(named: str, model: str | None, path: Path, file: Path) -> PpocrKitError:
    if named == OFFICIAL:
        return UsageError(
            f"no official weights of {model or 'a configuration of your own'} are known",
            at="--pretrained",
            hint="ppocr-kit models list, or name a .pdparams file",
        )
    beside = sorted(entry.name for entry in path.glob("*.pdparams")) if path.is_dir() else []
    hint = "name a .pdparams file of training weights, or one of ppocr-kit models list"
    return DataError(
        "there are no training weights",
        at=str(file),
        hint=f"--pretrained {path / beside[0]}" if beside else hint,
    )


def fetch_and_say(entry: PretrainedWeights, request: FetchRequest) -> Fetched:
    """Fetch weights with a progress bar, and say what is happening on stderr."""

    def waiting() -> None:
        say(f"another ppocr-kit is fetching {entry.name}; waiting for it")

    if request.force or find_fetched(entry, request.cache) is None:
        say(f"fetching {entry.name} (about {entry.about_bytes / 1e6:.1f} MB) from {request.address(entry)}")
    with _bytes_bar(entry.name) as on_bytes:
        fetched = fetch_weights(entry, request, on_bytes=on_bytes, on_wait=waiting)
    if fetched.resumed_at:
        say(f"went on at byte {fetched.resumed_at} of an earlier download")
    if fetched.brought and not fetched.record.known:
        why = "no checksum is recorded" if entry.sha256 is None else "another checksum is recorded"
        say(f"{why} for {entry.name}: {fetched.record.sha256[:12]}… is pinned from now on")
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
