"""Downloading a large file over HTTP so that a cut-off download goes on where it stopped.

What has come lies in a ``.part`` file, and beside it what the server said about the content (RFC 9110
§13.1.5, If-Range): the rest is appended only when the server still has the same content. Proxies are
taken from the environment (``https_proxy``, ``no_proxy``), certificates from the system.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ppocr_kit import __version__
from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.storage import disk_error, write_json_atomic

# The largest official weights have 0.25 GB; archives hold the optimizer's state as well.
MAX_BYTES = 4_000_000_000
_CHUNK = 1 << 16
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_ELSEWHERE = "another place: --url MIRROR; a file brought from another machine: --from FILE"
OnBytes = Callable[[int, "int | None"], None]


@dataclass(frozen=True)
class Patience:
    """How long a server is given.

    Attributes:
        timeout_s: Silence, in seconds, after which the connection is given up.
        attempts: Connections in a row that bring nothing.
        pause_s: Wait after the first failure; doubles with each further one.
        slowest: Bytes per second, over one ``timeout_s``, below which a connection counts as stuck.
    """

    timeout_s: float = 30.0
    attempts: int = 5
    pause_s: float = 1.0
    slowest: float = 100.0


@dataclass(frozen=True)
class Download:
    """What was downloaded.

    Attributes:
        url: Where it came from, redirections followed.
        bytes: Size of the whole file.
        resumed_at: Bytes that an earlier call had left; 0 for none.
    """

    url: str
    bytes: int
    resumed_at: int


class ServerTrouble(SetupError):
    """The server does not give the file; another place may."""


class _CutOff(Exception):
    """A connection ended before the file did; another one may bring the rest."""


class _KeepSecure(urllib.request.HTTPRedirectHandler):
    """Follow redirections, but never from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for the new place."""
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise ServerTrouble("the server redirects from https to http", at=newurl, hint=_ELSEWHERE)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def check_url(url: str) -> None:
    """Refuse what is not the address of something on a server.

    Raises:
        UsageError: The scheme is not http or https, or there is no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"'{url}' is not an http(s) address", at="--url", hint="a file: --from FILE")


def download(
    url: str, part: Path, *, on_bytes: OnBytes | None = None, patience: Patience | None = None
) -> Download:
    """Download ``url`` into ``part``, going on with what an earlier call left there.

    Args:
        url: http or https.
        part: Where the content is gathered; kept when the download fails, together with
            ``<part>.json``.
        on_bytes: Told how many bytes are there and how many there will be, if known.
        patience: How long a server is given.

    Raises:
        UsageError: Not an address.
        ServerTrouble: The server does not have it, cannot be reached or stopped answering.
        SetupError: The disk is full.
    """
    check_url(url)
    patience = patience if patience is not None else Patience()
    resumed_at, failures = _size(part), 0
    while True:
        before = _size(part)
        try:
            final, fresh = _connect_once(url, part, on_bytes, patience)
            return Download(final, _size(part), 0 if fresh else resumed_at)
        except _CutOff as cut:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= patience.attempts:
                raise _gave_up(url, part, cut) from cut
            time.sleep(patience.pause_s * 2 ** (failures - 1))


def forget_part(part: Path) -> None:
    """Delete what an unfinished download has left."""
    part.unlink(missing_ok=True)
    _state_file(part).unlink(missing_ok=True)


def _connect_once(url: str, part: Path, on_bytes: OnBytes | None, patience: Patience) -> tuple[str, bool]:
    """Take what one connection brings.

    Returns:
        The final address, and whether the file was begun anew.
    """
    state = _read_state(part, url)
    have = _size(part) if state else 0
    request = urllib.request.Request(url, headers=_headers(have, state.get("validator")))
    opener = urllib.request.build_opener(_KeepSecure())
    try:
        with opener.open(request, timeout=patience.timeout_s) as response:
            start, total = _begin(response, have, state, url, part)
            _copy(response, part, start, total, on_bytes, patience)
            return str(response.geturl()), start == 0
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:
            return _settle_416(url, part, have, error.headers.get("Content-Range", ""))
        raise _refused(url, error) from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from error


