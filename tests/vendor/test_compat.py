"""The workarounds, each against a small stand-in of the code that has the fault."""

from __future__ import annotations

import importlib
import logging
import pickle
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ppocr_kit.errors import DataError
from ppocr_kit.vendor import compat
from ppocr_kit.vendor.compat import WORKAROUNDS, Workaround, accept_any_opencv, arm, end_reader_threads
from ppocr_kit.vendor.compat_checkpoints import refuse_code, resume_fully, save_atomically
from ppocr_kit.vendor.compat_rows import MAX_REFUSALS, RowError, guard_rows, shuffle_by_the_seed


@pytest.fixture
def import_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder on ``sys.path``; the import system is as before afterwards."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def entry(target: str, apply: Any) -> Workaround:
    return Workaround("x", "s", "v", "f", target, apply)


def test_every_workaround_says_what_it_is_for() -> None:
    assert len({one.name for one in WORKAROUNDS}) == len(WORKAROUNDS)
    assert all(one.symptom and one.versions and one.source and one.target for one in WORKAROUNDS)


def test_a_workaround_is_applied_when_its_module_is_imported_and_not_before(import_state: Path) -> None:
    package = import_state / "faulty_pkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("def answer():\n    return 41\n")
    (package / "user.py").write_text("from faulty_pkg.part import answer\n")
    applied: list[str] = []

    def mend(module: ModuleType) -> None:
        applied.append(module.__name__)
        module.answer = lambda: 42  # type: ignore[attr-defined]

    arm([entry("faulty_pkg.part", mend), entry("no_such_module_at_all", mend)])
    assert applied == []
    assert importlib.import_module("faulty_pkg.user").answer() == 42
    assert applied == ["faulty_pkg.part"]
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module_at_all")


def test_a_module_that_is_already_there_is_mended_at_once(import_state: Path) -> None:
    module = ModuleType("already_there")
    sys.modules["already_there"] = module
    arm([entry("already_there", lambda found: setattr(found, "mended", True))])
    assert module.mended


class Rows:
    """Behaves as SimpleDataSet does: swallows the error and returns another row."""

    def __init__(self, rows: list[str], mode: str) -> None:
        self.data_lines = [row.encode() for row in rows]
        self.data_idx_order_list = list(range(len(rows)))
        self.mode = mode
        self.logger: Any = logging.getLogger("rows")

    def __getitem__(self, index: int) -> str:
        line = self.data_lines[index].decode()
        if line.startswith("bad"):
            self.logger.error(f"Traceback\nException: {line} does not exist!\n")
        elif not line.startswith("refused"):
            return line
        return self[(index + 1) % len(self.data_lines)]


@pytest.fixture
def rows_type() -> Any:
    guarded = type("SimpleDataSet", (Rows,), {"__getitem__": Rows.__getitem__})
    guard_rows(SimpleNamespace(SimpleDataSet=guarded))  # type: ignore[arg-type]
    return guarded


def test_training_names_a_bad_row_once_and_goes_on(rows_type: Any, caplog: pytest.LogCaptureFixture) -> None:
    data = rows_type(["good", "bad.png\tx", "refused\ty"], "train")
    with caplog.at_level(logging.WARNING):
        assert [data[index] for index in (0, 1, 1, 2)] == ["good"] * 4
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "Exception: bad.png\tx does not exist!: bad.png\tx" in said[0]
    assert "a transform refused it" in said[1]


@pytest.mark.parametrize("row", ["bad.png\tx", "refused\ty"])
def test_evaluation_stops_at_a_row_that_it_cannot_score(rows_type: Any, row: str) -> None:
    data = rows_type(["good", row], "eval")
    assert data[0] == "good"
    with pytest.raises(RowError, match="cannot be scored") as caught:
        data[1]
    assert row in str(caught.value)
    assert caught.value.__context__ is None
    assert data[0] == "good"


def test_a_training_without_any_usable_row_stops(rows_type: Any) -> None:
    data = rows_type(["bad1", "bad2"], "train")
    with pytest.raises(RowError, match=f"{MAX_REFUSALS} rows one after the other"):
        data[0]


def test_rows_survive_being_sent_to_a_worker_process(rows_type: Any) -> None:
    data = rows_type(["good"], "train")
    assert data[0] == "good"
    assert pickle.loads(pickle.dumps(data.logger)).named == set()


