"""Labelling by hand: PPOCRLabel's window on a folder, and what was done in it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from ppocr_kit.errors import DataError, PpocrKitError, SetupError, UsageError
from ppocr_kit.labels.folder_files import read_checked, read_raw_pages
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, LABEL_FILE_NAME
from ppocr_kit.runs.model_source import SETTINGS_FILE, find_source
from ppocr_kit.runs.predict import IMAGE_SUFFIXES
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.answers import refusal
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import ToolInvocation, run_tool

_WINDOW = Path(__file__).parents[1] / "vendor" / "label_window.py"
# as label_window.py begins the line that says why no window came
_REFUSED = "ppocr-kit: refused "
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


@dataclass(frozen=True)
class FolderState:
    """What a folder holds at one moment.

    Attributes:
        images: Number of images that PPOCRLabel shows.
        checked: Hash and number of boxes of each checked page.
        unchecked: Pages that have automatic labels only.
        classes: Whether boxes have classes (KIE).
    """

    images: int
    checked: Mapping[str, tuple[str, int]]
    unchecked: frozenset[str]
    classes: bool

    @property
    def boxes(self) -> int:
        """Number of boxes of checked pages."""
        return sum(count for _, count in self.checked.values())


@dataclass(frozen=True)
class LabelChange:
    """What was done while the window was open.

    Attributes:
        before: The folder before.
        after: The folder after.
    """

    before: FolderState
    after: FolderState

    @property
    def newly_checked(self) -> list[str]:
        """Pages that were not checked before."""
        return [key for key in self.after.checked if key not in self.before.checked]

    @property
    def changed(self) -> list[str]:
        """Pages that were checked before and have other boxes or texts now."""
        return [
            key
            for key, labels in self.after.checked.items()
            if key in self.before.checked and self.before.checked[key] != labels
        ]

    @property
    def gone(self) -> list[str]:
        """Pages that are not checked any more."""
        return [key for key in self.before.checked if key not in self.after.checked]

    def to_json(self) -> dict[str, Any]:
        """Return the change as a JSON object."""
        return {
            "newly_checked": self.newly_checked,
            "changed": self.changed,
            "gone": self.gone,
            "checked": len(self.after.checked),
            "unchecked": len(self.after.unchecked),
            "boxes": {"before": self.before.boxes, "after": self.after.boxes},
            "images": self.after.images,
        }


def label_folder(
    call: ToolInvocation, folder: Path, before: FolderState, on_line: Callable[[str], None]
) -> LabelChange:
    """Open PPOCRLabel's window, and wait until it is closed.

    Args:
        call: What :func:`label_invocation` returned.
        folder: The folder it opens.
        before: What :func:`inspect_folder` says of it.
        on_line: Called with what PPOCRLabel prints.

    Raises:
        SetupError: There is no screen, another command has the folder, or the window lacks something.
        ToolError: PPOCRLabel ended otherwise than by closing its window.
    """
    require_screen()
    refused: list[PpocrKitError] = []

    def take(line: str) -> None:
        if line.startswith(_REFUSED):
            refused.append(refusal(json.loads(line[len(_REFUSED) :])))
        elif line.strip():
            on_line(line)

    try:
        run_tool(call, on_line=take)
    except PpocrKitError:
        if refused:
            raise refused[0] from None
        raise
    return LabelChange(before, inspect_folder(folder))


def label_invocation(
    folder: Path,
    *,
    lang: str = "en",
    kie: bool = False,
    predefined_classes: Sequence[Path] = (),
    models: Mapping[Task, Path] | None = None,
) -> ToolInvocation:
    """Describe the process that shows PPOCRLabel's window on a folder.

    Args:
        folder: The folder of images.
        lang: ``ch`` or ``en`` for the window; others are taken by the built-in models only.
        kie: Whether boxes have classes.
        predefined_classes: Files of classes (KIE) or texts to offer, one a line.
        models: Exported models in place of PPOCRLabel's built-in ones.

    Raises:
        UsageError: A file of classes cannot be read, or a model is of another task.
        DataError: A model is damaged.
        SetupError: The label lane has no environment, or one that cannot run models.
    """
    interpreter = find_interpreter("label")
    if models and "paddleocr" not in interpreter.versions:
        raise SetupError(
            "PPOCRLabel runs models where paddleocr is installed beside it only",
            at=str(interpreter.python),
            hint="make label in a checkout puts both into one environment; or label pages beforehand: "
            "ppocr-kit prelabel",
        )
    offered: list[str] = []
    for file in predefined_classes:
        try:
            file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the file of classes cannot be read ({error})", at=f"--predefined-classes {file}"
            ) from error
        offered += ["--predefined-classes", str(file.absolute())]
    return ToolInvocation(
        name="PPOCRLabel",
        argv=(
            str(interpreter.python),
            str(_WINDOW),
            "--lang",
            lang,
            *(["--kie"] if kie else []),
            *offered,
            *(word for task, model in (models or {}).items() for word in _name_model(task, model)),
            str(folder.absolute()),
        ),
        cwd=folder.absolute(),
        env={"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace"},
    )


def inspect_folder(folder: Path) -> FolderState:
    """Read what a folder holds.

    Raises:
        DataError: It is missing, has no image, or has labels that cannot be read.
        SetupError: Another command labels or repairs it.
    """
    images = _images(folder)
    with lock_folder(folder):
        labelled = read_raw_pages(folder / LABEL_FILE_NAME)
        automatic = read_raw_pages(folder / CACHE_FILE_NAME, skip_broken=True)
        named = read_checked(folder)
    checked = {key: _describe(boxes) for key, boxes in labelled.items()}
    # a page that was checked and has no box has no line in PPOCRLabel's own Label.txt
    checked.update({key: _describe([]) for key in named if key not in labelled})
    return FolderState(
        images=len(images),
        checked=checked,
        unchecked=frozenset(key for key in automatic if key not in checked),
        classes=any(_has_class(box) for boxes in (*labelled.values(), *automatic.values()) for box in boxes),
    )


def require_screen() -> None:
    """Refuse to start where there is nothing to show a window on.

    Raises:
        SetupError: No display is named.
    """
    if not sys.platform.startswith("linux") or any(os.environ.get(name) for name in _DISPLAYS):
        return
    raise SetupError(
        "there is no screen to show PPOCRLabel on (DISPLAY is not set)",
        hint="run it on a desktop, or through ssh -X; label on another computer by copying the folder there "
        "and back: it needs nothing but the folder",
    )


def _name_model(task: Task, folder: Path) -> list[str]:
    """Return the options by which PPOCRLabel is told an exported model."""
    source = find_source(str(folder), task)
    if source.export is None:
        raise UsageError(
            f"'{folder}' is a run; PPOCRLabel takes exported models",
            at=f"--{task}",
            hint=f"ppocr-kit export {folder.name}",
        )
    settings = yaml.safe_load((source.export / SETTINGS_FILE).read_text(encoding="utf-8"))
    name = str((settings.get("Global") or {}).get("model_name") or "")
    return [f"--{task}_model_dir", str(source.export), f"--{task}_model_name", name]


def _images(folder: Path) -> list[Path]:
    """Return the images that PPOCRLabel lists: those of the folder itself."""
    if not folder.is_dir():
        raise DataError("there is no such folder", at=str(folder), hint="name a folder of images")
    try:
        images = [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
        below = sorted({path.parent for path in folder.glob("*/*") if path.suffix.lower() in IMAGE_SUFFIXES})
    except OSError as error:
        raise DataError(f"the folder cannot be read ({error.strerror})", at=str(folder)) from error
    if images:
        return images
    names = ", ".join(str(path) for path in below[:3])
    raise DataError(
        "the folder has no image",
        at=str(folder),
        hint=f"PPOCRLabel does not look into subfolders; name one of them: {names}"
        if below
        else f"put images there ({', '.join(IMAGE_SUFFIXES)})",
    )


def _describe(boxes: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    return sha256(json.dumps(boxes, sort_keys=True).encode()).hexdigest(), len(boxes)


def _has_class(box: Mapping[str, Any]) -> bool:
    return box.get("key_cls") not in (None, "", "None")
