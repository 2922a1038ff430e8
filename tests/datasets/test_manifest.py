from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Split, Task


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("manifest")
    source = draw_pages(root / "pages", 5, lines=2).folder
    return build_dataset(BuildRequest((source,), "set", root / "out")).folder


@pytest.fixture
def changed(built, tmp_path):
    """Return a function that reads a copy of the set with a value of its manifest replaced."""
    manifest = json.loads((built / "dataset.json").read_text("utf-8"))

    def read(path, value):
        entry = manifest
        for key in path[:-1]:
            entry = entry[key]
        if value is None:
            del entry[path[-1]]
        else:
            entry[path[-1]] = value
        for task in ("det", "rec"):
            (tmp_path / task).symlink_to(built / task)
        (tmp_path / "dataset.json").write_text(json.dumps(manifest), "utf-8")
        return read_dataset(tmp_path)

    return read


def test_a_folder_without_a_manifest_says_how_to_build(tmp_path):
    with pytest.raises(DataError, match="no data set here") as caught:
        read_dataset(tmp_path)
    assert "ppocr-kit dataset build" in str(caught.value.hint)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100000, b'{"format": 1' + b"0" * 9999])
def test_a_broken_manifest_is_a_clear_error(tmp_path, content):
    (tmp_path / "dataset.json").write_bytes(content)
    with pytest.raises(DataError):
        read_dataset(tmp_path)


LIST = ("tasks", "det", "splits", "train", "list")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 2, "format is 2"),
        (("name",), None, "name is missing"),
        (("seed",), "0", "seed is str, not int"),
        (("seed",), True, "seed is bool, not int"),
        (("tasks",), [], "tasks is list"),
        (("tasks", "vl"), {}, "vl is not known"),
        (("tasks", "det"), 3, r"tasks\.det is int"),
        (("tasks", "det", "splits", "dev"), {}, "dev is not known"),
        (("tasks", "det", "splits", "val"), None, "splits lacks val"),
        (("tasks", "rec", "max_text_length"), None, r"tasks\.rec\.max_text_length is missing"),
        (("tasks", "rec", "dictionary"), "../dict.txt", "not a path inside"),
        (("tasks", "det", "data_dir"), "/etc", "not a path inside"),
        (("tasks", "rec", "format"), "zip", r"tasks\.rec\.format is 'zip'"),
        (("tasks", "rec", "format"), [], r"tasks\.rec\.format is \[\]"),
        (("tasks", "rec", "format"), "lmdb", r"tasks\.rec\.splits\.train\.lmdb is missing"),
        (LIST, "../../etc/passwd", "not a path inside"),
        (LIST, "/etc/passwd", "not a path inside"),
        (LIST, "C:\\x", "not a path inside"),
        (LIST, "", "not a path inside"),
        (LIST, "a\0b", "not a path inside"),
        (LIST, "det/none.txt", "is missing"),
        (LIST, "det", "is missing"),
        (LIST, "det/test.txt", "changed after it was built"),
    ],
)
def test_a_manifest_that_does_not_hold_is_refused_with_its_key(changed, path, value, message):
    with pytest.raises(DataError, match=message):
        changed(path, value)


def test_lmdbs_must_be_there_and_inside(tmp_path):
    source = draw_pages(tmp_path / "pages", 5, lines=2).folder
    folder = build_dataset(BuildRequest((source,), "set", tmp_path / "out", format="lmdb")).folder
    splits = read_dataset(folder).tasks[Task.REC].splits
    assert {split: data.lmdb for split, data in splits.items()} == {
        split: folder / "rec" / f"{split}.lmdb" for split in Split
    }
    assert read_dataset(folder).tasks[Task.DET].splits[Split.TRAIN].lmdb is None
    (folder / "rec" / "val.lmdb" / "data.mdb").unlink()
    with pytest.raises(DataError, match="LMDB of the data set is missing") as caught:
        read_dataset(folder)
    assert caught.value.at == str(folder / "rec" / "val.lmdb")
    manifest = (folder / "dataset.json").read_text("utf-8").replace('"rec/val.lmdb"', '"../val.lmdb"')
    (folder / "dataset.json").write_text(manifest, "utf-8")
    with pytest.raises(DataError, match="not a path inside"):
        read_dataset(folder)


@pytest.mark.parametrize("name", ["det/train.txt", "rec/test.txt", "rec/dict.txt"])
def test_a_list_or_dictionary_changed_by_hand_is_refused(tmp_path, name):
    source = draw_pages(tmp_path / "pages", 5, lines=2).folder
    folder = build_dataset(BuildRequest((source,), "set", tmp_path / "out")).folder
    path = folder / name
    path.write_bytes(path.read_bytes() + b"x\n")
    with pytest.raises(DataError, match="changed after it was built") as caught:
        read_dataset(folder)
    assert caught.value.at == str(path)


def test_the_checksum_tells_data_apart_and_nothing_else(tmp_path):
    source = draw_pages(tmp_path / "pages", 6, lines=2).folder

    def checksum(name, **settings):
        return read_dataset(
            build_dataset(BuildRequest((source,), name, tmp_path / "out", **settings)).folder
        ).checksum

    assert checksum("a") == checksum("b")
    assert checksum("a") != checksum("c", seed=5)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["format", "name", "seed", "tasks", "det", "rec", "splits", "train", "list"]),
                inner,
            )
        ),
    )
)
def test_any_json_is_refused_but_never_crashes(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("any")
    (folder / "dataset.json").write_text(json.dumps(value), "utf-8")
    with pytest.raises(DataError):
        read_dataset(folder)
