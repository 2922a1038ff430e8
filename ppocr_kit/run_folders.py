"""What run folders of every lane have in common: ``output/<run>/run.json``, their names, finding one."""

from __future__ import annotations

import difflib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from ppocr_kit.errors import ReportError, UsageError

FORMAT = 1
OUTPUT_FOLDER = "output"
RECORD_NAME = "run.json"
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


def check_run_name(name: str) -> str:
    """Refuse names that are not a plain folder name.

    Raises:
        UsageError: The name has separators, starts with a dot, or is too long.
    """
    if not _RUN_NAME.match(name):
        raise UsageError(
            f"'{name}' cannot name a run",
            at="--name",
            hint="use letters, digits, '.', '_' and '-', starting with a letter or digit",
        )
    return name


def find_run_folder(name_or_path: str, output: Path, hint: str) -> Path:
    """Find a run of any lane by its name under ``output/`` or by its path.

    Args:
        name_or_path: What the user called it.
        output: Folder of the runs.
        hint: How to make one, for the error.

    Raises:
        UsageError: There is no such run; the nearest name is given.
    """
    for candidate in (output / name_or_path, Path(name_or_path)):
        if (candidate / RECORD_NAME).is_file():
            return candidate.absolute()
    names = sorted(path.parent.name for path in output.glob(f"*/{RECORD_NAME}"))
    near = difflib.get_close_matches(Path(name_or_path).name, names, n=1)
    have = f"did you mean '{near[0]}'?" if near else f"runs here: {', '.join(names[:8]) or 'none'}"
    raise UsageError(f"there is no run '{name_or_path}'; {have}", at=str(output), hint=hint)


def read_record_file(file: Path) -> dict[str, Any]:
    """Read a ``run.json`` as an object of the format that this version writes.

    Raises:
        ReportError: The file is absent, not JSON, or of another format.
    """
    at = str(file)
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"cannot read the run's record ({error.strerror})", at=at) from error
    except (ValueError, RecursionError) as error:
        raise ReportError("the run's record is not valid JSON", at=at, hint="train the run again") from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ReportError(f"the run's record is not of format {FORMAT}", at=at, hint="update ppocr-kit")
    return body


def move_aside(folder: Path) -> Path | None:
    """Move an existing run out of the way, and return where it went."""
    if not folder.exists():
        return None
    aside = folder.with_name(f".{folder.name}.replaced")
    if aside.exists():
        shutil.rmtree(aside)
    folder.rename(aside)
    return aside
