"""Bringing, choosing and checking a release; no network and no paddle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor import pins, release, sources
from ppocr_kit.vendor.launch import SUPPLEMENTED
from ppocr_kit.vendor.release import find_release, sync_release, verify_release
from ppocr_kit.vendor.tree import Damage, Difference, check_tree, read_version

NEEDED = ("tools/eval.py", "tools/export_model.py", "tools/program.py", "tools/train.py")
PACKAGES = ("ppocr", "ppocr/data", "ppocr/postprocess", "ppocr/utils")


def make_tree(path: Path, *, complete: bool = False) -> Path:
    """Write the outline of a release."""
    for name in (*NEEDED, *(f"{package}/__init__.py" for package in PACKAGES), "ppocr/utils/save_load.py"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(f"# {name}\n")
    for name in SUPPLEMENTED if complete else ():
        (path / "ppocr" / name).mkdir()
        (path / "ppocr" / name / "__init__.py").write_text("")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "PaddleOCR-3.7.0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def archive(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of the outline, pinned as if it had been published as 3.7.0."""
    path = tmp_path / "paddleocr-3.7.0.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tree, arcname="paddleocr-3.7.0")
    pin = replace(
        pins.PINS["3.7.0"],
        sdist_sha256=sha256_of(path),
        key_files={"tools/train.py": sha256_of(tree / "tools/train.py")},
    )
    monkeypatch.setitem(pins.PINS, "3.7.0", pin)
    return path


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, archive: Path) -> Path:
    """A git repository with the tag v3.7.0 and a later commit; its content agrees with the pin."""
    folder = make_tree(tmp_path / "origin", complete=True)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "release")
    git(folder, "tag", "v3.7.0")
    (folder / "tools" / "train.py").write_text("# later\n")
    git(folder, "commit", "--quiet", "-am", "later")
    return folder


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def test_a_given_archive_is_unpacked_and_becomes_the_choice(project: Path, archive: Path, tree: Path) -> None:
    brought, fresh = sync_release(project, source=str(archive))
    assert fresh
    assert (brought.version, brought.source, brought.complete) == ("3.7.0", "pypi", False)
    assert brought.path == project / "vendor" / "PaddleOCR-3.7.0"
    assert find_release(project) == brought
    assert (brought.path / "tools/train.py").read_bytes() == (tree / "tools/train.py").read_bytes()
    assert verify_release(project) == (brought.path, [])
    # a project that is moved keeps its release
    assert json.loads((project / "vendor" / "release.json").read_text())["path"] == "vendor/PaddleOCR-3.7.0"


def test_a_second_sync_touches_nothing_and_needs_no_archive(project: Path, archive: Path) -> None:
    first, _ = sync_release(project, source=str(archive))
    before = snapshot(project)
    archive.unlink()
    assert sync_release(project) == (first, False)
    assert snapshot(project) == before


def test_every_kind_of_damage_is_named_file_by_file(project: Path, archive: Path) -> None:
    brought, _ = sync_release(project, source=str(archive))
    (brought.path / "tools/train.py").write_text("# other\n")
    (brought.path / "tools/eval.py").unlink()
    (brought.path / "tools/extra.py").write_text("")
    assert verify_release(project)[1] == [
        Difference("tools/eval.py", Damage.MISSING),
        Difference("tools/extra.py", Damage.EXTRA),
        Difference("tools/train.py", Damage.CHANGED),
    ]
    with pytest.raises(SetupError, match="3 files differ, first tools/eval.py"):
        sync_release(project, source=str(archive))
    sync_release(project, source=str(archive), force=True)
    assert verify_release(project)[1] == []


def test_bytecode_beside_the_sources_is_no_damage(project: Path, archive: Path) -> None:
    brought, _ = sync_release(project, source=str(archive))
    cache = brought.path / "tools" / "__pycache__"
    cache.mkdir()
    (cache / "train.cpython-311.pyc").write_bytes(b"")
    assert verify_release(project)[1] == []
    assert sync_release(project, source=str(archive)) == (brought, False)


