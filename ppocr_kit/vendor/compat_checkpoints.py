"""Workarounds for how the release saves and loads checkpoints.

Source: ppocr/utils/save_load.py@3.7.0 (``save_model``, ``load_model``), tools/program.py@3.7.0 (what
``train`` takes from the result of ``load_model``).
"""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

_WORK_PREFIX = ".saving-"
_PICKLED = (".pdparams", ".pdopt", ".states", ".pdema")


def save_atomically(module: ModuleType) -> None:
    """Write a checkpoint into a work folder first, and move its files in place when all are written.

    A kill or a full disk in the middle leaves the last good checkpoint as it was. ``.states``, which
    says what epoch the others are of, is moved last; between two moves lie microseconds, and what a
    kill there leaves is loadable: newer weights with an older epoch number.
    """
    original = module.save_model
    signature = inspect.signature(original)

    @wraps(original)
    def save_model(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        folder = Path(call.arguments["model_path"])
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"{_WORK_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=folder))
        news = _LaterNews(call.arguments["logger"])
        call.arguments.update(model_path=str(work), logger=news)
        try:
            result = original(*call.args, **call.kwargs)
            _move_files(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        news.tell(str(work), str(folder))
        return result

    module.save_model = save_model  # type: ignore[attr-defined]


def _move_files(work: Path, folder: Path) -> None:
    """Move the files below one folder over those below another, ``.states`` last."""
    files = [path for path in work.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: (path.suffix == ".states", path)):
        target = folder / path.relative_to(work)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


class _LaterNews:
    """A logger that keeps ``info`` lines back until what they say is true."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._lines: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "_logger":
            raise AttributeError(name)
        return getattr(self._logger, name)

    def info(self, line: str) -> None:
        """Keep a line back."""
        self._lines.append(line)

    def tell(self, said: str, meant: str) -> None:
        """Pass the lines on, with the place that the files have now."""
        for line in self._lines:
            self._logger.info(line.replace(said, meant))


def resume_fully(module: ModuleType) -> None:
    """Give a resumed training the best metric and the step number that its checkpoint has."""
    original = module.load_model
    signature = inspect.signature(original)

    @wraps(original)
    def load_model(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        result = original(*args, **kwargs)
        config = call.arguments["config"]
        prefix = _prefix_of(config["Global"].get("checkpoints")) or _network_folder(config)
        resumes = call.arguments.get("optimizer") is not None and prefix is not None
        if resumes and isinstance(result, dict):
            result.update(_resumed(prefix, config))
            if config.get("Metric", {}).get("main_indicator") != "acc":
                # upstream adds acc 0.0 to whatever was measured
                result.pop("acc", None)
        return result

    module.load_model = load_model  # type: ignore[attr-defined]


def _resumed(prefix: Path | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what upstream's resume leaves out, by the names that ``program.train`` looks for."""
    # here and not above: arming the workarounds must not import numpy
    from ppocr_kit.vendor.checkpoints import read_checkpoint_file

    network = _network_folder(config)
    states_file = Path(f"{prefix}.states") if network is None else network / "metric.states"
    if not states_file.is_file():
        return {}
    states = read_checkpoint_file(states_file)
    found: dict[str, Any] = {}
    if "global_step" in states:
        found["global_step"] = int(states["global_step"])
    indicator = config.get("Metric", {}).get("main_indicator")
    best = states.get("best_model_dict", {}).get(indicator)
    if best is not None:
        # without the file that has this metric, a new best model must be written
        folder = Path(config["Global"]["save_model_dir"])
        name = "best_accuracy.pdparams" if network is None else "best_accuracy/model_state.pdparams"
        kept = (folder / name).is_file()
        found[indicator] = best if kept else 0.0
    return found


def refuse_code(module: ModuleType) -> None:
    """Read every checkpoint with an unpickler that builds arrays and nothing else, before Paddle does."""

    def guarded(original: Callable[..., Any], prefixes: Callable[[Mapping[str, Any]], list[Any]]) -> Any:
        signature = inspect.signature(original)

        @wraps(original)
        def load(*args: Any, **kwargs: Any) -> Any:
            for prefix in prefixes(signature.bind(*args, **kwargs).arguments):
                _check_files(_prefix_of(None if prefix is None else str(prefix)))
            return original(*args, **kwargs)

        return load

    module.load_model = guarded(  # type: ignore[attr-defined]
        module.load_model,
        lambda call: [call["config"]["Global"].get("checkpoints"), _network_folder(call["config"])],
    )
    module.load_pretrained_params = guarded(  # type: ignore[attr-defined]
        module.load_pretrained_params, lambda call: [call["path"]]
    )


def _check_files(prefix: Path | None) -> None:
    """Raise DataError for a checkpoint file that holds more than arrays and plain values."""
    from ppocr_kit.vendor.checkpoints import read_checkpoint_file

    for suffix in _PICKLED:
        file = Path(f"{prefix}{suffix}")
        if prefix is not None and file.is_file():
            read_checkpoint_file(file)
    if prefix is not None and (prefix / "metric.states").is_file():
        read_checkpoint_file(prefix / "metric.states")


def _network_folder(config: Mapping[str, Any]) -> Path | None:
    """Return the folder that is a checkpoint of key information, or None for other models.

    Its weights are read by paddlenlp when the network is built, the rest here.
    """
    architecture = config.get("Architecture") or {}
    if architecture.get("model_type") != "kie":
        return None
    named = (architecture.get("Backbone") or {}).get("checkpoints")
    return Path(named) if named else None


def _prefix_of(name: Any) -> Path | None:
    """Return a checkpoint's path without ``.pdparams``, or None when there is none to load."""
    if not isinstance(name, str) or not name:
        return None
    return Path(name[: -len(".pdparams")] if name.endswith(".pdparams") else name)