def test_shuffles_that_are_seeded_with_nothing_follow_the_seed_of_the_run() -> None:
    module: Any = SimpleNamespace(random=random)
    shuffle_by_the_seed(module)

    def order(seed: int | None) -> list[int]:
        random.seed(7)
        module.random.seed(seed)
        return module.random.sample(range(50), 50)

    assert order(None) == order(None) != order(3) == order(3)


def test_an_error_of_the_reader_thread_is_announced_and_passed_on() -> None:
    class Reader:
        ended = False

        def _thread_loop(self, place: str) -> None:
            raise RowError(place)

        def _exit_thread_unexpectedly(self) -> None:
            self.ended = True

    end_reader_threads(SimpleNamespace(_DataLoaderIterSingleProcess=Reader))  # type: ignore[arg-type]
    reader = Reader()
    with pytest.raises(RowError, match="cpu"):
        reader._thread_loop("cpu")
    assert reader.ended


def test_any_opencv_wheel_counts_and_nothing_else_does() -> None:
    installed = {"opencv-python-headless": "4.12.0.88", "numpy": "2.2.6"}
    module: Any = SimpleNamespace(get_dep_version=installed.get)
    accept_any_opencv(module)
    wanted = ["opencv-contrib-python", "opencv-python", "opencv-python-headless", "numpy", "scipy"]
    found = [module.get_dep_version(name) for name in wanted]
    assert found == ["4.12.0.88", "4.12.0.88", "4.12.0.88", "2.2.6", None]


def saver(fails_after: int | None = None) -> Any:
    """Make a module whose save_model writes file by file, and may fail on the way."""

    def save_model(
        model: Any, optimizer: Any, model_path: str, logger: Any, config: Any, **kwargs: Any
    ) -> str:
        names = [f"{kwargs['prefix']}{suffix}" for suffix in (".pdopt", ".states", ".pdparams")]
        (Path(model_path) / "best_model").mkdir()
        for number, name in enumerate([*names, "best_model/model.pdparams"]):
            if number == fails_after:
                raise OSError(28, "No space left on device")
            (Path(model_path) / name).write_text(str(model))
        logger.info(f"save model in {model_path}/{kwargs['prefix']}")
        return "saved"

    module: Any = SimpleNamespace(save_model=save_model)
    save_atomically(module)
    return module.save_model


def test_a_checkpoint_is_complete_and_the_log_names_its_real_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "checkpoints"
    with caplog.at_level(logging.INFO):
        assert saver()("new", None, str(target), logging.getLogger("x"), {}, prefix="latest") == "saved"
    found = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert found == ["best_model/model.pdparams", "latest.pdopt", "latest.pdparams", "latest.states"]
    assert caplog.messages == [f"save model in {target}/latest"]


@pytest.mark.parametrize("fails_after", [0, 1, 2, 3])
def test_a_save_that_fails_leaves_the_last_checkpoint_whole(
    tmp_path: Path, fails_after: int, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("x")
    saver()("old", None, str(tmp_path), logger, {}, prefix="latest")
    # told where another test has lowered the level of the root logger
    caplog.clear()
    with pytest.raises(OSError, match="No space left"), caplog.at_level(logging.INFO):
        saver(fails_after)("new", None, str(tmp_path), logger, {}, prefix="latest")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["old"] * 4
    assert caplog.messages == []
    assert not list(tmp_path.glob(".saving-*"))


def test_what_a_killed_save_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".saving-dead").mkdir()
    (tmp_path / ".saving-dead" / "latest.pdopt").write_text("half")
    saver()("new", None, str(tmp_path), logging.getLogger("x"), {}, prefix="latest")
    assert not list(tmp_path.glob(".saving-*"))


@pytest.fixture
def loader(tmp_path: Path) -> Any:
    """A module whose load_model forgets what upstream's forgets, with a checkpoint to resume from."""
    states = {"epoch": 4, "global_step": 44, "best_model_dict": {"acc": 0.75, "hmean": 0.5}}
    (tmp_path / "latest.states").write_bytes(pickle.dumps(states, protocol=2))
    (tmp_path / "latest.pdparams").write_bytes(pickle.dumps({"w": np.ones(2)}, protocol=2))

    def load_model(config: Any, model: Any, optimizer: Any = None, model_type: str = "det") -> dict[str, Any]:
        return {"acc": 0.0, "hmean": 0.5, "start_epoch": 5}

    def load_pretrained_params(model: Any, path: str) -> bool:
        return False

    return SimpleNamespace(load_model=load_model, load_pretrained_params=load_pretrained_params)


