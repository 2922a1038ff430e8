"""Processes: what they print arrives, what they break is explained, nothing outlives the wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError, ToolError
from ppocr_kit.vendor import process
from ppocr_kit.vendor.process import ToolInvocation, run_attached, run_tool, run_tools
from ppocr_kit.vendor.release import PinnedRelease
from ppocr_kit.vendor.tools import tool_invocation

FAKE = Path(__file__).parents[1] / "fake_release"


def python(code: str, folder: Path, **options: object) -> ToolInvocation:
    call = ToolInvocation("snippet", (sys.executable, "-u", "-c", textwrap.dedent(code)), folder)
    return replace(call, **options)  # type: ignore[arg-type]


@pytest.fixture
def train(tmp_path: Path):
    """Return a function that describes a run of the fake release's tools/train.py."""
    config = tmp_path / "config.yml"
    config.write_text(
        f"Global: {{save_model_dir: {tmp_path / 'checkpoints'}, epoch_num: 2}}\n"
        "Architecture: {model_type: det}\n"
    )
    release = PinnedRelease("3.7.0", FAKE, "path", complete=False)

    def invocation(mode: str, **options: object) -> ToolInvocation:
        return tool_invocation(
            release,
            Path(sys.executable),
            "tools/train.py",
            ["-c", str(config)],
            cwd=tmp_path,
            log=tmp_path / "logs" / "train.log",
            env={"FAKE_RELEASE_MODE": mode},
            expects=(tmp_path / "checkpoints" / "latest.pdparams",),
            **options,  # type: ignore[arg-type]
        )

    return invocation


def gone(pid: int) -> bool:
    """Whether a process has ended, given a moment to do so."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_tool_that_keeps_its_promise_gives_its_lines_and_its_log(train) -> None:
    lines: list[str] = []
    result = run_tool(train("ok"), on_line=lines.append)
    assert result.returncode == 0
    assert any("global_step: 4" in line for line in lines)
    assert any("eval model:: 100%" in line for line in lines)
    log = (train("ok").log).read_text()
    assert log.startswith("# 20")
    assert "best metric, precision: 0.5" in log


def test_a_second_sitting_appends_to_the_log(train) -> None:
    run_tool(train("ok"))
    run_tool(train("ok"))
    assert train("ok").log.read_text().count("epoch: [1/2], global_step: 1,") == 2


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("crash", "failed with exit code 1"),
        ("oom", "memory"),
        ("segfault", "SIGSEGV"),
        ("disk-full", "exit code 1"),
        ("silent", "ended without its promised result"),
    ],
)
def test_a_fault_is_an_error_that_says_what_and_where(train, mode: str, expected: str) -> None:
    with pytest.raises(ToolError) as caught:
        run_tool(train(mode))
    assert expected in str(caught.value)
    assert caught.value.at == str(train(mode).log)
    assert caught.value.hint


def test_the_last_lines_are_shown_without_progress_bars(tmp_path: Path) -> None:
    code = r"""
        import sys
        print("why it failed")
        sys.stderr.write("\reval model::  50%|#####     | 1/2 [00:00<00:00]\n")
        sys.exit(3)
    """
    with pytest.raises(ToolError, match="failed with exit code 3") as caught:
        run_tool(python(code, tmp_path))
    assert "| why it failed" in str(caught.value)
    assert "50%" not in str(caught.value)


def test_an_old_output_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    promised = tmp_path / "result.json"
    promised.write_text("old")
    with pytest.raises(ToolError, match="without its promised result"):
        run_tool(python("pass", tmp_path, expects=(promised,)))
    run_tool(python(f"open({str(promised)!r}, 'w').write('new')", tmp_path, expects=(promised,)))


@pytest.mark.parametrize("mode", ["hang", "stubborn"])
def test_a_silent_tool_is_ended_with_its_children(train, mode: str, monkeypatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.5)
    lines: list[str] = []
    with pytest.raises(ToolError, match="printed nothing for 1 s"):
        run_tool(train(mode, idle_timeout_s=1.0), on_line=lines.append)
    worker = next(int(line.rsplit(" ", 1)[1]) for line in lines if "worker" in line)
    assert gone(worker)


def test_a_tool_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    code = "import time\nwhile True:\n    print('still here'); time.sleep(0.05)"
    with pytest.raises(ToolError, match="took longer than 0.5 s"):
        run_tool(python(code, tmp_path, timeout_s=0.5, idle_timeout_s=5.0))


def test_a_child_that_keeps_the_output_open_does_not_keep_us(train, monkeypatch) -> None:
    monkeypatch.setattr(process, "_LINGER_S", 0.3)
    started = time.monotonic()
    run_tool(train("orphan"))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), ToolError("the loss is lost")])
def test_an_exception_of_the_reader_ends_the_group_and_is_passed_on(train, raised: BaseException) -> None:
    pids: list[int] = []

    def reader(line: str) -> None:
        if "worker" in line:
            pids.append(int(line.rsplit(" ", 1)[1]))
            raise raised

    with pytest.raises(type(raised)):
        run_tool(train("hang"), on_line=reader)
    assert gone(pids[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_the_kit_ends_the_tool_first(tmp_path: Path, number: signal.Signals) -> None:
    marker = tmp_path / "pid"
    inner = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    # a job in the background of a script, or under nohup, starts with some signals ignored
    outer = f"""
