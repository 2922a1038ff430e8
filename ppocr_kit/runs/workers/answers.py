"""How a worker answers its caller: one JSON document per line of a file, each announced on stdout.

The file keeps answers apart from what Paddle prints; the announcement tells the caller to look.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ppocr_kit.errors import PpocrKitError

Put = Callable[[Any], None]


def serve(work: Callable[[dict[str, Any], Put], None]) -> None:
    """Run a worker: ``SCRIPT JOB ANSWERS ANNOUNCEMENT``.

    An error that a user can mend is passed on as the last answer; anything else ends the process
    with a traceback, which the caller keeps.

    Args:
        work: Takes the job and a function that puts one answer.
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    announcement = sys.argv[3]
    with Path(sys.argv[2]).open("a", encoding="utf-8") as stream:

        def put(answer: Any) -> None:
            stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
            stream.flush()
            sys.stdout.write(f"{announcement}\n")
            sys.stdout.flush()

        try:
            work(job, put)
        except PpocrKitError as error:
            body = {
                "kind": type(error).__name__,
                "message": error.message,
                "at": error.at,
                "hint": error.hint,
            }
            put({"refused": body})
