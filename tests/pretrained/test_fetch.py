from __future__ import annotations

import dataclasses
import errno
import io
import json
import pickle
import tarfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import Served

from ppocr_kit.errors import DataError, PpocrKitError, SetupError, UsageError
from ppocr_kit.pretrained.cache import cache_folder, find_fetched, recognise_file, weights_file
from ppocr_kit.pretrained.catalogue import PretrainedWeights
from ppocr_kit.pretrained.download import Patience
from ppocr_kit.pretrained.fetch import Fetched, FetchRequest, fetch_weights
from ppocr_kit.storage import disk_error, sha256_of
from ppocr_kit.vendor.checkpoints import read_weights

QUICK = Patience(timeout_s=0.5, attempts=2, pause_s=0.01)
Arrays = dict[str, "np.ndarray[Any, Any]"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def fetch(entry: PretrainedWeights, cache: Path, **options: Any) -> Fetched:
    return fetch_weights(entry, FetchRequest(cache, **options), patience=QUICK)


def packed(content: bytes, name: str = "m/best_accuracy.pdparams") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def left_in(cache: Path) -> set[str]:
    return {path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file()}


def test_weights_are_fetched_once(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content = weights
    first = fetch(entry, cache, url=server.url)
    second = fetch(entry, cache, url=server.url)
    assert (first.brought, second.brought, len(server.asked)) == (True, False, 1)
    assert first.path == weights_file(entry, cache) and first.path.read_bytes() == weights
    assert left_in(cache) == {
        f".{entry.name}.lock",
        f"{entry.name}/{entry.name}.pdparams",
        f"{entry.name}/source.json",
    }
    record = json.loads((first.path.parent / "source.json").read_text())
    assert record["sha256"] == sha256_of(first.path) and not record["known"]


def test_an_archive_gives_the_same_weights_as_the_bare_file(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content = packed(weights)
    fetched = fetch(entry, cache, url=f"{server.url}/x.tar")
    assert fetched.path.read_bytes() == weights
    assert fetched.record.member == "m/best_accuracy.pdparams"


@pytest.mark.parametrize("as_archive", [False, True])
def test_a_file_of_another_machine_needs_no_network(
    entry: PretrainedWeights, cache: Path, tmp_path: Path, weights: bytes, as_archive: bool
) -> None:
    file = tmp_path / "brought"
    file.write_bytes(packed(weights) if as_archive else weights)
    fetched = fetch(entry, cache, source=file)
    assert fetched.path.read_bytes() == weights and file.is_file()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (None, "http://127.0.0.1:1/rec_mv3_train.pdparams"),
        ("https://mirror/paddle", "https://mirror/paddle/rec_mv3_train.pdparams"),
        ("https://mirror/paddle/", "https://mirror/paddle/rec_mv3_train.pdparams"),
        ("https://mirror/other.pdparams", "https://mirror/other.pdparams"),
        ("https://mirror/other.tar?token=1", "https://mirror/other.tar?token=1"),
    ],
)
def test_a_mirror_is_a_folder_or_a_file(entry: PretrainedWeights, url: str | None, asked: str) -> None:
    assert FetchRequest(Path("c"), url=url).address(entry) == asked


def wrong_contents(arrays: Arrays) -> dict[str, tuple[bytes, str]]:
    other = {**arrays, "backbone.conv2.conv.weight": arrays["backbone.conv1.conv.weight"]}
    no_backbone = {name: value for name, value in arrays.items() if name.startswith("head")}
    return {
        "a web page": (b"<!DOCTYPE html><html>", "web page"),
        "nothing": (b"", "not a PaddleOCR checkpoint"),
        "noise": (bytes(range(256)), "not a PaddleOCR checkpoint"),
        "half": (pickle.dumps(arrays)[:5000], "not a PaddleOCR checkpoint"),
        "code": (pickle.dumps(print), "asks to run code"),
        "another model": (pickle.dumps(other), "conv2.conv.weight is .* in the file"),
        "a part": (pickle.dumps(no_backbone), "not in the file"),
        "an archive of something else": (packed(b"x", "m/readme.txt"), "no .pdparams"),
        "an archive that leads outside": (packed(b"x", "../x.pdparams"), "leads outside"),
    }


@pytest.mark.parametrize("kind", list(wrong_contents({"backbone.conv1.conv.weight": np.zeros(1)})))
def test_wrong_content_is_refused_and_leaves_nothing(
    entry: PretrainedWeights, cache: Path, server: Served, arrays: Arrays, kind: str
) -> None:
    server.content, said = wrong_contents(arrays)[kind]
    with pytest.raises(DataError, match=said) as caught:
        fetch(entry, cache, url=server.url)
    assert left_in(cache) == {f".{entry.name}.lock"}
    assert str(cache / entry.name) not in str(caught.value)


def test_weights_of_another_dictionary_are_refused(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content = weights
    with pytest.raises(DataError, match="36 characters apart, its dictionary has 95"):
        fetch(entry, cache, url=server.url, num_characters=95)
    assert fetch(entry, cache, url=server.url, num_characters=36).brought
    assert fetch(entry, cache, url=server.url, num_characters=95, force=True, repin=True).brought


def test_a_recorded_checksum_is_held(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content = weights
    strict = dataclasses.replace(entry, sha256="0" * 64, bytes=7)
    with pytest.raises(DataError, match="that are recorded: .* 7 bytes"):
        fetch(strict, cache, url=server.url)
    assert fetch(strict, cache, url=server.url, repin=True).brought


def test_a_checksum_is_pinned_on_first_use(
    entry: PretrainedWeights, cache: Path, server: Served, arrays: Arrays, weights: bytes
) -> None:
    server.content = weights
    fetch(entry, cache, url=server.url)
    server.content, server.etag = pickle.dumps({**arrays, "neck.new": np.zeros(3)}), '"two"'
    with pytest.raises(DataError, match="pinned on"):
        fetch(entry, cache, url=server.url, force=True)
    assert weights_file(entry, cache).read_bytes() == weights
    assert fetch(entry, cache, url=server.url, force=True, repin=True).brought
    assert weights_file(entry, cache).read_bytes() == server.content


def test_the_student_of_a_distillation_checkpoint_is_kept(
    entry: PretrainedWeights, cache: Path, server: Served, arrays: Arrays
) -> None:
    both = {f"{who}.{name}": value for who in ("Teacher", "Student") for name, value in arrays.items()}
    server.content = pickle.dumps(both)
    fetched = fetch(entry, cache, url=server.url)
    kept = read_weights(fetched.path)
    assert fetched.record.student and set(kept) == set(arrays)
    assert np.array_equal(kept["head.fc.bias"], arrays["head.fc.bias"])
    assert not fetch(entry, cache, url=server.url).brought


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_file_is_fetched_again(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes, damage: str
) -> None:
    server.content = weights
    path = fetch(entry, cache, url=server.url).path
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(weights[:-1] + (b"?" if damage == "changed" else b""))
    assert fetch(entry, cache, url=server.url).brought and path.read_bytes() == weights


def test_a_failed_download_is_gone_on_with_by_the_next_call(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content, server.faults = weights, ["cut", 500, 500]
    with pytest.raises(SetupError) as caught:
        fetch(entry, cache, url=server.url)
    assert "curl" in (caught.value.hint or "") and f"models fetch {entry.name} --from" in str(caught.value)
    assert fetch(entry, cache, url=server.url).resumed_at == len(weights) // 2


def test_two_fetches_at_once_download_once(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content, server.faults = weights, ["cut"]
    waited: list[bool] = []
    fetched: list[Fetched | PpocrKitError] = []

    def run() -> None:
        request = FetchRequest(cache, url=server.url)
        fetched.append(fetch_weights(entry, request, on_wait=lambda: waited.append(True), patience=QUICK))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came.brought for came in fetched if isinstance(came, Fetched)) == [False, False, True]
    assert len(server.asked) == 2


def test_a_mirror_and_a_file_exclude_each_other(entry: PretrainedWeights, cache: Path) -> None:
    with pytest.raises(UsageError, match="exclude"):
        fetch(entry, cache, url="http://a", source=Path("b"))


def test_an_absent_file_is_said(entry: PretrainedWeights, cache: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        fetch(entry, cache, source=tmp_path / "absent.tar")
    assert find_fetched(entry, cache) is None


def test_a_cached_file_is_recognised_until_it_changes(
    entry: PretrainedWeights, cache: Path, tmp_path: Path, weights: bytes
) -> None:
    file = tmp_path / "brought.pdparams"
    file.write_bytes(weights)
    path = fetch(entry, cache, source=file).path
    known = recognise_file(path)
    assert known is not None and known.name == entry.name
    assert recognise_file(file) is None
    path.write_bytes(weights + b" ")
    assert recognise_file(path) is None


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PPOCR_KIT_CACHE": "/a/cache", "PPOCR_KIT_HOME": "/a/home"}, "/a/cache"),
        ({"PPOCR_KIT_HOME": "/a/home"}, "/a/home/weights"),
        ({"XDG_CACHE_HOME": "/a/xdg"}, "/a/xdg/ppocr-kit/weights"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("PPOCR_KIT_CACHE", "PPOCR_KIT_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)
    assert cache_folder(Path("given")) == Path("given").absolute()


def test_a_cache_that_cannot_be_written_is_said(
    entry: PretrainedWeights, tmp_path: Path, weights: bytes
) -> None:
    (tmp_path / "file").write_bytes(weights)
    with pytest.raises(SetupError, match="cannot write"):
        fetch(entry, tmp_path / "file" / "cache", source=tmp_path / "file")


def test_a_full_disk_is_not_blamed_on_the_server(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise disk_error(OSError(errno.ENOSPC, "No space left on device"), cache)

    server.content = weights
    monkeypatch.setattr("ppocr_kit.pretrained.download._write", full)
    with pytest.raises(SetupError, match="disk is full") as caught:
        fetch(entry, cache, url=server.url)
    assert "curl" not in str(caught.value)


def test_a_token_in_the_address_is_used_and_kept_nowhere(
    entry: PretrainedWeights, cache: Path, server: Served, weights: bytes
) -> None:
    server.content = weights
    request = FetchRequest(cache, url=f"{server.url}/x.pdparams?token=hidden")
    fetch_weights(entry, request, patience=QUICK)
    assert server.asked and "hidden" not in (cache / entry.name / "source.json").read_text(encoding="utf-8")
    named = FetchRequest(cache, url="https://me:hidden@mirror.example.org/x.pdparams")
    assert named.shown_address(entry) == "https://mirror.example.org/x.pdparams"
