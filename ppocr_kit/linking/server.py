"""The server of ``labels link``: loopback only, one secret address, nothing but the page and its data.

Any page that a browser has open can send requests to a port of this machine. So the address holds a
random token, the name of the host must be this machine's (DNS rebinding), changes must come from the page
itself (``Origin``), and answers forbid frames and foreign scripts. Pages are asked for by name and
looked up in a table: no part of a request becomes a path.
"""

from __future__ import annotations

import hmac
import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ppocr_kit.errors import PpocrKitError, SetupError
from ppocr_kit.linking.document import content_policy, render_document
from ppocr_kit.linking.pictures import read_picture
from ppocr_kit.linking.session import LinkSession, StaleLabelsError, click_from_json

LOOPBACK = "127.0.0.1"
_LONGEST_REQUEST = 1 << 20
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class LinkServer(ThreadingHTTPServer):
    """Serves one folder until it is shut down.

    Args:
        session: The folder.
        port: Port on 127.0.0.1; 0 takes a free one.

    Raises:
        SetupError: The port is taken.
    """

    daemon_threads = True

    def __init__(self, session: LinkSession, port: int = 0) -> None:
        self.session = session
        self.token = secrets.token_urlsafe(18)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except OSError as error:
            raise SetupError(
                f"port {port} cannot be used ({error.strerror})",
                at="--port",
                hint="name another, or leave --port out",
            ) from error

    @property
    def hosts(self) -> frozenset[str]:
        """What a browser may call this server."""
        return frozenset(f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost"))

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that goes away in the middle of an answer is no fault."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: LinkServer
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:  # noqa: N802, D102
        self._answer(changes=False)

    def do_POST(self) -> None:  # noqa: N802, D102
        self._answer(changes=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def version_string(self) -> str:
        """Tell nobody what this runs on."""
        return "ppocr-kit"

    def _answer(self, changes: bool) -> None:
        """Check who asks, then answer; an error becomes a JSON object with the reason."""
        address = urlsplit(self.path)
        _, token, *rest = (*address.path.split("/"), "")
        if not self._is_allowed(token, changes):
            self.close_connection = True
            self._send_json(HTTPStatus.FORBIDDEN, {"error": "not the address that was printed"})
            return
        name = parse_qs(address.query).get("name", [""])[0]
        try:
            if changes:
                self._change(rest[0], name)
            else:
                self._show(rest[0], name)
        except KeyError:
            self._send_json(HTTPStatus.NOT_FOUND, {"error": "no such page"})
        except PpocrKitError as error:
            stale = isinstance(error, StaleLabelsError)
            status = HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY
            self._send_json(status, {"error": error.message, "at": error.at, "hint": error.hint})

    def _is_allowed(self, token: str, changes: bool) -> bool:
        """Tell whether a request knows the token and comes from the page itself."""
        origin = self.headers.get("Origin")
        own = {f"http://{host}" for host in self.server.hosts}
        return (
            hmac.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode())
            and self.headers.get("Host", "").lower() in self.server.hosts
            and (origin in own if changes or origin is not None else True)
            and self.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
        )

    def _show(self, what: str, name: str) -> None:
        session = self.server.session
        if what == "":
            nonce = secrets.token_urlsafe(12)
            policy = {"Content-Security-Policy": content_policy(nonce)}
            self._send(
                render_document(session.folder.name, nonce), "text/html; charset=utf-8", headers=policy
            )
        elif what == "pages":
            self._send_json(HTTPStatus.OK, session.list_pages())
        elif what == "page":
            self._send_json(HTTPStatus.OK, session.show_page(name))
        elif what == "image":
            content, kind = read_picture(session.image_of(name))
            # the address holds the time stamp of the file
            self._send(content, kind, headers={"Cache-Control": "private, max-age=3600"})
        else:
            raise KeyError(what)

    def _change(self, what: str, name: str) -> None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= _LONGEST_REQUEST:
            self.close_connection = True
            self._send_json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "no request of a usable length"})
            return
        content = self.rfile.read(length)
        if what != "page" or self.headers.get_content_type() != "application/json":
            raise KeyError(what)
        try:
            click = click_from_json(json.loads(content))
        except (ValueError, RecursionError) as error:
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": f"not a change of a page: {error}"})
            return
        self._send_json(HTTPStatus.OK, self.server.session.change_page(name, click))

    def _send_json(self, status: HTTPStatus, value: Any) -> None:
        self._send(json.dumps(value).encode(), "application/json", status=status)

    def _send(
        self,
        content: bytes,
        kind: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        sent = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store"}
        for key, value in {**sent, **_HEADERS, **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)
