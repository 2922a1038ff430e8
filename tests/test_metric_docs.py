"""The worked examples of docs/metrics.md are what the metrics compute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from ppocr_kit.metrics.detection import DetectionSample, score_detection
from ppocr_kit.metrics.edits import EditScores, score_edits
from ppocr_kit.metrics.entities import score_entities
from ppocr_kit.metrics.recognition import score_recognition
from ppocr_kit.metrics.relations import Relation, score_relations
from ppocr_kit.runs.workers.kie_windows import best_window, plan_windows

Box = list[tuple[float, float]]


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return re.sub(r"\s+", " ", (project / "docs" / "metrics.md").read_text(encoding="utf-8"))


def _box(x: float, y: float, width: float, height: float) -> Box:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def test_detection_example(page: str) -> None:
    regions = [_box(0, 0, 10, 10), _box(20, 0, 10, 10), _box(40, 0, 20, 20)]
    found = [_box(0, 0, 8, 10), _box(20, 0, 4, 10), _box(45, 5, 5, 5)]
    values = score_detection([DetectionSample(regions, [False, False, True], found)]).values
    assert values == {"precision": 0.5, "recall": 0.5, "hmean": 0.5}
    assert "precision 0.5, recall 0.5, hmean 0.5" in page


def test_recognition_example(page: str) -> None:
    values = score_recognition([("ACB12", "ACB 12"), ("wine", "wire")]).values
    assert f"acc = 1 / 2.00001 = {values['acc']:.6f}" in page
    assert f"norm_edit_dis = 1 − 0.25 / 2.00001 = {values['norm_edit_dis']:.6f}" in page


def test_perfect_score_is_as_written(page: str) -> None:
    values = score_recognition([("a", "a")] * 10).values
    assert f"over 10 lines is therefore {values['acc']:.6f}" in page


def test_entity_example(page: str) -> None:
    labelled, found = "B-Q I-Q O B-A B-A I-A", "B-Q I-Q O B-A I-A I-A"
    assert f"labelled `{labelled}`, found `{found}`" in page
    report = score_entities([(found.split(), labelled.split())])
    assert f"one answer in the place of both: {_three(report.values)}" in page
    assert {report.per_class["Q"][name] for name in report.values} == {1.0}
    assert {report.per_class["A"][name] for name in report.values} == {0.0}


def test_windows_example(page: str) -> None:
    windows = plan_windows([2, 2, 2], limit=4, overlap=2)
    answers = [{0: "B-Q I-Q", 1: "B-Q I-Q"}, {1: "B-A I-A", 2: "O O"}]
    chosen = [answers[best_window(windows, entity)][entity] for entity in range(3)]
    labelled = ["B-Q", "I-Q", "B-A", "I-A", "B-A", "I-A"]
    whole = score_entities([(" ".join(chosen).split(), labelled)]).values
    first = score_entities([(" ".join(answers[0].values()).split(), labelled[:4])]).values
    assert f"`whole_page`: {_three(whole)}." in page
    assert f"of the labels of a and b alone: {_three(first)}." in page


def test_link_example(page: str) -> None:
    labelled = [_link(0, 4), _link(0, 5), _link(1, 6)]
    values = score_relations([([_link(0, 4), _link(2, 7)], labelled)]).values
    assert f"labelled 0→4, 0→5 and 1→6, found 0→4 and 2→7: {_three(values)}" in page


def test_character_error_example(page: str) -> None:
    pairs = [("wire", "wire"), ("wire", "wine"), ("ACB 12", "ACB12"), ("ab", "xaby")]
    views = score_edits(pairs).views
    raw, bare = views["raw"], views["without_space"]
    kinds = (raw.substitutions, raw.deletions, raw.insertions, raw.characters)
    assert kinds == (1, 1, 2, 16)
    assert "1 substitution, 1 deletion and 2 insertions of 16 characters" in page
    assert f"16 characters: {_rates(raw)}." in page
    assert f"the third row is right, too: {_rates(bare)}." in page


def _rates(scores: EditScores) -> str:
    names = ("cer", "mean_cer", "exact_match")
    return ", ".join(f"{name} {round(getattr(scores, name), 6)}" for name in names)


def _link(head: int, tail: int) -> Relation:
    return Relation((head, head + 1), (tail, tail + 1))


def _three(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {round(values[name], 6)}" for name in ("precision", "recall", "hmean"))