import signal, sys
from pathlib import Path
from ppocr_kit.vendor.process import ToolInvocation, run_tool
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
run_tool(ToolInvocation("inner", (sys.executable, "-c", {inner!r}), Path.cwd()))
"""
    kit = subprocess.Popen([sys.executable, "-c", outer], stderr=subprocess.DEVNULL)
    try:
        while not (marker.exists() and marker.read_text()):
            assert kit.poll() is None
            time.sleep(0.05)
        kit.send_signal(number)
        assert kit.wait(timeout=20) != 0
        assert gone(int(marker.read_text()))
    finally:
        kit.kill()
        kit.wait()


def test_a_killed_kit_takes_its_tools_along(train, tmp_path: Path) -> None:
    call = train("hang")
    outer = f"""
from pathlib import Path
from ppocr_kit.vendor.process import ToolInvocation, run_tool
run_tool(ToolInvocation("train", {call.argv!r}, Path({str(call.cwd)!r}), env={dict(call.env)!r}),
         on_line=lambda line: print(line, flush=True))
"""
    kit = subprocess.Popen([sys.executable, "-c", outer], stdout=subprocess.PIPE, text=True)
    assert kit.stdout is not None
    for line in kit.stdout:
        if "worker" in line:
            break
    children = Path(f"/proc/{kit.pid}/task/{kit.pid}/children").read_text().split()
    worker = int(line.rsplit(" ", 1)[1])
    kit.kill()
    kit.wait()
    kit.stdout.close()
    assert len(children) == 1
    assert gone(int(children[0]))
    # the tool's own child is its own to end; here nobody is left to do it
    os.kill(worker, signal.SIGKILL)


def test_a_program_that_does_not_exist_is_a_setup_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot start ghost"):
        run_tool(ToolInvocation("ghost", (str(tmp_path / "no-such-program"),), tmp_path))
    with pytest.raises(SetupError, match="the folder .* does not exist"):
        run_tool(python("pass", tmp_path / "nowhere"))


def test_an_unchecked_failure_is_a_result(tmp_path: Path) -> None:
    result = run_tool(python("print('no'); raise SystemExit(4)", tmp_path), check=False)
    assert (result.returncode, result.tail) == (4, ("no",))


def test_stdin_is_closed_and_env_is_added(tmp_path: Path) -> None:
    code = "import os, sys; print(repr(sys.stdin.read()), os.environ['ADDED'])"
    assert run_tool(python(code, tmp_path, env={"ADDED": "yes"})).tail == ("'' yes",)


def test_the_first_failure_ends_the_others(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    slow = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    failing = (
        f"import os, time\nwhile not os.path.exists({str(marker)!r}): time.sleep(0.05)\nraise SystemExit(1)"
    )
    with pytest.raises(ToolError, match="exit code 1"):
        run_tools([python(slow, tmp_path), python(failing, tmp_path)])
    assert gone(int(marker.read_text()))


def test_results_come_in_the_order_of_the_calls_with_one_at_a_time(tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []
    calls = [python(f"print({n})", tmp_path) for n in range(3)]
    results = run_tools(calls, on_line=lambda index, line: seen.append((index, line)), at_once=1)
    assert [result.tail for result in results] == [("0",), ("1",), ("2",)]
    assert seen == [(0, "0"), (1, "1"), (2, "2")]


def test_an_attached_process_passes_its_exit_code_on(tmp_path: Path) -> None:
    assert run_attached(python("raise SystemExit(9)", tmp_path)) == 9
    assert run_attached(python("import os; os.kill(os.getpid(), 9)", tmp_path)) == 137


def test_the_command_line_can_be_pasted(tmp_path: Path) -> None:
    call = ToolInvocation("x", ("python", "a b.py", "$HOME"), tmp_path, env={"A": "1 2"})
    assert call.command_line() == "A='1 2' python 'a b.py' '$HOME'"
