"""Workaround for data rows that the release replaces in silence.

``SimpleDataSet.__getitem__`` catches every error and returns another row instead: a random one in
training, the next one in evaluation, whose score then counts twice. When all rows are bad it calls
itself until Python gives up.

Source: ppocr/data/simple_dataset.py@3.7.0.
"""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

# Where nine rows in ten are bad, so many in a row happen once in 10^9 samples.
MAX_REFUSALS = 200
_SHOWN = 200


class RowError(RuntimeError):
    """A row that must not be passed over; the message names it and says what to do."""


class _Refused(Exception):
    """The release asks for another row in place of the one it could not use."""

    def __init__(self, replacement: Any) -> None:
        super().__init__(replacement)
        self.replacement = replacement


class _Watch:
    """What is known about the row that a data set is loading; also its logger's stand-in."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self.loading = False
        self.reason: str | None = None
        self.named: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name == "_logger":
            # asked for while a copy is unpickled in a worker process
            raise AttributeError(name)
        return getattr(self._logger, name)

    def error(self, message: str, *args: Any) -> None:
        """Keep the last line of the traceback that the release would log."""
        lines = [line for line in str(message).splitlines() if line.strip()]
        self.reason = lines[-1].strip() if lines else None


def guard_rows(module: ModuleType) -> None:
    """Make evaluation stop at a row it cannot use, and training name every row it leaves out."""
    for name in ("SimpleDataSet", "MultiScaleDataSet"):
        dataset = getattr(module, name, None)
        if dataset is not None and "__getitem__" in vars(dataset):
            dataset.__getitem__ = guard_getitem(dataset.__getitem__)


def shuffle_by_the_seed(module: ModuleType) -> None:
    """Let rows come in an order that ``Global.seed`` decides, the same one in every process.

    ``tools/train.py`` makes its data set without a seed, and ``random.seed(None)``, which is asked for
    there, takes one from the system: two processes of one training then deal out two different shuffles,
    so that an epoch shows some rows twice and others never, and no run can be repeated. Left undone, the
    generators go on from where ``set_seed`` put them.
    """
    module.random = _Seeded(module.random)  # type: ignore[attr-defined]


class _Seeded:
    """The module ``random``, but that seeding it with nothing leaves it as it is."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def seed(self, value: Any = None) -> None:
        """Seed, where there is something to seed with."""
        if value is not None:
            self._module.seed(value)


def guard_getitem(original: Any) -> Any:
    """Wrap a data set's ``__getitem__`` so that asking for a replacement comes back to us."""

    @wraps(original)
    def __getitem__(self: Any, request: Any) -> Any:
        if not isinstance(self.logger, _Watch):
            self.logger = _Watch(self.logger)
        watch: _Watch = self.logger
        if watch.loading:
            raise _Refused(request)
        for _ in range(MAX_REFUSALS):
            watch.loading, watch.reason = True, None
            try:
                return original(self, request)
            except _Refused as refused:
                replacement = refused.replacement
            finally:
                watch.loading = False
            row = row_text(self, request)
            _report(self, watch, row)
            request = replacement
        raise RowError(
            f"{MAX_REFUSALS} rows one after the other cannot be used for training, the last one because "
            f"{watch.reason or _NO_REASON}: {row}"
        )

    return __getitem__


_NO_REASON = "a transform refused it (no box or text that fits the dictionary and max_text_length)"


def _report(dataset: Any, watch: _Watch, row: str) -> None:
    """Name a row that cannot be used, once; in evaluation stop there.

    Raises:
        RowError: The data set is not for training.
    """
    reason = watch.reason or _NO_REASON
    if getattr(dataset, "mode", "train") != "train":
        raise RowError(
            f"this row of the evaluation set cannot be scored, because {reason}: {row}; mend it or take "
            "it out of the list (the release would have scored its neighbour twice)"
        )
    if row not in watch.named:
        watch.named.add(row)
        watch.warning(
            f"row left out of training, a random one takes its place ({len(watch.named)} so far), because "
            f"{reason}: {row}"
        )


def row_text(dataset: Any, request: Any) -> str:
    """Return the line of the list that a request means, shortened.

    Args:
        dataset: A data set of the release.
        request: Its index, or for ``MultiScaleDataSet`` (width, height, index, ratio).
    """
    index = request[2] if isinstance(request, (tuple, list)) else request
    lmdbs = getattr(dataset, "lmdb_sets", None)
    if lmdbs is not None:
        number, row = dataset.data_idx_order_list[index]
        return f"row {int(row)} of {lmdbs[int(number)]['dirpath']}"
    chosen = getattr(dataset, "_index_map", None)
    if chosen is not None:
        line = dataset._all_lines[chosen[index]]
    else:
        line = dataset.data_lines[dataset.data_idx_order_list[index]]
    text = line.decode("utf-8", errors="backslashreplace") if isinstance(line, bytes) else str(line)
    text = text.rstrip("\r\n")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
