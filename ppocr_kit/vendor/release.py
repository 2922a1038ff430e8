"""The PaddleOCR release that a project uses: found, brought and checked.

A project folder keeps its choice in ``vendor/release.json``. A release is the archive of the
package index or a git tag, both unpacked below ``vendor/`` with a list of checksums beside them, or
a checkout of the user's that is used in place and never written to.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import atomic_folder, write_json_atomic
from ppocr_kit.vendor.archive import unpack_archive
from ppocr_kit.vendor.pins import DEFAULT_VERSION, PINS
from ppocr_kit.vendor.sources import check_archive, clone_tag, download_archive, pinned
from ppocr_kit.vendor.tree import (
    Damage,
    Difference,
    check_tree,
    compare_tree,
    hash_tree,
    key_file_differences,
    read_version,
)

_FORMAT = 1
_BRING = "ppocr-kit vendor sync"
_AGAIN = "ppocr-kit vendor sync --force brings it again"


@dataclass(frozen=True)
class PinnedRelease:
    """A release on this machine.

    Attributes:
        version: Its version: ``3.7.0``.
        path: Its folder, which holds ``tools`` and ``ppocr``; absolute.
        source: ``pypi``, ``git`` or ``path``.
        complete: Whether it has ``ppocr/modeling`` and the other packages that the published
            archive leaves out; if not, the supplement stands in.
        commit: Commit of a git tag, else None.
        origin: sha256 of the archive, or URL of the repository; None for a checkout.
    """

    version: str
    path: Path
    source: str
    complete: bool
    commit: str | None = None
    origin: str | None = None


def find_release(project: Path | None = None) -> PinnedRelease:
    """Find the release that a project has chosen.

    Args:
        project: The project folder; None for the current one.

    Raises:
        SetupError: There is none yet, or it is gone or not readable.
    """
    project = Path.cwd() if project is None else project
    choice = _choice_file(project)
    if not choice.is_file():
        raise SetupError("this folder has no PaddleOCR release yet", at=str(choice), hint=_BRING)
    body = _read_json(choice, ("version", "path", "source"))
    path = (project / str(body["path"])).absolute()
    if not path.is_dir():
        raise SetupError("the PaddleOCR release is gone", at=str(path), hint=_BRING)
    complete = check_tree(path)
    return PinnedRelease(
        str(body["version"]), path, str(body["source"]), complete, body.get("commit"), body.get("origin")
    )


def sync_release(
    project: Path | None = None,
    *,
    version: str | None = None,
    source: str = "pypi",
    url: str | None = None,
    commit: str | None = None,
    force: bool = False,
    track: Track = no_progress,
) -> tuple[PinnedRelease, bool]:
    """Bring a release and make it the project's choice; does nothing when it is there and whole.

    Args:
        project: The project folder; None for the current one.
        version: The version; None for the one that the kit was tested with, or that a path has.
        source: ``pypi``, ``git``, or the path of a checkout or of a downloaded archive.
        url: The repository, for ``git``.
        commit: The commit that the tag must name, for ``git``.
        force: Bring it again, also over a damaged one.
        track: Shows progress.

    Returns:
        The release, and whether anything was brought.

    Raises:
        UsageError: Options that do not go together.
        SetupError: It cannot be had, is not what was recorded, or the tree there is damaged.
    """
    project = Path.cwd() if project is None else project
    if source != "git" and (url or commit):
        raise UsageError("--url and --commit go with --source git", at=f"--source {source}")
    if source not in ("pypi", "git"):
        given = Path(source).expanduser()
        if given.is_dir():
            return _use_in_place(project, given, version), True
        if not given.is_file():
            raise SetupError(
                "there is no such file or folder", at=source, hint="--source pypi, git, or a path"
            )
        pinned(version or DEFAULT_VERSION)
    wanted = version or DEFAULT_VERSION
    present = None if force else _whole_release(project, wanted, source, commit, track)
    if present is not None:
        return present, False
    if source == "git":
        return _bring_clone(project, wanted, url, commit, track), True
    return _bring_archive(project, wanted, source, track), True


def verify_release(project: Path | None = None, track: Track = no_progress) -> tuple[Path, list[Difference]]:
    """Hold the project's vendored release against the checksums taken when it was unpacked.

    A checkout that is used in place has no such list; of it the files that the kit relies on are
    held against what was published.

    Returns:
        Its folder, and what differs, file by file; nothing for a whole tree.

    Raises:
        SetupError: There is no release, or the list of checksums is gone.
    """
    project = Path.cwd() if project is None else project
    body = _read_json(_choice_file(project), ("version", "path", "source"))
    path = (project / str(body["path"])).absolute()
    if body["source"] == "path":
        check_tree(path)
        changed = key_file_differences(path, str(body["version"]))
        return path, [Difference(name, Damage.CHANGED) for name in changed]
    return path, compare_tree(path, _recorded_files(project, str(body["version"])), track)


def release_folder(project: Path, version: str) -> Path:
    """Return where a version is unpacked."""
    return project / "vendor" / f"PaddleOCR-{version}"


def _whole_release(
    project: Path, version: str, source: str, commit: str | None, track: Track
) -> PinnedRelease | None:
    """Return the release that is there already and whole, or None when it must be brought."""
    manifest, folder = _manifest_file(project, version), release_folder(project, version)
    if not (manifest.is_file() and folder.is_dir()):
        return None
    recorded = _read_json(manifest, ("files", "release"))
    kept: Mapping[str, Any] = recorded["release"]
    same_source = kept["source"] == ("git" if source == "git" else "pypi")
    if not same_source or (commit is not None and kept.get("commit") != commit):
        return None
    differences = compare_tree(folder, recorded["files"], track)
    if differences:
        raise SetupError(
            f"the release that is there is damaged: {len(differences)} files differ, first "
            f"{differences[0].path} ({differences[0].damage})",
            at=str(folder),
            hint=f"ppocr-kit vendor verify lists them; {_AGAIN}",
        )
    release = PinnedRelease(
        version, folder.absolute(), kept["source"], check_tree(folder), kept.get("commit"), kept.get("origin")
    )
    _choose(project, release)
    return release


def _bring_archive(project: Path, version: str, source: str, track: Track) -> PinnedRelease:
    """Unpack the published archive, downloaded or given."""
    folder = release_folder(project, version)
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-download-") as scratch:
        if source == "pypi":
            archive = download_archive(version, Path(scratch))
        else:
            archive = Path(source).expanduser()
            check_archive(archive, version)
        with atomic_folder(folder) as work:
            unpack_archive(archive, work, track)
            complete = check_tree(work)
            release = PinnedRelease(
                version, folder.absolute(), "pypi", complete, None, f"sha256:{PINS[version].sdist_sha256}"
            )
            files = hash_tree(work)
    _record(project, release, files)
    return release


def _bring_clone(
    project: Path, version: str, url: str | None, commit: str | None, track: Track
) -> PinnedRelease:
    """Clone a tag and hold it to the commit that is recorded, given, or was seen before."""
    folder = release_folder(project, version)
    pin = PINS.get(version)
    expected = commit or (pin.commit if pin else None) or _commit_seen_before(project, version)
    with atomic_folder(folder) as work:
        origin, found = clone_tag(version, work, url)
        if expected is not None and found != expected:
            raise SetupError(
                f"the tag v{version} names another commit than before: {found} instead of {expected}",
                at=origin,
                hint="find out why before you use it; --commit SHA accepts a commit",
            )
        complete = check_tree(work)
        changed = key_file_differences(work, version)
        if changed:
            raise SetupError(
                f"the tag v{version} does not hold what was published as {version}: {', '.join(changed)}",
                at=origin,
                hint="use another repository (--url) or the package index (--source pypi)",
            )
        release = PinnedRelease(version, folder.absolute(), "git", complete, found, origin)
        files = hash_tree(work, track)
    _record(project, release, files)
    return release


def _use_in_place(project: Path, path: Path, version: str | None) -> PinnedRelease:
    """Choose a checkout of the user's."""
    complete = check_tree(path)
    found = read_version(path)
    if version is not None and found is not None and found != version:
        raise SetupError(
            f"the checkout is PaddleOCR {found}, not {version}", at=str(path), hint="leave --release out"
        )
    known = found or version
    if known is None:
        raise SetupError("nothing tells the checkout's version", at=str(path), hint="say it: --release 3.7.0")
    release = PinnedRelease(known, path.resolve(), "path", complete)
    _choose(project, release)
    return release


