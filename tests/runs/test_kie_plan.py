from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.errors import DataError, SetupError, ToolError
from ppocr_kit.runs import kie_plan
from ppocr_kit.runs.inspection import Inspection, RowCheck
from ppocr_kit.runs.kie_plan import NetworkStart, plan_key_information
from ppocr_kit.runs.plan import TrainingPlan
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.release import PinnedRelease

WORDS = "layoutxlm.embeddings.word_embeddings.weight"
RELEASE = PinnedRelease("3.7.0", Path("/release"), "path", complete=True)


def check(rows: int = 16, **facts: int) -> RowCheck:
    return RowCheck(rows, (tuple(range(1, rows + 1)),), (), {}, **facts)


def plan(monkeypatch: pytest.MonkeyPatch, train: RowCheck, val: RowCheck) -> TrainingPlan:
    found = Inspection({"Train": train, "Eval": val}, {WORDS: (100, 2), "classifier.weight": (2, 7)})
    monkeypatch.setattr(kie_plan, "inspect_config", lambda *args, **settings: found)
    config = load_recipe(find_recipe(Task.RE, "vi_layoutxlm"))
    config["Global"]["eval_batch_epoch"] = 10
    return plan_key_information(config, RELEASE, Path("python"), NetworkStart())


def test_steps_and_evaluations_are_foretold(monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan(monkeypatch, check(), check(4))
    assert (found.steps_per_epoch, found.evaluations, found.parameters) == (8, 13, 214)
    assert found.notes == () and found.to_json()["notes"] == []


def test_what_is_neither_learnt_nor_measured_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = plan(monkeypatch, check(cut_pages=1, cut_tokens=9, unpaired=3), check(4, unpaired=1))
    assert found.notes == (
        "1 page of Train with more than 512 tokens: 9 tokens are not learnt",
        "3 pages of Train without a question or an answer: no link is learnt there",
        "1 page of Eval without a question or an answer: no link is measured there",
        "dataset build --tasks ser,re --max-seq-len 512 --tokenizer FOLDER cuts long pages into windows, "
        "so that nothing is lost",
    )


def test_a_tokenizer_of_another_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert plan(monkeypatch, check(largest_id=99), check(4)).notes == ()
    with pytest.raises(DataError, match="makes token 100, the network knows 100"):
        plan(monkeypatch, check(), check(4, largest_id=100))


@pytest.mark.parametrize(("train", "val"), [(0, 4), (16, 0)])
def test_without_rows_nothing_is_trained(train: int, val: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"none of the 0 (training|validation) rows"):
        plan(monkeypatch, check(train), check(val))


def test_a_network_that_cannot_be_fetched_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **settings: Any) -> None:
        raise ToolError("it failed", at="inspect.log")

    monkeypatch.setattr(kie_plan, "inspect_config", fail)
    config = load_recipe(find_recipe(Task.SER, "vi_layoutxlm"))
    with pytest.raises(SetupError) as caught:
        plan_key_information(config, RELEASE, Path("python"), NetworkStart())
    assert "--pretrained FOLDER" in str(caught.value.hint)
    here = NetworkStart(tokenizer=Path("/tokenizer"), checkpoint=Path("/checkpoint"))
    monkeypatch.setattr(kie_plan, "read_network_config", lambda folder: {})
    with pytest.raises(ToolError, match="it failed"):
        plan_key_information(config, RELEASE, Path("python"), here)
