"""Write how the release's decoders number classes: ``number_classes.py DICTIONARY SPACE RESULT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ppocr.postprocess import build_post_process

settings = {"character_dict_path": sys.argv[1], "use_space_char": sys.argv[2] == "space"}
names = ("CTCLabelDecode", "NRTRLabelDecode", "SARLabelDecode")
numbered = {name: build_post_process({"name": name}, settings).character for name in names}
Path(sys.argv[3]).write_text(json.dumps(numbered, ensure_ascii=False), encoding="utf-8")
