from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.ppocrlabel import render_boxes, scan_label_file, write_label_file
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.sources import gather_problems, read_sources
from ppocr_kit.problems import ProblemLog

BOXES = '[{"transcription": "文", "points": [[1, 2], [9, 2], [9, 8], [1, 8]], "difficult": false}]'
LINE = f"batch/a.png\t{BOXES}"


def read(tmp_path, content):
    """Read a Label.txt in a folder that has the images; return usable pages and all findings."""
    folder = tmp_path / "batch"
    folder.mkdir(exist_ok=True)
    for name in ("a.png", "b.png", "c.png", "页.png", "my page.png"):
        (folder / name).touch()
    path = folder / "Label.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    source = read_sources([folder])[0]
    problems = gather_problems([source])
    pages = []
    for entry in source.pages:
        page = entry.read()
        problems.extend(label_problem(code, entry.file, entry.line, *rest) for code, *rest in page.findings)
        if page.usable:
            pages.append(page.page)
    return Labels(pages, list(problems), source)


class Labels(NamedTuple):
    lines: list
    problems: list
    source: object


def codes(labels):
    return [problem.code for problem in labels.problems]


@pytest.mark.parametrize(
    "content",
    [
        f"{LINE}\n",
        LINE,
        f"{LINE}\r\n",
        f"\ufeff{LINE}\n",
        f"\n\n{LINE}\n  \n",
        f"{LINE}\r",
        f"\ufeff{LINE}\r\n".encode("utf-16-le"),
        f"batch/a.png\t {BOXES} \n",
    ],
)
def test_line_ends_byte_order_marks_and_blank_lines_change_nothing(tmp_path, content):
    labels = read(tmp_path, content)
    assert codes(labels) == []
    assert [(line.key, line.regions[0].transcription) for line in labels.lines] == [("batch/a.png", "文")]


def test_line_numbers_count_blank_lines_and_mixed_line_ends(tmp_path):
    labels = read(tmp_path, f"{LINE}\r\n\nbatch/b.png\t[\nbatch/c.png\t{BOXES}")
    assert [line.line for line in labels.lines] == [1, 4]
    assert [(p.code, p.line) for p in labels.problems] == [("L011", 3)]
    assert labels.source.lines == 3


def test_text_with_unicode_line_separators_stays_one_line(tmp_path):
    boxes = BOXES.replace("文", "a\u2028b\x85c\x0cd")
    labels = read(tmp_path, f"batch/a.png\t{boxes}\n")
    assert labels.lines[0].regions[0].transcription == "a\u2028b\x85c\x0cd"


def test_gb18030_is_read_line_by_line_and_told(tmp_path):
    content = LINE.encode("utf-8") + b"\n" + LINE.replace("a.png", "页.png").encode("gb18030") + b"\n"
    labels = read(tmp_path, content)
    assert [line.key for line in labels.lines] == ["batch/a.png", "batch/页.png"]
    assert [(p.code, p.line) for p in labels.problems] == [("L003", 2)]


def test_bytes_in_no_encoding_cost_their_line_only(tmp_path):
    labels = read(tmp_path, b"batch/x.png\t\xff\xff\xff\n" + LINE.encode())
    assert codes(labels) == ["L004"]
    assert len(labels.lines) == 1


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "  \r\n"])
def test_an_empty_file_is_one_problem(tmp_path, content):
    assert codes(read(tmp_path, content)) == ["L002"]


def test_a_missing_file_is_one_problem(tmp_path):
    problems = ProblemLog()
    assert list(scan_label_file(tmp_path / "Label.txt", problems)) == []
    assert [found.code for found in problems] == ["L001"]


@pytest.mark.parametrize("gap", ["  ", "   ", " "])
def test_spaces_in_place_of_the_tab_are_read_and_told(tmp_path, gap):
    labels = read(tmp_path, f"batch/my page.png{gap}{BOXES}\n")
    assert labels.lines[0].key == "batch/my page.png"
    assert codes(labels) == ["L013"]


@pytest.mark.parametrize("line", ["batch/a.png", "batch/a.png\t", f"\t{BOXES}", "just words here"])
def test_a_line_without_image_or_list_is_told(tmp_path, line):
    labels = read(tmp_path, f"{line}\n")
    assert labels.lines == []
    assert codes(labels) == ["L010"]


def test_a_page_without_boxes_is_kept_and_told(tmp_path):
    labels = read(tmp_path, "batch/a.png\t[]\n")
    assert labels.lines[0].regions == ()
    assert codes(labels) == ["L017"]


def test_a_page_whose_boxes_are_all_broken_is_not_taken_for_an_empty_page(tmp_path):
    labels = read(tmp_path, 'batch/a.png\t[{"points": 3}]\n')
    assert labels.lines == []
    assert codes(labels) == ["L019", "L041"]


def test_a_repeated_line_counts_once(tmp_path):
    labels = read(tmp_path, f"{LINE}\n{LINE}\n")
    assert len(labels.lines) == 1
    assert [(p.code, p.line) for p in labels.problems] == [("L015", 2)]


def test_of_two_lines_for_an_image_the_last_counts_as_in_ppocrlabel(tmp_path):
    labels = read(tmp_path, f"{LINE}\n{LINE.replace('文', '字')}\n")
    assert [line.regions[0].transcription for line in labels.lines] == ["字"]
    assert [(p.code, p.line) for p in labels.problems] == [("L016", 1)]


def test_what_is_written_reads_back_and_looks_as_ppocrlabel_writes_it(tmp_path):
    region = TextRegion("文\t字", ((1.0, 2.0), (9.5, 2.0), (9.0, 8.0), (1.0, 8.0)), True, "total", 0)
    path = tmp_path / "batch" / "Label.txt"
    write_label_file(path, [("batch/a.png", [region])])
    assert path.read_text("utf-8") == (
        'batch/a.png\t[{"transcription": "文\\t字", "points": [[1, 2], [9.5, 2], [9, 8], [1, 8]], '
        '"difficult": true, "key_cls": "total"}]\n'
    )
    assert read(tmp_path, path.read_bytes()).lines[0].regions == (region,)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_told_but_never_crash(tmp_path_factory, content):
    labels = read(tmp_path_factory.mktemp("labels"), content)
    assert labels.lines or labels.problems


@given(
    st.lists(
        st.tuples(
            st.text(max_size=8), st.lists(st.tuples(*[st.integers(-9, 999)] * 2), min_size=4, max_size=6)
        ),
        max_size=4,
    )
)
def test_rendered_boxes_are_json_of_the_same_regions(items):
    regions = [
        TextRegion(text, tuple((float(x), float(y)) for x, y in points), index=number)
        for number, (text, points) in enumerate(items)
    ]
    assert [tuple(map(tuple, box["points"])) for box in json.loads(render_boxes(regions))] == [
        region.points for region in regions
    ]
