"""The real release: brought from the index, launched with the supplement, its faults kept away."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from ppocr_kit.cli.main import main
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.render import dump_config
from ppocr_kit.vendor.process import ToolInvocation, run_tool
from ppocr_kit.vendor.release import find_release, sync_release, verify_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = pytest.mark.release
SCRIPTS = Path(__file__).parent / "scripts"
RECIPE = Path(__file__).parents[2] / "configs" / "rec" / "quickstart_rec.yml"


def call(workspace: Path, script: str, *args: str, **options: Any) -> ToolInvocation:
    options.setdefault("idle_timeout_s", 120.0)
    return tool_invocation(
        find_release(workspace), Path(sys.executable), script, args, cwd=workspace, **options
    )


def write_rows(folder: Path, list_name: str, texts: list[str]) -> None:
    """Write one picture and one row per text; a text starting with ``no:`` gets no picture."""
    rows = []
    for number, text in enumerate(texts):
        name = f"{Path(list_name).stem}-{number}.png"
        if not text.startswith("no:"):
            picture = np.full((32, 80, 3), 255, np.uint8)
            cv2.putText(picture, text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
            cv2.imwrite(str(folder / name), picture)
        rows.append(f"{name}\t{text[-2:] if text.startswith('no:') else text}")
    (folder / list_name).write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def digits(workspace: Path) -> Path:
    (workspace / "dict.txt").write_text("\n".join("0123456789") + "\n")
    return workspace


def configuration(workspace: Path, name: str, epochs: int, **settings: Any) -> Path:
    """Render the quickstart's recogniser for eight training rows; four steps in two epochs."""
    write_rows(workspace, "train.txt", ["1234", "5678", "9012", "3456", "7890", "2468", "1357", "8080"])
    write_rows(workspace, "val.txt", ["1234", "8080"])
    config = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    config["Global"].update(
        epoch_num=epochs,
        eval_batch_epoch=1,
        save_model_dir="run",
        character_dict_path="dict.txt",
        use_space_char=False,
        print_batch_step=1,
        **settings,
    )
    for mode, rows in (("Train", "train.txt"), ("Eval", "val.txt")):
        config[mode]["dataset"].update(data_dir=".", label_file_list=[rows])
        config[mode]["loader"].update(batch_size_per_card=4 if mode == "Train" else 2, num_workers=1)
    file = workspace / name
    file.write_text(dump_config(config), encoding="utf-8")
    return file


def test_the_release_comes_from_the_index_once_and_is_whole(tmp_path: Path) -> None:
    brought, fresh = sync_release(tmp_path)
    assert (fresh, brought.version, brought.source, brought.complete) == (True, "3.7.0", "pypi", False)
    assert verify_release(tmp_path) == (brought.path, [])
    assert len(json.loads((tmp_path / "vendor/PaddleOCR-3.7.0.manifest.json").read_text())["files"]) == 559
    assert sync_release(tmp_path) == (brought, False)


def found_in(folder: Path) -> dict[str, Any]:
    """Read what a script of ours found."""
    found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return found


def test_rows_that_cannot_be_used_stop_or_are_named_and_never_hang(digits: Path) -> None:
    write_rows(digits, "one.txt", ["12", "no:34", "56", "78"])
    write_rows(digits, "all.txt", ["no:12", "no:34"])
    words = ("Eval:0:one.txt", "Eval:1:one.txt", "Train:0:one.txt", "Train:0:all.txt")
    lines: list[str] = []
    run_tool(call(digits, str(SCRIPTS / "load_rows.py"), *words), on_line=lines.append)
    found = found_in(digits)
    # Paddle's own error, after the row's: the reader's queue was closed
    assert [found[word] for word in words] == ["SystemError", "SystemError", 4, "SystemError"]
    said = "\n".join(lines)
    assert said.count("RowError: this row of the evaluation set cannot be scored") >= 2
    assert "one-1.png\t34; mend it" in said
    assert "row left out of training, a random one takes its place (1 so far)" in said
    assert "rows one after the other cannot be used for training" in said


def test_checkpoints_are_whole_resume_fully_and_run_no_code(workspace: Path) -> None:
    result = run_tool(call(workspace, str(SCRIPTS / "save_and_load.py")))
    found = found_in(workspace)
    suffixes = (".pdopt", ".pdparams", ".states")
    names = [f"{prefix}{suffix}" for prefix in ("best_accuracy", "latest") for suffix in suffixes]
    assert found["files"] == [*names, "model.pdopt", "model.pdparams"]
    assert (found["resumed"]["acc"], found["resumed"]["global_step"]) == (0.75, 44)
    assert found["resumed"]["start_epoch"] == 5
    assert "global_step" not in found["evaluated"]
    assert "asks to run code" in found["refused"]
    assert not any("code of the checkpoint was run" in line for line in result.tail)


def test_a_training_resumes_where_it_was_and_leaves_the_release_as_it_is(digits: Path) -> None:
    expects = (digits / "run" / "latest.pdparams", digits / "run" / "best_accuracy.pdparams")
    first = configuration(digits, "first.yml", epochs=1)
    result = run_tool(call(digits, "tools/train.py", "-c", str(first), expects=expects))
    assert any("epoch: [1/1], global_step: 2," in line for line in result.tail)
    second = configuration(digits, "second.yml", epochs=2, checkpoints="run/latest")
    lines: list[str] = []
    run_tool(call(digits, "tools/train.py", "-c", str(second), expects=expects), on_line=lines.append)
    steps = [line for line in lines if "epoch: [" in line]
    assert ["[2/2], global_step: 3," in steps[0], "[2/2], global_step: 4," in steps[-1]] == [True, True]
    assert verify_release(digits)[1] == []
    assert not list(find_release(digits).path.rglob("__pycache__"))


def processes_with(word: str) -> list[str]:
    """List the running processes whose command line has a word."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if word in line and state != "Z" and entry.name != str(os.getpid()):
            found.append(line)
    return found


@pytest.fixture
def interrupted(digits: Path) -> Iterator[Path]:
    """A data-parallel training of two processes, interrupted in its second epoch."""
    config = configuration(digits, "two-processes.yml", epochs=500, distributed=True)

    def stop(line: str) -> None:
        if "epoch: [2/" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tool(
            call(digits, "tools/train.py", "-c", str(config), device=parse_device("cpu:2")), on_line=stop
        )
    yield config


def test_an_interrupted_training_of_several_processes_leaves_a_checkpoint_and_no_process(
    interrupted: Path,
) -> None:
    for _ in range(50):
        # the kernel ends the loaders of an ended process a moment later
        if not processes_with(str(interrupted)):
            break
        time.sleep(0.1)
    assert processes_with(str(interrupted)) == []
    folder = interrupted.parent / "run"
    assert {path.name for path in folder.glob("latest.*")} == {
        "latest.pdopt",
        "latest.pdparams",
        "latest.states",
    }


def test_exec_runs_a_script_with_the_supplement_and_passes_its_exit_code_on(
    workspace: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = workspace / "probe.py"
    script.write_text("import sys, ppocr.losses\nprint(ppocr.losses.__file__)\nsys.exit(int(sys.argv[1]))\n")
    assert main(["vendor", "exec", "--", "probe.py", "3"]) == 3
    assert "supplement" in capfd.readouterr().out


def test_the_recorded_facts_hold_through_exec(shared: Path, workspace: Path) -> None:
    release = str(find_release(workspace).path)
    check = [str(shared / "parity" / "parity.py"), "check", "--release", release, "--only", "rec_mv3"]
    assert main(["vendor", "exec", "--", *check]) == 0
