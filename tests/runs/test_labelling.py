"""What is looked at before PPOCRLabel's window opens, and what is told when it is closed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli import label as command
from ppocr_kit.cli.main import main
from ppocr_kit.errors import DataError, SetupError, ToolError, UsageError
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.runs import labelling
from ppocr_kit.runs.labelling import inspect_folder, label_folder, label_invocation, require_screen
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.environment import Interpreter
from ppocr_kit.vendor.label_compat import LABEL_WORKAROUNDS
from ppocr_kit.vendor.label_window import REFUSED
from ppocr_kit.vendor.process import ToolInvocation

MakeFolder = Callable[..., Path]
BOX = '[{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]], "difficult": false%s}]'
LABEL = f"batch/a.png\t{BOX % ''}\n"
# does what a user does in the window
STAND_IN = """
import sys
from pathlib import Path
folder = Path(sys.argv[-1])
rows = (folder / "Label.txt").read_text()
(folder / "Label.txt").write_text(rows.replace('"a"', '"b"') + rows.replace("a.png", "b.png"))
(folder / "fileState.txt").write_text("batch/a.png\\t1\\nbatch/b.png\\t1\\nbatch/c.png\\t1\\n")
print("Loaded")
"""


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        labelling, "find_interpreter", lambda name: Interpreter(Path(sys.executable), "current", {})
    )
    monkeypatch.setenv("DISPLAY", ":none")


def stand_in(text: str) -> ToolInvocation:
    return ToolInvocation("PPOCRLabel", (sys.executable, "-c", text), Path.cwd())


def test_the_state_of_a_folder_is_counted(make_folder: MakeFolder) -> None:
    folder = make_folder(LABEL, images=("a.png", "b.png", "c.png", "d.png"))
    (folder / "fileState.txt").write_text("/somewhere/batch/b.png\t1\n")
    (folder / "Cache.cach").write_text(LABEL + LABEL.replace("a.png", "c.png") + "broken\n")
    state = inspect_folder(folder)
    assert (state.images, sorted(state.checked), state.boxes) == (4, ["batch/a.png", "batch/b.png"], 1)
    assert (state.unchecked, state.classes) == (frozenset({"batch/c.png"}), False)


def test_classes_are_noticed(make_folder: MakeFolder) -> None:
    assert inspect_folder(make_folder("batch/a.png\t" + BOX % ', "key_cls": "total"' + "\n")).classes


def test_an_unset_class_is_none(make_folder: MakeFolder) -> None:
    assert not inspect_folder(make_folder("batch/a.png\t" + BOX % ', "key_cls": "None"' + "\n")).classes


def test_a_folder_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        inspect_folder(tmp_path / "absent")


def test_a_folder_with_images_in_subfolders_only_names_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="no image") as raised:
        inspect_folder(tmp_path)
    assert str(tmp_path / "sub") in str(raised.value.hint)


def test_labels_that_would_be_lost_are_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(DataError, match="saving would lose it"):
        inspect_folder(make_folder(LABEL + "batch/a.png\t[{\n"))


def test_two_windows_on_one_folder_are_refused(make_folder: MakeFolder, lane: None) -> None:
    folder = make_folder(LABEL)
    with lock_folder(folder):
        assert main(["label", str(folder)]) == SetupError.exit_code


def test_without_a_screen_there_is_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SetupError, match="no screen"):
        require_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    require_screen()


def test_the_command_names_folder_language_classes_and_files(tmp_path: Path, lane: None) -> None:
    classes = tmp_path / "classes.txt"
    classes.write_text("total\n")
    call = label_invocation(tmp_path, lang="ch", kie=True, predefined_classes=[classes])
    assert call.argv[2:] == ("--lang", "ch", "--kie", "--predefined-classes", str(classes), str(tmp_path))


def test_a_file_of_classes_that_is_not_there_is_a_usage_error(tmp_path: Path, lane: None) -> None:
    with pytest.raises(UsageError, match="file of classes"):
        label_invocation(tmp_path, predefined_classes=[tmp_path / "absent.txt"])


def test_own_models_are_named_as_ppocrlabel_wants_them(
    tmp_path: Path, lane: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "inference" / "mine-rec"
    model.mkdir(parents=True)
    for name in ("inference.json", "inference.pdiparams"):
        (model / name).write_bytes(b"")
    (model / "inference.yml").write_text(
        "Global: {model_name: PP-OCRv5_mobile_rec}\nPreProcess: {transform_ops: [{RecResizeImg: {}}]}\n"
        "PostProcess: {name: CTCLabelDecode}\n"
    )
    with pytest.raises(SetupError, match="paddleocr"):
        label_invocation(tmp_path, models={Task.REC: model})
    with_runtime = Interpreter(Path(sys.executable), "current", {"paddleocr": "3.7.0"})
    monkeypatch.setattr(labelling, "find_interpreter", lambda name: with_runtime)
    call = label_invocation(tmp_path, models={Task.REC: model})
    assert call.argv[4:-1] == ("--rec_model_dir", str(model), "--rec_model_name", "PP-OCRv5_mobile_rec")
    with pytest.raises(UsageError, match="not a det model"):
        label_invocation(tmp_path, models={Task.DET: model})


def test_what_was_done_in_the_window_is_told(
    make_folder: MakeFolder, lane: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(LABEL, images=("a.png", "b.png", "c.png"))

    def call(folder: Path, **_: Any) -> ToolInvocation:
        return ToolInvocation("PPOCRLabel", (sys.executable, "-c", STAND_IN, str(folder)), folder)

    monkeypatch.setattr(command, "label_invocation", call)
    assert main(["label", str(folder)]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "pages: 2 newly checked, 1 changed",
        "checked now: 3 of 3 images",
        "boxes on checked pages: 1 -> 2",
        f"next: ppocr-kit labels check {folder}",
    ]
    assert "starting" in printed.err and "  Loaded" in printed.err
    (folder / "Label.txt").write_text(LABEL)
    (folder / "fileState.txt").unlink()
    assert main(["label", str(folder), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["newly_checked"] == ["batch/b.png", "batch/c.png"] and body["changed"] == ["batch/a.png"]


def test_why_no_window_came_is_told_as_the_lane_told_it(make_folder: MakeFolder, lane: None) -> None:
    folder = make_folder(LABEL)
    body = {"kind": "SetupError", "message": "lacks libGL", "at": None, "hint": "apt-get install libgl1"}
    refused = stand_in(f"print({REFUSED + json.dumps(body)!r}); raise SystemExit(5)")
    with pytest.raises(SetupError, match="lacks libGL"):
        label_folder(refused, folder, inspect_folder(folder), on_line=print)
    with pytest.raises(ToolError, match="PPOCRLabel failed with exit code 3"):
        label_folder(stand_in("raise SystemExit(3)"), folder, inspect_folder(folder), on_line=print)


def test_dry_run_prints_the_command_only(
    make_folder: MakeFolder, lane: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_folder(LABEL)
    assert main(["label", str(folder), "--dry-run"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(str(folder))


def test_every_workaround_is_in_the_documentation(project: Path) -> None:
    text = (project / "docs" / "tasks" / "labelling.md").read_text(encoding="utf-8")
    for entry in LABEL_WORKAROUNDS:
        assert f"| {entry.name} |" in text, entry.name
        assert entry.symptom and entry.versions and entry.source and entry.target
