from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ppocr_kit import __version__
from ppocr_kit.cli import main as cli_main
from ppocr_kit.errors import (
    ConfigError,
    DataError,
    PpocrKitError,
    ReportError,
    SetupError,
    ToolError,
    UsageError,
)


def call_with(monkeypatch: pytest.MonkeyPatch, error: BaseException, *words: str) -> int:
    """Run a verb that raises ``error``."""

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def verb(as_json: bool) -> None:
        raise error

    monkeypatch.setattr(cli_main.LazyGroup, "get_command", lambda self, ctx, name: verb)
    return cli_main.main(["train", *words])


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError, 2), (DataError, 3), (ConfigError, 4), (SetupError, 5), (ToolError, 6), (ReportError, 7)],
)
def test_each_error_has_its_exit_code_and_its_three_lines(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[PpocrKitError],
    code: int,
) -> None:
    assert call_with(monkeypatch, error("it broke", at="a.txt:3", hint="mend it")) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.strip() for line in err.splitlines()] == ["error: it broke", "at: a.txt:3", "try: mend it"]


def test_json_callers_get_the_error_as_an_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call_with(monkeypatch, DataError("it broke", at="a.txt:3"), "--json") == 3
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == {
        "kind": "DataError",
        "message": "it broke",
        "at": "a.txt:3",
        "hint": None,
        "exit_code": 3,
    }


def test_a_bug_leaves_a_crash_file_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert call_with(monkeypatch, ZeroDivisionError("oops")) == 70
    err = capsys.readouterr().err
    assert "Traceback" not in err and "ZeroDivisionError: oops" in err
    crash = next(tmp_path.glob("ppocr-kit-crash-*.txt")).read_text(encoding="utf-8")
    assert "Traceback" in crash and __version__ in crash


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert call_with(monkeypatch, KeyboardInterrupt()) == 130


def test_an_unknown_verb_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli_main.main(["trian"]) == 2
    assert "Did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", list(cli_main.COMMANDS))
def test_every_verb_has_help_with_an_example(name: str) -> None:
    command = cli_main.cli.get_command(click.Context(cli_main.cli), name)
    assert command is not None and command.name == name
    leaves = [command]
    if isinstance(command, click.Group):
        inside = click.Context(command)
        leaves = [
            found for verb in command.list_commands(inside) if (found := command.get_command(inside, verb))
        ]
    for leaf in leaves:
        shown = leaf.get_help(click.Context(leaf, info_name=leaf.name))
        assert "Example" in shown, f"{name} {leaf.name} shows no example"


def test_help_loads_no_framework() -> None:
    code = "import sys; from ppocr_kit.cli.main import main; main(['--help']); print(*sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(shown.splitlines()[-1].split())
    # numpy or OpenCV alone would take the half second that --help may take
    assert not loaded & {"paddle", "torch", "transformers", "numpy", "cv2", "matplotlib", "rich"}