def _record(project: Path, release: PinnedRelease, files: Mapping[str, str]) -> None:
    """Keep the checksums of a tree beside it, and make it the project's choice."""
    body = {"format": _FORMAT, "release": _to_json(project, release), "files": dict(files)}
    write_json_atomic(_manifest_file(project, release.version), body)
    _choose(project, release)


def _choose(project: Path, release: PinnedRelease) -> None:
    """Make a release the project's choice; nothing is written when it is already."""
    body, file = _to_json(project, release), _choice_file(project)
    try:
        same = json.loads(file.read_text(encoding="utf-8")) == body
    except (OSError, ValueError):
        same = False
    if not same:
        write_json_atomic(file, body)


def _to_json(project: Path, release: PinnedRelease) -> dict[str, Any]:
    """Return a release as JSON, its path relative where it lies in the project."""
    inside = project.absolute() in release.path.parents
    return {
        "format": _FORMAT,
        "version": release.version,
        "source": release.source,
        "path": (release.path.relative_to(project.absolute()) if inside else release.path).as_posix(),
        "complete": release.complete,
        "commit": release.commit,
        "origin": release.origin,
    }


def _choice_file(project: Path) -> Path:
    return project / "vendor" / "release.json"


def _manifest_file(project: Path, version: str) -> Path:
    return project / "vendor" / f"PaddleOCR-{version}.manifest.json"


def _commit_seen_before(project: Path, version: str) -> str | None:
    """Return the commit of an earlier clone of the version, or None."""
    manifest = _manifest_file(project, version)
    if not manifest.is_file():
        return None
    commit = _read_json(manifest, ("release",))["release"].get("commit")
    return None if commit is None else str(commit)


def _recorded_files(project: Path, version: str) -> dict[str, str]:
    manifest = _manifest_file(project, version)
    if not manifest.is_file():
        raise SetupError("the list of the release's checksums is gone", at=str(manifest), hint=_AGAIN)
    files: dict[str, str] = _read_json(manifest, ("files", "release"))["files"]
    return files


def _read_json(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """Read one of our own records.

    Raises:
        SetupError: It is absent, damaged, or of another format.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SetupError("this folder has no PaddleOCR release yet", at=str(path), hint=_BRING) from error
    except (OSError, ValueError) as error:
        raise SetupError(f"cannot read the record ({error})", at=str(path), hint=_AGAIN) from error
    if not isinstance(body, dict) or body.get("format") != _FORMAT or not all(key in body for key in keys):
        raise SetupError("the record is damaged or of another version of the kit", at=str(path), hint=_AGAIN)
    return body
