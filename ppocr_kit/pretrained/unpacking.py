"""Taking the weights out of an archive of the net: one file is read, nothing else is written.

The archive is read as a stream and its table of contents is not trusted: a member that would lead
outside, a link, a device or too much content ends it, wherever in the archive it stands.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path, PurePosixPath

from ppocr_kit.errors import DataError
from ppocr_kit.pretrained.download import MAX_BYTES
from ppocr_kit.storage import disk_error

MAX_MEMBERS = 1_000
_SUFFIX = ".pdparams"
# what upstream's training archives call the model that their page describes, best first
_PREFERRED = ("best_accuracy", "student", "train", "latest")
_CHUNK = 1 << 20


def is_archive(path: Path) -> bool:
    """Tell a tar archive, compressed or not, from a bare file of weights."""
    try:
        return tarfile.is_tarfile(path)
    except OSError as error:
        raise DataError(f"cannot read the file ({error.strerror})", at=str(path)) from error


def unpack_weights(archive: Path, target: Path) -> str:
    """Write the weights of a training archive to ``target``.

    Args:
        archive: A tar archive with ``.pdparams`` files; of several the preferred one is taken.
        target: File to write.

    Returns:
        The name of the member.

    Raises:
        DataError: The archive is damaged, hostile, too large, or has no weights.
        SetupError: The disk is full.
    """
    wanted = _choose(_weight_members(archive), archive)
    try:
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                if member.name == wanted:
                    _write_member(tar, member, target)
                    return wanted
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        # gzip and bzip2 report damage as an OSError without a number
        raise (_damaged(archive, error) if error.errno is None else disk_error(error, target)) from error
    raise _damaged(archive, EOFError("its content changed while it was read"))


def _weight_members(archive: Path) -> list[str]:
    """List the members that are weights, having looked at every member."""
    found, size = [], 0
    try:
        with tarfile.open(archive, "r|*") as tar:
            for count, member in enumerate(tar, start=1):
                size += max(member.size, 0)
                _check_member(member, archive, count, size)
                name = PurePosixPath(member.name)
                if member.isreg() and name.suffix == _SUFFIX and not name.name.startswith("."):
                    found.append(member.name)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise _damaged(archive, error) from error
    return found


def _check_member(member: tarfile.TarInfo, archive: Path, count: int, size: int) -> None:
    name = PurePosixPath(member.name)
    if not (member.isreg() or member.isdir()):
        raise _hostile(archive, member.name, "a link or device")
    if name.is_absolute() or ".." in name.parts or "\\" in member.name:
        raise _hostile(archive, member.name, "a path that leads outside")
    if count > MAX_MEMBERS or member.size < 0 or size > MAX_BYTES:
        raise _hostile(archive, member.name, f"more than {MAX_MEMBERS} members or {MAX_BYTES} bytes")


def _choose(members: list[str], archive: Path) -> str:
    """Choose among the weights of an archive."""
    if not members:
        raise DataError(
            "the archive holds no .pdparams file",
            at=str(archive),
            hint="fetch the training model, not the inference model",
        )
    stems = {PurePosixPath(name).stem: name for name in reversed(members)}
    for stem in _PREFERRED:
        if stem in stems:
            return stems[stem]
    if len(members) > 1:
        raise DataError(
            f"the archive holds {len(members)} files of weights: {', '.join(members[:4])}",
            at=str(archive),
            hint="unpack it and name one: --from FILE.pdparams",
        )
    return members[0]


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    assert source is not None
    with target.open("wb") as handle:
        for chunk in iter(lambda: source.read(_CHUNK), b""):
            handle.write(chunk)


def _damaged(archive: Path, error: Exception) -> DataError:
    return DataError(f"the archive is damaged or cut off ({error})", at=str(archive), hint="fetch it again")


def _hostile(archive: Path, member: str, reason: str) -> DataError:
    return DataError(
        f"the archive is not a plain archive of weights: {reason}; nothing was unpacked",
        at=f"{archive}: {member[:200]}",
        hint="fetch it from the address that ppocr-kit models list shows",
    )
