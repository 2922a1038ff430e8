from __future__ import annotations

import json

import pytest
from kie_labels import box, build, field, line, rows

from ppocr_kit.datasets.kie_windows import (
    WINDOWS_NAME,
    Window,
    group_rows_by_page,
    read_windows,
    render_window,
)
from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import DataError
from ppocr_kit.labels.kie_window_plan import WindowOptions
from ppocr_kit.tasks import Split, Task

SHORT = WindowOptions(32, 8)


@pytest.fixture
def long_page(tmp_path, make_folder):
    """A data set of a page that is cut into windows, and one that is not."""
    boxes = [*field("name", "Ada Lovelace"), *field("street", "Mill Lane", 1), *field("town", "Ashford", 2)]
    boxes += [box("Thank you for your visit", row=3), box("please come again soon", row=4)]
    text = line("batch/a.png", *boxes) + line("batch/b.png", *field("name", "Eve"))
    return build(tmp_path, make_folder(text, ("a.png", "b.png")), windows=SHORT)


def test_a_long_page_becomes_rows_of_one_picture(long_page):
    windows = read_windows(read_dataset(long_page.folder).tasks[Task.SER].data_dir)
    assert windows[Split.VAL] == windows[Split.TEST] == {}
    ser = rows(long_page, "ser")
    pages = group_rows_by_page(ser, windows[Split.TRAIN])
    assert sorted(len(page) for page in pages) == [1, len(ser) - 1] and len(ser) > 3
    long = max(pages, key=len)
    assert len({image for image, _ in long}) == 1
    ids = [{entity["id"] for entity in entities} for _, entities in long]
    assert set.union(*ids) == set(range(8))
    assert ids[0] & ids[1]


def test_windows_with_neither_question_nor_answer_have_no_row_for_re(long_page):
    ser, re = (read_windows(long_page.folder / task)[Split.TRAIN] for task in ("ser", "re"))
    assert {window.of for window in re.values()} == {window.of for window in ser.values()}
    assert len(re) < len(ser)
    assert "L099" not in long_page.problems.by_code
    for _, entities in rows(long_page, "re"):
        assert {"question", "answer"} & {entity["label"] for entity in entities}


def test_boxes_and_links_of_windows_are_counted_once(long_page):
    tasks = long_page.manifest["tasks"]
    assert sum(tasks["ser"]["class_counts"]["train"].values()) == 10
    assert tasks["re"]["links"]["train"] == {"naming": 4}
    assert tasks["re"]["splits"]["train"]["pages"] == 2
    assert tasks["ser"]["window"] == {"tokens": 32, "overlap": 8, "counted_by": "estimate"}


def test_links_over_windows_are_kept_beside_the_rows(tmp_path, make_folder):
    boxes = [
        box("Name", "a_q"), *(box(text * 40, row=row) for row, text in enumerate("xyz", start=1)),
        box("Ada", "a_a", 4),
        box("b", "b_q", 0, 1), box("c", "b_a", 0, 1, points=[[60, 14], [90, 14], [90, 22], [60, 22]]),
    ]  # fmt: skip
    result = build(tmp_path, make_folder(line("batch/a.png", *boxes)), windows=SHORT)
    assert result.problems.by_code["L102"] == 1
    windows = read_windows(result.folder / "re")[Split.TRAIN]
    assert [window.links_over for window in windows.values()][0] == ((0, 4),)
    assert not any(window.links_over for window in list(windows.values())[1:])
    assert {0, 4} <= {entity["id"] for _, entities in rows(result, "re") for entity in entities}
    assert result.manifest["tasks"]["re"]["links"]["train"] == {"naming": 1}


def test_tokens_are_counted_by_the_tokenizer_that_is_given(tmp_path, make_folder):
    class Tokens:
        sha256 = "0" * 64

        def count(self, texts):
            assert texts == sorted(set(texts))
            return [1 for _ in texts]

    boxes = [*field("name", "x" * 300), *field("sum", "9" * 300, 1)]
    folder = make_folder(line("batch/a.png", *boxes))
    result = build(tmp_path, folder, tokens=Tokens(), windows=SHORT)
    assert len(rows(result, "ser")) == 1 and not (result.folder / "ser" / WINDOWS_NAME).exists()
    window = result.manifest["tasks"]["ser"]["window"]
    assert (window["counted_by"], window["tokenizer_sha256"]) == ("tokenizer", "0" * 64)


def test_what_is_written_reads_back(tmp_path):
    window = Window("images/ä.jpg", 0, 2, ((1, 4),))
    lines = [render_window(Split.VAL, 3, window), render_window(Split.VAL, 4, Window("images/ä.jpg", 1, 2))]
    (tmp_path / WINDOWS_NAME).write_text("".join(lines), encoding="utf-8")
    found = read_windows(tmp_path)
    assert found[Split.VAL] == {3: window, 4: Window("images/ä.jpg", 1, 2)} and found[Split.TRAIN] == {}


def test_without_the_file_no_page_was_split(tmp_path):
    assert read_windows(tmp_path) == {split: {} for split in Split}


GOOD = {"split": "train", "row": 0, "page": "images/a.jpg", "window": 0, "of": 2}


@pytest.mark.parametrize(
    "lines",
    [
        ["{"], ["[]"], ["null"], [json.dumps({**GOOD, "row": -1})], [json.dumps({**GOOD, "row": True})],
        [json.dumps({**GOOD, "split": "eval"})], [json.dumps({**GOOD, "page": 1})],
        [json.dumps({**GOOD, "window": 2})], [json.dumps({**GOOD, "links_over": [[1]]})],
        [json.dumps({**GOOD, "links_over": 3})], [json.dumps(GOOD), json.dumps(GOOD)],
        [json.dumps({**GOOD, "window": 1}), json.dumps({**GOOD, "row": 1})],
        [json.dumps(GOOD), json.dumps({**GOOD, "row": 1, "window": 1, "of": 3})],
        ["\udcff"],
    ],
)  # fmt: skip
def test_a_damaged_file_is_an_error(tmp_path, lines):
    (tmp_path / WINDOWS_NAME).write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataError):
        read_windows(tmp_path)


def test_rows_without_windows_are_pages_of_their_own():
    windows = {1: Window("a", 0, 2), 2: Window("a", 1, 2), 4: Window("b", 1, 2)}
    assert group_rows_by_page("01234", windows) == [["0"], ["1", "2"], ["3"], ["4"]]
