"""Ctrl-C and SIGTERM while a model trains: the step that runs is finished and saved, then it ends.

The caller sends SIGTERM to the whole group when it is interrupted (``vendor/process.py``); a batch system
does so before its time limit. A second signal of the kind ends the process at once.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

import torch

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked this process to stop."""

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in _SIGNALS:
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.asked = True


def any_process(asked: bool, device: Any) -> bool:
    """Tell whether any of the processes was asked: they must end at the same step, or wait for ever."""
    if not torch.distributed.is_initialized():
        return asked
    flag = torch.tensor([int(asked)], device=device)
    torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
    return bool(flag.item())