def _headers(have: int, validator: Any) -> dict[str, str]:
    headers = {"User-Agent": f"ppocr-kit/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers.update({"Range": f"bytes={have}-", "If-Range": str(validator)})
    return headers


def _begin(response: Any, have: int, state: dict[str, Any], url: str, part: Path) -> tuple[int, int | None]:
    """Read the answer's head, and return where its content starts and how long the file is.

    Raises:
        ServerTrouble: It is a web page or too large.
        _CutOff: It is not the rest that was asked for; the part is forgotten.
    """
    if "text/html" in response.headers.get("Content-Type", ""):
        raise ServerTrouble(
            "the server answers with a web page instead of a file",
            at=response.geturl(),
            hint=f"a login, proxy or download page may be in between; {_ELSEWHERE}",
        )
    validator = _validator(response.headers)
    length = response.headers.get("Content-Length")
    if response.status == 206:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have or (validator and validator != state.get("validator")):
            forget_part(part)
            raise _CutOff("the file has changed on the server")
        return have, None if match[2] == "*" else int(match[2])
    total = int(length) if length is not None and length.isdigit() else None
    if total is not None and total > MAX_BYTES:
        raise ServerTrouble(f"the file has {total} bytes, more than weights have", at=url)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        write_json_atomic(_state_file(part), {"url": url, "validator": validator, "total": total})
    except OSError as error:
        raise disk_error(error, part) from error
    return 0, total


def _copy(
    response: Any, part: Path, start: int, total: int | None, on_bytes: OnBytes | None, patience: Patience
) -> None:
    """Append the content to the part.

    Raises:
        _CutOff: It ended early, or came too slowly.
        ServerTrouble: There is more than weights have.
        SetupError: The disk is full.
    """
    done, window, mark = start, time.monotonic(), start
    with _open_part(part) as handle:
        while chunk := response.read1(_CHUNK):
            done += len(chunk)
            if done > MAX_BYTES or (total is not None and done > total):
                forget_part(part)
                raise ServerTrouble("the server sends more than the file has", at=str(response.geturl()))
            _write(handle, chunk, part)
            if on_bytes is not None:
                on_bytes(done, total)
            now = time.monotonic()
            if now - window >= patience.timeout_s:
                if done - mark < patience.slowest * (now - window):
                    raise _CutOff(f"less than {patience.slowest:.0f} bytes/s came")
                window, mark = now, done
    if total is not None and done < total:
        raise _CutOff(f"the connection ended after {done} of {total} bytes")


def _open_part(part: Path) -> BinaryIO:
    try:
        return part.open("ab")
    except OSError as error:
        raise disk_error(error, part) from error


def _write(handle: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        handle.write(chunk)
        # what has come outlives a kill
        handle.flush()
    except OSError as error:
        raise disk_error(error, part) from error


def _settle_416(url: str, part: Path, have: int, content_range: str) -> tuple[str, bool]:
    """Decide what a part is worth that the server has nothing to add to."""
    if content_range == f"bytes */{have}":
        return url, False
    forget_part(part)
    raise _CutOff("the file on the server is shorter than what had come")


def _validator(headers: Any) -> str | None:
    """Return what names this content: a strong ETag, else the time of change."""
    tag = headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return str(tag)
    changed = headers.get("Last-Modified")
    return str(changed) if changed else None


def _read_state(part: Path, url: str) -> dict[str, Any]:
    """Return what is known of a part that can be gone on with; empty for one that cannot."""
    try:
        state = json.loads(_state_file(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    usable = isinstance(state, dict) and state.get("url") == url and state.get("validator")
    return state if usable and _size(part) else {}


def _state_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _refused(url: str, error: urllib.error.HTTPError) -> Exception:
    """Tell a server that may answer later from one that never will."""
    if error.code in _LATER:
        return _CutOff(f"the server answers {error.code} {error.reason}")
    if error.code in (404, 410):
        return ServerTrouble(f"there is no such file on the server ({error.code})", at=url, hint=_ELSEWHERE)
    return ServerTrouble(f"the server refuses ({error.code} {error.reason})", at=url, hint=_ELSEWHERE)


def _broken(url: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return ServerTrouble(
            f"the server's certificate cannot be trusted ({reason.verify_message})",
            at=url,
            hint=f"set SSL_CERT_FILE to your organisation's certificates; {_ELSEWHERE}",
        )
    # the two are one from Python 3.10 on
    if isinstance(reason, (TimeoutError, socket.timeout)):
        return _CutOff("the server has stopped answering")
    return _CutOff(str(reason) or type(reason).__name__)


def _gave_up(url: str, part: Path, cut: _CutOff) -> ServerTrouble:
    have = _size(part)
    kept = f"; {have} bytes are kept, the same command goes on with them" if have else ""
    return ServerTrouble(f"the download did not succeed: {cut}{kept}", at=url, hint=_ELSEWHERE)
