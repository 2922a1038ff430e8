"""What goes wrong while a model trains, put into words: memory, disk, a loss that is no number."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ppocr_kit.errors import PpocrKitError, SetupError, ToolError

_MEMORY = re.compile(
    r"out of memory|can't allocate memory|DefaultCPUAllocator|bad_alloc|CUBLAS_STATUS_ALLOC", re.I
)
# safetensors and torch.save tell of a full disk in texts of their own
_DISK = re.compile(
    r"No space left|os error 28|Disk quota|os error 122|PytorchStreamWriter failed|unexpected pos"
    r"|iostream error",
    re.I,
)
_LESS_MEMORY = (
    "go on with --resume --gradient-checkpointing, or start anew with --overwrite and a smaller --batch-size "
    "(--batch-size 1 --grad-accum 8 has the same rows in a step), a lower --max-pixels, or --lora"
)


@contextmanager
def training_errors(checkpoints: Path) -> Iterator[None]:
    """Turn what torch raises inside the block into errors that say what to do.

    Args:
        checkpoints: Where the run saves; named when the disk is full.

    Raises:
        ToolError: Memory ran out.
        SetupError: The disk is full, or cannot be written.
    """
    try:
        yield
    except PpocrKitError:
        raise
    except MemoryError as error:
        raise memory_error("") from error
    except Exception as error:
        known = known_fault(error, checkpoints)
        if known is None:
            raise
        raise known from error


def known_fault(error: Exception, checkpoints: Path) -> PpocrKitError | None:
    """Return what an exception of torch, safetensors or the system means, or None."""
    text = str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) or _DISK.search(text):
        return SetupError(
            "the disk is full; the last whole checkpoint was not touched",
            at=str(checkpoints),
            hint="free some space (df -h), then go on with --resume",
        )
    if "OutOfMemory" in type(error).__name__ or (isinstance(error, RuntimeError) and _MEMORY.search(text)):
        return memory_error(text)
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SetupError(
            f"cannot write here ({error.strerror})",
            at=str(error.filename or checkpoints),
            hint="check the owner of the run folder and its free space",
        )
    return None


def memory_error(text: str) -> ToolError:
    """Describe memory that ran out; of the GPU or of the machine."""
    where = "the GPU's memory" if "CUDA" in text else "memory"
    asked = re.search(r"[Tt]ried to allocate ([\d.]+ ?[KMGT]i?B|\d+ bytes)", text)
    wanted = f": {asked.group(1)} more were asked for" if asked else ""
    return ToolError(f"{where} ran out while training{wanted}", hint=_LESS_MEMORY)


def lost_loss(step: int, saved: int | None) -> ToolError:
    """Describe a loss that is no number: the weights of that step are lost.

    Args:
        step: The step.
        saved: Step of the last checkpoint, or None.
    """
    rest = "there is no checkpoint yet" if saved is None else f"the checkpoint of step {saved} is whole"
    return ToolError(
        f"the loss is not a number at step {step}; training was stopped, {rest}",
        at=f"step {step}",
        hint="train anew with a lower --lr and --overwrite; without --bf16 on, if it was on",
    )
