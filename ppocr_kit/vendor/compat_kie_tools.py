"""Workarounds for the release's own scripts for key information: who reads texts, and a font to draw with.

``ppstructure/kie/predict_kie_token_ser.py``, ``predict_kie_token_ser_re.py`` and
``tools/infer_kie_token_*.py`` of 3.7.0 ask for ``paddleocr.PaddleOCR`` as it was in 2.x.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

_SETTINGS_FILE, _DICTIONARY_FILE = "inference.yml", "dict.txt"
_NETWORK_FILES = ("inference.json", "inference.pdmodel", "inference.pdiparams")


class ExportedOcr:
    """What ``paddleocr.PaddleOCR`` 2.x was: finds and reads the texts of a picture, here with exports.

    Args:
        det_model_dir: An exported detector.
        rec_model_dir: An exported recogniser.
        use_gpu: Whether they run on the first GPU.
        options: What else 2.x took; not looked at.

    Raises:
        ValueError: No detector or no recogniser is named.
    """

    def __init__(
        self,
        det_model_dir: str | None = None,
        rec_model_dir: str | None = None,
        use_gpu: bool = False,
        **options: object,
    ) -> None:
        if not det_model_dir or not rec_model_dir:
            raise ValueError("name exported models for the texts: --det_model_dir=… --rec_model_dir=…")
        args = import_module("tools.infer.utility").init_args().parse_args([])
        # both are loaded whole before the folder goes
        with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
            settings = {
                **_detector_settings(Path(det_model_dir)),
                **_recogniser_settings(Path(rec_model_dir)),
                "det_model_dir": _nameless(Path(det_model_dir), Path(scratch) / "det"),
                "rec_model_dir": _nameless(Path(rec_model_dir), Path(scratch) / "rec"),
                "use_gpu": use_gpu,
                # exports of the release crash oneDNN (docs/vendor.md)
                "enable_mkldnn": False,
                "cpu_threads": int(os.environ.get("OMP_NUM_THREADS") or 1),
            }
            for name, value in settings.items():
                setattr(args, name, value)
            self._system = import_module("tools.infer.predict_system").TextSystem(args)

    def ocr(self, image: Any, **options: object) -> list[list[Any]]:
        """Return what is written on a picture, as 2.x did: one list of corners, and text with score.

        Args:
            image: (H, W, 3) uint8, RGB as these scripts have it.
            options: What else 2.x took; not looked at.
        """
        boxes, texts, _ = self._system(image[:, :, ::-1].copy())
        return [[[box.tolist(), text] for box, text in zip(boxes or [], texts or [])]]


def read_with_exports(module: ModuleType) -> None:
    """Let ``from paddleocr import PaddleOCR`` give :class:`ExportedOcr`.

    The release's own package of that name needs paddlex, which cannot be installed beside paddlenlp, and
    its class takes none of the arguments that these scripts give.
    """
    if "paddleocr" not in sys.modules:
        stand_in = ModuleType("paddleocr")
        stand_in.PaddleOCR = ExportedOcr  # type: ignore[attr-defined]
        sys.modules["paddleocr"] = stand_in


def draw_without_fonts(module: ModuleType) -> None:
    """Draw with Pillow's own font where the file of the named one is not there."""
    fonts = module.ImageFont

    class Fonts:
        @staticmethod
        def truetype(font: str, size: int, **options: Any) -> Any:
            if Path(font).is_file():
                return fonts.truetype(font, size, **options)
            return fonts.load_default(size=size)

    module.ImageFont = Fonts  # type: ignore[attr-defined]


def link_own_classes(module: ModuleType) -> None:
    """Let links be looked for between classes that are called otherwise than QUESTION and ANSWER.

    ``make_input`` looks every class up among three and ends with a KeyError at any other.
    """
    original = module.make_input

    def make_input(ser_inputs: Any, ser_results: Any) -> Any:
        named = [[{**told, "pred": _role(told["pred"])} for told in page] for page in ser_results]
        return original(ser_inputs, named)

    module.make_input = make_input  # type: ignore[attr-defined]


def _role(kind: str) -> str:
    """Return what a class is called in the release's scripts: its side of a link, or ``O``."""
    from ppocr_kit.labels.link_naming import Side, role_of

    if kind.upper() == "HEADER":
        return "HEADER"
    role = role_of(kind)
    return "O" if role is None or role.side is Side.OTHER else str(role.side).upper()


def _detector_settings(folder: Path) -> dict[str, Any]:
    """Return the arguments of the release's detector that do what an export's ``inference.yml`` says."""
    body = _read_settings(folder)
    resize, decoder = _transform(body, "DetResizeForTest"), body["PostProcess"]
    return {
        "det_limit_side_len": resize.get("limit_side_len", 736),
        "det_limit_type": resize.get("limit_type", "min"),
        "det_db_thresh": decoder["thresh"],
        "det_db_box_thresh": decoder["box_thresh"],
        "det_db_unclip_ratio": decoder["unclip_ratio"],
        "det_db_score_mode": decoder.get("score_mode", "fast"),
        "det_box_type": decoder.get("box_type", "quad"),
        "use_dilation": decoder.get("use_dilation", False),
    }


def _recogniser_settings(folder: Path) -> dict[str, Any]:
    """Return the arguments of the release's recogniser that do what an export's ``inference.yml`` says."""
    shape = _transform(_read_settings(folder), "RecResizeImg").get("image_shape", [3, 48, 320])
    return {
        "rec_image_shape": ",".join(map(str, shape)),
        "rec_char_dict_path": str(folder.absolute() / _DICTIONARY_FILE),
    }


def _nameless(folder: Path, place: Path) -> str:
    """Return a folder with an export's network alone: these scripts refuse most of the runtime's names."""
    place.mkdir()
    for name in _NETWORK_FILES:
        if (folder / name).is_file():
            (place / name).symlink_to((folder / name).absolute())
    return str(place)


def _read_settings(folder: Path) -> Any:
    import yaml

    return yaml.safe_load((folder / _SETTINGS_FILE).read_text(encoding="utf-8"))


def _transform(body: Any, name: str) -> dict[str, Any]:
    """Return the settings of a transform; empty when it has none."""
    return next((step[name] or {} for step in body["PreProcess"]["transform_ops"] if name in step), {})
