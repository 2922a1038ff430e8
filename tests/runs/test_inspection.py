"""What the planning worker says about rows and heads, without the release."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lmdb_files import write_lmdb

from ppocr_kit.datasets.lmdb_reading import LmdbRows
from ppocr_kit.runs.workers.heads import sized_architecture
from ppocr_kit.runs.workers.inspect_config import explain, has_four_points_each, lists_of, refusal

MULTI = {
    "Head": {"name": "MultiHead", "head_list": [{"CTCHead": {"Neck": {}}}, {"NRTRHead": {"nrtr_dim": 384}}]}
}
SAR = {"Head": {"name": "MultiHead", "head_list": [{"CTCHead": {}}, {"SARHead": {"enc_dim": 512}}]}}


@pytest.mark.parametrize(
    ("architecture", "classes", "decoder", "sizes"),
    [
        ({"Head": {"name": "CTCHead"}}, 97, "CTCLabelDecode", {"out_channels": 97}),
        (MULTI, 97, "CTCLabelDecode", {"out_channels_list": {"CTCLabelDecode": 97, "NRTRLabelDecode": 100}}),
        (SAR, 97, "CTCLabelDecode", {"out_channels_list": {"CTCLabelDecode": 97, "SARLabelDecode": 99}}),
        # the guiding head's own decoder counts its signs
        (MULTI, 100, "NRTRLabelDecode",
         {"out_channels_list": {"CTCLabelDecode": 97, "NRTRLabelDecode": 100}}),
        (SAR, 99, "SARLabelDecode", {"out_channels_list": {"CTCLabelDecode": 97, "SARLabelDecode": 99}}),
        (MULTI, 18_385, "CTCLabelDecode",
         {"out_channels_list": {"CTCLabelDecode": 18_385, "NRTRLabelDecode": 18_388}}),
    ],
)  # fmt: skip
def test_every_output_has_the_classes_of_its_decoder(
    architecture: dict[str, Any], classes: int, decoder: str, sizes: dict[str, Any]
) -> None:
    before = json.dumps(architecture)
    head = sized_architecture(architecture, classes, decoder)["Head"]
    assert {key: head[key] for key in sizes} == sizes
    assert json.dumps(architecture) == before


def page(*points: int) -> bytes:
    boxes = [{"transcription": "a", "points": [[0, 0]] * number} for number in points]
    return f"a.png\t{json.dumps(boxes)}\r\n".encode()


@pytest.mark.parametrize(
    ("points", "same"), [((), True), ((4,), True), ((4, 4), True), ((4, 5), False), ((8,), False)]
)
def test_only_pages_of_four_point_boxes_can_be_copied_from(points: tuple[int, ...], same: bool) -> None:
    assert has_four_points_each(page(*points)) is same


@pytest.mark.parametrize(
    ("name", "label", "reason"),
    [
        ("DetLabelEncode", "[]", "the page has no box"),
        ("CTCLabelEncode", "a" * 26, "longer than max_text_length (26 > 25)"),
        ("CTCLabelEncode", "a" * 25, "refused by CTCLabelEncode"),
        ("CTCLabelEncode", "xyz", "none of its characters is in the dictionary"),
        (
            "MultiLabelEncode",
            "a" * 24,
            "longer than max_text_length without its start and end sign (24 > 25 - 2)",
        ),
        ("MultiLabelEncode", "a" * 26, "longer than max_text_length (26 > 25)"),
    ],
)
def test_refused_row_is_explained(name: str, label: str, reason: str) -> None:
    encoder = type(name, (SimpleNamespace,), {})(max_text_len=25, dict={"a": 1})
    assert explain(encoder, label) == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("image-000000001\tone\n", None),
        ("image-000000001\tanother", "the LMDB has another text for it"),
        ("image-000000002\ttwo", "image not found: image-000000002"),
        ("image-000000003\tthree", "the LMDB has another text for it"),
        ("image-000000009\tnine", "image not found: image-000000009"),
        ("b/image-000000001\tone", "image not found: b/image-000000001"),
        ("image-000000001 one", "not 'image<tab>label' in UTF-8"),
    ],
)
def test_rows_of_an_lmdb_must_be_in_it_with_their_text(tmp_path: Path, line: str, reason: str | None) -> None:
    rows = [(b"x", b"one"), (None, b"two"), (b"x", None)]
    with LmdbRows(write_lmdb(tmp_path / "db", rows)) as lmdb:
        assert refusal(line.encode(), tmp_path / "db", [], "\t", lmdb) == reason


def test_an_lmdb_without_a_list_is_a_list_of_all_its_rows(tmp_path: Path) -> None:
    folder = write_lmdb(tmp_path / "db", [(b"x", b"one"), (b"x", b"a\tb"), (b"x", None)])
    dataset: dict[str, Any] = {"data_dir": str(folder)}
    with LmdbRows(folder) as lmdb:
        ((name, lines),) = lists_of(dataset, lmdb)
        assert name == str(folder)
        assert list(lines) == [b"image-000000001\tone", b"image-000000002", b"image-000000003"]
    (tmp_path / "rows.txt").write_bytes(b"a\tb\nc\td")
    dataset["label_file_list"] = [str(tmp_path / "rows.txt")]
    assert [(name, list(lines)) for name, lines in lists_of(dataset, lmdb)] == [
        (str(tmp_path / "rows.txt"), [b"a\tb\n", b"c\td"])
    ]
