"""``ppocr-kit labels link``: people say which answer belongs to which question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ppocr_kit.cli.console import print_json, print_problems, say
from ppocr_kit.errors import UsageError

if TYPE_CHECKING:
    from ppocr_kit.linking.server import LinkServer
    from ppocr_kit.linking.session import LinkCounts

_EPILOG = """Examples:

  ppocr-kit labels link receipts

  ppocr-kit labels link receipts --pair caption=sum --dry-run
"""


@click.command(epilog=_EPILOG)
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="Q=A",
    help="Classes of questions and answers that belong together whatever they are called; may be repeated.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1. Default: a free one."
)
@click.option("--no-open", is_flag=True, help="Print the address and open no browser.")
@click.option("--dry-run", is_flag=True, help="Count the links that there are, and serve nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run: print one JSON document.")
def link(
    source: Path, pairs: tuple[str, ...], port: int, no_open: bool, dry_run: bool, as_json: bool
) -> None:
    """Link questions to answers on the pages of SRC, in the browser, for RE.

    SRC is a folder with Label.txt, which is only read. Links are saved at once, to links.json beside it.
    What the file's own links, class names (name_q, name_a) and --pair tell is there already; what stands
    nearest is proposed. The page is served on this machine only, until Ctrl-C.
    """
    from ppocr_kit.labels.link_naming import parse_class_pairs
    from ppocr_kit.labels.links import LinkOptions
    from ppocr_kit.linking.server import LinkServer
    from ppocr_kit.linking.session import LinkSession, refuse_unwritable

    if as_json and not dry_run:
        raise UsageError("--json is for --dry-run", at="--json")
    session = LinkSession(source, LinkOptions(parse_class_pairs(pairs)))
    if dry_run:
        _print_counts(session.count(), as_json)
        return
    refuse_unwritable(session.folder)
    _serve(LinkServer(session, port), open_browser=not no_open)
    _print_counts(session.count(), as_json=False, show_problems=False)
    if session.file.path.exists():
        click.echo(f"saved in {session.file.path}")


def _serve(server: LinkServer, *, open_browser: bool) -> None:
    """Serve until the user ends it."""
    import webbrowser

    say("Ctrl-C ends it; everything is saved at once.")
    click.echo(server.url)
    if open_browser and not webbrowser.open(server.url):
        say("No browser could be opened: open the address in one on this machine.")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("")
    finally:
        server.server_close()


def _print_counts(counts: LinkCounts, as_json: bool, show_problems: bool = True) -> None:
    if as_json:
        print_json(counts.to_json())
        return
    if show_problems:
        print_problems(counts.problems)
    links = ", ".join(f"{origin} {count}" for origin, count in counts.by_origin.items() if count)
    click.echo(f"pages {counts.pages}, ready {counts.done}; links: {links or 'none'}")
