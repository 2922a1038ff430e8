"""Writing so that nothing is lost: atomic files and folders, and checksums.

A reader sees the old content or the new, never half of either: content goes to a temporary
sibling, is flushed to disk, and replaces the target by ``os.replace``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import chain, count
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, PpocrKitError, SetupError

_CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    """Hash a file's content, read in chunks of one MiB.

    Returns:
        Lower-case hexadecimal sha256.

    Raises:
        DataError: The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as handle:
            for chunk in iter(lambda: handle.read(_CHUNK), b""):
                digest.update(chunk)
    except OSError as error:
        raise DataError(f"cannot read the file ({error.strerror})", at=str(path)) from error
    return digest.hexdigest()


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``; on any failure the old file is still there, whole.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    write_lines_atomic(path, (content,))


def write_lines_atomic(path: Path, lines: Iterable[bytes]) -> None:
    """Write what ``lines`` yields, one after the other, without holding it; see :func:`write_bytes_atomic`.

    Args:
        path: The file.
        lines: Its content in parts, with their line ends.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise disk_error(error, path) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def keep_backup(path: Path) -> Path:
    """Copy a file beside itself as ``<name>.<UTC time>.bak``, byte for byte, over no earlier backup.

    Returns:
        The backup.

    Raises:
        SetupError: The file cannot be read, the disk is full or the folder cannot be written.
    """
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    names = (f"{path.name}.{stamp}{ending}.bak" for ending in chain([""], map("-{}".format, count(2))))
    target = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    try:
        with path.open("rb") as stream:
            write_lines_atomic(target, iter(lambda: stream.read(_CHUNK), b""))
        target.chmod(path.stat().st_mode & 0o777)
    except OSError as error:
        raise disk_error(error, target) from error
    return target


def write_text_atomic(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with LF line ends; see :func:`write_bytes_atomic`."""
    write_bytes_atomic(path, text.encode("utf-8"))


def write_json_atomic(path: Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON with a final newline, keys in given order."""
    write_text_atomic(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``target`` when the block succeeds.

    When the block raises, the temporary folder is removed and an existing ``target`` is left
    as it was. An existing ``target`` is moved aside, replaced, and only then deleted.

    Raises:
        SetupError: The disk is full or the parent cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        work.chmod(0o755)
    except OSError as error:
        raise disk_error(error, target) from error
    try:
        yield work
        old = work.with_name(work.name + ".old")
        if target.exists():
            os.replace(target, old)
            try:
                os.replace(work, target)
            except BaseException:
                os.replace(old, target)
                raise
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(work, target)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise disk_error(error, target) from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def disk_error(error: OSError, path: Path) -> PpocrKitError:
    """Turn an ``OSError`` from writing into an error that says what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SetupError(
            "the disk is full; nothing was changed",
            at=str(path),
            hint="free some space (df -h) and run the command again",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SetupError(
            f"cannot write here ({error.strerror})",
            at=str(path),
            hint="run the command in a folder you own, or change its permissions",
        )
    return SetupError(f"cannot write ({error.strerror or error})", at=str(path))
