"""LMDBs as PaddleOCR keeps them, read without its code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import lmdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.datasets.lmdb_reading import LmdbRows, find_lmdbs, is_lmdb, list_line
from ppocr_kit.errors import DataError


def write(folder: Path, entries: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=1 << 20) as environment, environment.begin(write=True) as change:
        for key, value in entries.items():
            change.put(key.encode(), value)
    return folder


TWO = {
    "num-samples": b"2",
    "image-000000001": b"one", "label-000000001": "für".encode(),
    "image-000000002": b"two", "label-000000002": b"b",
}  # fmt: skip


def test_rows_come_in_order_with_their_pictures(tmp_path: Path) -> None:
    with LmdbRows(write(tmp_path / "x.lmdb", TWO)) as rows:
        assert len(rows) == 2
        assert list(rows) == [("image-000000001", "für".encode()), ("image-000000002", b"b")]
        assert [rows.read(name) for name, _ in rows] == [b"one", b"two"]


def test_several_lmdbs_are_read_by_path_and_rows_name_theirs(tmp_path: Path) -> None:
    for name in ("b/2", "b/10", "a"):
        write(tmp_path / name, {**TWO, "image-000000001": name.encode()})
    (tmp_path / "empty").mkdir()
    with LmdbRows(tmp_path) as rows:
        names = [name for name, _ in rows]
        assert names == [
            f"{part}/image-00000000{number}" for part in ("a", "b/10", "b/2") for number in (1, 2)
        ]
        assert rows.read("b/2/image-000000001") == b"b/2"
        assert rows.label_of("b/10/image-000000002") == b"b"
        assert rows.label_of("b/10/image-000000003") == rows.label_of("image-000000001") == b""
        assert not rows.has("image-000000001") and not rows.has("empty/image-000000001")


def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", {"num-samples": b"3", "image-000000001": b"", "label-000000002": b"b"})
    with LmdbRows(folder) as rows:
        assert [label for _, label in rows] == [None, b"b", None]
        assert [rows.has(f"image-{number:09d}") for number in (1, 2, 99)] == [False] * 3
        assert rows.read("image-000000001") is None and rows.read("../x/image-000000001") is None


def test_an_empty_one_has_no_rows(tmp_path: Path) -> None:
    with LmdbRows(write(tmp_path / "x", {"num-samples": b"0"})) as rows:
        assert list(rows) == []


@pytest.mark.parametrize("count", [None, b"", b"-1", b"many", b"\x80\x04K\x02."])
def test_one_without_a_number_of_rows_is_refused_and_closed(tmp_path: Path, count: bytes | None) -> None:
    folder = write(tmp_path / "x", {"a": b"b"} if count is None else {"num-samples": count})
    for _ in range(2):
        with pytest.raises(DataError, match="num-samples") as caught:
            LmdbRows(folder)
        assert caught.value.at == str(folder)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_a_damaged_one_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.mdb").write_bytes(content)
    assert is_lmdb(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        LmdbRows(tmp_path)


def test_a_folder_without_one_is_refused(tmp_path: Path) -> None:
    assert find_lmdbs(tmp_path) == find_lmdbs(tmp_path / "gone") == []
    with pytest.raises(DataError, match="no LMDB here"):
        LmdbRows(tmp_path)


def test_a_process_forked_later_reads_on(tmp_path: Path) -> None:
    with LmdbRows(write(tmp_path / "x", TWO)) as rows:
        child = os.fork()
        if child == 0:
            os._exit(0 if rows.read("image-000000002") == b"two" else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert rows.read("image-000000001") == b"one"


@given(st.none() | st.binary(max_size=20))
def test_a_row_is_one_line_or_a_line_without_a_label(label: bytes | None) -> None:
    line = list_line("sub/image-000000001", label)
    assert b"\n" not in line and b"\r" not in line
    name, *rest = line.split(b"\t")
    assert name == b"sub/image-000000001"
    assert rest == ([label] if label is not None and not set(label) & set(b"\t\r\n") else [])
