"""Looking at a configuration with the release's own code: its rows, and the model that it builds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.configs.patches import task_of
from ppocr_kit.configs.render import dump_config
from ppocr_kit.runs.start import Arrays
from ppocr_kit.storage import write_json_atomic, write_text_atomic
from ppocr_kit.tasks import KIE_TASKS
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import PinnedRelease
from ppocr_kit.vendor.tools import tool_invocation

_WORKERS = Path(__file__).parent / "workers"
_INSPECT_TIMEOUT_S = 1800.0
# What is counted of rows of key information.
_OF_TOKENS = ("cut_pages", "cut_tokens", "unpaired", "largest_id")


@dataclass(frozen=True)
class RowCheck:
    """What the release's label encoders say to the rows of one mode.

    Attributes:
        total: Rows in the lists.
        kept: Per list, the line numbers (from 1) of the rows that will be used.
        rejected: Rows that would be refused: ``list``, ``line``, ``reason``.
        lost_characters: Characters of kept rows that the dictionary lacks, with their counts;
            the release drops them inside a label without a word.
        pasteable: Whether ``CopyPaste``, if there is one, has a page to copy from.
        cut_pages: Key information: pages with tokens beyond the window.
        cut_tokens: How many tokens these lose.
        unpaired: RE: pages without a question or without an answer.
        largest_id: Key information: largest number of a token.
    """

    total: int
    kept: tuple[tuple[int, ...], ...]
    rejected: tuple[Mapping[str, Any], ...]
    lost_characters: Mapping[str, int]
    pasteable: bool = True
    cut_pages: int = 0
    cut_tokens: int = 0
    unpaired: int = 0
    largest_id: int = -1

    @property
    def usable(self) -> int:
        """Number of rows that will be used."""
        return sum(len(lines) for lines in self.kept)


@dataclass(frozen=True)
class Inspection:
    """The findings of ``workers/inspect_config.py``.

    Attributes:
        rows: Row checks by mode.
        shapes: Shapes of the model by parameter name.
        fresh: The model's own start of parameters that the pretrained weights do not fill.
    """

    rows: Mapping[str, RowCheck]
    shapes: Mapping[str, tuple[int, ...]]
    fresh: Arrays = field(default_factory=dict)


def inspect_config(
    config: Mapping[str, Any],
    release: PinnedRelease,
    python: Path,
    weights: Arrays | None = None,
    *,
    network: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
) -> Inspection:
    """Let the release's own code look at a configuration, without training.

    Args:
        config: A complete configuration.
        release: The PaddleOCR release.
        python: The interpreter of the lane.
        weights: Pretrained weights; then the model's own start of what they do not fill is returned.
        network: Key information: ``config.json`` of the network; None for the one that is fetched.
        env: Additions to the environment of the tool.

    Raises:
        ToolError: The release cannot build what the configuration names.
    """
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as folder:
        config_file, result = Path(folder) / "config.yml", Path(folder) / "result.json"
        write_text_atomic(config_file, dump_config(config))
        shapes_file, fresh_file = Path(folder) / "shapes.json", Path(folder) / "fresh.npz"
        words = [str(config_file), str(result)]
        if network is not None:
            write_json_atomic(Path(folder) / "config.json", dict(network))
            words.append(folder)
        if weights is not None:
            write_json_atomic(shapes_file, {name: list(value.shape) for name, value in weights.items()})
            words += [str(shapes_file), str(fresh_file)]
        call = tool_invocation(
            release,
            python,
            str(_WORKERS / ("inspect_kie.py" if task_of(config) in KIE_TASKS else "inspect_config.py")),
            words,
            cwd=Path.cwd(),
            log=Path(folder) / "inspect.log",
            env=env,
            timeout_s=_INSPECT_TIMEOUT_S,
            expects=(result,),
        )
        run_tool(call)
        body = json.loads(result.read_text(encoding="utf-8"))
        fresh = _read_arrays(fresh_file) if weights is not None else {}
    rows = {mode: _row_check(found) for mode, found in body["rows"].items()}
    return Inspection(rows, {name: tuple(shape) for name, shape in body["shapes"].items()}, fresh)


def _row_check(found: Mapping[str, Any]) -> RowCheck:
    return RowCheck(
        total=found["total"],
        kept=tuple(tuple(lines) for lines in found["lists"]),
        rejected=tuple(found["rejected"]),
        lost_characters=found.get("lost_characters", {}),
        pasteable=bool(found.get("pasteable", True)),
        **{name: int(found[name]) for name in _OF_TOKENS if name in found},
    )


def _read_arrays(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
