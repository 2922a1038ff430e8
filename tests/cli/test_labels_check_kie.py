"""``labels check`` for key information, and bad labels as both it and ``dataset build`` meet them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ppocr_kit.cli.main import main

Box = dict[str, Any]


def box(text: str, row: int, column: int = 0, **more: Any) -> Box:
    left, top = 2 + 98 * column, 1 + 40 * row
    points = [[left, top], [left + 90, top], [left + 90, top + 30], [left, top + 30]]
    return {"transcription": text, "points": points, "difficult": False, **more}


def field(question: str = "name_q", answer: str = "name_a", row: int = 0) -> list[Box]:
    return [box("Name:", row, 0, key_cls=question), box("Tom", row, 1, key_cls=answer)]


def linked(*links: list[int]) -> list[Box]:
    return [box("a", 0, id=1, linking=list(links), key_cls="x"), box("b", 1, id=2, linking=[[1, 2]])]


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write four pages of the same boxes as ./forms."""
    monkeypatch.chdir(tmp_path)

    def write(boxes: list[Box], between: str = "\t") -> None:
        Path("forms").mkdir()
        lines = []
        for number in range(4):
            pixels = np.random.default_rng(number).integers(0, 255, (200, 200, 3), dtype=np.uint8)
            cv2.imwrite(f"forms/{number}.png", pixels)
            lines.append(f"forms/{number}.png{between}{json.dumps(boxes)}\n")
        Path("forms/Label.txt").write_text("".join(lines), encoding="utf-8")

    return write


def check(*options: str) -> int:
    return main(["labels", "check", "forms", "--no-release", *options])


def test_numbers_and_the_next_command_are_shown(labelled, capsys) -> None:
    labelled([*field("cap", "sum"), box("seen", 2)])
    assert check("--task", "ser", "--task", "re", "--pair", "cap=sum", "--max-seq-len", "256") == 0
    shown = capsys.readouterr().out
    assert "links: 4 (pair 4)\n" in shown
    assert "(by estimate), the window takes 255\n" in shown
    assert (
        "ser: 4 pages with 12 texts to learn, 4 of them OTHER\nre: 4 pages with 4 links to learn\n" in shown
    )
    command = "dataset build forms --name NAME --tasks ser,re --pair cap=sum --max-seq-len 256"
    assert f"next: ppocr-kit {command}\n" in shown
    assert "rec: " not in shown and "det: " not in shown
    built = command.replace("NAME", "set").split()
    assert main([*built, "--dry-run"]) == 0


def test_both_kinds_of_tasks_have_their_next_command(labelled, capsys) -> None:
    labelled(field())
    assert check() == 0
    shown = capsys.readouterr().out
    assert "next: ppocr-kit dataset build forms --name NAME\n" in shown
    assert "next: ppocr-kit dataset build forms --name NAME --tasks ser,re\n" in shown


def test_plain_labels_are_shown_nothing_of_it(labelled, capsys) -> None:
    labelled([box("a", 0, key_cls="None"), box("b", 1)])
    assert check("--json") == 0
    assert json.loads(capsys.readouterr().out)["key_information"] is None
    assert check() == 0
    shown = capsys.readouterr().out
    assert "token" not in shown and "ser" not in shown.replace("characters", "") and "links" not in shown


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--task", "det", "--pair", "a=b"), 2, "--pair is for --task ser --task re"),
        (("--task", "ser", "--pair", "a=b"), 2, "which is for re"),
        (("--pair", "a"), 2, "does not pair two classes"),
        (("--max-seq-len", "1024"), 2, "no network has a window of 1024 tokens"),
        (("--window-overlap", "300"), 2, "cannot have 300 in common"),
        (("--tokenizer", "forms"), 2, "there is no sentencepiece.bpe.model"),
        (("--classes", "none.txt"), 3, "the classes cannot be read"),
    ],
)
def test_options_that_cannot_be_are_refused(labelled, capsys, options, code, message) -> None:
    labelled(field())
    assert check(*options) == code
    assert message in capsys.readouterr().err


BAD = [
    ("class unknown", [*field(), box("x", 2, key_cls="odd")], "name_q\nname_a\n", 0, 0, "L096"),
    ("blank line in the class file", field(), "name_q\n\nname_a\n", 0, 0, "blank lines were passed over: 2"),
    ("empty class file", field(), "\n\n", 3, 3, "names none besides OTHER"),
    ("no link", [box("a", 0, key_cls="x")], None, 3, 3, "no page has a link"),
    ("no class anywhere", [box("a", 0)], None, 3, 3, "no box has a class"),
    ("dangling id", linked([1, 2], [1, 9]), None, 0, 0, "L076"),
    ("link at one end", [linked([1, 2])[0], {**linked()[1], "linking": []}],
     None, 0, 0, "L090"),
    ("mixed case", [*field(), *field("NAME_Q", "Name_A", 2)], None, 0, 0, "NAME_Q is written in several"),
    ("label and key_cls", [{**each, "label": "sum_q"} for each in field()], None, 0, 0, "L095"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("boxes", "classes", "checked", "built", "said"),
    [case[1:] for case in BAD],
    ids=[case[0] for case in BAD],
)
def test_bad_labels_are_told_by_check_and_build_alike(
    labelled, capsys, boxes, classes, checked, built, said
) -> None:
    labelled(boxes)
    options = []
    if classes is not None:
        Path("classes.txt").write_text(classes, encoding="utf-8")
        options = ["--classes", "classes.txt"]
    assert check("--task", "ser", "--task", "re", *options) == checked
    shown = capsys.readouterr()
    assert said in shown.out + shown.err
    assert main(["dataset", "build", "forms", "--name", "set", "--tasks", "ser,re", *options]) == built
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


@pytest.mark.parametrize(("between", "code", "finding"), [("  ", 0, "L013"), ("", 3, "L010")])
def test_a_lost_tab_is_told_by_both(labelled, capsys, between, code, finding) -> None:
    labelled(field(), between)
    assert check("--task", "ser", "--task", "re") == code
    assert finding in capsys.readouterr().out
    assert main(["dataset", "build", "forms", "--name", "set", "--tasks", "ser,re"]) == code
    assert finding in capsys.readouterr().err
