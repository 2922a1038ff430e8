"""vl prepare and vl eval with the lane: a parquet file, tokens of a real processor, a model that reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from vl_sources import WORDS, draw, prepare, rows_of

from ppocr_kit.cli.vl_eval import evaluate
from ppocr_kit.vl.dataset import read_vl_dataset
from ppocr_kit.vl.tiny_model import TinyRequest, make_tiny_model

LONGEST = 37
_WRITE = """
import json, sys, pyarrow, pyarrow.parquet
from pathlib import Path
folder = Path(sys.argv[1])
rows = [
    {"image": {"bytes": path.read_bytes(), "path": path.name}, "prompt": "OCR:", "text": path.stem}
    for path in sorted(folder.glob("*.png"))
]
pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "words.parquet")
"""


@pytest.fixture(scope="module")
def tiny(vl_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(TinyRequest(tmp_path_factory.mktemp("model") / "tiny")).path


def test_parquet_to_scores(vl_python: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for word in WORDS:
        (tmp_path / f"{word}.png").write_bytes(draw(word))
    subprocess.run([str(vl_python), "-c", _WRITE, str(tmp_path)], check=True, timeout=120)
    result = prepare(tmp_path, tmp_path / "words.parquet", model=tiny, ratio="6:1:1", max_length=LONGEST)
    left = [json.loads(line) for line in (result.folder / "vl" / "left_out.jsonl").read_text().splitlines()]
    # the pictures of dogwood and juniper have a column of tokens more than the others
    assert [(one["code"], one["line"]) for one in left] == [("V024", 4), ("V024", 10)]
    assert all(f"more than {LONGEST}" in one["message"] for one in left)
    lengths = read_vl_dataset(result.folder).document["lengths"]
    assert lengths["unit"] == "tokens"
    assert lengths["rows"]["most"] <= LONGEST
    # an answer of bytes, and its end token
    assert (lengths["answers"]["most"], lengths["answers"]["least"]) == (7, 4)

    arguments = [str(tiny), "--dataset", "td/set", "--base", "none", "--max-new-tokens", "6", "--json"]
    first = json.loads(CliRunner().invoke(evaluate, arguments, catch_exceptions=False).stdout)
    rows = rows_of(result, "test")
    assert first["num_samples"] == len(rows)
    assert first["model"]["max_new_tokens"] == 6
    folder = Path("evaluations") / Path(first["file"]).parents[1].name
    answers = folder / "predictions" / "test-best.jsonl"
    read = [json.loads(line) for line in answers.read_text().splitlines()]
    assert [one["expected"] for one in read] == [one["completion"] for one in rows]
    # what was read is not read again: there is no lane that could
    monkeypatch.setenv("PPOCR_KIT_VL_PYTHON", "/nowhere/python")
    again = json.loads(CliRunner().invoke(evaluate, arguments, catch_exceptions=False).stdout)
    assert again["views"] == first["views"]
