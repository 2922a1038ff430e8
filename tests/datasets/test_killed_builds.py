"""Builds with processes that are killed at the worst moment: the old set stays, and nobody is left over."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ppocr_kit.datasets.build import BuildRequest, build_dataset
from ppocr_kit.datasets.reuse import INDEX_NAME
from ppocr_kit.synth.export import draw_pages

PAGES = 220
PATIENCE_S = 60


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != INDEX_NAME
    }


def repeat_page(root: Path, lines: int) -> Path:
    """Return a labelled folder with one page again and again, each time with other bytes."""
    drawn = draw_pages(root / "one", 1, lines=lines).folder
    page = next(drawn.glob("*.jpg")).read_bytes()
    boxes = (drawn / "Label.txt").read_text("utf-8").split("\t")[1]
    folder = root / "labels"
    folder.mkdir()
    for number in range(PAGES):
        (folder / f"{number}.jpg").write_bytes(page + str(number).encode())
    (folder / "Label.txt").write_text("".join(f"labels/{n}.jpg\t{boxes}" for n in range(PAGES)), "utf-8")
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Enough lines for a second of work."""
    return repeat_page(tmp_path_factory.mktemp("many"), 40)


@pytest.fixture
def running(tmp_path, source, project, kit_in_foreground):
    """A build with two processes over an older set, caught while it writes."""
    old = tmp_path / "out" / "set"
    old.mkdir(parents=True)
    (old / "dataset.json").write_text(json.dumps({"older": True}), "utf-8")
    words = [*kit_in_foreground, "dataset", "build", str(source), "--name", "set"]
    process = subprocess.Popen(
        [*words, "--out", str(tmp_path / "out"), "--workers", "2", "--no-near-duplicates"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=project,
        start_new_session=True,
    )
    try:
        until(lambda: any((tmp_path / "out").glob(".set.*.tmp/rec/crops/*")))
        yield process
    finally:
        process.kill()
        process.communicate()


def until(happens):
    """Wait for something to happen."""
    end = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.005)


def descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def workers_of(process):
    """Return the processes that the fork server made."""
    until(lambda: len(descendants(process.pid)) >= 4)
    return descendants(process.pid)


def assert_only_the_old_set(tmp_path):
    assert tree(tmp_path / "out/set") == {
        "dataset.json": hashlib.sha256(json.dumps({"older": True}).encode()).hexdigest()
    }


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")


@needs_proc
def test_a_killed_parent_takes_its_workers_along(tmp_path, source, running):
    everyone = workers_of(running)
    running.send_signal(signal.SIGKILL)
    running.wait()
    until(lambda: not any(map(alive, everyone)))
    assert_only_the_old_set(tmp_path)
    assert any((tmp_path / "out").glob(".set.*.tmp"))
    build_dataset(BuildRequest((source,), "set", tmp_path / "out", ratio="0:0:1", near_duplicates=False))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]


@needs_proc
def test_a_killed_worker_ends_the_build_with_a_message(tmp_path, running):
    everyone = workers_of(running)
    os.kill(max(everyone), signal.SIGKILL)
    _, shown = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 5
    assert b"worker process was killed" in shown and b"Traceback" not in shown
    assert_only_the_old_set(tmp_path)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]
    until(lambda: not any(map(alive, everyone)))


@needs_proc
def test_ctrl_c_ends_everyone_and_leaves_the_old_set(tmp_path, running):
    everyone = workers_of(running)
    os.killpg(running.pid, signal.SIGINT)
    _, shown = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130
    assert b"Traceback" not in shown
    assert_only_the_old_set(tmp_path)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["set"]
    until(lambda: not any(map(alive, everyone)))


def test_processes_and_threads_give_the_same_bytes(tmp_path):
    source = repeat_page(tmp_path, 2)
    request = {"ratio": "8:1:1", "near_duplicates": False}
    one = build_dataset(BuildRequest((source,), "set", tmp_path / "one", **request), workers=1)
    two = build_dataset(BuildRequest((source,), "set", tmp_path / "two", **request), workers=2)
    assert one.pages == PAGES
    assert tree(one.folder) == tree(two.folder)
