"""Named workarounds for PPOCRLabel 3.1.6, applied in its own process by ``label_window.py``.

Each is one entry, as in ``compat.py``: the symptom, the versions, where it comes from, and what is
done when PPOCRLabel's module has been imported. Nothing is changed on disk. docs/tasks/labelling.md
lists them.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from ppocr_kit.errors import PpocrKitError
from ppocr_kit.labels.folder_files import (
    keep_fields,
    read_checked,
    read_raw_pages,
    write_checked,
    write_raw_pages,
)
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, LABEL_FILE_NAME
from ppocr_kit.vendor.compat import Workaround

PROGRAM = "PPOCRLabel.PPOCRLabel"
_VERSIONS = "PPOCRLabel 3.1.6"
# What needs one of PPOCRLabel's built-in models.
_MODEL_ACTIONS = (
    "autoRecognition",
    "reRecognition",
    "singleRerecognition",
    "TableRecognition",
    "cellreRecognition",
    "modelChoose",
)


def read_as_data(module: ModuleType) -> None:
    """Read label files as data, with all the notations that the kit reads."""

    def load_label_file(self: Any, path: str) -> dict[str, Any]:
        if Path(path).name != CACHE_FILE_NAME:
            return read_raw_pages(Path(path))
        # what was checked and has no line there lost its boxes by hand: they must not come back from here
        emptied = set(self.fileStatedict).difference(self.PPlabel) if self.PPlabel else set()
        automatic = read_raw_pages(Path(path), skip_broken=True)
        return {key: [] if key in emptied else boxes for key, boxes in automatic.items()}

    module.MainWindow.loadLabelFile = load_label_file


def open_whole_folders(module: ModuleType) -> None:
    """Look at a folder's labels and take its lock before anything of the open one is given up."""
    window = module.MainWindow
    open_folder = window.importDirImages

    @wraps(open_folder)
    def import_images(self: Any, dirpath: str, isDelete: bool = False) -> Any:
        if isDelete or not dirpath:
            return open_folder(self, dirpath, isDelete)
        folder = str(Path(dirpath).absolute())
        held = ExitStack()
        try:
            if self.dirname != folder:
                held.enter_context(lock_folder(Path(folder)))
            read_raw_pages(Path(folder, LABEL_FILE_NAME))
        except PpocrKitError as error:
            self.errorMessage("This folder was not opened", str(error))
            held.close()
            return None
        if not self.mayContinue():
            held.close()
            return None
        # what is open is saved or given up: the next folder may have fewer images than the place it is at
        self.dirty, self.filePath = False, None
        elsewhere = self.dirname != folder
        done = open_folder(self, folder)
        if elsewhere:
            getattr(self, "folder_lock", ExitStack()).close()
            self.folder_lock = held
        return done

    window.importDirImages = import_images


def count_labelled_as_checked(module: ModuleType) -> None:
    """Count every page of Label.txt as checked."""

    def load_file_state(self: Any, folder: str) -> None:
        self.fileStatepath = f"{folder}/fileState.txt"
        labelled = read_raw_pages(Path(folder, LABEL_FILE_NAME))
        self.fileStatedict = dict.fromkeys([*read_checked(Path(folder)), *labelled], 1)
        for action in (self.actions.saveLabel, self.actions.saveRec, self.actions.exportJSON):
            action.setEnabled(True)

    module.MainWindow.loadFilestate = load_file_state


def save_whole_files(module: ModuleType) -> None:
    """Write each file aside and move it in place; give checked pages without a box their line."""
    window = module.MainWindow
    tell = module.QMessageBox.information

    def save_labels(self: Any, mode: str = "Manual") -> None:
        checked = {self.getImglabelidx(key) for key in self.fileStatedict}
        kept = {key: boxes for key, boxes in self.PPlabel.items() if key in checked}
        write_raw_pages(Path(self.PPlabelpath), kept)
        if mode == "Manual":
            tell(self, "Information", f"{len(kept)} checked pages are saved in {self.PPlabelpath}")

    def save_file_state(self: Any) -> None:
        write_checked(Path(self.fileStatepath).parent, self.fileStatedict)

    def save_cache(self: Any) -> None:
        write_raw_pages(Path(self.Cachelabelpath), self.Cachelabel)

    window.savePPlabel = save_labels
    window.saveFilestate = save_file_state
    window.saveCacheLabel = save_cache


def keep_open_until_saved(module: ModuleType) -> None:
    """Save before the window closes, and keep it open when that fails."""
    window = module.MainWindow
    close = window.closeEvent

    @wraps(close)
    def close_event(self: Any, event: Any) -> None:
        if not self.mayContinue():
            event.ignore()
            return
        self.dirty = False
        try:
            if self.dirname is not None:
                self.saveFilestate()
                self.savePPlabel(mode="Auto")
        except PpocrKitError as error:
            self.errorMessage("The labels were not saved", str(error))
            event.ignore()
            return
        close(self, event)

    window.closeEvent = close_event


