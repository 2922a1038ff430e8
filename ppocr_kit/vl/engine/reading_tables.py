"""Worker of ``ppocr-kit vl prepare``: takes rows out of parquet files and data sets of the hub's library.

Pictures inside them become files, as they were stored; rows become JSON lines ``{"split", "row", "body"}``
whose pictures are paths. Answers ``{"rows": N}``.

Source: datasets 4 (``load_from_disk``, ``load_dataset``, features ``Image`` and ``List``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.vl.engine.serving import Put, serve

_ROWS_AT_ONCE = 256


def work(job: dict[str, Any], put: Put) -> None:
    """Read the rows of a job."""
    folder, numbers, rows = Path(job["out"]), count(), 0
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as out:
        for split, number, body in _KINDS[job["kind"]](job["place"]):
            plain = {name: _plain(value, folder, numbers) for name, value in body.items()}
            # bytes that are no UTF-8 in a text column come as half surrogates; escapes keep them
            out.write(json.dumps({"split": split, "row": number, "body": plain}) + "\n")
            rows += 1
    put({"rows": rows})


Row = tuple[str, int, Mapping[str, Any]]


def _read_parquet(place: str) -> Iterator[Row]:
    """Read parquet files one after the other, some rows at a time."""
    parquet = _library("pyarrow.parquet")
    for path in _parquet_files(Path(place)):
        number = 0
        try:
            file = parquet.ParquetFile(str(path))
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                for body in batch.to_pylist():
                    number += 1
                    yield path.stem, number, body
        except (OSError, ValueError) as error:
            # pyarrow's own errors are ValueErrors
            raise _unreadable("the parquet file", path, error) from error


def _read_disk(place: str) -> Iterator[Row]:
    """Read what ``save_to_disk`` wrote."""
    datasets = _hub_library()
    try:
        found = datasets.load_from_disk(place)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable("the data set", Path(place), error) from error
    return _rows_of(found)


def _read_hub(place: str) -> Iterator[Row]:
    """Fetch a data set of the hub by its name."""
    datasets = _hub_library()
    try:
        found = datasets.load_dataset(place)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        # the library's own errors are among these; a name that is not there is a FileNotFoundError
        raise DataError(
            f"the data set cannot be fetched: {_first_line(error)}",
            at=place,
            hint="check its name, or fetch it elsewhere and name the folder that save_to_disk wrote",
        ) from error
    return _rows_of(found)


def _rows_of(found: Any) -> Iterator[Row]:
    parts: Iterable[tuple[str, Any]] = found.items() if isinstance(found, dict) else [("", found)]
    for name, part in parts:
        stored = part.cast(_undecoded(part.features))
        for number, body in enumerate(stored, 1):
            yield name, number, body


def _undecoded(features: Any) -> Any:
    """Return features of which pictures stay the bytes that they are."""
    from datasets import Features

    return Features({name: _bytes_of(feature) for name, feature in features.items()})


def _bytes_of(feature: Any) -> Any:
    from datasets import Image, List

    if isinstance(feature, Image):
        return Image(decode=False)
    if isinstance(feature, List):
        return List(_bytes_of(feature.feature), length=feature.length)
    if isinstance(feature, list):
        return [_bytes_of(feature[0])]
    return feature


def _plain(value: Any, folder: Path, numbers: Iterator[int]) -> Any:
    """Return a value as JSON has it, with pictures as files."""
    if isinstance(value, Mapping) and {"bytes", "path"} >= set(value):
        return _picture(value.get("bytes"), value.get("path"), folder, numbers)
    if isinstance(value, (bytes, bytearray)):
        return _picture(value, None, folder, numbers)
    if isinstance(value, Mapping):
        return {str(name): _plain(one, folder, numbers) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, folder, numbers) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _picture(
    content: bytes | bytearray | None, path: str | None, folder: Path, numbers: Iterator[int]
) -> str | None:
    """Return where a picture is: a new file with its bytes, else where it says that it is."""
    if content is None:
        return path
    # the name is for people; a path may be anything, so only its last part counts, and not its length
    stem = Path(str(path or "").replace("\0", "")).stem[:40] or "picture"
    target = folder / f"{next(numbers):08d}" / stem
    target.parent.mkdir()
    target.write_bytes(content)
    return str(target)


def _parquet_files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.parquet"))


def _hub_library() -> Any:
    datasets = _library("datasets")
    # the caller shows progress
    datasets.disable_progress_bars()
    return datasets


def _library(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SetupError(
            f"the environment of the lane has no {name.split('.')[0]}, which such data sets are read with",
            hint="make it again: ppocr-kit env sync vl; in your own, pip install 'ppocr-kit[vl-hub]'",
        ) from error


def _unreadable(what: str, path: Path, error: Exception) -> DataError:
    return DataError(f"{what} cannot be read: {_first_line(error)}", at=str(path))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


_KINDS = {"parquet": _read_parquet, "datasets": _read_disk, "hub": _read_hub}

if __name__ == "__main__":
    serve(work, models=False)
