"""One writer of a labelled folder at a time: labelling in PPOCRLabel, or repairing.

PPOCRLabel keeps all labels in memory and writes the whole Label.txt anew when it saves, so what another
program wrote in between would be lost. The lock lies on the folder itself and leaves no file in it; it
goes when the process ends, also when that is killed.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr_kit.errors import SetupError
from ppocr_kit.storage import disk_error


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a labelled folder for the length of the block.

    Raises:
        SetupError: Another command labels or repairs the folder, or the folder cannot be opened.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise disk_error(error, folder) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise disk_error(error, folder) from error
            raise SetupError(
                "another command is labelling or repairing this folder",
                at=str(folder),
                hint="close PPOCRLabel, or wait until the other command has ended",
            ) from error
        yield
    finally:
        os.close(handle)
