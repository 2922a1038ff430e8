"""How a worker of the vl lane answers its caller (``ppocr_kit/vl/lane.py``): JSON lines in a file.

The file keeps answers apart from what libraries print; a line on stdout tells the caller to look. Of
several processes that do one work, the first one answers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ppocr_kit.errors import PpocrKitError

Put = Callable[[dict[str, Any]], None]


def serve(work: Callable[[dict[str, Any], Put], None], *, models: bool = True) -> None:
    """Run a worker: ``start.py MODULE SPEC ANSWERS ANNOUNCEMENT``.

    An error that a user can mend is passed on as the last answer; anything else ends the process with
    a traceback, which the caller keeps.

    Args:
        work: Takes the spec and a function that puts one answer.
        models: Whether it has to do with models; others need not wait until transformers is imported.
    """
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    announcement = sys.argv[3]
    if models:
        _quieten()
    with Path(sys.argv[2]).open("a", encoding="utf-8") as stream:

        def write(answer: dict[str, Any]) -> None:
            stream.write(json.dumps(answer) + "\n")
            stream.flush()
            sys.stdout.write(f"{announcement}\n")
            sys.stdout.flush()

        def put(answer: dict[str, Any]) -> None:
            if int(os.environ.get("RANK", "0")) == 0:
                write(answer)

        try:
            work(spec, put)
        except PpocrKitError as error:
            # whichever process it was: the others wait for it
            body = {
                "kind": type(error).__name__,
                "message": error.message,
                "at": error.at,
                "hint": error.hint,
            }
            write({"refused": body})


def _quieten() -> None:
    """Keep transformers from drawing bars and from warning of what the caller cannot change."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
