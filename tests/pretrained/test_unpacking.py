from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.pretrained import unpacking
from ppocr_kit.pretrained.unpacking import is_archive, unpack_weights


def pack(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "weights.pdparams"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_the_best_weights_are_taken_out(tmp_path: Path, target: Path, mode: str) -> None:
    members = {"m/latest.pdparams": b"old", "m/best_accuracy.pdparams": b"best", "m/train.log": b"log"}
    archive = pack(tmp_path / "a.tar", members, mode)
    assert is_archive(archive)
    assert unpack_weights(archive, target) == "m/best_accuracy.pdparams"
    assert target.read_bytes() == b"best" and len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["./m/any.pdparams"], "./m/any.pdparams"),
        (["m/teacher.pdparams", "m/student.pdparams"], "m/student.pdparams"),
        (["m/._best_accuracy.pdparams", "m/iter_epoch_3.pdparams"], "m/iter_epoch_3.pdparams"),
        (["m/latest.pdparams", "m/iter_epoch_3.pdparams"], "m/latest.pdparams"),
    ],
)
def test_one_file_is_chosen(tmp_path: Path, target: Path, names: list[str], taken: str) -> None:
    archive = pack(tmp_path / "a.tar", dict.fromkeys(names, b"x"))
    assert unpack_weights(archive, target) == taken


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["m/inference.pdiparams"], "no .pdparams file"),
        (["m/a.pdparams", "m/b.pdparams"], "2 files of weights"),
        (["m/best_accuracy.pdparams", "../evil.pdparams"], "leads outside"),
        (["m/best_accuracy.pdparams", "/etc/evil"], "leads outside"),
        (["m/best_accuracy.pdparams", "m/../../evil"], "leads outside"),
        (["m\\..\\evil.pdparams"], "leads outside"),
    ],
)
def test_other_archives_are_refused(tmp_path: Path, target: Path, names: list[str], said: str) -> None:
    archive = pack(tmp_path / "a.tar", dict.fromkeys(names, b"x"))
    with pytest.raises(DataError, match=said):
        unpack_weights(archive, target)
    assert not target.exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, target: Path, kind: bytes) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo("m/best_accuracy.pdparams")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(DataError, match="a link or device"):
        unpack_weights(archive, target)


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1000)
    archive = pack(tmp_path / "a.tar.gz", {"m/best_accuracy.pdparams": bytes(2000)}, "w:gz")
    with pytest.raises(DataError, match="more than"):
        unpack_weights(archive, target)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_off_archive_is_refused(tmp_path: Path, target: Path, keep: float) -> None:
    content = bytes(range(256)) * 200
    archive = pack(tmp_path / "a.tar.gz", {"m/best_accuracy.pdparams": content}, "w:gz")
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * keep)])
    with pytest.raises(DataError, match="damaged"):
        unpack_weights(archive, target)


def test_a_bare_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.pdparams").write_bytes(b"\x80\x04}.")
    assert not is_archive(tmp_path / "a.pdparams")
