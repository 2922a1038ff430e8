from __future__ import annotations

import threading

import pytest

from ppocr_kit.datasets import groups
from ppocr_kit.datasets.groups import group_pages, parse_group_by
from ppocr_kit.errors import DataError, UsageError

KEYS = ("batch/inv_12_p1.jpg", "batch/inv_12_p2.jpg", "batch/inv_7_p1.jpg", "batch/cover.jpg")


@pytest.mark.parametrize("pattern", [r"(inv_\d+)_p", r"(?P<group>inv_\d+)_p(\d+)", r"(?:batch)/(inv_\d+)"])
def test_a_pattern_takes_the_group_out_of_the_key(pattern):
    grouping = group_pages(parse_group_by(pattern), KEYS)
    assert grouping.groups == ("inv_12", "inv_12", "inv_7", None)
    assert "1 of 4 pages belong to no group" in grouping.notes[0] and "cover.jpg" in grouping.notes[0]
    assert "3 pages are in 2 groups" in grouping.notes[1]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "not a regular expression"),
        ("inv", "has 0 groups"),
        (r"(a)(b)", "has 2 groups"),
        (r"(a){99999999999999999999}", "not a regular expression"),
    ],
)
def test_what_cannot_group_is_refused(pattern, message):
    with pytest.raises(UsageError, match=message):
        parse_group_by(pattern)


def test_a_pattern_that_fits_no_page_is_refused():
    with pytest.raises(UsageError, match="gives none of 4 pages a group"):
        group_pages(parse_group_by("(doc)"), KEYS)


def test_a_pattern_that_backtracks_without_end_is_stopped(monkeypatch):
    monkeypatch.setattr(groups, "_LONGEST_MATCH_S", 0.2)
    with pytest.raises(UsageError, match="takes too long"):
        group_pages(parse_group_by(r"((?:a+)+)$"), ["a" * 60 + "b"])


def test_other_threads_can_group_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(group_pages(parse_group_by("(inv)"), KEYS).groups))
    thread.start()
    thread.join()
    assert found == [("inv", "inv", "inv", None)]


@pytest.mark.parametrize(
    "content",
    [
        "image,customer\ninv_12_p1.jpg,A\nbatch/inv_12_p2.jpg,A\ninv_7_p1.jpg,B\n",
        "customer\timage\r\nA\tbatch/inv_12_p1.jpg\r\nA\tbatch\\inv_12_p2.jpg\r\nB\tinv_7_p1.jpg\r\n\r\n",
        '\ufeffcustomer;"file"\nA;"inv_12_p1.jpg"\nA;inv_12_p2.jpg\nB;scans/old/inv_7_p1.jpg\n',
    ],
)
def test_a_table_gives_the_groups(tmp_path, content):
    table = tmp_path / "groups.csv"
    table.write_bytes(content.encode("utf-8"))
    assert group_pages(parse_group_by("customer", table), KEYS).groups == ("A", "A", "B", None)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"image,customer\n", UsageError, "gives none"),
        (b"image,kunde\na.jpg,1\n", UsageError, "no column 'customer'"),
        (b"", DataError, "is empty"),
        (b"image,customer\na.jpg,1\na.jpg,2\n", DataError, "two groups"),
        (b"image,customer\na.jpg\n", DataError, "line 2 has 1 columns"),
        (b"customer,amount\n1,2\n", DataError, "no column with the images"),
        (b"customer\n1\n", DataError, "no column with the images"),
        (b"\xff\xfe\x00", DataError, "not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, content, error, message):
    table = tmp_path / "groups.csv"
    table.write_bytes(content)
    with pytest.raises(error, match=message):
        group_pages(parse_group_by("customer", table), KEYS)


def test_a_name_of_two_groups_is_no_group(tmp_path):
    table = tmp_path / "groups.csv"
    table.write_text("image,customer\nx/cover.jpg,A\ny/cover.jpg,B\nz/inv.jpg,C\n", "utf-8")
    assert parse_group_by("customer", table).find("batch/cover.jpg") is None
    assert parse_group_by("customer", table).find("in/y/cover.jpg") == "B"