def test_an_archive_with_another_checksum_is_not_unpacked(project: Path, archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(SetupError, match="not the published archive of PaddleOCR 3.7.0"):
        sync_release(project, source=str(archive))
    assert not (project / "vendor").exists()


def test_a_failed_sync_leaves_the_old_tree_whole(project: Path, archive: Path, monkeypatch) -> None:
    brought, _ = sync_release(project, source=str(archive))
    before = snapshot(project)

    def disk_full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(release, "unpack_archive", disk_full)
    with pytest.raises(SetupError, match="disk is full"):
        sync_release(project, source=str(archive), force=True)
    assert snapshot(brought.path) == {
        name[len("vendor/PaddleOCR-3.7.0/") :]: time
        for name, time in before.items()
        if name.startswith("vendor/PaddleOCR-3.7.0/")
    }
    assert sorted(path.name for path in (project / "vendor").iterdir()) == [
        "PaddleOCR-3.7.0",
        "PaddleOCR-3.7.0.manifest.json",
        "release.json",
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_a_setup_error(project: Path, archive: Path) -> None:
    project.chmod(0o500)
    try:
        with pytest.raises(SetupError, match="cannot write here"):
            sync_release(project, source=str(archive))
    finally:
        project.chmod(0o700)


def test_a_vendor_that_is_a_file_is_a_setup_error(project: Path, archive: Path) -> None:
    (project / "vendor").write_text("in the way")
    with pytest.raises(SetupError, match="cannot write"):
        sync_release(project, source=str(archive))


def test_a_tag_is_cloned_at_its_commit_and_its_own_packages_are_used(project: Path, repository: Path) -> None:
    commit = git(repository, "rev-parse", "v3.7.0^{commit}")
    url = repository.as_uri()
    brought, fresh = sync_release(project, source="git", url=url)
    assert (fresh, brought.source, brought.complete) == (True, "git", True)
    assert (brought.commit, brought.origin) == (commit, url)
    assert "later" not in (brought.path / "tools/train.py").read_text()
    assert not (brought.path / ".git").exists()
    assert sync_release(project, source="git", url=url) == (brought, False)
    assert find_release(project) == brought


def test_a_tag_that_moved_since_the_first_clone_is_refused(project: Path, repository: Path) -> None:
    url = repository.as_uri()
    first, _ = sync_release(project, source="git", url=url)
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "other")
    git(repository, "reset", "--quiet", "--hard", "v3.7.0")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "moved")
    git(repository, "tag", "--force", "v3.7.0")
    moved = git(repository, "rev-parse", "HEAD")
    with pytest.raises(SetupError, match="names another commit than before"):
        sync_release(project, source="git", url=url, force=True)
    assert find_release(project) == first
    with pytest.raises(SetupError, match="names another commit than before"):
        sync_release(project, source="git", url=url, commit="0" * 40)
    assert sync_release(project, source="git", url=url, commit=moved)[0].commit == moved


def test_a_tag_with_other_content_than_published_is_refused(project: Path, repository: Path) -> None:
    git(repository, "tag", "--force", "v3.7.0", "HEAD")
    with pytest.raises(SetupError, match=r"does not hold what was published as 3.7.0: tools/train.py"):
        sync_release(project, source="git", url=repository.as_uri())
    assert not (project / "vendor" / "PaddleOCR-3.7.0").exists()


def test_a_link_out_of_a_repository_is_refused(project: Path, repository: Path) -> None:
    (repository / "tools" / "passwords").symlink_to("/etc/passwd")
    git(repository, "checkout", "--quiet", "v3.7.0")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "link")
    git(repository, "tag", "--force", "v3.7.0")
    with pytest.raises(SetupError, match="a link that leads outside"):
        sync_release(project, source="git", url=repository.as_uri())


def test_an_unknown_tag_and_an_unreachable_repository_are_told_apart(project: Path, repository: Path) -> None:
    with pytest.raises(SetupError, match=r"has no tag v9\.9\.9"):
        sync_release(project, source="git", url=repository.as_uri(), version="9.9.9")
    with pytest.raises(SetupError, match="could not be cloned") as caught:
        sync_release(project, source="git", url=(project / "nowhere").as_uri())
    assert "--source" in str(caught.value.hint)


def test_git_that_is_not_installed_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(SetupError, match="git is not installed"):
        sync_release(project, source="git")


