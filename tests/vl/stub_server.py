"""An OpenAI-compatible server on the loopback that answers as a test wants."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

MODEL = "manga-vl"
# status, body (bytes as they are, anything else as JSON), further headers
Reply = tuple[int, Any, dict[str, str]]


def chat(text: Any, tokens: Any = 3, reason: Any = "stop") -> Reply:
    """The usual answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return 200, {"choices": [choice], "usage": {"completion_tokens": tokens}}, {}


def picture_of(body: dict[str, Any]) -> Image.Image:
    """The picture in a request."""
    address = body["messages"][0]["content"][0]["image_url"]["url"]
    return Image.open(io.BytesIO(base64.b64decode(address.partition(";base64,")[2])))


def width_as_text(body: dict[str, Any]) -> Reply:
    return chat(f"width {picture_of(body).width}")


class Stub:
    """What the server was asked, and how it answers.

    Attributes:
        answer: Makes the reply to a request's body; None closes the connection.
        models: Reply to ``/v1/models``.
        asked: Bodies of the requests.
        headers: Their headers.
        most_at_once: Most requests under way at a time.
    """

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Reply | None] = width_as_text
        self.models: Reply = (200, {"data": [{"id": MODEL}]}, {})
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self.under_way = 0
        self.lock = threading.Lock()
        self.url = ""


@contextmanager
def running_stub() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            """Keep the test's output clean."""

        def do_GET(self) -> None:
            stub.headers.append(dict(self.headers))
            self.reply(stub.models if self.path == "/v1/models" else (404, {"detail": "Not Found"}, {}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with stub.lock:
                stub.asked.append(body)
                stub.headers.append(dict(self.headers))
                stub.under_way += 1
                stub.most_at_once = max(stub.most_at_once, stub.under_way)
            try:
                known = self.path == "/v1/chat/completions"
                reply = stub.answer(body) if known else (404, {"detail": "Not Found"}, {})
            finally:
                with stub.lock:
                    stub.under_way -= 1
            if reply is not None:
                self.reply(reply)

        def reply(self, reply: Reply) -> None:
            status, body, headers = reply
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                # whoever asked has seen enough
                return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
