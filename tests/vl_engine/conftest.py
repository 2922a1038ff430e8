"""The official chat templates, which are in paddlex's wheel and not in the kit."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

PADDLEX = "3.7.2"
INSIDE = "paddlex/inference/genai/chat_templates"
OFFICIAL = {
    "1.0": "PaddleOCR-VL-0.9B.jinja",
    "1.5": "PaddleOCR-VL-1.5-0.9B.jinja",
    "1.6": "PaddleOCR-VL-1.6-0.9B.jinja",
}


@pytest.fixture(scope="session")
def official_templates(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Templates by version: of the paddleocr runtime where it is installed, else of the published wheel."""
    found = find_spec("paddlex")
    places = [Path(next(iter(found.submodule_search_locations))).parent] if found else []
    places += sorted((project / ".venv" / "lib").glob("python3.*/site-packages"))
    for place in places:
        if all((place / INSIDE / name).is_file() for name in OFFICIAL.values()):
            return {version: (place / INSIDE / name).read_text("utf-8") for version, name in OFFICIAL.items()}
    return _downloaded(tmp_path_factory.mktemp("paddlex"))


def _downloaded(folder: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(
        [*command, "-d", str(folder), f"paddlex=={PADDLEX}"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"paddlex {PADDLEX} is not installed and no package index is reachable")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {version: wheel.read(f"{INSIDE}/{name}").decode("utf-8") for version, name in OFFICIAL.items()}
