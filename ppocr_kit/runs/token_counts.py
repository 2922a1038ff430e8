"""Count tokens exactly, with the network's own tokenizer in the kie lane."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ppocr_kit.errors import ToolError, UsageError
from ppocr_kit.runs.networks import has_tokenizer
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.compat_kie import TOKENIZER_FILE
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release
from ppocr_kit.vendor.tools import tool_invocation

_WORKER = Path(__file__).parent / "workers" / "count_tokens.py"
_TIMEOUT_S = 1800.0


class LaneTokens:
    """Counts tokens in a process of the kie lane.

    Args:
        folder: Folder of the tokenizer.

    Raises:
        UsageError: It holds no tokenizer.
    """

    def __init__(self, folder: Path) -> None:
        if not has_tokenizer(folder):
            raise UsageError(
                f"there is no {TOKENIZER_FILE}",
                at=f"--tokenizer {folder}",
                hint="name the folder of the network that will be trained, or leave --tokenizer out",
            )
        self.folder = folder.absolute()
        self.sha256 = sha256_of(folder / TOKENIZER_FILE)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text.

        Raises:
            SetupError: There is no environment for key information, or no release.
            ToolError: The tokenizer cannot be read.
        """
        with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
            texts_file, result = Path(scratch) / "texts.json", Path(scratch) / "counts.json"
            texts_file.write_text(json.dumps(list(texts)), encoding="utf-8")
            call = tool_invocation(
                find_release(),
                find_interpreter(TASK_FACTS[Task.SER].lane).python,
                str(_WORKER),
                [str(texts_file), str(result), str(self.folder)],
                cwd=Path.cwd(),
                log=Path(scratch) / "count_tokens.log",
                timeout_s=_TIMEOUT_S,
                expects=(result,),
            )
            run_tool(call)
            counts = json.loads(result.read_text(encoding="utf-8"))
        if len(counts) != len(texts):
            raise ToolError("not every text was counted", at=str(_WORKER.name))
        return [int(count) for count in counts]
