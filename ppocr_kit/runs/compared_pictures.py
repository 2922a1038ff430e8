"""The pictures that a checkpoint and its export are compared on: validation rows, as files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ppocr_kit.datasets.lmdb_reading import LMDB_DATA_SET, LmdbRows
from ppocr_kit.errors import DataError

_COMPARED_IMAGES = 20


@contextmanager
def pictures_to_compare(config: Mapping[str, Any], images: Sequence[Path] = ()) -> Iterator[list[Path]]:
    """Give the pictures that a checkpoint and its export are compared on, as files.

    Args:
        config: The run's configuration.
        images: Pictures to take; by default up to 20 of its validation rows, evenly spread. Those of an
            LMDB are files as long as the block runs.

    Raises:
        DataError: The list is gone or names no picture, or the LMDB is damaged.
    """
    dataset = config["Eval"]["dataset"]
    folder = Path(dataset["data_dir"])
    if images:
        yield list(images)
    elif dataset.get("name") != LMDB_DATA_SET:
        names = _validation_names(dataset)
        yield [folder / name for name in _spread(names, lambda name: (folder / name).is_file(), folder)]
    else:
        with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
            yield _unpacked(dataset, Path(scratch))


def _unpacked(dataset: Mapping[str, Any], target: Path) -> list[Path]:
    """Write pictures of an LMDB's validation rows as files; their content says what format they have."""
    folder, pictures = Path(dataset["data_dir"]), []
    with LmdbRows(folder) as rows:
        for name in _spread(_validation_names(dataset), rows.has, folder):
            picture = target / f"{name.replace('/', '_')}.jpg"
            picture.write_bytes(rows.read(name) or b"")
            pictures.append(picture)
    return pictures


def _validation_names(dataset: Mapping[str, Any]) -> list[str]:
    """Return the pictures that the validation lists name, each once."""
    found: dict[str, None] = {}
    for name in dataset["label_file_list"]:
        try:
            rows = Path(name).read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(
                f"cannot read the run's validation rows, on which the export is checked ({error})",
                at=str(name),
                hint="build the data set again, or name pictures: ppocr-kit export RUN --images FOLDER",
            ) from error
        found.update({row.split("\t", 1)[0]: None for row in rows if row})
    return list(found)


def _spread(names: Sequence[str], is_there: Callable[[str], bool], folder: Path) -> list[str]:
    """Choose up to 20 of the pictures that are there, evenly spread."""
    there = [name for name in names if is_there(name)]
    if not there:
        raise DataError(
            f"none of the {len(names)} validation pictures is there, on which the export is checked",
            at=str(folder),
            hint="build the data set again, or name pictures: ppocr-kit export RUN --images FOLDER",
        )
    count = min(_COMPARED_IMAGES, len(there))
    return [there[index * len(there) // count] for index in range(count)]
