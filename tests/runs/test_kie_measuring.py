"""Whole pages in the kie lane: the release's numbers of pages of one window, else windows joined."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.configs.device import parse_device
from ppocr_kit.configs.render import dump_config, render_config
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.metrics.entities import count_entities
from ppocr_kit.metrics.relations import Relation, count_relations
from ppocr_kit.runs import kie_evaluate
from ppocr_kit.runs.inspection import RowCheck
from ppocr_kit.runs.kie_evaluate import KieMeasuring, measure_pages
from ppocr_kit.runs.kie_source import KieSource
from ppocr_kit.runs.labelled_pages import LabelledPage, read_pages, tags_of_label
from ppocr_kit.runs.networks import tokenizer_environment
from ppocr_kit.tasks import Split, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = [pytest.mark.release, pytest.mark.xdist_group("kie-measuring")]

SCRIPT = Path(__file__).with_name("scripts") / "kie_whole_pages.py"
ROOT = Path("train_data/forms")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, release_path: Path, kie_python: Path) -> Iterator[None]:
    """A project with a data set of forms and a tiny network."""
    project = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.delenv("PPOCR_KIT_KIE_TOKENIZER", raising=False)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--kind", "form", "--pages", "10"]) == 0
        merge_classes(Path("labels", "Label.txt"))
        build = ["dataset", "build", "labels", "--name", "forms", "--tasks", "ser,re", "--ratio", "3:6:1"]
        assert main(build) == 0
        assert main(["models", "tiny", "layoutxlm", "--out", "tiny", "--texts", "train_data/forms"]) == 0
        yield


def merge_classes(labels: Path) -> None:
    """Leave two classes, which a network of random weights meets now and then."""
    text = labels.read_text(encoding="utf-8")
    for letter, kind in (("q", "question"), ("a", "answer")):
        text = re.sub(rf'("key_cls": )"[a-z]+_{letter}"', rf'\1"{kind}"', text)
    labels.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Asked:
    """The labelled pages of val, what the script found of them, and what it asked."""

    pages: list[LabelledPage]
    found: dict[str, Any]
    config: dict[str, Any]
    rows: RowCheck
    network: Path


@pytest.fixture(scope="module")
def ser(forms: None) -> Asked:
    """What was asked for classes."""
    return ask(Task.SER)


@pytest.fixture(scope="module")
def re_(forms: None) -> Asked:
    """What was asked for links."""
    return ask(Task.RE)


def ask(task: Task) -> Asked:
    dataset = read_dataset(ROOT)
    config = render_config(RunSpec(task=task, model="vi_layoutxlm", name="x", dataset_root=ROOT), dataset)
    Path(f"{task}.yml").write_text(dump_config(config), encoding="utf-8")
    result = Path(f"{task}.json").absolute()
    env = tokenizer_environment(Path("tiny").absolute())
    call = tool_invocation(
        find_release(), find_interpreter("kie").python, str(SCRIPT), [f"{task}.yml", "tiny", str(result)],
        cwd=Path.cwd(), timeout_s=300.0, env=env, expects=(result,),
    )  # fmt: skip
    run_tool(call)
    count = dataset.tasks[task].splits[Split.VAL].samples
    rows = RowCheck(count, (tuple(range(1, count + 1)),), (), {})
    found = json.loads(result.read_text(encoding="utf-8"))
    network = Path(config["Architecture"]["Backbone"]["name"]).absolute()
    return Asked(read_pages(config, rows, {}), found, config, rows, network)


def test_classes_of_whole_pages(ser: Asked) -> None:
    pages, found = ser.pages, ser.found
    labelled = [
        [
            tag
            for number, tags in page_tags
            for tag in tags_of_label(page.entities[number]["label"], len(tags))
        ]
        for page, page_tags in zip(pages, found["whole"])
    ]
    counts = count_entities(
        ([tag for _, tags in page_tags for tag in tags], of_page)
        for page_tags, of_page in zip(found["whole"], labelled)
    ).total
    # the release's loader, decoder and loop give the same numbers
    assert counts.scores() == pytest.approx(found["upstream"], abs=1e-12)
    assert counts.matched > 0
    joined, alone = found["short"]
    assert min(len(windows) for windows in alone) > 1
    for page, answers, windows in zip(pages, joined, alone):
        # every entity once, with the answer of one of the windows that hold it
        assert sorted(number for number, _ in answers) == sorted(page.entities)
        for number, tags in answers:
            assert tags in [dict(window)[number] for window in windows if number in dict(window)]


def test_links_of_whole_pages(re_: Asked) -> None:
    pages, found = re_.pages, re_.found
    counts = count_relations(
        ([link_at(*link[:2]) for link in links], [link_at(*link) for link in page.links])
        for page, links in zip(pages, found["whole"])
    ).total
    assert counts.scores() == pytest.approx(found["upstream"], abs=1e-12)
    assert counts.matched > 0
    joined, alone = found["short"]
    assert max(len(windows) for windows in alone) > 1
    for links, windows in zip(joined, alone):
        by_pair = [{(question, answer) for question, answer, _ in window} for window in windows]
        pairs = [(question, answer) for question, answer, _ in links]
        assert len(set(pairs)) == len(pairs) and set(pairs) <= set().union(*by_pair)
        assert all(0.5 <= score <= 1 for _, _, score in links)


def test_links_from_end_to_end(ser: Asked, re_: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPOCR_KIT_KIE_TOKENIZER", str(Path("tiny").absolute()))
    monkeypatch.setattr(kie_evaluate, "run_eval_tool", lambda *_, **__: re_.found["upstream"])
    reader = KieSource(
        Task.SER, "ser", tuple(ser.config["Eval"]["dataset"]["transforms"]), ser.config["PostProcess"],
        ser.config["Global"], ("OTHER", "ANSWER", "QUESTION"), tokenizer=Path("tiny").absolute(),
        checkpoint=ser.network, architecture=ser.config["Architecture"],
    )  # fmt: skip
    measuring = KieMeasuring(Task.RE, re_.config, re_.network, re_.rows, reader=reader)
    figures = measure_pages(measuring, log=Path("measure.log"), device=parse_device("cpu"))
    assert figures["whole_page"].values == pytest.approx(re_.found["upstream"], abs=1e-12)
    read = figures["end_to_end"]
    # random classes leave few of the pairs, and an answer has one question
    assert 0 < read.counts["predicted"] < figures["whole_page"].counts["predicted"]
    assert read.counts["labelled"] == figures["whole_page"].counts["labelled"]


def link_at(question: int, answer: int) -> Relation:
    return Relation((question, question + 1), (answer, answer + 1))
