"""A PaddleOCR source tree on disk: whether it is one, which version, and whether it is whole."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ppocr_kit.errors import SetupError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.launch import SUPPLEMENTED
from ppocr_kit.vendor.pins import PINS
from ppocr_kit.vendor.process import ToolInvocation, run_tool

# Without these no tool of the release starts.
_NEEDED = (
    "tools/train.py",
    "tools/eval.py",
    "tools/export_model.py",
    "tools/program.py",
    "ppocr/__init__.py",
    "ppocr/data/__init__.py",
    "ppocr/postprocess/__init__.py",
    "ppocr/utils/save_load.py",
)
_PKG_INFO_VERSION = re.compile(r"^Version: *(\d[\w.+-]*)\s*$", re.MULTILINE)
_PKG_INFO_NAME = re.compile(r"^Name: *paddleocr\s*$", re.MULTILINE | re.IGNORECASE)
_TAG_VERSION = re.compile(r"v?(\d+\.\d+(?:\.\d+)*)")
_FOLDER_VERSION = re.compile(r"paddleocr-v?(\d+\.\d+(?:\.\d+)*)\Z", re.IGNORECASE)
_SHOWN = 4


class Damage(str, Enum):
    """How a file of a vendored tree differs from what was unpacked."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"

    def __str__(self) -> str:
        """Return the plain name."""
        return self.value


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was unpacked.

    Attributes:
        path: Relative to the tree, with ``/``.
        damage: What is wrong with it.
    """

    path: str
    damage: Damage


def check_tree(path: Path) -> bool:
    """Say whether a tree is complete; refuse what is not a PaddleOCR release.

    Returns:
        True when it has its own ``ppocr/modeling`` and so on, False when the supplement stands in.

    Raises:
        SetupError: It is no release, or only part of one.
    """
    hint = "give the folder that holds tools/ and ppocr/, or let the kit bring one: ppocr-kit vendor sync"
    if not path.is_dir():
        raise SetupError("the PaddleOCR release is not there", at=str(path), hint=hint)
    missing = [name for name in _NEEDED if not (path / name).is_file()]
    if missing:
        named = ", ".join(missing[:_SHOWN]) + (" …" if len(missing) > _SHOWN else "")
        raise SetupError(f"not a PaddleOCR release: {named} missing", at=str(path), hint=hint)
    unreadable = [name for name in _NEEDED if not os.access(path / name, os.R_OK)]
    if unreadable:
        raise SetupError(
            f"the release cannot be read: {unreadable[0]}", at=str(path), hint="check its permissions"
        )
    present = [name for name in SUPPLEMENTED if (path / "ppocr" / name).is_dir()]
    if present and len(present) != len(SUPPLEMENTED):
        absent = ", ".join(f"ppocr/{name}" for name in SUPPLEMENTED if name not in present)
        raise SetupError(
            f"the release is only part of one: it has ppocr/{present[0]} but not {absent}",
            at=str(path),
            hint="check the tree out again (git status, git checkout .)",
        )
    return bool(present)


def read_version(path: Path) -> str | None:
    """Find out a tree's version, or None when nothing tells.

    In this order: the metadata of an unpacked archive, the tag of a git checkout, the content of
    files that the kit knows, the name of the folder (as GitHub's zip archives have it).
    """
    try:
        metadata = (path / "PKG-INFO").read_text(encoding="utf-8", errors="replace")
    except OSError:
        metadata = ""
    found = _PKG_INFO_VERSION.search(metadata)
    if found and _PKG_INFO_NAME.search(metadata):
        return found[1]
    return _version_by_git(path) or _version_by_content(path) or _version_by_name(path)


def key_file_differences(path: Path, version: str) -> list[str]:
    """List the files that the kit relies on and that are not as published; none if unknown."""
    pin = PINS.get(version)
    known = {} if pin is None else pin.key_files
    return [
        name
        for name, digest in known.items()
        if not (path / name).is_file() or sha256_of(path / name) != digest
    ]


def hash_tree(path: Path, track: Track = no_progress) -> dict[str, str]:
    """Hash every file of a tree, links by where they point, ``.git`` left out.

    Returns:
        sha256 by path relative to the tree, sorted.
    """
    names = _files_of(path)
    return {name: _hash(path / name) for name in track(names, "hashing", total=len(names))}


def compare_tree(path: Path, recorded: Mapping[str, str], track: Track = no_progress) -> list[Difference]:
    """Hold a tree against its recorded hashes, file by file.

    Returns:
        What differs, sorted by path; nothing for a tree as it was unpacked.
    """
    present = set(_files_of(path))
    found = [Difference(name, Damage.EXTRA) for name in present - set(recorded)]
    for name, digest in track(recorded.items(), "checking", total=len(recorded)):
        if name not in present:
            found.append(Difference(name, Damage.MISSING))
        elif _hash(path / name) != digest:
            found.append(Difference(name, Damage.CHANGED))
    return sorted(found, key=lambda difference: difference.path)


def _files_of(path: Path) -> list[str]:
    """List the files and links below a folder, relative, with ``/``, sorted.

    Bytecode is left out: any Python or editor that looks at the tree writes it, and tools are
    started with it switched off.
    """
    names = []
    for folder, folders, files in os.walk(path):
        inside = Path(folder).relative_to(path)
        folders[:] = [name for name in folders if name != "__pycache__"]
        if inside == Path():
            folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        names += [(inside / name).as_posix() for name in (*files, *links)]
    return sorted(names)


def _hash(path: Path) -> str:
    if path.is_symlink():
        return f"link:{path.readlink()}"
    return sha256_of(path)


def _version_by_git(path: Path) -> str | None:
    """Ask git for the tag that a checkout stands on or descends from."""
    if not (path / ".git").exists():
        return None
    argv = ("git", "-C", str(path), "describe", "--tags", "--abbrev=0")
    call = ToolInvocation("git describe", argv, path, timeout_s=30)
    try:
        result = run_tool(call, check=False)
    except SetupError:
        # no git on this machine; other signs remain
        return None
    found = _TAG_VERSION.search(result.tail[-1]) if result.returncode == 0 and result.tail else None
    return found[1] if found else None


def _version_by_content(path: Path) -> str | None:
    for version in PINS:
        if not key_file_differences(path, version):
            return version
    return None


def _version_by_name(path: Path) -> str | None:
    found = _FOLDER_VERSION.search(path.resolve().name)
    return found[1] if found else None
