"""PPOCRLabel's window on a folder: ``label_window.py [--lang L] [--kie] FOLDER``, run in the label lane.

A standalone script: the lane need not have the kit installed. PPOCRLabel cannot be told a folder on its
command line and wants its models before it shows a window, so its own ``get_main_app`` is called here,
and its own slot opens the folder. What keeps the window from opening is told on stdout, as one line that
begins with ``REFUSED``.

Source: PPOCRLabel 3.1.6, PPOCRLabel.py: get_main_app, main, MainWindow.importDirImages.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import importlib.util
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

REFUSED = "ppocr-kit: refused "
_HERE = Path(__file__).resolve().parent
_SYSTEM_PACKAGES = (
    "libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 "
    "libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1"
)
# What the program imports at its start and needs for its built-in models alone.
_MODEL_CLASSES = ("PaddleOCR", "PPStructureV3", "TextRecognition", "TextDetection")
# PPOCRLabel's own, passed on as they are.
MODEL_OPTIONS = ("--det_model_dir", "--det_model_name", "--rec_model_dir", "--rec_model_name")
# A window that waits for its user runs no Python, so signals are looked for this often.
_SIGNAL_POLL_MS = 300


class _LateModel:
    """Stands for a model of paddleocr until it is used."""

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        self._made = name, args, kwargs
        self._model: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._model is None:
            kind, args, kwargs = self._made
            for module in ("paddle", "paddleocr"):
                if isinstance(sys.modules.get(module), _StandIn):
                    del sys.modules[module]
            import paddleocr

            # with oneDNN, paddle 3.3.1 cannot run exported detectors
            self._model = getattr(paddleocr, kind)(*args, **{"enable_mkldnn": False, **kwargs})
        return getattr(self._model, name)


class _StandIn(ModuleType):
    """Stands for a package whose import can wait or is not needed."""


def models_installed() -> bool:
    """Tell whether PPOCRLabel's built-in models can be loaded here."""
    stand_ins = {name: sys.modules.pop(name) for name in ("paddle", "paddleocr") if _stands_in(name)}
    try:
        return all(importlib.util.find_spec(name) is not None for name in ("paddle", "paddleocr"))
    finally:
        sys.modules.update(stand_ins)


def stand_in_for_models() -> None:
    """Let PPOCRLabel import what it needs for its models without loading them (workaround label-models)."""
    paddle, paddleocr = _StandIn("paddle"), _StandIn("paddleocr")
    paddle.is_compiled_with_cuda = lambda: False  # type: ignore[attr-defined]
    for name in _MODEL_CLASSES:
        setattr(paddleocr, name, _late(name))
    sys.modules.update({"paddle": paddle, "paddleocr": paddleocr})
    if importlib.util.find_spec("pandas") is None:
        # one name of it is imported and never used
        for part in ("pandas", "pandas.io", "pandas.io.sql"):
            sys.modules[part] = _StandIn(part)
        sys.modules["pandas.io.sql"].has_table = None  # type: ignore[attr-defined]


def open_window(
    folder: str, lang: str, kie: bool, offered: Sequence[str], models: Sequence[str] = ()
) -> tuple[Any, Any]:
    """Open PPOCRLabel's window on a folder.

    Args:
        folder: The folder, absolute.
        lang: Language of the window and of the built-in models.
        kie: Whether boxes have classes.
        offered: Classes to choose from in KIE mode, else texts to choose from.
        models: PPOCRLabel's own options that name models.

    Returns:
        Qt's application and the window.

    Raises:
        PpocrKitError: It cannot be opened; says why.
    """
    from ppocr_kit.errors import SetupError
    from ppocr_kit.vendor.compat import WORKAROUNDS, arm
    from ppocr_kit.vendor.label_compat import LABEL_WORKAROUNDS, PROGRAM

    arm((*LABEL_WORKAROUNDS, *(entry for entry in WORKAROUNDS if entry.name == "one-opencv")))
    stand_in_for_models()
    _require_libraries()
    program = importlib.import_module(PROGRAM)
    if not kie:
        # a list in a file is read the same way, but there may be several
        program.MainWindow.loadPredefinedClasses = lambda window, file: window.labelHist.extend(offered)
    sys.excepthook = _show_exception
    app, window = program.get_main_app([PROGRAM, "--lang", lang, "--kie", str(kie).lower(), *models])
    if kie:
        window.existed_key_cls_set.update(offered)
    window.importDirImages(folder)
    if window.dirname is None:
        raise SetupError("PPOCRLabel did not open the folder", at=folder)
    return app, window


