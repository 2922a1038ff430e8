"""What the fake tools share: the log's format and the ways to go wrong.

FAKE_RELEASE_MODE: ``ok`` (default), ``crash`` (traceback, exit 1), ``oom`` (SIGKILL of itself),
``segfault``, ``hang`` (silent for ever), ``stubborn`` (hangs and ignores SIGTERM), ``disk-full``
(the message and exit code of a full disk), ``silent`` (exit 0, nothing written), ``orphan`` (exits
while a child holds the output open), ``nan`` (the loss is lost), ``gbk`` (a line in GBK).
"""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import yaml

MODE = os.environ.get("FAKE_RELEASE_MODE", "ok")


def read_config(argv: list[str]) -> dict:
    """Read the file given by ``-c``."""
    return yaml.safe_load(Path(argv[argv.index("-c") + 1]).read_text(encoding="utf-8"))


def log(text: str) -> None:
    """Print a line as PaddleOCR's logger does."""
    print(f"[{time.strftime('%Y/%m/%d %H:%M:%S')}] ppocr INFO: {text}", flush=True)


def misbehave() -> None:
    """Go wrong in the way the mode asks for; return in the modes that do not end the process."""
    if MODE == "crash":
        raise ValueError("operands could not be broadcast together")
    if MODE == "oom":
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if MODE == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if MODE in ("hang", "stubborn"):
        log("about to hang")
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        log(f"worker {child.pid}")
        time.sleep(600)
    if MODE == "disk-full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "latest.pdparams")
    if MODE == "orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if MODE == "gbk":
        sys.stdout.buffer.write("[2026/11/21 03:12:53] ppocr INFO: 训练集\n".encode("gbk"))
        sys.stdout.buffer.flush()


def save(folder: Path, prefix: str, epoch: int, step: int) -> None:
    """Write a checkpoint of one number."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {"head.fc.weight": np.full((1, 1), step, dtype="float32")}
    states = {"epoch": epoch, "global_step": step, "best_model_dict": {"hmean": 0.5, "acc": 0.5}}
    for suffix, content in (("pdopt", {}), ("pdparams", weights), ("states", states)):
        (folder / f"{prefix}.{suffix}").write_bytes(pickle.dumps(content, protocol=2))
    log(
        f"save {'best ' if 'best' in prefix else ''}model {'is to' if 'best' in prefix else 'in'} "
        f"{folder / prefix}"
    )
