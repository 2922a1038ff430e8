from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.problems import Problem, ProblemLog, Severity


def problem(code="L001", file="a/Label.txt", line=1, region=None, severity=Severity.WARNING, message="m"):
    return Problem(code, severity, message, file, line, region, "do this")


def test_findings_come_back_as_they_were_added():
    found = Problem("L060", Severity.NOTE, "text: 'a\nb'", "x/Label.txt", 7, 0, None)
    log = ProblemLog()
    log.add(found)
    assert list(log) == [found]
    assert (log[0], log[-1], log[:1], len(log)) == (found, found, [found], 1)


def test_findings_are_sorted_by_folder_file_line_box_and_code():
    rows = [
        problem(file="z/Label.txt", line=1),
        problem(line=2, region=1),
        problem(line=2, region=0, code="L052"),
        problem(line=2, region=0, code="L050"),
        problem(line=2),
        problem(line=None),
        problem(line=10),
        problem(file="a/rec_gt.txt"),
    ]
    log = ProblemLog()
    log.extend(rows)
    order = [(found.file, found.line, found.region, found.code) for found in log]
    assert order == [
        ("a/Label.txt", None, None, "L001"),
        ("a/Label.txt", 2, None, "L001"),
        ("a/Label.txt", 2, 0, "L050"),
        ("a/Label.txt", 2, 0, "L052"),
        ("a/Label.txt", 2, 1, "L001"),
        ("a/Label.txt", 10, None, "L001"),
        ("a/rec_gt.txt", 1, None, "L001"),
        ("z/Label.txt", 1, None, "L001"),
    ]


def test_a_folder_that_is_named_sorts_before_the_path():
    log = ProblemLog({"Label.txt": "zoo"})
    log.extend([problem(file="Label.txt"), problem(file="/x/ape/Label.txt")])
    assert [found.file for found in log] == ["/x/ape/Label.txt", "Label.txt"]


def test_findings_are_counted_by_code_and_errors_apart():
    log = ProblemLog()
    log.extend([problem("L001", severity=Severity.ERROR), problem("L002"), problem("L002")])
    assert (dict(log.by_code), log.errors, len(log)) == ({"L001": 1, "L002": 2}, 1, 3)


def test_the_first_of_a_kind_and_some_kinds_can_be_had_alone():
    log = ProblemLog()
    log.extend(problem("L001" if line % 2 else "L002", line=line) for line in range(9, 0, -1))
    assert [found.line for found in log.first("L001", 2)] == [1, 3]
    assert [found.line for found in log.first("L002", -1)] == [2, 4, 6, 8]
    assert log.first("L003", 5) == []
    assert [found.line for found in log.only(["L002", "L009"])] == [2, 4, 6, 8]
    assert list(log.only([])) == []


def test_a_log_can_be_read_and_added_to_by_turns():
    log = ProblemLog()
    for line in range(1, 3000):
        log.add(problem(line=line))
        if line % 700 == 0:
            assert log[-1].line == line
    assert [found.line for found in log] == list(range(1, 3000))


@pytest.mark.parametrize("index", [1, -2, 99])
def test_a_place_that_is_not_there_is_an_index_error(index):
    log = ProblemLog()
    log.add(problem())
    with pytest.raises(IndexError):
        log[index]


def test_an_empty_log_is_false():
    assert not ProblemLog()
    assert list(ProblemLog()) == []


@given(st.text(), st.text(min_size=1).filter(lambda name: "\0" not in name))
def test_any_text_and_file_name_can_be_kept(message, name):
    log = ProblemLog()
    found = problem(message=message, file=name)
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    log.add(found)
    assert list(log) == [found]
