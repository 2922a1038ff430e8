from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback import Served

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.pretrained.download import Patience, download, forget_part

CONTENT = bytes(range(256)) * 400
QUICK = Patience(timeout_s=0.3, attempts=3, pause_s=0.01)


@pytest.fixture
def part(tmp_path: Path, server: Served) -> Path:
    server.content = CONTENT
    return tmp_path / "made" / "here" / "file.part"


def fetch(server: Served, part: Path, **options: object) -> int:
    came = download(f"{server.url}/file", part, patience=QUICK, **options)  # type: ignore[arg-type]
    assert part.read_bytes() == server.content and came.bytes == len(server.content)
    return came.resumed_at


def test_a_file_comes_whole_and_its_progress_is_told(server: Served, part: Path) -> None:
    told: list[tuple[int, int | None]] = []
    assert fetch(server, part, on_bytes=lambda done, total: told.append((done, total))) == 0
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert server.asked == [None]


def test_a_cut_off_download_goes_on_where_it_stopped(server: Served, part: Path) -> None:
    server.faults = ["cut"]
    fetch(server, part)
    assert server.asked == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_server_that_ignores_ranges_gives_the_whole_file_again(server: Served, part: Path) -> None:
    server.ranges, server.faults = False, ["cut"]
    fetch(server, part)
    assert server.asked == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_server_that_names_nothing_is_never_asked_for_a_rest(server: Served, part: Path) -> None:
    server.etag, server.faults = None, ["cut"]
    fetch(server, part)
    assert server.asked == [None, None]


def test_what_an_earlier_call_left_is_used(server: Served, part: Path) -> None:
    server.faults = ["cut", 500, 500, 500]
    with pytest.raises(SetupError, match="500 .*51200 bytes are kept"):
        fetch(server, part)
    assert fetch(server, part) == len(CONTENT) // 2


def test_changed_content_is_never_appended_to_the_old(server: Served, part: Path) -> None:
    server.faults = ["cut", 500, 500, 500]
    with pytest.raises(SetupError):
        fetch(server, part)
    server.content, server.etag = CONTENT[::-1], '"two"'
    assert fetch(server, part) == 0


def test_a_server_that_ignores_the_condition_is_found_out_by_its_etag(server: Served, part: Path) -> None:
    server.faults = ["cut", 500, 500, 500]
    with pytest.raises(SetupError):
        fetch(server, part)
    # the part is said to be of the new content, whose name the server then does not confirm
    state = part.with_name("file.part.json")
    state.write_text(state.read_text().replace("one", "two"))
    server.content = CONTENT[::-1]
    assert fetch(server, part) == 0


def test_a_whole_part_needs_no_byte_more(server: Served, part: Path) -> None:
    fetch(server, part)
    assert fetch(server, part) == len(CONTENT)
    assert server.asked == [None, f"bytes={len(CONTENT)}-"]


def test_a_part_longer_than_the_file_is_thrown_away(server: Served, part: Path) -> None:
    fetch(server, part)
    part.write_bytes(CONTENT + b"more")
    assert fetch(server, part) == 0


def test_a_part_of_another_address_is_not_gone_on_with(server: Served, part: Path) -> None:
    fetch(server, part)
    download(f"{server.url}/other", part, patience=QUICK)
    assert server.asked == [None, None]


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_is_asked_again(server: Served, part: Path, status: int) -> None:
    server.faults = [status, status]
    fetch(server, part)
    assert len(server.asked) == 3


@pytest.mark.parametrize(("status", "said"), [(404, "no such file"), (403, "refuses"), (410, "no such file")])
def test_a_refusal_is_final(server: Served, part: Path, status: int, said: str) -> None:
    server.faults = [status]
    with pytest.raises(SetupError, match=said) as caught:
        fetch(server, part)
    assert len(server.asked) == 1 and "--from" in (caught.value.hint or "")


def test_a_web_page_is_not_taken_for_the_file(server: Served, part: Path) -> None:
    server.faults = ["html"]
    with pytest.raises(SetupError, match="web page"):
        fetch(server, part)
    assert not part.exists()


def test_a_redirection_is_followed(server: Served, part: Path) -> None:
    server.faults = ["redirect"]
    came = download(f"{server.url}/file", part, patience=QUICK)
    assert came.url == f"{server.url}/elsewhere/file" and part.read_bytes() == CONTENT


def test_a_silent_server_is_given_up(server: Served, part: Path) -> None:
    server.faults = ["silent"] * 3
    with pytest.raises(SetupError, match="stopped answering"):
        fetch(server, part)


def test_a_server_that_drips_is_given_up_and_asked_again(server: Served, part: Path) -> None:
    server.faults = ["slow"]
    fetch(server, part)
    assert len(server.asked) == 2


def test_nobody_listening_is_said_with_a_way_out(part: Path) -> None:
    with pytest.raises(SetupError, match="refused") as caught:
        download("http://127.0.0.1:1/file", part, patience=QUICK)
    assert "--url" in (caught.value.hint or "")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "weights.pdparams", "http://"])
def test_only_addresses_of_servers_are_taken(part: Path, url: str) -> None:
    with pytest.raises(UsageError, match="not an http"):
        download(url, part)


def test_a_forgotten_part_leaves_nothing(server: Served, part: Path) -> None:
    fetch(server, part)
    forget_part(part)
    assert list(part.parent.iterdir()) == []


def test_a_killed_process_leaves_a_part_that_is_gone_on_with(server: Served, part: Path) -> None:
    server.faults = ["slow"]
    code = (
        "import sys; from pathlib import Path; from ppocr_kit.pretrained.download import download; "
        "download(sys.argv[1], Path(sys.argv[2]), on_bytes=lambda *_: print(flush=True))"
    )
    words = [sys.executable, "-c", code, f"{server.url}/file", str(part)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], env={**os.environ})
    assert child.stdout is not None and child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    time.sleep(0.05)
    have = part.stat().st_size
    assert have > 0
    assert fetch(server, part) == have
    assert server.asked[-1] == f"bytes={have}-"
