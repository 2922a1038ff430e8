"""Fetching weights: brought, checked, and only then put into the cache in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ppocr_kit.errors import DataError, PpocrKitError, SetupError, UsageError
from ppocr_kit.pretrained.cache import (
    FetchRecord,
    exclusively,
    find_fetched,
    is_whole,
    part_file,
    read_record,
    weights_file,
    write_record,
)
from ppocr_kit.pretrained.catalogue import PretrainedWeights
from ppocr_kit.pretrained.contents import check_contents, read_as_weights, take_student
from ppocr_kit.pretrained.download import OnBytes, Patience, ServerTrouble, download, forget_part
from ppocr_kit.pretrained.unpacking import is_archive, unpack_weights
from ppocr_kit.storage import atomic_folder, sha256_of
from ppocr_kit.vendor.checkpoints import write_weights

_FILE_ENDINGS = (".pdparams", ".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True)
class FetchRequest:
    """How weights are to be had.

    Attributes:
        cache: The cache folder.
        url: A mirror: its address of the file, or of the folder that holds it under its own name.
        source: A file on this machine instead: ``.pdparams`` or a tar archive.
        force: Fetch again what is there.
        repin: Take content with another checksum than the recorded or pinned one, or with another
            number of characters than the catalogue says.
        num_characters: Size of the dictionary, space included, if it is known here.
    """

    cache: Path
    url: str | None = None
    source: Path | None = None
    force: bool = False
    repin: bool = False
    num_characters: int | None = None

    def address(self, entry: PretrainedWeights) -> str:
        """Return where the weights would be taken from."""
        if self.source is not None:
            return str(self.source)
        if self.url is None:
            return entry.url
        whole = self.url.split("?", 1)[0].lower().endswith(_FILE_ENDINGS)
        return self.url if whole else f"{self.url.rstrip('/')}/{entry.file_name}"

    def shown_address(self, entry: PretrainedWeights) -> str:
        """Return the address as records and messages show it: no password, no token."""
        if self.source is not None:
            return str(self.source)
        parts = urlsplit(self.address(entry))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True)
class Fetched:
    """Weights that are in the cache.

    Attributes:
        path: The ``.pdparams`` file.
        record: Where they came from.
        brought: Whether anything was brought; else they were there and whole.
        resumed_at: Bytes that an earlier, unfinished download had left.
    """

    path: Path
    record: FetchRecord
    brought: bool
    resumed_at: int = 0


def fetch_weights(
    entry: PretrainedWeights,
    request: FetchRequest,
    *,
    on_bytes: OnBytes | None = None,
    on_wait: Callable[[], None] = lambda: None,
    patience: Patience | None = None,
) -> Fetched:
    """Put weights into the cache; does nothing when they are there and whole.

    Args:
        entry: Which weights.
        request: From where and how.
        on_bytes: Told of the download's progress.
        on_wait: Called when another process is fetching the same weights.
        patience: How long a server is given.

    Raises:
        UsageError: An address or a file that cannot be.
        SetupError: The server does not give it, or the cache cannot be written.
        DataError: What came is not these weights; the cache is as it was.
    """
    if request.url is not None and request.source is not None:
        raise UsageError("--url and --from exclude each other", at="--from")
    with exclusively(entry, request.cache, on_wait):
        kept = find_fetched(entry, request.cache)
        if kept is not None and not request.force and is_whole(kept, entry, request.cache):
            return Fetched(weights_file(entry, request.cache), kept, brought=False)
        if request.source is not None:
            return _accept(entry, request, request.source, 0)
        return _download_and_accept(entry, request, on_bytes, patience)


def _download_and_accept(
    entry: PretrainedWeights, request: FetchRequest, on_bytes: OnBytes | None, patience: Patience | None
) -> Fetched:
    """Download, going on with an earlier part, then check what came."""
    part = part_file(entry, request.cache)
    if request.force:
        forget_part(part)
    try:
        came = download(request.address(entry), part, on_bytes=on_bytes, patience=patience)
    except ServerTrouble as error:
        hint = f"{error.hint}; {_bring_hint(entry)}" if error.hint else _bring_hint(entry)
        raise SetupError(error.message, at=request.shown_address(entry), hint=hint) from error
    try:
        return _accept(entry, request, part, came.resumed_at)
    finally:
        # accepted or refused, there is nothing left to go on with
        forget_part(part)


def _accept(entry: PretrainedWeights, request: FetchRequest, file: Path, resumed_at: int) -> Fetched:
    """Check a file that was brought, and put it into the cache."""
    target = weights_file(entry, request.cache)
    if not file.is_file():
        raise UsageError("there is no such file", at=str(file), hint="--from FILE.pdparams or FILE.tar")
    with atomic_folder(target.parent) as folder:
        try:
            record = _unpack_and_check(entry, request, file, folder / target.name)
        except PpocrKitError as error:
            if request.source is None and isinstance(error, DataError):
                # the part has another name in the message than people know
                error.at = request.shown_address(entry)
            raise
        write_record(record, folder)
    return Fetched(target, record, brought=True, resumed_at=resumed_at)


def _unpack_and_check(
    entry: PretrainedWeights, request: FetchRequest, file: Path, target: Path
) -> FetchRecord:
    member = None
    if is_archive(file):
        member = unpack_weights(file, target)
    else:
        shutil.copyfile(file, target)
    digest, size = sha256_of(target), target.stat().st_size
    weights = read_as_weights(target)
    _check_digest(entry, request, digest, size)
    student = take_student(weights)
    num_characters = None if request.repin else request.num_characters
    check_contents(student or weights, entry, num_characters, str(file))
    if student is not None:
        write_weights(target, student)
    return FetchRecord(
        name=entry.name,
        origin=request.shown_address(entry),
        member=member,
        sha256=digest,
        bytes=size,
        known=entry.sha256 == digest,
        student=student is not None,
        file_sha256=sha256_of(target) if student is not None else digest,
        file_bytes=target.stat().st_size,
        fetched=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _check_digest(entry: PretrainedWeights, request: FetchRequest, digest: str, size: int) -> None:
    """Hold a file against the checksum in the catalogue, else against the one pinned on first use.

    Raises:
        DataError: It is another file.
    """
    pinned = read_record(entry, request.cache)
    expected = entry.sha256 or (pinned.sha256 if pinned else None)
    if expected is None or digest == expected or request.repin:
        return
    since = "recorded" if entry.sha256 else f"pinned on {pinned.fetched if pinned else ''}"
    sizes = f", {entry.bytes} bytes" if entry.bytes is not None else ""
    raise DataError(
        f"these are not the weights of {entry.name} that are {since}: sha256 {digest}, {size} bytes; "
        f"expected {expected}{sizes}",
        at=request.shown_address(entry),
        hint="fetch them again; if they were published anew and you trust the source: --repin",
    )


def _bring_hint(entry: PretrainedWeights) -> str:
    return (
        f"on a machine with network: curl -LO {entry.url}, then here: "
        f"ppocr-kit models fetch {entry.name} --from {entry.file_name}"
    )
