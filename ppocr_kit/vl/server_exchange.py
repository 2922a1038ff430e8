"""One question to a server over HTTP and its answer as JSON, however the server behaves.

A redirection is not followed, because the key would go along; an answer without end is cut; what the
server says is told to people without what steers a terminal and without the key. Proxies are taken from
the environment, but never for this machine itself; certificates from the system.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ppocr_kit import __version__
from ppocr_kit.errors import UsageError

KEY_VARIABLE = "PPOCR_KIT_VL_API_KEY"
_MOST_BYTES = 32 << 20
_CHUNK = 1 << 16
_LONGEST_TOLD = 300
# Statuses after which the same question may be answered later.
_LATER = frozenset({408, 409, 425, 429})


class ExchangeFailure(Exception):
    """A question was not answered.

    Args:
        reason: What happened, one clause for people.
        status: HTTP status, None when there was no answer at all.
        lasting: Whether asking again is useless.
        pause_s: Seconds that the server asks to wait, or None.
        gone: Whether there is no server at that address.
    """

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        lasting: bool = False,
        pause_s: float | None = None,
        gone: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.lasting = lasting
        self.pause_s = pause_s
        self.gone = gone


@dataclass(frozen=True)
class Endpoint:
    """Where an OpenAI-compatible server is.

    Attributes:
        base: Its address up to and with ``/v1``.
        key: The key it wants, or None; never shown.
        timeout_s: Seconds for one whole answer.
    """

    base: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 300.0

    @property
    def host(self) -> str:
        """Its host, without the port."""
        return urlsplit(self.base).hostname or ""

    @property
    def shows_key(self) -> bool:
        """Whether the key crosses a network in the open."""
        return self.key is not None and self.base.startswith("http:") and not _is_here(self.host)

    def exchange(self, path: str, body: Any = None) -> Any:
        """Ask and return the JSON of the answer.

        Args:
            path: Below ``base``, such as ``/chat/completions``.
            body: JSON to post; None for a GET.

        Raises:
            ExchangeFailure: There is no usable answer.
        """
        headers = {"Accept": "application/json", "User-Agent": f"ppocr-kit/{__version__}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode("ascii")
            headers["Content-Type"] = "application/json"
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        deadline = time.monotonic() + self.timeout_s
        try:
            with self._opener().open(request, timeout=self.timeout_s) as response:
                content = _read(response, deadline)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error, deadline) from None
        except (TimeoutError, socket.timeout) as error:
            raise self._too_late() from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreached(error) from error
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            # also what is left of an answer that was cut off
            raise ExchangeFailure("the answer is not JSON") from error

    def told(self, text: object) -> str:
        """Return what a server said in a form for people: one line, printable, short, without the key."""
        words = " ".join(str(text).split())
        if self.key:
            words = words.replace(self.key, "***")
        shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
        return shown if len(shown) <= _LONGEST_TOLD else f"{shown[: _LONGEST_TOLD - 1]}…"

    def _opener(self) -> urllib.request.OpenerDirector:
        proxies = urllib.request.ProxyHandler({} if _is_here(self.host) else None)
        return urllib.request.build_opener(proxies, _StayHere)

    def _refused(self, error: urllib.error.HTTPError, deadline: float) -> ExchangeFailure:
        status = error.code
        if 300 <= status < 400:
            return ExchangeFailure(
                "the server sends the question on to another address, which is not followed",
                status=status,
                lasting=True,
            )
        try:
            said = _message_of(_read(error, deadline))
        except (OSError, http.client.HTTPException, ExchangeFailure):
            said = ""
        reason = f"HTTP {status}" + (f": {self.told(said)}" if said else "")
        lasting = 400 <= status < 500 and status not in _LATER
        pause = _seconds(error.headers.get("Retry-After"))
        return ExchangeFailure(reason, status=status, lasting=lasting, pause_s=pause)

    def _too_late(self) -> ExchangeFailure:
        return ExchangeFailure(f"no answer within {self.timeout_s:g} s")

    def _unreached(self, error: Exception) -> ExchangeFailure:
        cause = getattr(error, "reason", error)
        if isinstance(cause, (TimeoutError, socket.timeout)):
            return self._too_late()
        said = getattr(cause, "strerror", None) or cause or type(cause).__name__
        untrusted = isinstance(cause, ssl.SSLCertVerificationError)
        gone = untrusted or isinstance(cause, (ConnectionRefusedError, socket.gaierror))
        gone = gone or getattr(cause, "errno", None) in (errno.EHOSTUNREACH, errno.ENETUNREACH)
        return ExchangeFailure(self.told(said), lasting=untrusted, gone=gone)


def parse_endpoint(url: str, timeout_s: float) -> Endpoint:
    """Read the value of ``--server``, and the key from the environment.

    Args:
        url: ``http://host:8000``, also with ``/v1`` or ``/v1/chat/completions``.
        timeout_s: Seconds for one whole answer.

    Raises:
        UsageError: It is no such address, or has a password in it, or the key is none.
    """
    hint = f"such as http://127.0.0.1:8000; a key is taken from the variable {KEY_VARIABLE}"
    try:
        parts = urlsplit(url.strip())
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError as error:
        raise UsageError(
            "--server takes the http(s) address of a server", at="--server", hint=hint
        ) from error
    if parts.username is not None or parts.password is not None:
        raise UsageError("the address has a name or a password in it", at="--server", hint=hint)
    strange = any(not letter.isascii() or not letter.isprintable() or letter == " " for letter in url.strip())
    if wrong or strange or parts.query or parts.fragment:
        raise UsageError("--server takes the http(s) address of a server", at="--server", hint=hint)
    return Endpoint(_base_of(parts), _key(), timeout_s)


def _base_of(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    for end in ("/chat/completions", "/models"):
        path = path[: -len(end)] if path.endswith(end) else path
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def _key() -> str | None:
    """Read the key; it is never put into a message."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the key has characters that no key has", at=KEY_VARIABLE, hint="set it anew")
    return key or None


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: the key and the picture were meant for this server."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        """Return None, which makes the redirection an error."""
        return None


def _read(response: Any, deadline: float) -> bytes:
    """Read an answer as long as it is neither endless nor too slow."""
    parts, size = [], 0
    while True:
        part = response.read1(_CHUNK) if hasattr(response, "read1") else response.read(_CHUNK)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise ExchangeFailure(f"the answer has more than {_MOST_BYTES >> 20} MiB", lasting=True)
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(parts)


def _message_of(content: bytes) -> str:
    """Find what an error body says, in the ways of OpenAI, vLLM, SGLang and FastAPI."""
    text = content[:_CHUNK].decode("utf-8", "replace")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(body, dict):
        inner = body.get("error", body)
        inner = inner if isinstance(inner, dict) else {"message": inner}
        for name in ("message", "detail"):
            if isinstance(inner.get(name), str):
                return str(inner[name])
    return text


def _seconds(value: str | None) -> float | None:
    """Read ``Retry-After`` in seconds; a date is not worth reading."""
    return (
        float(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 6 else None
    )


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
