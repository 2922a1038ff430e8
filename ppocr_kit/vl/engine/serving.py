"""How a worker of the vl lane serves its caller (``ppocr_kit/vl/lane.py``): as all workers, and quietly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ppocr_kit.vendor import answers
from ppocr_kit.vendor.answers import Put

__all__ = ["Put", "serve"]


def serve(work: Callable[[dict[str, Any], Put], None], *, models: bool = True) -> None:
    """Run a worker: ``start.py MODULE SPEC ANSWERS ANNOUNCEMENT``.

    Args:
        work: Takes the spec and a function that puts one answer.
        models: Whether it has to do with models; others need not wait until transformers is imported.
    """
    if models:
        _quieten()
    answers.serve(work)


def _quieten() -> None:
    """Keep transformers from drawing bars and from warning of what the caller cannot change."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
