"""Put a file into a data set: as a copy, or as a hard link where the disk can have one."""

from __future__ import annotations

import errno
import os
import shutil

# What a disk or a system answers that has no hard links, or not from here to there.
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS})


def link_file(source: str, target: str) -> bool:
    """Make ``target`` another name of a file, or a copy where that cannot be.

    A target that exists is left alone: names in a data set follow from the content.

    Args:
        source: The file; a symbolic link is followed.
        target: The new name.

    Returns:
        Whether it is a link.

    Raises:
        OSError: Neither could be made, for example because the disk is full.
    """
    try:
        # os.link makes a second name of a symbolic link, not of the file
        os.link(os.path.realpath(source) if os.path.islink(source) else source, target)  # noqa: PTH114
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)
        return False
    return True


def write_file(target: str, content: bytes) -> None:
    """Write a file in one go, without a flush to disk: the whole folder is thrown away on failure.

    A target that exists is left alone: it has the same content, and may be another name of a file that
    is not ours.

    Raises:
        OSError: Writing failed.
    """
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
    finally:
        os.close(handle)