def test_a_checkout_is_used_in_place_and_never_changed(project: Path, tree: Path) -> None:
    (tree / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: paddleocr\nVersion: 3.6.0\n")
    before = snapshot(tree)
    brought, _ = sync_release(project, source=str(tree))
    assert (brought.version, brought.source, brought.path) == ("3.6.0", "path", tree)
    assert find_release(project) == brought
    assert verify_release(project) == (tree, [])
    assert snapshot(tree) == before
    with pytest.raises(SetupError, match="the checkout is PaddleOCR 3.6.0, not 3.7.0"):
        sync_release(project, source=str(tree), version="3.7.0")


def test_the_version_is_read_from_the_tag_the_content_or_the_folder(repository: Path, tmp_path: Path) -> None:
    assert read_version(repository) == "3.7.0"
    by_content = tmp_path / "any"
    shutil.copytree(tmp_path / "PaddleOCR-3.7.0", by_content)
    assert read_version(by_content) == "3.7.0"
    by_name = make_tree(tmp_path / "PaddleOCR-2.10.0")
    (by_name / "tools/train.py").write_text("# other\n")
    assert read_version(by_name) == "2.10.0"
    assert read_version(by_name.rename(tmp_path / "PaddleOCR-main")) is None


def test_a_checkout_of_unknown_version_needs_it_said(project: Path, tmp_path: Path, archive: Path) -> None:
    checkout = make_tree(tmp_path / "PaddleOCR-main", complete=True)
    (checkout / "tools/train.py").write_text("# other\n")
    with pytest.raises(SetupError, match="nothing tells the checkout's version"):
        sync_release(project, source=str(checkout))
    assert sync_release(project, source=str(checkout), version="3.8.0")[0].complete


def test_what_is_no_release_is_refused_with_what_is_missing(
    project: Path, tree: Path, tmp_path: Path
) -> None:
    (tree / "tools/train.py").unlink()
    with pytest.raises(SetupError, match=r"not a PaddleOCR release: tools/train\.py missing"):
        sync_release(project, source=str(tree))
    with pytest.raises(SetupError, match="no such file or folder"):
        sync_release(project, source=str(tmp_path / "nowhere"))
    half = make_tree(tmp_path / "half")
    (half / "ppocr" / "modeling").mkdir()
    with pytest.raises(SetupError, match=r"has ppocr/modeling but not ppocr/losses"):
        check_tree(half)


def test_a_version_without_a_checksum_is_not_downloaded(project: Path) -> None:
    with pytest.raises(SetupError, match="no checksum is recorded for the archive of PaddleOCR 1.2.3"):
        sync_release(project, version="1.2.3")


@pytest.mark.parametrize("options", [{"url": "x"}, {"commit": "x"}])
def test_options_of_git_are_refused_elsewhere(project: Path, options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="go with --source git"):
        sync_release(project, **options)  # type: ignore[arg-type]


def test_a_project_without_a_release_is_told_how_to_get_one(project: Path) -> None:
    for call in (find_release, verify_release):
        with pytest.raises(SetupError, match="no PaddleOCR release yet") as caught:
            call(project)
        assert caught.value.hint == "ppocr-kit vendor sync"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 99}', '{"format": 1}', "\udcff"])
def test_a_damaged_record_is_a_setup_error(project: Path, content: str) -> None:
    record = project / "vendor" / "release.json"
    record.parent.mkdir()
    record.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SetupError, match="record"):
        find_release(project)


def test_a_release_that_was_deleted_is_named(project: Path, tree: Path) -> None:
    sync_release(project, source=str(tree))
    shutil.rmtree(tree)
    with pytest.raises(SetupError, match="the PaddleOCR release is gone"):
        find_release(project)


def test_an_index_that_cannot_be_reached_is_a_setup_error_with_a_way_out(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pip tries for real, against a port where nobody listens
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError) as caught:
        sync_release(project)
    assert "cannot be reached" in caught.value.message or "could not bring" in caught.value.message
    assert "--source paddleocr-3.7.0.tar.gz" in str(caught.value.hint)
    assert not (project / "vendor" / "release.json").exists()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"], "another archive"),
        (
            ["WARNING: Retrying after NewConnectionError", "ERROR: No matching distribution"],
            "cannot be reached",
        ),
        (["ERROR: something else"], "could not bring"),
        ([], "could not bring"),
    ],
)
def test_what_pip_says_is_understood(lines: list[str], expected: str, project: Path, monkeypatch) -> None:
    from ppocr_kit.vendor.process import ToolResult

    monkeypatch.setattr(sources, "run_tool", lambda *_, **__: ToolResult(1, 0.1, None, tuple(lines)))
    with pytest.raises(SetupError, match=expected):
        sync_release(project)
