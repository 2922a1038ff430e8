"""``ppocr-kit vendor``: bring the PaddleOCR release, check it, run a script with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, progress_bar, say
from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.pins import DEFAULT_VERSION
from ppocr_kit.vendor.release import PinnedRelease, find_release, sync_release, verify_release

_SYNC_EPILOG = """Examples:

  ppocr-kit vendor sync

  ppocr-kit vendor sync --source git --release 3.7.0

  ppocr-kit vendor sync --source ~/src/PaddleOCR

  ppocr-kit vendor sync --source paddleocr-3.7.0.tar.gz   (a machine without network)
"""


@click.group(epilog="Example: ppocr-kit vendor sync")
def vendor() -> None:
    """Bring and check the PaddleOCR release whose tools train, evaluate and export."""


@vendor.command(epilog=_SYNC_EPILOG, context_settings={"max_content_width": 100})
@click.option("--release", "version", help=f"Version.  [default: {DEFAULT_VERSION}, or the path's own]")
@click.option("--source", default="pypi", show_default=True, help="pypi, git, or a path (folder or .tar.gz).")
@click.option("--url", help="Repository for --source git, instead of GitHub and its mirror on Gitee.")
@click.option("--commit", help="Commit that the tag must name, for --source git.")
@click.option("--force", is_flag=True, help="Bring it again, also over a damaged one.")
@click.option("--json", "as_json", is_flag=True, help="Print the release as JSON.")
def sync(
    version: str | None, source: str, url: str | None, commit: str | None, force: bool, as_json: bool
) -> None:
    """Bring a release into vendor/, or use a checkout in place; does nothing when it is there."""
    release, brought = sync_release(
        version=version, source=source, url=url, commit=commit, force=force, track=progress_bar
    )
    if as_json:
        print_json({**_facts(release), "brought": brought})
        return
    click.echo(f"{'using' if brought else 'already there:'} {_describe(release)}")


@vendor.command(epilog="Example: ppocr-kit vendor status --json")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def status(as_json: bool) -> None:
    """Say which release this folder uses, what the supplement adds, and which workarounds apply."""
    from ppocr_kit.vendor.compat import WORKAROUNDS

    release = find_release()
    if as_json:
        listed = [
            {"name": entry.name, "symptom": entry.symptom, "versions": entry.versions, "source": entry.source}
            for entry in WORKAROUNDS
        ]
        print_json({**_facts(release), "workarounds": listed})
        return
    click.echo(_describe(release))
    click.echo(
        "models, losses, metrics and optimizers: " + ("its own" if release.complete else "ppocr-kit's")
    )
    click.echo("workarounds applied when its tools run:")
    for entry in WORKAROUNDS:
        click.echo(f"  {entry.name}: {entry.symptom}")


@vendor.command(epilog="Example: ppocr-kit vendor verify")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON.")
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Hold the vendored tree against its checksums and name every file that differs (exit code 5)."""
    path, differences = verify_release(track=progress_bar)
    if as_json:
        found = [{"path": entry.path, "damage": str(entry.damage)} for entry in differences]
        print_json({"path": str(path), "whole": not differences, "differences": found})
    elif differences:
        for entry in differences:
            click.echo(f"{entry.damage}: {entry.path}")
        say(f"{len(differences)} files of {path} differ; to bring it again: ppocr-kit vendor sync --force")
    else:
        click.echo(f"whole: every file of {path} is as it was unpacked")
    if differences:
        ctx.exit(SetupError.exit_code)


@vendor.command(
    name="exec",
    epilog="Example: ppocr-kit vendor exec -- tools/infer_det.py -c my.yml",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("--lane", default="paddle", show_default=True, help="Environment to run it in.")
@click.option("--dry-run", is_flag=True, help="Print the command instead of running it.")
@click.argument("script")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def execute(ctx: click.Context, lane: str, dry_run: bool, script: str, args: tuple[str, ...]) -> None:
    """Run a Python script with the release and the supplement importable; its exit code is passed on.

    SCRIPT is looked for in the release first, then from the current folder.
    """
    from ppocr_kit.vendor.environment import find_interpreter
    from ppocr_kit.vendor.process import run_attached
    from ppocr_kit.vendor.tools import tool_invocation

    call = tool_invocation(find_release(), find_interpreter(lane).python, script, args, cwd=Path.cwd())
    if dry_run:
        click.echo(call.command_line())
        return
    ctx.exit(run_attached(call))


def _describe(release: PinnedRelease) -> str:
    """Put a release into one line."""
    where = {"pypi": "from the package index", "git": f"from {release.origin}", "path": "used in place"}
    commit = f", commit {release.commit[:12]}" if release.commit else ""
    return f"PaddleOCR {release.version} {where[release.source]}{commit}: {release.path}"


def _facts(release: PinnedRelease) -> dict[str, Any]:
    """Return a release as JSON."""
    return {
        "version": release.version,
        "source": release.source,
        "path": str(release.path),
        "complete": release.complete,
        "commit": release.commit,
        "origin": release.origin,
    }