def config_of(folder: Path, indicator: str = "acc", save_model_dir: Path | None = None) -> dict[str, Any]:
    kept = {"checkpoints": str(folder / "latest"), "save_model_dir": str(save_model_dir or folder)}
    return {"Global": kept, "Metric": {"main_indicator": indicator}}


def test_resuming_brings_back_the_best_metric_and_the_step(loader: Any, tmp_path: Path) -> None:
    (tmp_path / "best_accuracy.pdparams").write_text("")
    resume_fully(loader)
    found = loader.load_model(config_of(tmp_path), None, "optimizer", "rec")
    assert found == {"acc": 0.75, "hmean": 0.5, "start_epoch": 5, "global_step": 44}
    found = loader.load_model(config_of(tmp_path, "hmean"), None, "optimizer", "det")
    assert found == {"hmean": 0.5, "start_epoch": 5, "global_step": 44}


def test_resuming_elsewhere_starts_the_best_metric_at_zero(loader: Any, tmp_path: Path) -> None:
    resume_fully(loader)
    found = loader.load_model(config_of(tmp_path, "hmean", tmp_path / "new"), None, "optimizer")
    assert (found["hmean"], found["global_step"]) == (0.0, 44)


def test_evaluating_a_checkpoint_is_not_resuming(loader: Any, tmp_path: Path) -> None:
    resume_fully(loader)
    assert "global_step" not in loader.load_model(config_of(tmp_path), None)


class Evil:
    """Pickles to a call of something."""

    def __reduce__(self) -> Any:
        return (print, ("run",))


@pytest.mark.parametrize("suffix", [".pdparams", ".pdopt", ".states", ".pdema"])
def test_a_checkpoint_that_asks_to_run_code_is_refused(loader: Any, tmp_path: Path, suffix: str) -> None:
    refuse_code(loader)
    loader.load_model(config_of(tmp_path), None, "optimizer")
    (tmp_path / f"latest{suffix}").write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(DataError, match="asks to run code"):
        loader.load_model(config_of(tmp_path), None, "optimizer")
    with pytest.raises(DataError, match="asks to run code"):
        loader.load_pretrained_params(None, str(tmp_path / "latest.pdparams"))


def test_arming_imports_neither_numpy_nor_paddle() -> None:
    assert "numpy" not in vars(compat)


def config_of_folder(folder: Path) -> dict[str, Any]:
    """A configuration of key information that goes on from ``folder/latest``."""
    return {
        "Global": {"checkpoints": None, "save_model_dir": str(folder)},
        "Architecture": {"model_type": "kie", "Backbone": {"checkpoints": str(folder / "latest")}},
        "Metric": {"main_indicator": "hmean"},
    }


@pytest.fixture
def network_checkpoint(tmp_path: Path) -> Path:
    """The folder of a checkpoint of key information."""
    folder = tmp_path / "latest"
    folder.mkdir()
    states = {"epoch": 4, "global_step": 44, "best_model_dict": {"hmean": 0.5}}
    (folder / "metric.states").write_bytes(pickle.dumps(states, protocol=2))
    return folder


def test_resuming_a_folder_brings_back_the_best_metric_and_the_step(
    loader: Any, network_checkpoint: Path, tmp_path: Path
) -> None:
    resume_fully(loader)
    found = loader.load_model(config_of_folder(tmp_path), None, "optimizer", "kie")
    assert (found["hmean"], found["global_step"]) == (0.0, 44), "the best model is gone"
    (tmp_path / "best_accuracy").mkdir()
    (tmp_path / "best_accuracy" / "model_state.pdparams").write_text("")
    found = loader.load_model(config_of_folder(tmp_path), None, "optimizer", "kie")
    assert found == {"hmean": 0.5, "start_epoch": 5, "global_step": 44}


def test_starting_from_a_network_is_not_resuming(
    loader: Any, network_checkpoint: Path, tmp_path: Path
) -> None:
    (network_checkpoint / "metric.states").unlink()
    resume_fully(loader)
    found = loader.load_model(config_of_folder(tmp_path), None, "optimizer", "kie")
    assert "global_step" not in found


@pytest.mark.parametrize("name", ["latest/metric.states", "latest.pdopt"])
def test_a_folder_that_asks_to_run_code_is_refused(
    loader: Any, network_checkpoint: Path, tmp_path: Path, name: str
) -> None:
    refuse_code(loader)
    loader.load_model(config_of_folder(tmp_path), None, "optimizer", "kie")
    (tmp_path / name).write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(DataError, match="asks to run code"):
        loader.load_model(config_of_folder(tmp_path), None, "optimizer", "kie")
