"""A server on this machine that gives one file, and can fail in all the ways that servers do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server has, and how it behaves.

    Attributes:
        content: The file.
        etag: What names the content; None for a server that names nothing.
        ranges: Whether it answers requests for a part.
        faults: How the next requests fail, first come first served: a status (500), ``cut`` after
            half of what was asked for, ``silent``, ``slow``, ``html`` or ``redirect``.
        asked: The ``Range`` header of each request, None for none.
    """

    content: bytes = b""
    etag: str | None = '"one"'
    ranges: bool = True
    faults: list[str | int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    url: str = ""
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(content: bytes) -> Iterator[Served]:
    served = Served(content)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.asked.append(self.headers.get("Range"))
            fault = served.faults.pop(0) if served.faults else None
            if isinstance(fault, int):
                self.send_error(fault)
            elif fault == "html":
                self._send(200, b"<html>log in</html>", {"Content-Type": "text/html; charset=utf-8"})
            elif fault == "redirect":
                self.send_response(302)
                self.send_header("Location", "/elsewhere/" + self.path.rsplit("/", 1)[-1])
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._give(fault)

        def _give(self, fault: str | None) -> None:
            headers = {"Content-Type": "application/octet-stream"}
            if served.etag:
                headers["ETag"] = served.etag
            begin = self._begin()
            if begin is not None and begin >= len(served.content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(served.content)}"})
                return
            body = served.content[begin or 0 :]
            if begin is not None:
                headers["Content-Range"] = f"bytes {begin}-{len(served.content) - 1}/{len(served.content)}"
            self._send(200 if begin is None else 206, body, headers, fault)

        def _begin(self) -> int | None:
            asked, condition = self.headers.get("Range"), self.headers.get("If-Range")
            if not served.ranges or asked is None or condition != served.etag:
                return None
            return int(asked[len("bytes=") :].rstrip("-"))

        def _send(self, status: int, body: bytes, headers: dict[str, str], fault: str | None = None) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if fault == "silent":
                served.done.wait(5)
            elif fault == "slow":
                for byte in body:
                    if served.done.wait(0.05):
                        return
                    self.wfile.write(bytes([byte]))
            else:
                self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
            self.close_connection = True

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_given: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        served.done.set()
        server.shutdown()
        thread.join()
        server.server_close()
