"""Unpacking: an honest archive comes out byte for byte, any other is refused before it is written."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError
from ppocr_kit.vendor import archive as archive_module
from ppocr_kit.vendor.archive import unpack_archive


def pack(path: Path, members: list[tarfile.TarInfo | tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                info.mode = 0o4777
                tar.addfile(info, io.BytesIO(member[1]))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_come_out_as_they_went_in_without_special_modes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    made = pack(tmp_path / "a.tar.gz", [("top/a.py", content), ("top/deep/字 b.txt", b""), ("top/c", b"1")])
    target = tmp_path / "out"
    target.mkdir()
    unpack_archive(made, target)
    assert everything(target) == ["a.py", "c", "deep", "deep/字 b.txt"]
    assert (target / "a.py").read_bytes() == content
    assert (target / "a.py").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    "member",
    [
        ("/etc/passwd", b"x"),
        ("top/../../out.txt", b"x"),
        ("../top/a", b"x"),
        ("top\\..\\a", b"x"),
        special("top/link", tarfile.SYMTYPE, "/etc/passwd"),
        special("top/link", tarfile.SYMTYPE, "a.py"),
        special("top/hard", tarfile.LNKTYPE, "top/a.py"),
        special("top/device", tarfile.CHRTYPE),
        special("top/pipe", tarfile.FIFOTYPE),
        ("second/a", b"x"),
    ],
    ids=[
        "absolute",
        "up",
        "up-first",
        "backslash",
        "link-out",
        "link-in",
        "hard",
        "device",
        "fifo",
        "two-tops",
    ],
)
def test_a_member_that_no_source_archive_has_is_refused(
    tmp_path: Path, member: tarfile.TarInfo | tuple[str, bytes]
) -> None:
    made = pack(tmp_path / "a.tar.gz", [("top/a.py", b"1"), member])
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(SetupError, match="nothing was unpacked"):
        unpack_archive(made, target)
    assert everything(target) == []


@pytest.mark.parametrize(("limit", "value"), [("MAX_MEMBERS", 1), ("MAX_BYTES", 10)])
def test_a_bomb_is_refused(tmp_path: Path, limit: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, limit, value)
    made = pack(tmp_path / "a.tar.gz", [("top/a", b"12345678"), ("top/b", b"12345678")])
    with pytest.raises(SetupError, match="more than"):
        unpack_archive(made, tmp_path)


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="not one folder"):
        unpack_archive(pack(tmp_path / "a.tar.gz", []), tmp_path)


def test_an_archive_that_is_cut_off_is_an_error_wherever_it_ends(tmp_path: Path) -> None:
    whole = pack(tmp_path / "a.tar.gz", [(f"top/{n}", bytes([n]) * 3000) for n in range(40)]).read_bytes()
    assert len(whole) > 100
    for length in (0, 1, 9, 11, len(whole) // 3, len(whole) // 2):
        broken = tmp_path / "broken.tar.gz"
        broken.write_bytes(whole[:length])
        target = tmp_path / f"out{length}"
        target.mkdir()
        with pytest.raises(SetupError, match=r"damaged or cut off|not one folder"):
            unpack_archive(broken, target)
