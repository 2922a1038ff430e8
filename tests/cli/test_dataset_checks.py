from __future__ import annotations

import json

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.synth.export import draw_pages


@pytest.fixture
def datasets(tmp_path):
    """Two data sets of the same pages, split in two ways."""
    source = draw_pages(tmp_path / "pages", 12, lines=2).folder
    return [
        build_dataset(BuildRequest((source,), f"set{seed}", tmp_path / "out", seed=seed)).folder
        for seed in (0, 1)
    ]


@pytest.fixture
def run(capsys):
    """Run ``dataset`` with some arguments; return exit code, stdout and stderr."""

    def call(*arguments):
        code = main(["dataset", *map(str, arguments)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_verify_says_that_all_is_well(datasets, run):
    code, out, err = run("verify", datasets[0])
    assert code == 0, err
    assert "set0: 12 pages, det 12 rows, rec 24 rows" in out
    assert "all is as it was built" in out


def test_verify_ends_with_3_and_says_what_to_do(datasets, run):
    next(datasets[0].glob("rec/crops/*")).unlink()
    code, out, err = run("verify", datasets[0])
    assert code == 3
    assert "error D006: the picture of the row is missing: 1" in out
    assert "try: " in out and "1 errors" in out


def test_verify_gives_json(datasets, run):
    (datasets[0] / "det/val.txt").write_bytes(b"")
    code, out, err = run("verify", datasets[0], "--json")
    value = json.loads(out)
    assert code == 3 and value["ok"] is False
    assert value["by_code"] == {"D002": 1, "D004": 1}
    assert {found["code"] for found in value["problems"]} == {"D002", "D004"}


def test_verify_shows_some_places_or_all(datasets, run):
    for crop in sorted(datasets[0].glob("rec/crops/*"))[:15]:
        crop.unlink()
    assert "and 5 more (--all shows them)" in run("verify", datasets[0])[1]
    assert "more (--all" not in run("verify", datasets[0], "--all")[1]


def test_verify_of_nothing_is_an_error(tmp_path, run):
    code, out, err = run("verify", tmp_path / "nothing")
    assert code == 3 and "D001" in out


def test_diff_tells_which_pages_moved(datasets, run):
    code, out, err = run("diff", *datasets)
    assert code == 0, err
    assert "det train: rows 10, pages 10" in out
    assert "pages moved: " in out and " -> " in out
    value = json.loads(run("diff", *datasets, "--json")[1])
    assert value["added"] == value["removed"] == value["changed"] == []
    assert value["moved"] and value["same_training_data"] is False


def test_diff_of_a_changed_data_set_is_refused(datasets, run):
    (datasets[1] / "det/val.txt").write_bytes(b"")
    code, out, err = run("diff", *datasets)
    assert code == 3


@pytest.mark.parametrize("verb", ["diff", "verify"])
def test_help_has_an_example(verb, run):
    assert f"Example: ppocr-kit dataset {verb}" in run(verb, "--help")[1]
