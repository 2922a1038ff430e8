"""The only module that starts processes: tools of the release, pip, git.

A command is a :class:`ToolInvocation` value first, so that it can be printed, tested and saved.
It runs in a session of its own with stdin closed; whatever ends the wait (a timeout, Ctrl-C,
SIGTERM, an error of the reader) ends the whole process group with it. Exit code 0 is not taken
for success: the files that were promised must be there and be new.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.failures import require_outputs, require_success, timeout_error
from ppocr_kit.vendor.output import LineSplitter, Log, Tail

OnLine = Callable[[str], None]
# A tool that is not waiting for data ends within milliseconds of SIGTERM. One that waits notices
# late or never, and loses nothing by SIGKILL: checkpoints are written atomically (compat.py).
GRACE_S = 5.0
# A tool that has exited may leave a child that holds its output open; it gets this long.
_LINGER_S = 2.0
_CHUNK = 1 << 16
# Without a deadline the wait still wakes up this often to see whether the tool has exited.
_POLL_S = 0.5


@dataclass(frozen=True)
class ToolInvocation:
    """A process to start, as a value.

    Attributes:
        name: What people call it in messages: ``tools/train.py``.
        argv: Program and arguments; never a shell string.
        cwd: Folder to start in.
        env: Additions to the environment.
        log: File that everything the tool prints is appended to, or None.
        timeout_s: Seconds after which it is ended, or None.
        idle_timeout_s: Seconds without any output after which it counts as hung, or None.
        expects: Files or folders that it must have written when it ends.
        grace_s: Seconds between SIGTERM and SIGKILL; what saves its work when it is ended needs more.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    timeout_s: float | None = None
    idle_timeout_s: float | None = None
    expects: tuple[Path, ...] = ()
    grace_s: float = GRACE_S

    def command_line(self) -> str:
        """Render the call so that it can be pasted into a shell in ``cwd``."""
        additions = [f"{name}={shlex.quote(value)}" for name, value in sorted(self.env.items())]
        return " ".join([*additions, shlex.join(self.argv)])


@dataclass(frozen=True)
class ToolResult:
    """How a process ended.

    Attributes:
        returncode: Exit code; negative for a signal, as ``subprocess`` has it.
        seconds: Wall time.
        log: The log file, or None.
        tail: The last lines it printed (at most 200), progress bars collapsed to their last state.
    """

    returncode: int
    seconds: float
    log: Path | None
    tail: tuple[str, ...]


def run_tool(invocation: ToolInvocation, on_line: OnLine | None = None, *, check: bool = True) -> ToolResult:
    """Run a process to its end and hold it to what it promised.

    Args:
        invocation: What to run.
        on_line: Called with every line as it comes, also with the states of a progress bar.
            An exception from it ends the process and is passed on.
        check: Whether an exit code other than 0 and missing outputs are errors.

    Returns:
        Exit code, time and the last lines.

    Raises:
        SetupError: The program does not exist or cannot be started.
        ToolError: It failed, hung, took too long, or ended without what it promised.
        KeyboardInterrupt: After the process group is gone.
    """
    indexed = None if on_line is None else (lambda _, line: on_line(line))
    return run_tools([invocation], indexed, check=check)[0]


def run_tools(
    invocations: Sequence[ToolInvocation],
    on_line: Callable[[int, str], None] | None = None,
    *,
    at_once: int | None = None,
    check: bool = True,
) -> list[ToolResult]:
    """Run several processes side by side; the first that fails ends the others.

    Args:
        invocations: What to run, started in this order.
        on_line: Called with the position of the process and its line.
        at_once: How many may run at a time; None for all.
        check: As for :func:`run_tool`.

    Returns:
        The results in the order of ``invocations``.

    Raises:
        SetupError, ToolError, KeyboardInterrupt: As :func:`run_tool`.
    """
    waiting = deque(enumerate(invocations))
    running: dict[int, _Running] = {}
    results: dict[int, ToolResult] = {}
    with _ended_by_signals():
        try:
            while waiting or running:
                while waiting and (at_once is None or len(running) < max(1, at_once)):
                    index, invocation = waiting.popleft()
                    running[index] = _Running(invocation)
                _wait_for_output(running.values())
                for index, tool in list(running.items()):
                    for line in tool.read():
                        if on_line is not None:
                            on_line(index, line)
                    if tool.finished():
                        del running[index]
                        results[index] = tool.result(check)
                    else:
                        tool.check_deadlines()
        finally:
            grace_s = max((tool.invocation.grace_s for tool in running.values()), default=0.0)
            _end_groups([tool.process for tool in running.values()], grace_s)
            for tool in running.values():
                # what it said while it was ended belongs into the log
                deque(tool.read(), maxlen=0)
                tool.close()
    return [results[index] for index in range(len(invocations))]


