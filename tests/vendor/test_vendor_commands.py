"""``ppocr-kit vendor``: exit codes, one JSON document, and the command that exec would run."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.vendor import environment, pins
from ppocr_kit.vendor.compat import WORKAROUNDS
from ppocr_kit.vendor.release import find_release, sync_release

FAKE = Path(__file__).parents[1] / "fake_release"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose release is a copy of the fake one, made to look like a real one."""
    release = tmp_path / "checkout"
    shutil.copytree(FAKE, release, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data/__init__", "postprocess/__init__", "utils/save_load"):
        path = release / "ppocr" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    monkeypatch.setitem(pins.PINS, "3.7.0", pins.ReleasePin("3.7.0", "0" * 64, None, {}))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    interpreter = SimpleNamespace(python=Path(sys.executable))
    monkeypatch.setattr(environment, "find_interpreter", lambda lane: interpreter)
    return folder


@pytest.fixture
def synced(project: Path) -> Path:
    sync_release(project, source=str(project.parent / "checkout"))
    return project


def test_sync_says_what_it_uses(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vendor", "sync", "--source", "../checkout", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["version"], body["source"], body["complete"]) == ("3.7.0", "path", False)
    assert body["path"] == str(project.parent / "checkout")
    assert main(["vendor", "sync", "--source", "../checkout"]) == 0
    assert "used in place" in capsys.readouterr().out


def test_status_lists_every_workaround(synced: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vendor", "status", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in body["workarounds"]] == [entry.name for entry in WORKAROUNDS]
    assert main(["vendor", "status"]) == 0
    printed = capsys.readouterr().out
    assert "PaddleOCR 3.7.0" in printed
    assert "models, losses, metrics and optimizers: ppocr-kit's" in printed


def test_commands_without_a_release_end_with_5(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["status"], ["verify"], ["exec", "--", "tools/train.py"]):
        assert main(["vendor", *words]) == 5
        assert "ppocr-kit vendor sync" in capsys.readouterr().err


def test_verify_ends_with_5_and_names_the_file(
    synced: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["vendor", "verify"]) == 0
    assert "whole" in capsys.readouterr().out
    key_files = {"tools/train.py": "0" * 64}
    monkeypatch.setitem(pins.PINS, "3.7.0", pins.ReleasePin("3.7.0", "0" * 64, None, key_files))
    assert main(["vendor", "verify"]) == 5
    assert capsys.readouterr().out == "changed: tools/train.py\n"
    assert main(["vendor", "verify", "--json"]) == 5
    body = json.loads(capsys.readouterr().out)
    assert body["whole"] is False
    assert body["differences"] == [{"path": "tools/train.py", "damage": "changed"}]


def test_exec_passes_options_of_the_script_through(synced: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (synced / "show.py").write_text("import sys, ppocr\nprint(sys.argv[1:])\nsys.exit(7)\n")
    assert main(["vendor", "exec", "--", "show.py", "-c", "x.yml", "--json", "-o", "a=b c"]) == 7
    assert capfd.readouterr().out.splitlines()[-1] == "['-c', 'x.yml', '--json', '-o', 'a=b c']"
    assert main(["vendor", "exec", "--dry-run", "--", "show.py", "a b"]) == 0
    printed = capfd.readouterr().out
    assert f"--release {find_release(synced).path} -- show.py 'a b'" in printed


@pytest.mark.parametrize("verb", ["sync", "status", "verify", "exec"])
def test_every_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vendor", verb, "--help"]) == 0
    assert "Example" in capsys.readouterr().out
