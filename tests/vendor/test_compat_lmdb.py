"""Which rows of an LMDB are walked, by which class, against small stand-ins of the release's."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import lmdb
import numpy as np
import pytest

from ppocr_kit.vendor import compat_lmdb
from ppocr_kit.vendor.compat_lmdb import walk_listed_rows
from ppocr_kit.vendor.compat_rows import RowError

LOADER = "stand_in_of_simple_dataset"


class Walker:
    """Behaves as SimpleDataSet does where it looks for pictures."""

    def __init__(self, config: Any, mode: str, logger: Any, seed: Any = None) -> None:
        self.seed = seed

    def look(self, path: str) -> tuple[bool, bytes | None]:
        loader: Any = sys.modules[LOADER]
        return loader._img_path_exists(path), loader._load_image_bytes(path)


class Upstream:
    """Behaves as LMDBDataSet does: a random other row for each that it cannot use."""

    def __init__(self, config: Any, mode: str, logger: Any, seed: Any = None) -> None:
        self.lmdb_sets = {0: {"dirpath": "db/"}}
        self.data_idx_order_list = np.array([[0, number] for number in (1, 2, 3)])
        self.bad = config.get("bad", ())

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> int:
        if index in self.bad:
            return self.__getitem__((index + 1) % 3)
        return index


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in of ``ppocr.data``, mended."""
    loader = ModuleType(LOADER)
    loader._img_path_exists = lambda path: path == "there.jpg"  # type: ignore[attr-defined]
    loader._load_image_bytes = lambda path: b"file"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, LOADER, loader)
    monkeypatch.setattr(compat_lmdb, "_opened", {})
    simple = type("SimpleDataSet", (Walker,), {"__module__": LOADER})
    several = type("MultiScaleDataSet", (simple,), {"__module__": LOADER})
    upstream = type("LMDBDataSet", (Upstream,), dict(vars(Upstream)))
    module = SimpleNamespace(
        SimpleDataSet=simple, MultiScaleDataSet=several, LMDBDataSet=upstream, upstream=upstream
    )
    walk_listed_rows(module)  # type: ignore[arg-type]
    yield module
    for rows in compat_lmdb._opened.values():
        if rows is not None:
            rows.close()


def settings(sampler: Any = None, **dataset: Any) -> dict[str, Any]:
    mode = {"dataset": dataset, "loader": {}, **({"sampler": sampler} if sampler else {})}
    return {"Train": mode, "Eval": mode}


@pytest.mark.parametrize(
    ("mode", "sampler", "kind"),
    [
        ("Train", None, "SimpleDataSet"),
        ("Eval", None, "SimpleDataSet"),
        ("Train", {"name": "MultiScaleSampler"}, "MultiScaleDataSet"),
        ("Train", {"name": "DistributedBatchSampler"}, "SimpleDataSet"),
        # the release gives the sampler to training only
        ("Eval", {"name": "MultiScaleSampler"}, "SimpleDataSet"),
    ],
)
def test_listed_rows_are_walked_as_those_of_files(release: Any, mode: str, sampler: Any, kind: str) -> None:
    made = release.LMDBDataSet(settings(sampler, label_file_list=["a.txt"]), mode, None, 5)
    assert type(made) is getattr(release, kind) and made.seed == 5


@pytest.mark.parametrize("lists", [{}, {"label_file_list": None}, {"label_file_list": []}])
def test_without_a_list_all_rows_are_walked_by_upstreams_class(release: Any, lists: dict[str, Any]) -> None:
    made = release.LMDBDataSet(settings(**lists), "Train", logging.getLogger("x"))
    assert type(made) is release.upstream and [made[index] for index in range(3)] == [0, 1, 2]


def test_rows_that_upstream_would_replace_are_named_and_evaluation_stops(
    release: Any, caplog: pytest.LogCaptureFixture
) -> None:
    config = {**settings(), "bad": (1,)}
    with caplog.at_level(logging.WARNING):
        assert release.LMDBDataSet(config, "Train", logging.getLogger("x"))[1] == 2
    assert "row 2 of db/" in caplog.text
    with pytest.raises(RowError, match="row 2 of db/; mend it"):
        release.LMDBDataSet(config, "Eval", logging.getLogger("x"))[1]


def test_pictures_come_out_of_an_lmdb_where_their_folder_is_one(release: Any, tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), map_size=1 << 20) as environment, environment.begin(write=True) as change:
        change.put(b"num-samples", b"1")
        change.put(b"image-000000001", b"picture")
    walker = release.LMDBDataSet(settings(label_file_list=["a.txt"]), "Eval", None)
    assert walker.look(f"{tmp_path}/image-000000001") == (True, b"picture")
    assert walker.look(f"{tmp_path}/image-000000002") == (False, None)
    assert walker.look("there.jpg") == (True, b"file")
    assert walker.look("gone.jpg") == (False, b"file")
