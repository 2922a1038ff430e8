"""Run in the label lane: open PPOCRLabel's own window on a folder, use its own slots, tell what it showed.

``drive_window.py JOB RESULT``: the job names ``folder``, ``lang``, ``kie`` and ``offered``; ``check``, names
of images to check; ``plain`` for PPOCRLabel without the kit's workarounds (but for the one that lets it
start without its models); ``export`` to export the recognition result; ``screenshot``, a file or null.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

# Qt.UserRole, where the list keeps the class itself
USER_ROLE = 0x100
VENDOR = Path(__file__).resolve().parents[3] / "ppocr_kit" / "vendor"


def load_launcher() -> ModuleType:
    spec = importlib.util.spec_from_file_location("launch", VENDOR / "launch.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(job: dict[str, Any]) -> dict[str, Any]:
    load_launcher().import_kit()
    from ppocr_kit.vendor import label_compat, label_window

    said: list[str] = []
    answer_boxes(said)
    if job["plain"]:
        label_compat.LABEL_WORKAROUNDS = label_compat.LABEL_WORKAROUNDS[:1]
    app, window = label_window.open_window(job["folder"], job["lang"], job["kie"], job["offered"])
    shown = {}
    for path in list(window.mImgList):
        window.loadFile(path)
        shown[Path(path).name] = [
            [shape.label, [[p.x(), p.y()] for p in shape.points], shape.key_cls]
            for shape in window.canvas.shapes
        ]
    listed = [window.fileListWidget.item(i).text() for i in range(window.fileListWidget.count())]
    for name in job["check"]:
        window.loadFile(str(Path(job["folder"], name)))
        window.saveFile()
    if job["screenshot"] is not None:
        window.loadFile(window.mImgList[0])
        app.processEvents()
        app.processEvents()
        app.primaryScreen().grabWindow(0 if job["whole_screen"] else window.winId()).save(job["screenshot"])
    classes = (
        [window.keyList.item(i).data(USER_ROLE) for i in range(window.keyList.count())] if job["kie"] else []
    )
    if job["check"] or job["export"]:
        window.saveLabelFile()
    if job["export"]:
        window.saveRecResult()
    window.dirty = False
    window.close()
    return {"shown": shown, "listed": listed, "said": said, "classes": classes}


def answer_boxes(said: list[str]) -> None:
    """Take down what message boxes say, and press their first button."""
    from PyQt5.QtWidgets import QMessageBox

    def answer(parent: Any, title: str, text: str, *rest: Any) -> Any:
        said.append(text)
        return QMessageBox.Yes

    for name in ("information", "warning", "critical", "question"):
        setattr(QMessageBox, name, staticmethod(answer))


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]
    result = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
