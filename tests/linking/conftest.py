"""A labelled folder of two forms, and a server for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ppocr_kit.labels.links import LinkOptions
from ppocr_kit.linking.server import LinkServer
from ppocr_kit.linking.session import LinkSession

NASTY = "</script><img src=x onerror=alert(1)>\u202e&<b>"


def box(text: str, key_cls: str, left: int, top: int) -> dict[str, object]:
    points = [[left, top], [left + 30, top], [left + 30, top + 10], [left, top + 10]]
    return {"transcription": text, "points": points, "difficult": False, "key_cls": key_cls}


FORM = [
    box("Name", "name_q", 2, 2),
    box("Ada", "name_a", 40, 2),
    box("Sum", "caption", 2, 20),
    box(NASTY, "sum", 40, 20),
    box("Remark", "None", 2, 45),
]


@pytest.fixture
def folder(make_folder) -> Path:
    """Two equal pages, ``a.png`` and ``b.png``."""
    boxes = json.dumps(FORM)
    return make_folder(f"batch/a.png\t{boxes}\nbatch/b.png\t{boxes}\n", ("a.png", "b.png"))


@pytest.fixture
def server(folder: Path) -> Iterator[LinkServer]:
    """The folder, served until the test ends."""
    server = LinkServer(LinkSession(folder, LinkOptions()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
