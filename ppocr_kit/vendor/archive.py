"""Unpacking a source archive that is not trusted: files and folders only, and nothing outside.

The rules are checked by hand instead of by ``tarfile``'s extraction filters, which Python 3.9 has
only in its later patch releases.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ppocr_kit.errors import SetupError
from ppocr_kit.progress import Track, no_progress

# The archive of 3.7.0 has 559 files in 9.3 MB; a bomb has no such measure.
MAX_MEMBERS = 20_000
MAX_BYTES = 500_000_000
_CHUNK = 1 << 20


def unpack_archive(archive: Path, target: Path, track: Track = no_progress) -> None:
    """Unpack a ``.tar.gz`` with one folder at its top, whose content goes into ``target``.

    Args:
        archive: The archive; its checksum is the caller's business.
        target: An existing, empty folder.
        track: Shows progress by member.

    Raises:
        SetupError: The archive is damaged, cut off, too big, or has members that an honest source
            archive has not: absolute paths, ``..``, links, devices.
        OSError: The disk is full or ``target`` cannot be written.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            check_members(members, archive)
            for member in track(members, "unpacking", total=len(members)):
                _extract(tar, member, target)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno is None:
            # gzip reports a wrong checksum or magic number as an OSError without a number
            raise _damaged(archive, error) from error
        raise


def check_members(members: Iterable[tarfile.TarInfo], archive: Path) -> None:
    """Refuse an archive by its table of contents.

    Raises:
        SetupError: See :func:`unpack_archive`.
    """
    count, size, tops = 0, 0, set()
    for member in members:
        count, size = count + 1, size + member.size
        name = PurePosixPath(member.name)
        if not (member.isreg() or member.isdir()):
            raise _unsafe(archive, member.name, "a link or device")
        if name.is_absolute() or ".." in name.parts or "\\" in member.name or not name.parts:
            raise _unsafe(archive, member.name, "a path that leads outside")
        if member.size < 0 or count > MAX_MEMBERS or size > MAX_BYTES:
            raise _unsafe(archive, member.name, f"more than {MAX_MEMBERS} members or {MAX_BYTES} bytes")
        tops.add(name.parts[0])
    if len(tops) != 1:
        raise _unsafe(archive, ", ".join(sorted(tops)[:4]) or "nothing", "not one folder at its top")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write one checked member; owner, time and most of the mode are not taken over."""
    path = target.joinpath(*PurePosixPath(member.name).parts[1:])
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    source = tar.extractfile(member)
    assert source is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as handle:
        for chunk in iter(lambda: source.read(_CHUNK), b""):
            handle.write(chunk)
    path.chmod(0o755 if member.mode & 0o100 else 0o644)


def _damaged(archive: Path, error: Exception) -> SetupError:
    return SetupError(
        f"the archive is damaged or cut off ({error})", at=str(archive), hint="download it again"
    )


def _unsafe(archive: Path, member: str, reason: str) -> SetupError:
    return SetupError(
        f"the archive is not a plain source archive: {reason}; nothing was unpacked",
        at=f"{archive}: {member[:200]}",
        hint="download it again from the package index: ppocr-kit vendor sync",
    )