def run_attached(invocation: ToolInvocation) -> int:
    """Run a process whose output goes straight to our own stdout and stderr.

    Returns:
        Its exit code; 128 plus the signal's number when a signal ended it, as shells have it.

    Raises:
        SetupError: The program does not exist or cannot be started.
    """
    with _ended_by_signals():
        process = _start(invocation, output=None)
        try:
            code = process.wait(timeout=invocation.timeout_s)
        except subprocess.TimeoutExpired as expired:
            raise timeout_error(invocation.name, expired.timeout, idle=False, tail=(), log=None) from None
        finally:
            if process.poll() is None:
                _end_groups([process], invocation.grace_s)
    return code if code >= 0 else 128 - code


class _Running:
    """One started process with its output, log and deadlines."""

    def __init__(self, invocation: ToolInvocation) -> None:
        self.invocation = invocation
        self.before = {path: _state_of(path) for path in invocation.expects}
        self.log = Log(invocation.log, f"{invocation.command_line()}  # in {invocation.cwd}")
        self.tail = Tail()
        self.splitter = LineSplitter()
        self.started = self.last_output = time.monotonic()
        self.exited: float | None = None
        self.closed = False
        try:
            self.process = _start(invocation, output=subprocess.PIPE)
        except BaseException:
            self.log.close()
            raise
        assert self.process.stdout is not None
        self.pipe: IO[bytes] = self.process.stdout

    def read(self) -> Iterator[str]:
        """Yield the lines that have arrived."""
        if self.closed or not select.select([self.pipe], [], [], 0)[0]:
            return
        chunk = os.read(self.pipe.fileno(), _CHUNK)
        if chunk:
            self.last_output = time.monotonic()
            self.log.write(chunk)
            lines = self.splitter.feed(chunk)
        else:
            self.closed = True
            lines = self.splitter.rest()
        for line in lines:
            self.tail.add(line)
            yield line.text

    def finished(self) -> bool:
        """Whether it has exited and its output is read to the end."""
        if self.process.poll() is None:
            return False
        now = time.monotonic()
        self.exited = now if self.exited is None else self.exited
        if not self.closed and now - max(self.exited, self.last_output) > _LINGER_S:
            _signal_group(self.process, signal.SIGKILL)
            return True
        return self.closed

    def check_deadlines(self) -> None:
        """Raise ToolError when it has taken too long or has been silent for too long."""
        now = time.monotonic()
        limits = (
            (self.invocation.timeout_s, now - self.started, False),
            (self.invocation.idle_timeout_s, now - self.last_output, True),
        )
        for limit, spent, idle in limits:
            if limit is not None and spent > limit and self.process.poll() is None:
                tail, log = self.tail.lines(), self.invocation.log
                raise timeout_error(self.invocation.name, limit, idle=idle, tail=tail, log=log)

    def result(self, check: bool) -> ToolResult:
        """Close the files and hold the process to its promises."""
        self.close()
        call, code = self.invocation, int(self.process.returncode)
        seconds = time.monotonic() - self.started
        if check:
            require_success(call.name, code, self.tail.lines(), call.log)
            stale = [path for path in call.expects if _state_of(path) in (None, self.before[path])]
            require_outputs(call.name, stale, self.tail.lines(), call.log)
        return ToolResult(code, seconds, call.log, self.tail.lines())

    def close(self) -> None:
        """Close the pipe and the log."""
        self.pipe.close()
        self.log.close()


def _start(invocation: ToolInvocation, output: int | None) -> subprocess.Popen[bytes]:
    """Start a process in its own session with stdin closed."""
    try:
        return subprocess.Popen(
            invocation.argv,
            cwd=invocation.cwd,
            env={**os.environ, **invocation.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            start_new_session=True,
        )
    except OSError as error:
        missing = "" if Path(invocation.cwd).is_dir() else f"; the folder {invocation.cwd} does not exist"
        raise SetupError(
            f"cannot start {invocation.name} ({error.strerror}){missing}",
            at=invocation.argv[0],
            hint="check that the program is installed: ppocr-kit env list",
        ) from error


def _wait_for_output(tools: Iterable[_Running]) -> None:
    """Sleep until a process prints something, ends its output, or a moment has passed."""
    open_pipes = [tool.pipe for tool in tools if not tool.closed]
    if open_pipes:
        select.select(open_pipes, [], [], _POLL_S)
    else:
        time.sleep(0.02)


def _state_of(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a path is written again, or None when it is absent."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to every process of a group, which may be gone already."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers EPERM for a group of zombies
        return


def _end_groups(processes: Sequence[subprocess.Popen[bytes]], grace_s: float) -> None:
    """End process groups: SIGTERM to all, a grace period, then SIGKILL to what is left."""
    for process in processes:
        _signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    try:
        for process in processes:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                continue
    finally:
        # also reached by a second Ctrl-C, which is not patient
        for process in processes:
            _signal_group(process, signal.SIGKILL)
            process.wait()


class _Terminated(BaseException):
    """SIGTERM or SIGHUP arrived: unwind, end the process groups, then die of the same signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the block like Ctrl-C does, so that no child is orphaned."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        raise _Terminated(number)

    # a handler that somebody set, or nohup's "ignore", is left alone
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, unwind)
    try:
        yield
    except _Terminated as ended:
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)
        raise
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
