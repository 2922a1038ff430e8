"""``ppocr-kit env``: the environments that the tools run in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ppocr_kit.cli.console import print_json, say
from ppocr_kit.errors import SetupError
from ppocr_kit.vendor.environment import (
    Interpreter,
    environment_folder,
    find_interpreter,
    sync_commands,
    sync_environment,
)
from ppocr_kit.vendor.lanes import LANES, get_lane


@click.group(epilog="Example: ppocr-kit env sync paddle")
def env() -> None:
    """List, make and find the environments the tools run in.

    Each lane is a set of packages that work together, pinned by a lock. Tools run in the Python you name in
    PPOCR_KIT_PADDLE_PYTHON (PPOCR_KIT_KIE_PYTHON, PPOCR_KIT_VL_PYTHON, PPOCR_KIT_LABEL_PYTHON), in the
    current one where it satisfies the lock, or in one made by 'env sync'.
    """


@env.command("list", epilog="Example: ppocr-kit env list --json")
@click.option("--json", "as_json", is_flag=True, help="Print the lanes as JSON.")
def list_(as_json: bool) -> None:
    """Show every lane and the Python that would run its tools."""
    rows: list[dict[str, Any]] = []
    for lane in LANES.values():
        row: dict[str, Any] = {"lane": lane.name, "purpose": lane.purpose, "lock": lane.lock}
        try:
            rows.append({**row, **_describe(find_interpreter(lane.name))})
        except SetupError as error:
            rows.append({**row, "python": None, "problem": error.message, "hint": error.hint})
    if as_json:
        print_json({"lanes": rows})
        return
    for row in rows:
        click.echo(f"{row['lane']:<8}{row['purpose']}")
        if row["python"] is None:
            click.echo(f"        not there: {row['problem']}\n        try: {row['hint']}")
            continue
        versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items())
        click.echo(f"        {row['python']} ({row['origin']})\n        {versions}")
        for warning in row["warnings"]:
            click.echo(f"        warning: {warning}")


@env.command(epilog="Example: ppocr-kit env sync paddle --dry-run")
@click.argument("lane")
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    help="Make it from this Python instead of the current; one made from another version is made anew.",
)
@click.option("--dry-run", is_flag=True, help="Print the commands instead of running them.")
@click.option("--json", "as_json", is_flag=True, help="Print the environment as JSON.")
def sync(lane: str, python: Path | None, dry_run: bool, as_json: bool) -> None:
    """Make the environment of LANE from its lock, once.

    It lies in your cache folder, or in PPOCR_KIT_HOME where that is set, and is named by the lock's hash.
    pip installs with the settings that it has on this machine (mirrors, proxies, certificates).
    """
    chosen = get_lane(lane)
    if dry_run:
        for command in sync_commands(chosen, python):
            click.echo(command.command_line())
        return
    say(f"lane {lane} lies in {environment_folder(chosen)} (made once, about {chosen.size})")
    found = sync_environment(chosen, python, on_line=_say_progress)
    if as_json:
        print_json({"lane": lane, **_describe(found)})
        return
    click.echo(str(found.python))


@env.command(epilog='Example: "$(ppocr-kit env path paddle)" -c "import paddle"')
@click.argument("lane")
@click.option("--json", "as_json", is_flag=True, help="Print the interpreter as JSON.")
def path(lane: str, as_json: bool) -> None:
    """Print the Python that runs the tools of LANE."""
    found = find_interpreter(lane)
    if as_json:
        print_json({"lane": lane, **_describe(found)})
        return
    click.echo(str(found.python))


def _say_progress(line: str) -> None:
    """Pass on what pip prints, without the pins that are for other Pythons."""
    if not line.startswith("Ignoring "):
        say(f"  {line}")


def _describe(found: Interpreter) -> dict[str, object]:
    return {
        "python": str(found.python),
        "origin": found.origin,
        "versions": dict(found.versions),
        "warnings": list(found.warnings),
    }