def keep_unshown_fields(module: ModuleType) -> None:
    """Keep what the canvas does not show of a page's boxes when the page is saved."""
    window = module.MainWindow
    save = window.saveLabels

    @wraps(save)
    def save_labels(self: Any, key: str, mode: str = "Auto") -> Any:
        before = self.PPlabel.get(key, [])
        saved = save(self, key, mode)
        if saved and mode == "Manual":
            self.PPlabel[key] = keep_fields(before, self.PPlabel[key])
        return saved

    window.saveLabels = save_labels


def pass_over_bad_images(module: ModuleType) -> None:
    """Name an image that cannot be decoded, take it from the list and stay open."""
    window = module.MainWindow
    load = window.loadFile

    @wraps(load)
    def load_file(self: Any, filePath: str | None = None, isAdjustScale: bool = True) -> Any:
        if filePath and Path(filePath).is_file() and _decode(module, filePath) is None:
            if filePath in self.mImgList:
                self.fileListWidget.takeItem(self.mImgList.index(filePath))
                self.mImgList.remove(filePath)
            self.errorMessage("This image cannot be decoded", f"{filePath} is passed over.")
            return False
        return load(self, filePath, isAdjustScale)

    window.loadFile = load_file


def delete_into_the_bin(module: ModuleType) -> None:
    """Forget a page's labels only when its image really went into the bin."""

    def delete_image(self: Any) -> None:
        from PyQt5.QtCore import QFile

        path = self.filePath
        if path is None or self.deleteImgDialog() != module.QMessageBox.Yes:
            return
        if not QFile(path).moveToTrash():
            self.errorMessage("The image was not deleted", f"{path} cannot be moved to the bin.")
            return
        self.fileStatedict.pop(self.getImglabelidx(path), None)
        self.PPlabel.pop(self.getImglabelidx(path), None)
        self.importDirImages(self.lastOpenDir, isDelete=True)

    module.MainWindow.deleteImg = delete_image


def open_without_models(module: ModuleType) -> None:
    """Say what labels pages instead, where the built-in models are not installed."""
    window = module.MainWindow
    for name in _MODEL_ACTIONS:
        setattr(window, name, _needs_models(getattr(window, name)))


def _needs_models(action: Any) -> Any:
    """Let an action of the window run only where its models can be loaded."""

    @wraps(action)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        from ppocr_kit.vendor.label_window import models_installed

        if models_installed():
            return action(self, *args, **kwargs)
        self.errorMessage(
            "The built-in models are not installed here",
            "Label pages with your own models before you open the folder: ppocr-kit prelabel",
        )
        return None

    return run


def _decode(module: ModuleType, path: str) -> Any:
    """Decode an image as PPOCRLabel does; None when that fails."""
    numpy, cv2 = module.np, module.cv2
    content = numpy.fromfile(path, dtype=numpy.uint8)
    try:
        return cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except cv2.error:
        return None


LABEL_WORKAROUNDS: tuple[Workaround, ...] = (
    Workaround(
        "label-models",
        "the window opens only after five models were loaded, or downloaded where they are not there",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.__init__",
        PROGRAM,
        open_without_models,
    ),
    Workaround(
        "label-data",
        "'true', 'false' and 'null' within a text change ('construed' becomes 'consTrued'); a label file can "
        "run any code; a blank line, a byte order mark, another encoding or [text, score] end the program; "
        "labels of a renamed folder are not shown; automatic boxes come back on a checked page that lost all",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.loadLabelFile",
        PROGRAM,
        read_as_data,
    ),
    Workaround(
        "label-open",
        "opening a folder whose labels cannot be read leaves those of the last one, which are saved into it; "
        "opening a smaller folder ends the program",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.importDirImages",
        PROGRAM,
        open_whole_folders,
    ),
    Workaround(
        "label-checked",
        "where Label.txt came without fileState.txt, the first save deletes all its pages but the new ones",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.loadFilestate, savePPlabel",
        PROGRAM,
        count_labelled_as_checked,
    ),
    Workaround(
        "label-atomic",
        "a full disk or a crash while saving cuts Label.txt short; a checked page without a box gets no line",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.savePPlabel, saveFilestate, saveCacheLabel",
        PROGRAM,
        save_whole_files,
    ),
    Workaround(
        "label-close",
        "labels that cannot be saved when the window closes are lost without a word",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.closeEvent",
        PROGRAM,
        keep_open_until_saved,
    ),
    Workaround(
        "label-fields",
        "checking a page loses difficult, id, linking, own fields and fractions of pixels, and without --kie "
        "the classes",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.saveLabels",
        PROGRAM,
        keep_unshown_fields,
    ),
    Workaround(
        "label-images",
        "an image that cannot be decoded ends the program, and what was not saved with it",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.loadFile",
        PROGRAM,
        pass_over_bad_images,
    ),
    Workaround(
        "label-delete",
        "where the command 'trash' is missing or the path has a space, the image stays and its labels go",
        _VERSIONS,
        "PPOCRLabel.py, MainWindow.deleteImg",
        PROGRAM,
        delete_into_the_bin,
    ),
)
