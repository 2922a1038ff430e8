"""Writing the files of a data set for PaddleOCR-VL: rows of each split, what was left out, the manifest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ppocr_kit import __version__
from ppocr_kit.datasets.split import parse_ratio, whole_ratio
from ppocr_kit.problems import Problem
from ppocr_kit.storage import write_json_atomic
from ppocr_kit.tasks import Split
from ppocr_kit.vl.candidates import SourceRows
from ppocr_kit.vl.dataset import FORMAT, IMAGE_FOLDER, LEFT_OUT, MANIFEST_NAME, rows_file, splits_checksum
from ppocr_kit.vl.dividing import Division
from ppocr_kit.vl.lengths import CHARACTERS, TOKENS, RowTokens, describe_lengths
from ppocr_kit.vl.prepare_request import PrepareRequest
from ppocr_kit.vl.rows import VlRow
from ppocr_kit.vl.selecting import UsableRow


@dataclass(frozen=True)
class DatasetContent:
    """All that is written.

    Attributes:
        request: What was asked for.
        sources: What was read.
        kinds: What each source was, as the user named them.
        rows: The rows.
        tokens: Their tokens, None when no model counted them.
        division: Where they go.
        left_out: Findings that left a row out.
        by_code: How many findings there are of each kind.
    """

    request: PrepareRequest
    sources: Sequence[SourceRows]
    kinds: Sequence[str]
    rows: Sequence[UsableRow]
    tokens: Sequence[RowTokens] | None
    division: Division
    left_out: Sequence[Problem]
    by_code: Mapping[str, int]


def write_dataset(root: Path | None, content: DatasetContent) -> dict[str, Any]:
    """Write the rows, what was left out, and the manifest; pictures that no row has go.

    Args:
        root: The folder to write to; None only works out the manifest.
        content: What to write.

    Returns:
        The manifest.

    Raises:
        OSError: Writing failed.
    """
    splits = {str(split): _write_split(root, content, split) for split in Split}
    _write(root, LEFT_OUT, (_line(problem.to_json()) for problem in content.left_out))
    if root is not None:
        _remove_unused(root / IMAGE_FOLDER, content.rows)
    manifest = {
        "format": FORMAT,
        "name": content.request.name,
        "tool": {"name": "ppocr-kit", "version": __version__},
        "seed": content.request.seed,
        "ratio": list(whole_ratio(parse_ratio(content.request.ratio))),
        **_choices(content.request),
        "sources": [
            {"name": source.name, "kind": source.kind, "rows": len(source.candidates)}
            for source in content.sources
        ],
        "splits": splits,
        "prompts": dict(Counter(row.prompt for row in content.rows).most_common()),
        "lengths": _lengths(content),
        "pictures": _pictures(content.rows),
        "checks": _checks(content),
        "left_out": {
            "count": len(content.left_out),
            "by_code": dict(sorted(Counter(problem.code for problem in content.left_out).items())),
            "list": LEFT_OUT,
        },
        "checksum": splits_checksum(splits),
    }
    if root is not None:
        write_json_atomic(root / MANIFEST_NAME, manifest)
    return manifest


def _write_split(root: Path | None, content: DatasetContent, split: Split) -> dict[str, Any]:
    """Write the rows of one split, in an order that does not depend on that of the sources."""
    division = content.division
    numbers = [
        number for number, side in enumerate(division.splits) if content.request.same_rows or side is split
    ]
    rows = sorted(
        (_row(content.rows[number], division.groups[number]) for number in numbers),
        key=lambda row: (row.group, row.image, row.prompt),
    )
    written = _write(root, rows_file(split), (_line(asdict(row)) for row in rows))
    return {
        "list": rows_file(split),
        "rows": len(rows),
        "groups": len({row.group for row in rows}),
        "characters": sum(len(row.completion) for row in rows),
        "sha256": written,
    }


def _row(row: UsableRow, group: str) -> VlRow:
    picture = row.picture
    # half a surrogate pair, which a file name may hold, cannot be written
    named = (text.encode("utf-8", "backslashreplace").decode() for text in (group, row.candidate.shown))
    return VlRow(
        picture.path, row.prompt, row.completion, next(named), picture.width, picture.height, next(named)
    )


def _choices(request: PrepareRequest) -> dict[str, Any]:
    """Return what is unusual about how the rows were chosen and divided."""
    chosen: dict[str, Any] = {}
    if request.group_by is not None:
        table = request.groups
        chosen["grouping"] = {"by": request.group_by, "table": table.name if table else None}
    if request.resplit:
        chosen["resplit"] = True
    if request.same_rows:
        chosen["same_rows"] = True
    if request.max_length is not None:
        chosen["max_length"] = request.max_length
    return chosen


def _lengths(content: DatasetContent) -> dict[str, Any]:
    characters = describe_lengths(len(row.completion) for row in content.rows)
    if content.tokens is None or content.request.model is None:
        return {"unit": CHARACTERS, "texts": characters}
    return {
        "unit": TOKENS,
        "model": content.request.model.name,
        "min_pixels": content.request.min_pixels,
        "max_pixels": content.request.max_pixels,
        "rows": describe_lengths(tokens.whole for tokens in content.tokens),
        "answers": describe_lengths(tokens.answer for tokens in content.tokens),
        "texts": characters,
    }


def _pictures(rows: Sequence[UsableRow]) -> dict[str, Any]:
    sizes = {row.picture.sha256: (row.picture.width, row.picture.height) for row in rows}
    return {
        "count": len(sizes),
        "width": describe_lengths(width for width, _ in sizes.values()),
        "height": describe_lengths(height for _, height in sizes.values()),
    }


def _checks(content: DatasetContent) -> dict[str, int]:
    """Return what was found about rows together."""
    alike = content.division.alike
    return {
        "repeated": content.by_code.get("V030", 0),
        "contradictory": content.by_code.get("V031", 0),
        "alike": len(alike.group_of),
        "alike_on_two_sides": content.division.leaks,
        "not_compared": alike.crowded,
    }


def _remove_unused(folder: Path, rows: Iterable[UsableRow]) -> None:
    used = {row.picture.file_name for row in rows}
    for path in folder.iterdir():
        if path.name not in used:
            path.unlink()


def _line(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _write(root: Path | None, name: str, lines: Iterable[bytes]) -> str:
    """Write a file below the root, if there is one, and return the hash of its content."""
    digest = sha256()
    if root is None:
        for line in lines:
            digest.update(line)
        return digest.hexdigest()
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        for line in lines:
            digest.update(line)
            stream.write(line)
    return digest.hexdigest()
