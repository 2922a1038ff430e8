from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.storage import (
    atomic_folder,
    keep_backup,
    sha256_of,
    write_bytes_atomic,
    write_json_atomic,
)


def test_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_sha256_of_an_absent_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        sha256_of(tmp_path / "none")
    assert caught.value.at == str(tmp_path / "none")


def test_json_is_written_with_final_newline_and_without_escapes(tmp_path: Path) -> None:
    write_json_atomic(tmp_path / "deep" / "a.json", {"字": 1})
    assert (tmp_path / "deep" / "a.json").read_text(encoding="utf-8") == '{\n  "字": 1\n}\n'


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_failed_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    target = tmp_path / "list.txt"
    target.write_bytes(b"old")

    def fail(source: object, destination: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SetupError) as caught:
        write_bytes_atomic(target, b"new")
    assert str(target) in str(caught.value)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.txt"]


def test_atomic_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "data"
    for content in ("one", "two"):
        with atomic_folder(target) as work:
            (work / "file").write_text(content)
    assert (target / "file").read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize("error", [ValueError("bad"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_atomic_folder_that_fails_leaves_the_old_one(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "data"
    target.mkdir()
    (target / "file").write_text("old")
    expected = SetupError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), atomic_folder(target) as work:
        (work / "file").write_text("half")
        raise error
    assert (target / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_backups_are_copies_with_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "Label.txt"
    path.write_bytes(b"\r\n\xff" * 10)
    path.chmod(0o640)
    first, second = keep_backup(path), keep_backup(path)
    assert first != second
    for backup in (first, second):
        assert backup.name.startswith("Label.txt.2")
        assert backup.suffix == ".bak"
        assert backup.read_bytes() == path.read_bytes()
        assert backup.stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_written_anew_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    path.chmod(0o600)
    write_bytes_atomic(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
