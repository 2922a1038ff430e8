"""Run a script of the release, or one of ours, with the release's packages in reach.

A standalone script: ``python launch.py --release PATH [--] SCRIPT ARGS`` (or ``-m MODULE ARGS``).
The lane's interpreter runs it, which need not have the kit installed. It puts the release at the
head of ``sys.path``, the supplement on ``ppocr.__path__`` where the release lacks those packages,
arms the workarounds of ``compat.py`` and hands over by ``runpy``. It imports the standard library
only: it costs nothing by itself, and what it arms takes effect when its target is imported.

Source: which packages the published archive lacks: PaddleOCR 3.7.0 sdist against its git tree.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import signal
import sys
from pathlib import Path
from types import ModuleType

KIT = Path(__file__).resolve().parent.parent
SUPPLEMENT = KIT / "supplement" / "ppocr"
# What tools/*.py import and the published archive leaves out.
SUPPLEMENTED = ("modeling", "losses", "metrics", "optimizer")
_PR_SET_PDEATHSIG = 1
_USAGE = "launch.py --release PATH [--] SCRIPT [ARGS...] | --release PATH -m MODULE [ARGS...]"


def main(argv: list[str]) -> None:
    """Prepare this process as the arguments say, and become the script."""
    release, is_module, target, rest = _parse(argv)
    end_with_parent()
    # the tree must stay as its checksum says; installed packages have their .pyc from pip
    sys.dont_write_bytecode = True
    # a default for runs without the kit's own environment, such as a pasted command line
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Python put this script's folder first, whose tools.py would shadow the release's tools
    sys.path[:] = [str(release), *(entry for entry in sys.path if Path(entry).resolve() != KIT / "vendor")]
    import_kit()
    if (release / "ppocr").is_dir():
        extend_ppocr(release)
    from ppocr_kit.vendor.compat import arm

    arm()
    if is_module:
        sys.argv = [target, *rest]
        runpy.run_module(target, run_name="__main__", alter_sys=True)
        return
    script = _script(target, release)
    sys.argv = [str(script), *rest]
    if release not in script.parents:
        # as Python does for a script; those of the release find their own way
        sys.path.insert(1, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")


def _parse(argv: list[str]) -> tuple[Path, bool, str, list[str]]:
    """Split our own options from the script and its arguments, which are none of our business.

    Returns:
        Release, whether the target is a module, the target, its arguments.
    """
    words = list(argv)
    if len(words) < 3 or words[0] != "--release":
        sys.exit(f"usage: {_USAGE}")
    release, rest = Path(words[1]).resolve(), words[2:]
    is_module = rest[0] == "-m"
    if rest[0] in ("-m", "--"):
        rest = rest[1:]
    if not rest:
        sys.exit(f"usage: {_USAGE}")
    return release, is_module, rest[0], rest[1:]


def _script(name: str, release: Path) -> Path:
    """Find a script in the release, else from the current folder."""
    inside = (release / name).resolve()
    script = inside if release in inside.parents and inside.is_file() else Path(name).resolve()
    if not script.is_file():
        sys.exit(f"launch.py: no such script: {name} (neither in {release} nor in {Path.cwd()})")
    return script


def end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, however that comes.

    The kit ends its tools itself; this is for a kit that was killed and cannot. Checkpoints are
    written atomically (compat.py), so a sudden end loses no more than the epoch.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def import_kit() -> ModuleType:
    """Import ``ppocr_kit`` from beside this file, whichever interpreter runs it.

    Its parent folder stays off ``sys.path``: it may be the site-packages of another environment.
    """
    if "ppocr_kit" in sys.modules:
        return sys.modules["ppocr_kit"]
    spec = importlib.util.spec_from_file_location(
        "ppocr_kit", KIT / "__init__.py", submodule_search_locations=[str(KIT)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ppocr_kit"] = module
    spec.loader.exec_module(module)
    return module


def extend_ppocr(release: Path) -> None:
    """Let ``ppocr`` find the supplement's packages where the release has none of them.

    A release that has them keeps its own: appending would put ours before upstream's
    ``ppocr/modeling``, which has no ``__init__.py`` and therefore yields to any package.
    """
    if any((release / "ppocr" / name).is_dir() for name in SUPPLEMENTED):
        return
    import ppocr

    ppocr.__path__.append(str(SUPPLEMENT))


if __name__ == "__main__":
    main(sys.argv[1:])
