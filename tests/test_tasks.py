from __future__ import annotations

import pytest

from ppocr_kit.tasks import TASK_FACTS, TEXT_TASKS, Task
from ppocr_kit.vendor.lanes import LANES


def test_every_task_has_its_facts() -> None:
    assert TASK_FACTS.keys() == set(Task)


@pytest.mark.parametrize("task", list(Task))
def test_a_task_is_chosen_by_a_metric_that_is_logged_in_a_lane_that_exists(task: Task) -> None:
    facts = TASK_FACTS[task]
    assert facts.main_indicator in facts.metric_names
    assert facts.lane in LANES


def test_text_runs_in_one_lane_and_key_information_in_another() -> None:
    assert {TASK_FACTS[task].lane for task in TEXT_TASKS} == {"paddle"}
    assert {TASK_FACTS[task].lane for task in Task if task not in TEXT_TASKS} == {"kie"}
