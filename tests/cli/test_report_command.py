"""The report command: tables for people, one JSON document for programs, errors with exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.cli.main import main


def _run(name: str, task: str = "rec", **record: object) -> None:
    folder = Path("output") / name
    folder.mkdir(parents=True)
    body = {"format": 1, "name": name, "task": task, "model": "m", "status": "finished", **record}
    (folder / "run.json").write_text(json.dumps(body), encoding="utf-8")


@pytest.fixture(autouse=True)
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_report_is_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    _run("invoices-rec", seed=3)
    assert main(["report", "invoices-rec"]) == 0
    printed = capsys.readouterr()
    assert "invoices-rec: text recognition" in printed.out
    assert "written: output/invoices-rec/reports/report.md" in printed.err
    assert Path("output/invoices-rec/reports/report.md").is_file()


def test_json_of_one_run_is_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    _run("a")
    assert main(["report", "output/a", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(Path("output/a/reports/report.json").read_text(encoding="utf-8"))
    assert printed["training"]["seed"] is None


def test_json_of_several_runs_is_a_comparison_and_the_reports(capsys: pytest.CaptureFixture[str]) -> None:
    _run("a")
    _run("b", task="det")
    assert main(["report", "a", "b", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [one["task"] for one in printed["comparison"]] == ["det", "rec"]
    assert [one["name"] for one in printed["runs"]] == ["a", "b"]


def test_several_runs_begin_with_the_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    _run("a")
    _run("b")
    assert main(["report", "a", "b"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("text recognition, 2 runs") < printed.index("a: text recognition")
    assert not any(line.endswith(" ") for line in printed.splitlines())


@pytest.mark.parametrize("other", [{}, {"split_sha256": "6" * 64}])
def test_numbers_of_other_rows_are_marked(capsys: pytest.CaptureFixture[str], other: dict[str, str]) -> None:
    measured = {
        "task": "rec", "split": "test", "values": {"acc": 0.5, "norm_edit_dis": 0.7}, "num_samples": 4,
        "num_skipped": 0, "definition": "acc", "dataset": {"checksum": "d"}, "split_sha256": "5" * 64,
    }  # fmt: skip
    for name, extra in (("a", {}), ("b", {"values": {"acc": 0.6}, **other})):
        _run(name)
        reports = Path("output") / name / "reports"
        reports.mkdir()
        (reports / "eval-test.json").write_text(json.dumps({**measured, **extra}))
    assert main(["report", "a", "b"]) == 0
    printed = capsys.readouterr().out
    assert ("! test: not comparable: different rows" in printed) is bool(other)
    assert ("test acc!" in printed) is bool(other)
    assert ("0.6000 *" in printed) is not bool(other)


def test_unknown_run_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    _run("invoices-rec")
    assert main(["report", "invoice-rec"]) == 2
    assert "did you mean 'invoices-rec'?" in capsys.readouterr().err


def test_run_named_twice_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    _run("a")
    assert main(["report", "a", "output/a"]) == 2
    assert "named twice: a" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', "[" * 100_000, '{"format": 1, "name": 5}'])
def test_damaged_record_is_a_report_error_without_traceback(
    capsys: pytest.CaptureFixture[str], content: str
) -> None:
    _run("a")
    Path("output/a/run.json").write_text(content)
    assert main(["report", "a", "--json"]) == 7
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["exit_code"] == 7
    assert "Traceback" not in printed.err


def test_without_a_run_the_usage_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report"]) == 2
    assert "Missing argument 'RUN...'" in capsys.readouterr().err
