"""Workarounds for the release's own scripts for key information."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from ppocr_kit.vendor.compat_kie_tools import (
    ExportedOcr,
    draw_without_fonts,
    link_own_classes,
    read_with_exports,
)


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A detector and a recogniser as the kit exports them, without networks."""
    det = {"DetResizeForTest": {"limit_side_len": 128, "limit_type": "min"}}
    settings = {
        "det": ([det], {"thresh": 0.2, "box_thresh": 0.4, "unclip_ratio": 1.7}),
        "rec": ([{"RecResizeImg": {"image_shape": [3, 32, 64]}}], {}),
    }
    for name, (steps, decoder) in settings.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "inference.pdiparams").write_bytes(b"")
        body = {"Global": {"model_name": "x"}, "PreProcess": {"transform_ops": steps}, "PostProcess": decoder}
        (folder / "inference.yml").write_text(yaml.safe_dump(body), encoding="utf-8")
    return tmp_path


class FakeSystem:
    """The release's ``TextSystem``: sees one text."""

    made: Any = None
    seen: Any = None

    def __init__(self, args: Any) -> None:
        FakeSystem.made = args
        FakeSystem.seen = sorted(path.name for path in Path(args.det_model_dir).iterdir())

    def __call__(self, image: Any) -> Any:
        return [np.zeros((4, 2))], [("blue first" if image[0, 0, 0] == 255 else "red first", 0.9)], {}


def test_texts_are_read_by_exports_as_their_settings_say(
    exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = SimpleNamespace(parse_args=lambda words: SimpleNamespace(drop_score=0.5))
    monkeypatch.setitem(sys.modules, "tools", ModuleType("tools"))
    monkeypatch.setitem(sys.modules, "tools.infer", ModuleType("tools.infer"))
    utility, system = ModuleType("tools.infer.utility"), ModuleType("tools.infer.predict_system")
    utility.init_args, system.TextSystem = (lambda: parser), FakeSystem
    monkeypatch.setitem(sys.modules, utility.__name__, utility)
    monkeypatch.setitem(sys.modules, system.__name__, system)
    engine = ExportedOcr(str(exports / "det"), str(exports / "rec"), use_angle_cls=False, show_log=False)
    made = FakeSystem.made
    assert (made.det_limit_side_len, made.det_limit_type, made.det_db_box_thresh) == (128, "min", 0.4)
    assert made.rec_image_shape == "3,32,64" and made.rec_char_dict_path == str(exports / "rec" / "dict.txt")
    assert made.drop_score == 0.5 and made.enable_mkldnn is False
    # without inference.yml, whose name of the runtime these scripts would refuse
    assert FakeSystem.seen == ["inference.pdiparams"]
    blue = np.zeros((2, 2, 3), np.uint8)
    blue[..., 2] = 255
    ((corners, (text, score)),) = engine.ocr(blue, cls=False)[0]
    assert (text, score) == ("blue first", 0.9) and len(corners) == 4


def test_models_must_be_named() -> None:
    with pytest.raises(ValueError, match="--det_model_dir"):
        ExportedOcr()


def test_the_scripts_find_a_class_of_the_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "paddleocr", raising=False)
    read_with_exports(ModuleType("visual"))
    assert sys.modules.pop("paddleocr").PaddleOCR is ExportedOcr
    real = ModuleType("paddleocr")
    monkeypatch.setitem(sys.modules, "paddleocr", real)
    read_with_exports(ModuleType("visual"))
    assert sys.modules["paddleocr"] is real


def test_a_font_that_is_not_there_is_replaced(tmp_path: Path) -> None:
    calls = []
    fonts = SimpleNamespace(
        truetype=lambda *words, **more: calls.append(("named", *words)),
        load_default=lambda **more: calls.append(("own", more["size"])),
    )
    module = ModuleType("visual")
    module.ImageFont = fonts
    draw_without_fonts(module)
    there = tmp_path / "font.ttf"
    there.write_bytes(b"")
    module.ImageFont.truetype(str(there), 14, encoding="utf-8")
    module.ImageFont.truetype("doc/fonts/simfang.ttf", 14, encoding="utf-8")
    assert calls == [("named", str(there), 14), ("own", 14)]


def test_classes_take_the_names_that_the_script_knows() -> None:
    module = ModuleType("script")
    module.make_input = lambda inputs, results: [told["pred"] for told in results[0]]
    link_own_classes(module)
    page = [{"pred": kind} for kind in ("TOTAL_Q", "TOTAL_A", "QUESTION", "HEADER", "O", "COMPANY")]
    assert module.make_input([], [page]) == ["QUESTION", "ANSWER", "QUESTION", "HEADER", "O", "O"]
    assert page[0]["pred"] == "TOTAL_Q"
