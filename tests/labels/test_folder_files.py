"""The files of a PPOCRLabel folder are held so that nothing that others wrote is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.labels.folder_files import (
    folder_key,
    keep_fields,
    read_checked,
    read_raw_pages,
    write_checked,
    write_raw_pages,
)

SQUARE = [[0, 0], [9, 0], [9, 9], [0, 9]]
OTHER = [[20, 0], [29, 0], [29, 9], [20, 9]]


def box(text: str, points: Any = SQUARE, **more: Any) -> dict[str, Any]:
    return {"transcription": text, "points": points, "difficult": False, **more}


def write(folder: Path, *lines: str, name: str = "Label.txt") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return folder / name


def test_every_field_of_a_box_stays(tmp_path: Path) -> None:
    boxes = [box("a", id=1, linking=[[1, 2]], note={"by": "me"})]
    path = write(tmp_path, f"{tmp_path.name}/a.png\t{json.dumps(boxes)}")
    pages = read_raw_pages(path)
    write_raw_pages(path, pages)
    assert read_raw_pages(path) == {f"{tmp_path.name}/a.png": boxes}


@pytest.mark.parametrize("key", ["old/a.png", "C:\\scans\\a.png", "/home/me/a.png", "a.png"])
def test_keys_of_images_in_the_folder_become_its_own(key: str, tmp_path: Path) -> None:
    folder = tmp_path / "now"
    path = write(folder, f"{key}\t[]")
    (folder / "a.png").write_bytes(b"")
    assert read_raw_pages(path) == {"now/a.png": []}


def test_keys_of_other_images_stay_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "now", "old/gone.png\t[]", "now/sub/a.png\t[]")
    (tmp_path / "now" / "sub").mkdir()
    (tmp_path / "now" / "sub" / "a.png").write_bytes(b"")
    assert list(read_raw_pages(path)) == ["old/gone.png", "now/sub/a.png"]


def test_the_last_line_of_an_image_counts(tmp_path: Path) -> None:
    boxes = json.dumps([{"transcription": ["b", 0.9], "points": SQUARE}])
    path = write(tmp_path / "now", "now/a.png\t[]", f"old/a.png\t{boxes}")
    (tmp_path / "now" / "a.png").write_bytes(b"")
    assert read_raw_pages(path) == {"now/a.png": [{"transcription": "b", "points": SQUARE}]}


@pytest.mark.parametrize(
    "line",
    ["no tab", "a.png\t[{", "a.png\t{}", 'a.png\t[{"transcription": "x"}]', 'a.png\t[{"points": [[1, 2]]}]'],
)
def test_what_saving_would_lose_is_refused(line: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"{tmp_path.name}/good.png\t[]", line)
    with pytest.raises(DataError, match="saving would lose it: line 2") as raised:
        read_raw_pages(path)
    assert "labels check" in str(raised.value.hint)
    assert f"{tmp_path.name}/good.png" in read_raw_pages(path, skip_broken=True)


def test_an_absent_file_has_no_pages(tmp_path: Path) -> None:
    assert read_raw_pages(tmp_path / "Label.txt") == {}
    assert read_checked(tmp_path) == []


def test_checked_pages_are_known_by_the_two_last_parts_of_their_path(tmp_path: Path) -> None:
    folder = tmp_path / "now"
    write(
        folder,
        "now/a.png\t1",
        "D:\\old\\b.png\t1",
        "",
        "/x/old/gone.png\t1",
        "now/a.png",
        name="fileState.txt",
    )
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"")
    assert read_checked(folder) == ["now/a.png", "now/b.png", "old/gone.png"]
    write_checked(folder, read_checked(folder))
    assert (folder / "fileState.txt").read_text() == "now/a.png\t1\nnow/b.png\t1\nold/gone.png\t1\n"


def test_the_key_of_an_image_is_its_folder_and_name() -> None:
    assert folder_key(Path("/scans/now/a.png")) == "now/a.png"


def test_a_box_that_was_not_moved_keeps_its_fractions_and_fields() -> None:
    before = [box("old", [[0.5, 0.2], [9.9, 0], [9, 9], [0, 9]], id=4, linking=[[4, 5]], key_cls="total")]
    after = [box("new", SQUARE)]
    assert keep_fields(before, after) == [{**before[0], "transcription": "new"}]


def test_a_box_that_was_moved_is_known_by_its_text() -> None:
    before = [box("a", id=1), box("b", OTHER, id=2)]
    after = [box("b", [[5, 5], [9, 5], [9, 9], [5, 9]]), box("a")]
    assert [one.get("id") for one in keep_fields(before, after)] == [2, 1]
    assert keep_fields(before, after)[0]["points"] == after[0]["points"]


def test_a_text_that_stands_twice_tells_nothing() -> None:
    before = [box("a", id=1), box("a", OTHER, id=2)]
    after = [box("a", [[5, 5], [9, 5], [9, 9], [5, 9]])]
    assert keep_fields(before, after) == after


def test_a_class_that_was_changed_stays_changed() -> None:
    assert keep_fields([box("a", key_cls="old")], [box("a", key_cls="new")]) == [box("a", key_cls="new")]


corners = st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99)).map(list), min_size=4, max_size=6)
boxes = st.lists(
    st.fixed_dictionaries(
        {
            "transcription": st.text(max_size=3),
            "points": corners,
            "difficult": st.booleans(),
            "id": st.integers(),
        }
    ),
    max_size=5,
)


@given(boxes)
def test_saving_a_page_as_it_is_changes_nothing(before: list[dict[str, Any]]) -> None:
    written = [
        {
            "transcription": one["transcription"],
            "points": [[int(x), int(y)] for x, y in one["points"]],
            "difficult": False,
        }
        for one in before
    ]
    assert keep_fields(before, written) == before
