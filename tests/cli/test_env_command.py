"""The env command: which Python runs a lane, for people and for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.cli import env
from ppocr_kit.cli.main import main
from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.environment import Interpreter

FOUND = Interpreter(Path("/envs/p/bin/python"), "made", {"python": "3.11.7", "numpy": "2.2.6"}, ("beware",))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "find_interpreter", lambda lane: FOUND)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(lane: str) -> Interpreter:
        raise SetupError("there is none", hint="ppocr-kit env sync paddle")

    monkeypatch.setattr(env, "find_interpreter", fail)


@pytest.mark.usefixtures("found")
def test_path_prints_the_python_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "path", "paddle"]) == 0
    assert capsys.readouterr().out == "/envs/p/bin/python\n"


@pytest.mark.usefixtures("found")
def test_list_shows_python_versions_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list"]) == 0
    out = capsys.readouterr().out
    assert "/envs/p/bin/python (made)" in out
    assert "numpy 2.2.6" in out
    assert "warning: beware" in out


@pytest.mark.usefixtures("found")
def test_list_is_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list", "--json"]) == 0
    lane, *_ = json.loads(capsys.readouterr().out)["lanes"]
    assert (lane["lane"], lane["python"], lane["warnings"]) == ("paddle", "/envs/p/bin/python", ["beware"])


@pytest.mark.usefixtures("absent")
def test_list_names_a_lane_without_python_with_its_cure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list"]) == 0
    out = capsys.readouterr().out
    assert "not there: there is none" in out
    assert "try: ppocr-kit env sync paddle" in out


@pytest.mark.usefixtures("absent")
def test_path_fails_where_there_is_no_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "path", "paddle"]) == 5
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("verb", ["path", "sync"])
def test_an_unknown_lane_is_a_usage_error(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", verb, "padle"]) == 2
    assert "there is paddle" in capsys.readouterr().err


def test_dry_run_prints_the_commands_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PPOCR_KIT_HOME", str(tmp_path / "home"))
    assert main(["env", "sync", "paddle", "--dry-run", "--python", "/usr/bin/my python"]) == 0
    venv, install = capsys.readouterr().out.splitlines()
    assert "'/usr/bin/my python' -m venv" in venv
    assert "pip install --no-deps" in install
    assert not (tmp_path / "home").exists()


def test_sync_prints_the_python_on_stdout_and_pip_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sync(lane: object, python: object, on_line: object) -> Interpreter:
        assert callable(on_line)
        on_line("Ignoring numpy: markers do not match")
        on_line("Collecting numpy")
        return FOUND

    monkeypatch.setattr(env, "sync_environment", sync)
    assert main(["env", "sync", "paddle"]) == 0
    out, err = capsys.readouterr()
    assert out == "/envs/p/bin/python\n"
    assert "Collecting numpy" in err and "Ignoring" not in err
