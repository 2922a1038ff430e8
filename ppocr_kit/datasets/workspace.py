"""One writer of a folder at a time, and no leavings of commands that were killed.

``storage.atomic_folder`` keeps the old data set whole while a new one is written beside it. A build
killed in the middle leaves its temporary folder behind; the next build of that name, which
holds the lock and so knows that nobody is writing, removes it, or puts the old data set back where it
was killed between the two renames.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr_kit.errors import SetupError
from ppocr_kit.storage import atomic_folder, disk_error


@contextmanager
def build_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``target`` when the block succeeds.

    Raises:
        SetupError: Another command is writing ``target``, the disk is full, or the folder cannot be
            written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, target) from error
    with _lock(target):
        _clear_leavings(target)
        with atomic_folder(target) as work:
            yield work


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    """Hold the lock file of a data set; it goes with the build, also when the build is killed."""
    path = target.with_name(f".{target.name}.lock")
    while True:
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise disk_error(error, path) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise SetupError(
                "another command is writing this folder", at=str(target), hint="wait until it has ended"
            ) from error
        # A build that has just ended may have removed the file that we opened.
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            break
        os.close(handle)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)


def _clear_leavings(target: Path) -> None:
    """Remove what killed builds of ``target`` left; put a data set back that was moved aside."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[a-z0-9_]{{8}}\.tmp(\.old)?")
    for entry in sorted(target.parent.iterdir()):
        match = pattern.fullmatch(entry.name)
        if match is None:
            continue
        if match.group(1) and not target.exists():
            os.replace(entry, target)
        else:
            shutil.rmtree(entry, ignore_errors=True)
