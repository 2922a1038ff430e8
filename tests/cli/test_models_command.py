from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.fetching import resolve_weights
from ppocr_kit.cli.main import main
from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.pretrained.catalogue import CATALOGUE
from ppocr_kit.tasks import Task

NAME = "rec_en_number_lite_train"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, an empty project, and no way out of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PPOCR_KIT_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setattr("ppocr_kit.pretrained.download.time.sleep", lambda _: None)
    return tmp_path / "cache"


@pytest.fixture
def official(shared: Path) -> Path:
    return shared / "weights" / "train_en_number_mobile_v2.0_rec" / "best_accuracy.pdparams"


def printed_json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("task", [None, "det", "rec"])
def test_the_list_says_everything(capsys: pytest.CaptureFixture[str], task: str | None) -> None:
    found = printed_json(capsys, "models", "list", *([] if task is None else ["--task", task]))
    assert [row["name"] for row in found] == [
        entry.name for entry in CATALOGUE if task in (None, str(entry.task))
    ]
    for row in found:
        assert row["url"].startswith("https://") and row["licence"] == "Apache-2.0"
        assert row["path"] is None and (row["dictionary"] is None) == (row["task"] == "det")


def test_the_list_for_people_names_size_checksum_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--task", "rec"]) == 0
    text = capsys.readouterr().out
    assert f"{NAME}  (rec, 3.9 MB, not fetched)" in text
    assert "korean_PP-OCRv5_mobile_rec for PP-OCRv5_mobile_rec  (rec, about 110.9 MB, not fetched)" in text
    assert "ppocr/utils/en_dict.txt and space" in text and "not recorded: pinned on first use" in text


def test_weights_go_from_a_file_to_a_path(
    capsys: pytest.CaptureFixture[str], official: Path, cache: Path
) -> None:
    assert printed_json(capsys, "models", "path", NAME, code=5)["error"]["hint"].endswith(f"fetch {NAME}")
    (fetched,) = printed_json(capsys, "models", "fetch", NAME, "--from", str(official))
    assert fetched["brought"] and fetched["checksum"] == "recorded" and fetched["bytes"] == 3_875_414
    again = printed_json(capsys, "models", "fetch", NAME, "--from", str(official))
    assert not again[0]["brought"]
    assert main(["models", "path", NAME]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == cache / NAME / f"{NAME}.pdparams" and path.read_bytes() == official.read_bytes()


def test_a_dry_run_fetches_nothing(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    words = ["models", "fetch", NAME, "det_mv3_db", "--url", "https://mirror/x", "--dry-run"]
    found = printed_json(capsys, *words)
    assert [row["from"] for row in found] == [
        "https://mirror/x/en_number_mobile_v2.0_rec_train.tar",
        "https://mirror/x/det_mv3_db_v2.0_train.tar",
    ]
    assert not cache.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["fetch"], 2),
        (["fetch", "no_such_weights"], 2),
        (["path", "no_such_weights"], 2),
        (["fetch", NAME, "--url", "file:///x"], 2),
        (["fetch", NAME, "det_mv3_db", "--from", "x.tar"], 2),
        (["fetch", NAME, "--from", "absent.tar"], 2),
        (["fetch", NAME], 5),
    ],
)
def test_what_cannot_be_is_said_with_its_exit_code(words: list[str], code: int) -> None:
    assert main(["models", *words]) == code


def test_without_a_network_the_way_over_another_machine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    error = printed_json(capsys, "models", "fetch", NAME, code=5)["error"]
    assert "curl -LO https://paddleocr.bj.bcebos.com/" in error["hint"]
    assert f"ppocr-kit models fetch {NAME} --from en_number_mobile_v2.0_rec_train.tar" in error["hint"]


def test_pretrained_is_a_file_a_name_or_official(official: Path, cache: Path, tmp_path: Path) -> None:
    shutil.copyfile(official, tmp_path / "mine.pdparams")
    assert resolve_weights("mine", Task.REC, NAME) == Path("mine")
    assert resolve_weights("mine.pdparams", Task.REC, NAME) == Path("mine.pdparams")
    with pytest.raises(SetupError):
        resolve_weights("official", Task.REC, NAME)
    assert main(["models", "fetch", NAME, "--from", str(official)]) == 0
    kept = cache / NAME / f"{NAME}.pdparams"
    assert resolve_weights("official", Task.REC, NAME) == resolve_weights(NAME, Task.REC, NAME) == kept


@pytest.mark.parametrize(
    ("named", "model", "kind", "said"),
    [
        ("official", None, UsageError, "of a configuration of your own"),
        ("official", "quickstart_rec", UsageError, "no official weights of quickstart_rec"),
        ("det_mv3_db", NAME, UsageError, "are det weights"),
        ("absent.pdparams", NAME, DataError, "no training weights"),
        ("PP-OCRv9_rec", NAME, DataError, "no training weights"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused(
    named: str, model: str | None, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        resolve_weights(named, Task.REC, model)
