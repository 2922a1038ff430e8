"""Where fetched weights lie: ``<cache>/NAME/NAME.pdparams`` and beside it ``source.json``.

The cache is ``--cache``, else ``$PPOCR_KIT_CACHE``, else ``weights`` in ``$PPOCR_KIT_HOME`` or in the
user's cache folder.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.pretrained.catalogue import CATALOGUE, PretrainedWeights
from ppocr_kit.storage import disk_error, sha256_of, write_json_atomic

VARIABLE = "PPOCR_KIT_CACHE"
RECORD = "source.json"
_FORMAT = 1


@dataclass(frozen=True)
class FetchRecord:
    """Where weights came from; the content of ``source.json``.

    Attributes:
        name: Name in the catalogue.
        origin: Address or file that they were taken from.
        member: Member of the archive, or None for a bare file.
        sha256: Checksum of the ``.pdparams`` file as published.
        bytes: Its size.
        known: Whether the catalogue knew the checksum; else it was pinned when first seen.
        student: Whether only the student of a distillation checkpoint was kept.
        file_sha256: Checksum of the file in the cache; another one for a student.
        file_bytes: Its size.
        fetched: UTC time, ISO 8601.
    """

    name: str
    origin: str
    member: str | None
    sha256: str
    bytes: int
    known: bool
    student: bool
    file_sha256: str
    file_bytes: int
    fetched: str


def cache_folder(cache: Path | None = None) -> Path:
    """Return the folder that holds all fetched weights; it may not exist yet."""
    if cache is not None:
        return cache.expanduser().absolute()
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).expanduser().absolute()
    home = os.environ.get("PPOCR_KIT_HOME")
    if home:
        return Path(home).expanduser().absolute() / "weights"
    from platformdirs import user_cache_path

    return user_cache_path("ppocr-kit") / "weights"


def weights_file(entry: PretrainedWeights, cache: Path) -> Path:
    """Return where the weights lie, or will lie."""
    return cache / entry.name / f"{entry.name}.pdparams"


def part_file(entry: PretrainedWeights, cache: Path) -> Path:
    """Return where an unfinished download is kept."""
    return cache / f"{entry.name}.part"


def find_fetched(entry: PretrainedWeights, cache: Path) -> FetchRecord | None:
    """Return the record of weights that are there with their recorded size, else None."""
    record = read_record(entry, cache)
    file = weights_file(entry, cache)
    if record is None or not file.is_file() or file.stat().st_size != record.file_bytes:
        return None
    return record


def is_whole(record: FetchRecord, entry: PretrainedWeights, cache: Path) -> bool:
    """Tell whether the file is byte for byte what was fetched."""
    return sha256_of(weights_file(entry, cache)) == record.file_sha256


def read_record(entry: PretrainedWeights, cache: Path) -> FetchRecord | None:
    """Read what is recorded about fetched weights; None when there is nothing usable."""
    try:
        body: Any = json.loads((cache / entry.name / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fields = {field.name for field in dataclasses.fields(FetchRecord)}
    if not isinstance(body, dict) or body.get("format") != _FORMAT or not fields <= body.keys():
        return None
    return FetchRecord(**{name: body[name] for name in fields})


def write_record(record: FetchRecord, folder: Path) -> None:
    """Write ``source.json`` into a folder."""
    write_json_atomic(folder / RECORD, {"format": _FORMAT, **dataclasses.asdict(record)})


def recognise_file(path: Path) -> PretrainedWeights | None:
    """Return the catalogue's entry for a file of weights, wherever it lies.

    A file in a cache is known by its record, any other by a checksum that the catalogue has.
    """
    named = {entry.name: entry for entry in CATALOGUE}
    entry = named.get(path.parent.name)
    if entry is not None and weights_file(entry, path.parent.parent) == path:
        record = find_fetched(entry, path.parent.parent)
        return entry if record is not None and is_whole(record, entry, path.parent.parent) else None
    digest = sha256_of(path)
    return next((entry for entry in CATALOGUE if entry.sha256 == digest), None)


@contextmanager
def exclusively(entry: PretrainedWeights, cache: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Let one process at a time fetch these weights; the lock dies with its holder.

    Args:
        entry: The weights.
        cache: The cache folder; made when it is absent.
        on_wait: Called once when another process holds the lock.

    Raises:
        SetupError: The cache cannot be written.
    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
        handle = (cache / f".{entry.name}.lock").open("w")
    except OSError as error:
        raise disk_error(error, cache) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
