"""Where a tool runs: the value of ``--device``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ppocr_kit.errors import UsageError

_FORM = re.compile(r"(?P<kind>cpu|gpu)(?::(?P<numbers>\d+(?:,\d+)*))?\Z")
_MAX_PROCESSES = 64


@dataclass(frozen=True)
class Device:
    """A device and how many processes share the work on it.

    Attributes:
        kind: ``cpu`` or ``gpu``.
        ids: Numbers of the GPUs, one process each; empty on the CPU.
        processes: Data-parallel processes; 1 runs without ``paddle.distributed.launch``.
    """

    kind: str
    ids: tuple[int, ...]
    processes: int

    @property
    def is_gpu(self) -> bool:
        """Whether the work runs on GPUs."""
        return self.kind == "gpu"

    def __str__(self) -> str:
        """Return the value of ``--device`` that means this."""
        if self.is_gpu:
            return f"gpu:{','.join(str(number) for number in self.ids)}"
        return "cpu" if self.processes == 1 else f"cpu:{self.processes}"


def parse_device(text: str) -> Device:
    """Read ``cpu``, ``cpu:N`` (N processes), ``gpu``, ``gpu:0`` or ``gpu:0,1`` (one process each).

    Raises:
        UsageError: The text is none of these, names a GPU twice, or asks for no process.
    """
    form = _FORM.match(text.strip().lower())
    if form is None:
        raise _unknown(text)
    numbers = [int(number) for number in (form["numbers"] or "").split(",") if number]
    if form["kind"] == "gpu":
        ids = tuple(numbers) or (0,)
        if len(set(ids)) != len(ids):
            raise UsageError(f"'{text}' names a GPU twice", at="--device")
        return Device("gpu", ids, len(ids))
    if len(numbers) > 1 or (numbers and not 1 <= numbers[0] <= _MAX_PROCESSES):
        raise _unknown(text)
    return Device("cpu", (), numbers[0] if numbers else 1)


def _unknown(text: str) -> UsageError:
    return UsageError(
        f"'{text}' is not a device",
        at="--device",
        hint="cpu, cpu:2 (two processes), gpu:0, or gpu:0,1 (one process per GPU)",
    )
