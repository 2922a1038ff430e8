"""A run folder becomes the report that a person reads and the one that a program reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.errors import ConfigError, ReportError
from ppocr_kit.reports.document import report_to_json
from ppocr_kit.reports.markdown import escape, render_markdown
from ppocr_kit.reports.reading import read_run_report
from ppocr_kit.reports.write import write_report
from ppocr_kit.runs.rundir import RunFolder

Golden = Callable[[str, str], None]


@pytest.fixture
def whole_run(make_run: Any, write_export: Any, data_checksum: str) -> RunFolder:
    """A run with all that a report can show."""
    data = {"name": "wire", "checksum": data_checksum}
    folder: RunFolder = make_run(
        record={"dataset": {**data, "root": "train_data/wire"}}, measured={"dataset": data}
    )
    write_export("wire-rec")
    write_export("other", run="other")
    return folder


def test_markdown_of_a_whole_run(whole_run: RunFolder, golden: Golden) -> None:
    report = read_run_report(whole_run)
    golden("whole.md", render_markdown(report, ["curve-loss.png", "curve-val.png"]))


def test_json_of_a_whole_run(whole_run: RunFolder, golden: Golden) -> None:
    body = report_to_json(read_run_report(whole_run))
    golden("whole.json", json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def test_markdown_of_a_run_that_says_next_to_nothing(tmp_path: Path, golden: Golden) -> None:
    folder = RunFolder(tmp_path / "bare")
    folder.path.mkdir()
    body = {"format": 1, "name": "bare", "task": "det", "model": "m", "status": "created"}
    folder.record_file.write_text(json.dumps(body))
    golden("bare.md", render_markdown(read_run_report(folder, tmp_path / "inference")))


def test_rows_of_a_changed_data_set_are_not_shown(whole_run: RunFolder, tmp_path: Path) -> None:
    manifest = tmp_path / "train_data" / "wire" / "dataset.json"
    body = json.loads(manifest.read_text())
    body["tasks"]["rec"]["max_text_length"] = 5
    manifest.write_text(json.dumps(body))
    data = read_run_report(whole_run).data
    assert (data.state, dict(data.samples)) == ("changed", {})


def test_measurements_are_ordered_and_name_their_weights(whole_run: RunFolder) -> None:
    body = json.loads((whole_run.reports / "eval-test.json").read_text())
    for name, split in (("eval-val", "val"), ("eval-test-latest", "test"), ("eval-test-pretrained", "test")):
        (whole_run.reports / f"{name}.json").write_text(json.dumps({**body, "split": split}))
    found = [(one.split, one.weights) for one in read_run_report(whole_run).measurements]
    assert found == [("test", "best"), ("test", "latest"), ("test", "pretrained"), ("val", "best")]


def test_written_files_hold_no_nan_and_show_the_drawn_pictures(whole_run: RunFolder) -> None:
    log = whole_run.checkpoints / "train.log"
    log.write_text(log.read_text().replace("loss: 2.000000", "loss: nanxxx"))
    page = write_report(read_run_report(whole_run))
    text = (whole_run.reports / "report.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail)["history"]["last_loss"] is None
    for picture in whole_run.reports.glob("*.png"):
        assert f"]({picture.name})" in page.read_text(encoding="utf-8")


def test_nothing_but_the_reports_is_written(whole_run: RunFolder) -> None:
    def others() -> dict[str, bytes]:
        files = (path for path in whole_run.path.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if path.parent != whole_run.reports}

    before = others()
    write_report(read_run_report(whole_run))
    assert others() == before


@pytest.mark.parametrize(
    "record",
    [
        {"dataset": {"name": 5}},
        {"dataset": "wire"},
        {"release": {"version": 3.7}},
        {"release": {"complete": "no"}},
        {"plan": {"rows": []}},
        {"plan": {"steps_per_epoch": "2"}},
        {"plan": {"weights": {"share_of_all": "all"}}},
        {"spec": {"device": 0}},
        {"versions": {"numpy": 2}},
        {"final": {"acc": "high"}},
        {"final": []},
        {"seconds": "long"},
        {"seed": "x"},
        {"seed": True},
        {"task": "kie"},
        {"task": []},
        {"status": None},
        {"started": 5},
        {"format": 2},
        {"command": "ppocr-kit"},
    ],
    ids=str,
)
def test_record_with_wrong_types_is_a_report_error(make_run: Any, record: dict[str, Any]) -> None:
    with pytest.raises(ReportError) as caught:
        read_run_report(make_run(record=record))
    assert str(caught.value.at).endswith("run.json")


@pytest.mark.parametrize(
    "measured",
    [
        {"values": [0.5]},
        {"values": {"acc": "high"}},
        {"num_samples": 1.5},
        {"skipped": {}},
        {"skipped": ["a.jpg"]},
        {"skipped": [{"reason": 5}]},
        {"task": "det"},
        {"split": "val"},
        {"split": None},
        {"definition": 5},
        {"dataset": "wire"},
        {"checkpoint_sha256": 5},
    ],
    ids=str,
)
def test_measurement_with_wrong_types_is_a_report_error(make_run: Any, measured: dict[str, Any]) -> None:
    with pytest.raises(ReportError) as caught:
        read_run_report(make_run(measured=measured))
    assert str(caught.value.at).endswith("eval-test.json")


@pytest.mark.parametrize(
    "export",
    [{"parity": []}, {"parity": {"same": "yes"}}, {"notes": [1]}, {"notes": "a"}, {"run": 5}],
    ids=str,
)
def test_export_record_with_wrong_types_is_a_report_error(
    make_run: Any, write_export: Any, export: dict[str, Any]
) -> None:
    folder = make_run()
    write_export("wire-rec", **export)
    with pytest.raises(ReportError) as caught:
        read_run_report(folder)
    assert str(caught.value.at).endswith("export.json")


@pytest.mark.parametrize("content", ["Global: [", "[]", "Global: 5", "a: *b"])
def test_damaged_configuration_is_an_error(make_run: Any, content: str) -> None:
    folder = make_run()
    folder.config_file.write_text(content)
    with pytest.raises(ConfigError):
        read_run_report(folder)


def test_wrong_types_in_the_configuration_are_a_report_error(make_run: Any) -> None:
    folder = make_run()
    folder.config_file.write_text("Global: {epoch_num: many}")
    with pytest.raises(ReportError, match=r"Global\.epoch_num"):
        read_run_report(folder)


def test_absent_configuration_leaves_its_values_out(make_run: Any) -> None:
    folder = make_run()
    folder.config_file.unlink()
    training = read_run_report(folder).training
    assert (training.optimizer, training.learning_rate, training.epochs) == (None, None, 2)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("a\nb", "a b"),
        ("![x](http://y)", r"!\[x\](http://y)"),
        ("<script>", r"\<script\>"),
        ("`*\\", r"\`\*\\"),
        ("norm_edit_dis", "norm_edit_dis"),
        ("数据 1", "数据 1"),
    ],
)
def test_markup_in_names_is_text(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_hostile_names_cannot_leave_their_table_cell_or_code_block(make_run: Any) -> None:
    folder = make_run(
        record={"model": "a`b|c", "command": ["x", "```\n# heading"], "dataset": {"name": "| a |\n# b"}}
    )
    lines = render_markdown(read_run_report(folder)).splitlines()
    assert not any(line.startswith(("# b", "# heading", "```")) for line in lines)
    assert r"| data set | \| a \| # b |" in lines
