"""Tables of the hub's library and parquet files, and tokens of rows, as the lane reads and counts them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image as Pictures

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine import counting, reading_tables
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.loading import load_processor
from ppocr_kit.vl.engine.tiny import make_tiny


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the library fetches out of the user's home."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Pictures.new("RGB", (40, 20), (number, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


def table(rows: int) -> Any:
    """Rows as TRL wants them, with pictures inside."""
    features = datasets.Features(
        {
            "images": datasets.List(datasets.Image()),
            "prompt": datasets.Value("string"),
            "completion": datasets.Value("string"),
            "book": datasets.Value("int64"),
        }
    )
    bodies = [
        {
            "images": [{"bytes": picture(number), "path": f"bubble {number}.png"}],
            "prompt": "OCR:",
            "completion": f"ü {number}",
            "book": number // 2,
        }
        for number in range(rows)
    ]
    return datasets.Dataset.from_list(bodies, features=features)


def read(kind: str, place: Path, out: Path) -> list[dict[str, Any]]:
    out.mkdir()
    answers: list[dict[str, Any]] = []
    reading_tables.work({"kind": kind, "place": str(place), "out": str(out)}, answers.append)
    rows = [json.loads(line) for line in (out / "rows.jsonl").read_text("utf-8").splitlines()]
    assert answers == [{"rows": len(rows)}]
    return rows


@pytest.mark.parametrize("kind", ["parquet", "datasets", "hub"])
def test_rows_come_with_their_pictures_as_stored(tmp_path: Path, kind: str):
    place = tmp_path / "source"
    if kind == "datasets":
        table(5).save_to_disk(place)
    else:
        # a folder is a name of the hub to the library
        place.mkdir()
        table(5).to_parquet(place / "part.parquet")
    rows = read(kind, place, tmp_path / "out")
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["body"]["completion"] for row in rows] == [f"ü {number}" for number in range(5)]
    assert [row["body"]["book"] for row in rows] == [0, 0, 1, 1, 2]
    files = [Path(row["body"]["images"][0]) for row in rows]
    assert [file.read_bytes() for file in files] == [picture(number) for number in range(5)]
    assert files[3].stem == "bubble 3"


def test_parts_of_a_data_set_are_told_apart(tmp_path: Path):
    parts = {"train": table(3), "test": table(2)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "source")
    rows = read("datasets", tmp_path / "source", tmp_path / "out")
    assert [row["split"] for row in rows] == ["train"] * 3 + ["test"] * 2


def test_names_of_pictures_inside_a_table_lead_nowhere(tmp_path: Path):
    import pyarrow
    import pyarrow.parquet

    body = {"image": [{"bytes": b"x", "path": "../../../etc/" + "y" * 300}], "text": ["t"]}
    pyarrow.parquet.write_table(pyarrow.table(body), tmp_path / "a.parquet")
    rows = read("parquet", tmp_path / "a.parquet", tmp_path / "out")
    found = Path(rows[0]["body"]["image"])
    assert (tmp_path / "out") in found.parents
    assert found.read_bytes() == b"x"


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("parquet", "a.parquet", b"PAR1 no such"),
        ("datasets", "d/state.json", b"{"),
        ("hub", "h/.hidden", b"nothing"),
    ],
)
def test_what_cannot_be_read_is_a_clear_error(tmp_path: Path, kind: str, name: str, content: bytes):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    place = path if kind == "parquet" else path.parent
    with pytest.raises(DataError, match="cannot be (read|fetched)"):
        read(kind, place, tmp_path / "out")


def test_tokens_are_those_that_training_encodes(tmp_path: Path):
    model = make_tiny(tmp_path / "tiny")
    sizes, texts = [(40, 20), (300, 60), (9000, 40)], ["x", "Köln\n漫画", "y"]
    asked = tmp_path / "rows.jsonl"
    asked.write_text("".join(json.dumps([*size, "OCR:", text]) + "\n" for size, text in zip(sizes, texts)))
    job = {"model": str(model), "rows": str(asked), "out": str(tmp_path / "tokens"), "min_pixels": None}
    counting.work({**job, "max_pixels": 40_000}, lambda answer: None)
    counted = [json.loads(line) for line in (tmp_path / "tokens").read_text().splitlines()]
    encoder = Encoder(load_processor(model), max_pixels=40_000)
    for size, text, tokens in zip(sizes[:2], texts[:2], counted[:2]):
        encoded = encoder.encode(Pictures.new("RGB", size), "OCR:", text)
        assert tokens == [encoded.length, encoded.supervised]
    assert "more than 200 times" in counted[2]