def main(argv: Sequence[str]) -> int:
    """Open the window and wait until it is closed."""
    from ppocr_kit.errors import PpocrKitError

    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--kie", action="store_true")
    parser.add_argument("--predefined-classes", action="append", default=[])
    for option in MODEL_OPTIONS:
        parser.add_argument(option)
    options = parser.parse_args(argv)
    given = {option: getattr(options, option.lstrip("-")) for option in MODEL_OPTIONS}
    models = [word for option, value in given.items() if value is not None for word in (option, value)]
    offered = [line.strip() for file in options.predefined_classes for line in _read_lines(file)]
    try:
        app, window = open_window(
            options.folder, options.lang, options.kie, list(filter(None, offered)), models
        )
    except PpocrKitError as error:
        kind = type(error).__name__
        body = {"kind": kind, "message": error.message, "at": error.at, "hint": error.hint}
        print(REFUSED + json.dumps(body), flush=True)
        return error.exit_code
    _save_when_ended(app, window)
    return int(app.exec_())


def _read_lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8-sig").splitlines()


def _late(name: str) -> Any:
    return lambda *args, **kwargs: _LateModel(name, *args, **kwargs)


def _stands_in(name: str) -> bool:
    return isinstance(sys.modules.get(name), _StandIn)


def _require_libraries() -> None:
    """Look for the system's libraries, without which Qt ends the process.

    Raises:
        SetupError: One is missing.
    """
    from ppocr_kit.errors import SetupError

    try:
        import cv2  # noqa: F401
        import PyQt5
        from PyQt5 import QtWidgets  # noqa: F401

        if sys.platform == "linux" and _wants_xcb():
            folder = Path(PyQt5.__file__).parent / "Qt5" / "plugins" / "platforms"
            for plugin in folder.glob("libqxcb.so"):
                ctypes.CDLL(str(plugin))
    except (ImportError, OSError) as error:
        raise SetupError(
            f"PPOCRLabel's window lacks a library of the system ({error})",
            at=sys.executable,
            hint=f"apt-get install {_SYSTEM_PACKAGES}, or the packages of your system with these names",
        ) from error


def _wants_xcb() -> bool:
    return os.environ.get("QT_QPA_PLATFORM", "xcb").startswith("xcb")


def _save_when_ended(app: Any, window: Any) -> None:
    """Save what is checked when the process is told to end."""
    from PyQt5.QtCore import QTimer

    def end(number: int, frame: Any) -> None:
        window.saveFilestate()
        window.savePPlabel(mode="Auto")
        app.exit(0)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    timer = QTimer(app)
    timer.timeout.connect(lambda: None)
    timer.start(_SIGNAL_POLL_MS)


def _show_exception(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Show an exception instead of ending the program, which PyQt5 does where nobody else takes it."""
    traceback.print_exception(kind, error, trace)
    from PyQt5.QtCore import QThread
    from PyQt5.QtWidgets import QApplication, QMessageBox

    app = QApplication.instance()
    if app is not None and QThread.currentThread() is app.thread():
        QMessageBox.critical(QApplication.activeWindow(), "PPOCRLabel", f"{kind.__name__}: {error}")


if __name__ == "__main__":
    # Python put this script's folder first, whose modules are not for everybody
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]
    _spec = importlib.util.spec_from_file_location("launch", _HERE / "launch.py")
    assert _spec is not None and _spec.loader is not None
    _launch = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(_launch)
    _launch.import_kit()
    # what workarounds import of this file must be this very module
    sys.modules["ppocr_kit.vendor.label_window"] = sys.modules["__main__"]
    sys.exit(main(sys.argv[1:]))
