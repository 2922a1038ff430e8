from __future__ import annotations

import errno
import hashlib
import sys

import numpy as np
import pytest

from ppocr_kit.datasets import lmdb_writing
from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.crop_spool import SpoolReader, SpoolWriter
from ppocr_kit.datasets.lmdb_reading import LMDB_FILE, LmdbRows
from ppocr_kit.datasets.lmdb_writing import LmdbWriter
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import SetupError
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Split, Task


def write(folder, rows):
    writer = LmdbWriter(folder)
    checksum = writer.write_pictures(picture for picture, _ in rows)
    assert writer.write_labels(text for _, text in rows) == len(rows)
    writer.close()
    return checksum


@pytest.mark.parametrize("count", [0, 1, 9, 5000])
def test_what_is_written_reads_back(tmp_path, count):
    rows = [(b"picture %d" % number, f"text {number} 中") for number in range(count)]
    write(tmp_path / "a.lmdb", rows)
    with LmdbRows(tmp_path / "a.lmdb") as found:
        assert len(found) == count
        assert [label.decode() for _, label in found] == [text for _, text in rows]
        assert [found.read(name) for name, _ in found] == [picture for picture, _ in rows]


def test_the_map_grows_as_far_as_it_must(tmp_path, monkeypatch):
    monkeypatch.setattr(lmdb_writing, "_FIRST_MAP_BYTES", 1 << 16)
    noise = np.random.default_rng(0).bytes(300_000)
    rows = [(noise[number:], "x") for number in range(60)]
    write(tmp_path / "a.lmdb", rows)
    with LmdbRows(tmp_path / "a.lmdb") as found:
        assert [found.read(name) for name, _ in found] == [picture for picture, _ in rows]
    assert (tmp_path / "a.lmdb" / LMDB_FILE).stat().st_size < 20_000_000


def test_the_same_rows_make_the_same_bytes_and_no_lock_is_left(tmp_path):
    rows = [(bytes([number % 256]) * (number * 37 % 9000), str(number)) for number in range(3000)]
    checksums = {write(tmp_path / name, rows) for name in ("a", "b")}
    files = [(tmp_path / name / LMDB_FILE).read_bytes() for name in ("a", "b")]
    assert len(checksums) == 1
    assert files[0] == files[1]
    assert [path.name for path in (tmp_path / "a").iterdir()] == [LMDB_FILE]


def test_pictures_that_are_cut_elsewhere_have_another_checksum(tmp_path):
    assert write(tmp_path / "a", [(b"12", "x"), (b"3", "y")]) != write(
        tmp_path / "b", [(b"1", "x"), (b"23", "y")]
    )


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    import lmdb

    writer = LmdbWriter(tmp_path / "a")

    class Full:
        def begin(self, **options):
            raise lmdb.Error("mdb_txn_commit: No space left on device")

    monkeypatch.setattr(writer, "_environment", Full())
    with pytest.raises(OSError, match="No space left") as caught:
        writer.write_pictures([b"x"])
    assert caught.value.errno == errno.ENOSPC


def test_crops_in_an_lmdb_are_those_in_files(tmp_path):
    source = draw_pages(tmp_path / "labels", 12, lines=3).folder
    files = build_dataset(BuildRequest((source,), "files", tmp_path / "out"))
    lmdbs = build_dataset(BuildRequest((source,), "lmdb", tmp_path / "out", format="lmdb"))
    rec = read_dataset(lmdbs.folder).tasks[Task.REC]
    for split in Split:
        rows = (files.folder / f"rec/{split}.txt").read_text("utf-8").splitlines()
        crops = [(files.folder / "rec" / row.split("\t")[0]).read_bytes() for row in rows]
        texts = [row.split("\t")[1] for row in rows]
        with LmdbRows(rec.splits[split].lmdb) as found:
            assert [found.read(name) for name, _ in found] == crops
            assert [label.decode() for _, label in found] == texts
        listed = rec.splits[split].list_path.read_text("utf-8").splitlines()
        assert listed == [f"image-{number:09d}\t{text}" for number, text in enumerate(texts, start=1)]
        digest = hashlib.sha256(b"".join(len(crop).to_bytes(8, "big") + crop for crop in crops)).hexdigest()
        assert lmdbs.manifest["tasks"]["rec"]["splits"][str(split)]["lmdb_sha256"] == digest
    assert not (lmdbs.folder / "rec/crops").exists()
    assert lmdbs.manifest["tasks"]["det"] == files.manifest["tasks"]["det"]


def test_without_lmdb_installed_nothing_is_started(tmp_path, monkeypatch):
    source = draw_pages(tmp_path / "labels", 4, lines=1).folder
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(SetupError, match="lmdb is not installed") as caught:
        build_dataset(BuildRequest((source,), "set", tmp_path / "out", format="lmdb"))
    assert "pip install lmdb" in caught.value.hint
    assert build_dataset(BuildRequest((source,), "set", tmp_path / "out")).pages == 4


def test_a_dry_run_with_lmdbs_writes_nothing(tmp_path):
    source = draw_pages(tmp_path / "labels", 12, lines=1).folder
    request = BuildRequest((source,), "set", tmp_path / "out", format="lmdb")
    planned = build_dataset(request, dry_run=True)
    assert not (tmp_path / "out").exists()
    built = build_dataset(request).manifest["tasks"]["rec"]["splits"]
    for split, entry in planned.manifest["tasks"]["rec"]["splits"].items():
        assert entry == {key: value for key, value in built[split].items() if key != "lmdb_sha256"}


def test_spooled_crops_are_read_in_any_order(tmp_path):
    for chunk in range(300):
        writer = SpoolWriter(tmp_path, chunk)
        for number in range(3):
            writer.add(b"%d-%d" % (chunk, number))
        writer.close()
    reader = SpoolReader(tmp_path)
    for chunk in [*range(0, 300, 7), *range(299, 0, -11)]:
        one = len(b"%d-0" % chunk)
        assert reader.read(chunk, one, one) == b"%d-1" % chunk
    reader.close()


def test_a_chunk_without_crops_makes_no_file(tmp_path):
    SpoolWriter(tmp_path, 0).close()
    assert list(tmp_path.iterdir()) == []
