"""What HTML pages of reports are put together from: one file each, no network, no script."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable

from ppocr_kit import __version__
from ppocr_kit.reports.label_style import STYLE


def render_page(kind: str, name: str, sections: Iterable[str], made_by: str) -> str:
    """Return a whole page.

    Args:
        kind: What it is about, such as ``Labels``.
        name: What of that kind.
        sections: Its parts as HTML; empty ones are left out.
        made_by: The verb that makes it.
    """
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{kind}: {escape(name)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{kind} <bdi>{escape(name)}</bdi></h1></header>\n"
        + "\n".join(section for section in sections if section)
        + f"\n<footer>ppocr-kit {escape(__version__)} {made_by}</footer>\n</main>\n</body>\n</html>\n"
    )


def render_tile(name: str, value: str, remark: str, kind: str = "") -> str:
    """Return a number with its name; ``kind`` is ``error``, ``warning``, ``note`` or nothing."""
    said = f"<b>{escape(value)}</b><span>{escape(name)}</span><small>{escape(remark)}</small>"
    return f'<div class="tile {kind}">{said}</div>'


def embed_png(content: bytes, title: str) -> str:
    """Return a picture that is part of the page."""
    picture = base64.b64encode(content).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{picture}">'


def escape(text: str) -> str:
    """Return a text that is harmless in HTML and on a screen, control characters and halves of pairs too."""
    safe = "".join(char if char.isprintable() else " " for char in text)
    return html.escape(safe.encode("utf-8", "replace").decode())
