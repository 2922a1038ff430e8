"""Start a worker of the lane: ``python start.py MODULE SPEC ANSWERS ANNOUNCEMENT``.

A standalone script, because the lane's Python need not have the kit installed and the kit's parent folder,
which may be the site-packages of another environment, stays off ``sys.path``. ``torchrun`` starts it too.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> None:
    """Make ``ppocr_kit`` importable and become one of its workers."""
    # Python put this script's folder first, whose modules have names of their own
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]
    if "ppocr_kit" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "ppocr_kit", KIT / "__init__.py", submodule_search_locations=[str(KIT)]
        )
        assert spec is not None and spec.loader is not None
        sys.modules["ppocr_kit"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["ppocr_kit"])
    from ppocr_kit.vendor.launch import end_with_parent

    end_with_parent()
    sys.argv = [argv[0], *argv[1:]]
    runpy.run_module(f"ppocr_kit.vl.engine.{argv[0]}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
