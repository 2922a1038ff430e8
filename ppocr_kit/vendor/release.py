"""The PaddleOCR release that a project uses: found, read, brought and checked.

A project folder keeps the choice in ``vendor/release.json``. A release is either the archive from
the package index, a git clone, or a checkout of the user's that is used in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PinnedRelease:
    """A release on this machine.

    Attributes:
        version: Its version: ``3.7.0``.
        path: Its folder, which holds ``tools`` and ``ppocr``.
        source: ``pypi``, ``git`` or ``path``.
        complete: Whether it has ``ppocr/modeling`` and the other packages that the published
            archive leaves out; if not, the supplement stands in.
    """

    version: str
    path: Path
    source: str
    complete: bool
