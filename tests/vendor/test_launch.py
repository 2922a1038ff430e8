"""Launching: the release first, the supplement where it is needed, the kit importable, no traces."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ppocr_kit.configs.device import parse_device
from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.vendor.launch import SUPPLEMENTED
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease
from ppocr_kit.vendor.tools import LAUNCHER, tool_environment, tool_invocation

FAKE = Path(__file__).parents[1] / "fake_release"
REPORT = """
import json, os, sys
import ppocr, tools, ppocr_kit
print(json.dumps({
    "argv": sys.argv, "name": __name__, "cwd": os.getcwd(), "path": sys.path,
    "ppocr": list(ppocr.__path__), "tools": tools.__file__, "kit": ppocr_kit.__file__,
    "kit_folder_on_path": os.path.dirname(os.path.dirname(ppocr_kit.__file__)) in sys.path,
    "heavy": [m for m in ("paddle", "numpy") if m in sys.modules],
}))
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of the fake release that tests may change."""
    return Path(shutil.copytree(FAKE, tmp_path / "release", ignore=shutil.ignore_patterns("__pycache__")))


def launch(release: Path, script: str, *args: str, cwd: Path, env: dict[str, str] | None = None) -> dict:
    # -I keeps the test's own PYTHONPATH and site-packages' way to the kit out of sight
    command = [sys.executable, "-I", str(LAUNCHER), "--release", str(release), "--", script, *args]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_script_sees_the_release_the_supplement_and_the_kit(release: Path, tmp_path: Path) -> None:
    script = tmp_path / "elsewhere" / "report.py"
    script.parent.mkdir()
    script.write_text(REPORT)
    work = tmp_path / "project"
    work.mkdir()
    seen = launch(release, "../elsewhere/report.py", "-c", "x y.yml", "--", "z", cwd=work)
    assert seen["argv"] == [str(script), "-c", "x y.yml", "--", "z"]
    assert (seen["name"], seen["cwd"]) == ("__main__", str(work))
    assert seen["path"][:2] == [str(release), str(script.parent)]
    assert seen["tools"] == str(release / "tools" / "__init__.py")
    assert seen["ppocr"][0] == str(release / "ppocr")
    assert [Path(entry).parts[-3:] for entry in seen["ppocr"][1:]] == [("ppocr_kit", "supplement", "ppocr")]
    assert Path(seen["kit"]).parent == LAUNCHER.parents[1]


def test_launching_by_itself_imports_nothing_heavy(release: Path, tmp_path: Path) -> None:
    script = tmp_path / "report.py"
    script.write_text(REPORT)
    seen = launch(release, str(script), cwd=tmp_path)
    assert seen["heavy"] == []


def test_the_kits_parent_folder_is_not_put_on_the_path(release: Path, tmp_path: Path) -> None:
    installed = tmp_path / "site-packages"
    shutil.copytree(
        LAUNCHER.parents[1], installed / "ppocr_kit", ignore=shutil.ignore_patterns("__pycache__")
    )
    script = tmp_path / "report.py"
    script.write_text(REPORT)
    command = [sys.executable, "-I", str(installed / "ppocr_kit" / "vendor" / "launch.py")]
    done = subprocess.run(
        [*command, "--release", str(release), str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["kit"] == str(installed / "ppocr_kit" / "__init__.py")
    assert not seen["kit_folder_on_path"]


def test_a_complete_release_keeps_its_own_packages(release: Path, tmp_path: Path) -> None:
    for name in SUPPLEMENTED:
        (release / "ppocr" / name).mkdir()
    script = tmp_path / "report.py"
    script.write_text(REPORT)
    assert launch(release, str(script), cwd=tmp_path)["ppocr"] == [str(release / "ppocr")]


def test_a_script_of_the_release_is_found_there_first(release: Path, tmp_path: Path) -> None:
    (release / "tools" / "report.py").write_text(REPORT)
    seen = launch(release, "tools/report.py", cwd=tmp_path)
    assert seen["argv"] == [str(release / "tools" / "report.py")]


def test_nothing_is_written_into_the_release(release: Path, tmp_path: Path) -> None:
    before = sorted(release.rglob("*"))
    (tmp_path / "c.yml").write_text(f"{{Global: {{save_inference_dir: {tmp_path}}}, Architecture: {{}}}}")
    call = tool_invocation(
        PinnedRelease("3.7.0", release, "path", complete=False),
        Path(sys.executable),
        "tools/export_model.py",
        ["-c", "c.yml"],
        cwd=tmp_path,
        expects=[tmp_path / "inference.json"],
    )
    run_tool(call)
    assert sorted(release.rglob("*")) == before


def test_an_unknown_script_is_named(release: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(LAUNCHER), "--release", str(release), "tools/nothing.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no such script: tools/nothing.py" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["--release"], ["--release", "x"], ["--release", "x", "--"], ["a", "b", "c"]]
)
def test_a_wrong_call_shows_the_usage(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(LAUNCHER), *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.startswith("usage:")) == (1, True)


def test_several_processes_go_through_paddles_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    release = PinnedRelease("3.7.0", FAKE, "path", complete=False)
    call = tool_invocation(
        release,
        Path("/lane/python"),
        "tools/train.py",
        ["-c", "x.yml"],
        cwd=tmp_path,
        log=tmp_path / "logs" / "train.log",
        device=parse_device("cpu:2"),
    )
    ours = (str(LAUNCHER), "--release", str(FAKE))
    assert call.argv == (
        "/lane/python",
        *ours,
        *("-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--backend", "gloo"),
        *("--log_dir", str(tmp_path / "logs" / "workers")),
        *ours,
        *("--", "tools/train.py", "-c", "x.yml"),
    )
    gpus = tool_invocation(
        release, Path("p"), "tools/train.py", [], cwd=tmp_path, device=parse_device("gpu:0,3")
    )
    assert gpus.argv[6:8] == ("--gpus", "0,3")


def test_gpus_are_counted_within_those_that_the_user_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, GPU-ab")
    assert tool_environment(parse_device("gpu:1"))["CUDA_VISIBLE_DEVICES"] == "GPU-ab"
    with pytest.raises(UsageError, match=r"gpu:2 does not exist: CUDA_VISIBLE_DEVICES=4,GPU-ab shows 2"):
        tool_environment(parse_device("gpu:2"))


def test_one_gpu_is_the_only_one_that_the_tool_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert tool_environment(parse_device("gpu:3"))["CUDA_VISIBLE_DEVICES"] == "3"
    assert "CUDA_VISIBLE_DEVICES" not in tool_environment(parse_device("cpu"))


def test_the_users_own_thread_count_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert tool_environment()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert "OMP_NUM_THREADS" not in tool_environment()


def test_a_lane_without_python_is_a_setup_error(tmp_path: Path) -> None:
    release = PinnedRelease("3.7.0", FAKE, "path", complete=False)
    call = tool_invocation(release, tmp_path / "gone" / "python", "tools/train.py", [], cwd=tmp_path)
    with pytest.raises(SetupError, match="cannot start tools/train.py"):
        run_tool(call)
