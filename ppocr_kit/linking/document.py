"""The page of ``labels link`` as one document: nothing is loaded from elsewhere."""

from __future__ import annotations

import html
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent


def render_document(folder: str, nonce: str) -> bytes:
    """Return the HTML page with its style and script inside.

    Args:
        folder: Name of the labelled folder.
        nonce: Marks style and script as the page's own for the content security policy.
    """
    shell, style, script = _parts()
    page = shell.replace("{{nonce}}", nonce).replace("{{style}}", style).replace("{{script}}", script)
    # last: a folder may be called anything
    return page.replace("{{folder}}", html.escape(folder.encode("utf-8", "replace").decode())).encode()


def content_policy(nonce: str) -> str:
    """Return the content security policy of the page: its own style, script, pictures and answers only."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src 'self' data:",
            "connect-src 'self'",
            f"style-src 'nonce-{nonce}'",
            f"script-src 'nonce-{nonce}'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


@lru_cache(maxsize=1)
def _parts() -> tuple[str, str, str]:
    shell, style, script = (
        (_HERE / name).read_text("utf-8") for name in ("linking.html", "linking.css", "linking.js")
    )
    return shell, style, script
