"""Workaround for the release's ``LMDBDataSet``, which cannot leave a row out.

It walks every row of the LMDB, puts a random other one in the place of each row that it cannot use
(in evaluation too, so that no two scores are of the same rows), knows no ``MultiScaleSampler`` and no
``ratio_list``, and ends where training and evaluation read one LMDB (lmdb opens a folder once per process).

Where its settings name a ``label_file_list``, which upstream's class does not read, the rows of the list
are walked by ``SimpleDataSet`` (``MultiScaleDataSet`` for a sampler of several sizes) and only the
pictures come out of the LMDB. So whatever holds for files holds for an LMDB: the same rows in the same
order, rows left out by a shorter list, every row that cannot be used named.

Source: ppocr/data/lmdb_dataset.py, ppocr/data/simple_dataset.py, ppocr/data/multi_scale_sampler.py @3.7.0.
"""

from __future__ import annotations

import os
import sys
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ppocr_kit.vendor.compat_rows import guard_getitem

if TYPE_CHECKING:
    from ppocr_kit.datasets.lmdb_reading import LmdbRows

# Open LMDBs by folder, None for a folder that is none. A forked loader process goes on with what its
# parent opened: without a lock an LMDB is a mapped file, which lmdb refuses to open a second time.
_opened: dict[str, LmdbRows | None] = {}


def walk_listed_rows(module: ModuleType) -> None:
    """Let ``LMDBDataSet`` walk the rows of its ``label_file_list``, where it has one."""
    original = module.LMDBDataSet
    _guard(original)
    _read_pictures_of_lmdbs(sys.modules[module.SimpleDataSet.__module__])

    @wraps(original, updated=())
    def make(config: dict[str, Any], mode: str, logger: Any, seed: int | None = None) -> Any:
        if not config[mode]["dataset"].get("label_file_list"):
            return original(config, mode, logger, seed)
        sampler = (config[mode].get("sampler") or {}).get("name")
        several = mode == "Train" and sampler == "MultiScaleSampler"
        walker = module.MultiScaleDataSet if several else module.SimpleDataSet
        return walker(config, mode, logger, seed)

    module.LMDBDataSet = make  # type: ignore[attr-defined]


def _guard(dataset: Any) -> None:
    """Name the rows that upstream's own walk would replace, as for lists; evaluation stops there."""
    start = dataset.__init__

    @wraps(start)
    def __init__(self: Any, config: Any, mode: str, logger: Any, seed: int | None = None) -> None:
        self.logger, self.mode = logger, mode.lower()
        start(self, config, mode, logger, seed)

    dataset.__init__ = __init__
    dataset.__getitem__ = guard_getitem(dataset.__getitem__)


def _read_pictures_of_lmdbs(loader: ModuleType) -> None:
    """Let the module of ``SimpleDataSet`` find and load pictures whose folder is an LMDB."""
    is_there, load = loader._img_path_exists, loader._load_image_bytes

    @wraps(is_there)
    def _img_path_exists(path: str) -> bool:
        folder, name = os.path.split(path)
        rows = _lmdb_at(folder)
        return bool(is_there(path)) if rows is None else rows.has(name)

    @wraps(load)
    def _load_image_bytes(path: str) -> bytes | None:
        folder, name = os.path.split(path)
        rows = _lmdb_at(folder)
        content: bytes | None = load(path) if rows is None else rows.read(name)
        return content

    loader._img_path_exists = _img_path_exists  # type: ignore[attr-defined]
    loader._load_image_bytes = _load_image_bytes  # type: ignore[attr-defined]


def _lmdb_at(folder: str) -> LmdbRows | None:
    """Return the LMDB in a folder, opened once, or None where there is none."""
    if folder not in _opened:
        # here and not above: arming the workarounds must cost nothing
        from ppocr_kit.datasets.lmdb_reading import LmdbRows, is_lmdb

        _opened[folder] = LmdbRows(Path(folder)) if is_lmdb(Path(folder)) else None
    return _opened[folder]
