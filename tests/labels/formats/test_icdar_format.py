from __future__ import annotations

import pytest
from format_trees import codes_of, read_one, texts_of
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.labels.formats.icdar import (
    Corners,
    LineLayout,
    guess_layout,
    parse_line,
    parse_lines,
)

QUAD = LineLayout(Corners.QUADRANGLE)
BOX = "1,2,90,2,90,20,1,20"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Joe's", "Joe's"),
        ("Hello, World, again", "Hello, World, again"),
        ('"quoted"', '"quoted"'),
        ("###", "###"),
        ("12,50", "12,50"),
        ("", ""),
        ("文字", "文字"),
        ("Latin,x", "Latin,x"),
        ("  spaced  ", "spaced"),
    ],
)
def test_all_after_the_eighth_comma_is_the_text(text, read):
    region = parse_line(f"{BOX},{text}", QUAD, 3)
    assert (region.transcription, region.index) == (read, 3)
    assert region.points == ((1, 2), (90, 2), (90, 20), (1, 20))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3,4,5,6,7", "it has 7 of 8 numbers"),
        ("1,2,3,4,5,6,7,x,text", "it has 7 of 8 numbers"),
        ("nan,2,3,4,5,6,7,8,text", "it has 0 of 8 numbers"),
        ("1e999,2,3,4,5,6,7,8,text", "it has 0 of 8 numbers"),
        ("1_0,2,3,4,5,6,7,8,text", "it has 0 of 8 numbers"),
        ("text", "it has 0 of 8 numbers"),
    ],
)
def test_a_line_without_its_numbers_is_refused_with_the_reason(line, reason):
    assert parse_line(line, QUAD, 0) == reason


@pytest.mark.parametrize(
    ("lines", "layout"),
    [
        ([f"{BOX},a", f"{BOX},12,5", f"{BOX},9"], QUAD),
        ([f"{BOX}", f"{BOX}"], QUAD),
        ([f"{BOX},Latin,a", f"{BOX},None,###"], LineLayout(Corners.QUADRANGLE, extra=1)),
        ([f"{BOX},Latin,a", f"{BOX},words"], QUAD),
        (
            [f'{BOX},0,"a"', f'{BOX},1,"b,c"'],
            LineLayout(Corners.QUADRANGLE, extra=1, difficulty=True, quoted=True),
        ),
        (['1, 2, 9, 8, "a"'], LineLayout(Corners.RECTANGLE, quoted=True)),
        (['1 2 9 8 "a b"'], LineLayout(Corners.RECTANGLE, quoted=True)),
        (["1,2,9,8,a"], LineLayout(Corners.RECTANGLE)),
        (["1 2 90 2 90 20 1 20 a"], QUAD),
        ([f"{BOX},5,5,a", f"{BOX},5,5,4,4,b"], LineLayout(Corners.POLYGON)),
        ([",".join(["7"] * 28)], LineLayout(Corners.POLYGON)),
        (["words", "more words"], None),
        (["0 0.5 0.5 0.25 0.125", "3 0.1 0.2 0.3 0.4"], None),
        ([], None),
    ],
)
def test_the_layout_is_told_from_all_lines_together(lines, layout):
    assert guess_layout(lines) == layout


def test_one_broken_line_does_not_change_the_layout():
    assert guess_layout([f"{BOX},a"] * 9 + ["1,2,3,4,5,6,7,a"]) == QUAD


def test_rectangles_and_quotes_of_2013_are_read():
    layout = LineLayout(Corners.RECTANGLE, quoted=True)
    region = parse_line('90, 2, 1, 20, "say \\"a, b\\""', layout, 0)
    assert region.transcription == 'say "a, b"'
    assert region.points == ((1, 2), (90, 2), (90, 20), (1, 20))


def test_the_script_column_is_left_out_and_difficulty_is_kept():
    assert parse_line(f"{BOX},Latin,a,b", LineLayout(Corners.QUADRANGLE, extra=1), 0).transcription == "a,b"
    rctw = LineLayout(Corners.QUADRANGLE, extra=1, difficulty=True, quoted=True)
    assert [parse_line(f'{BOX},{hard},"x"', rctw, 0).difficult for hard in "01"] == [False, True]


@pytest.mark.parametrize(
    ("line", "layout", "reason"),
    [
        (f"{BOX},text", LineLayout(Corners.QUADRANGLE, extra=1), "its column 9 is 'text', not one of Arabic"),
        (BOX, LineLayout(Corners.QUADRANGLE, extra=1), "its column 9 is ''"),
        (
            f'{BOX},2,"a"',
            LineLayout(Corners.QUADRANGLE, extra=1, difficulty=True),
            "its column 9 is '2', not one of 0, 1",
        ),
        (f"{BOX},1,2,3,4,curved", QUAD, "it has 12 numbers where other lines have 8"),
        ("1,2,3,4,5,6,text", LineLayout(Corners.POLYGON), "it has 6 numbers, at least 8"),
    ],
)
def test_a_line_of_another_layout_than_the_rest_is_not_read_wrongly(line, layout, reason):
    assert parse_line(line, layout, 0).startswith(reason)


def test_curved_texts_keep_all_corners_and_lose_their_mark():
    region = parse_line("1,2,30,2,60,2,90,2,90,20,1,20,####one, two", LineLayout(Corners.POLYGON), 0)
    assert (len(region.points), region.transcription) == (6, "one, two")
    numbered = parse_line("1,2,30,2,60,2,90,2,90,20,1,20,1984", LineLayout(Corners.POLYGON), 0)
    assert (len(numbered.points), numbered.transcription) == (6, "1984")


def test_the_box_of_a_finding_is_the_line_from_zero():
    regions, findings = parse_lines(f"{BOX},a\r\n\r\noops\r\n{BOX},b\n".encode(), layout=QUAD)
    assert [region.index for region in regions] == [0, 3]
    assert findings == (("L072", 2, "line 3: it has 0 of 8 numbers"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_that_label_files_come_in_is_read(encoding):
    regions, findings = parse_lines(f"{BOX},文字\n".encode(encoding), layout=QUAD)
    assert [region.transcription for region in regions] == ["文字"]
    assert [code for code, _, _ in findings] == (["L003"] if encoding == "gb18030" else [])


@given(st.binary(max_size=200))
def test_any_bytes_give_regions_or_findings_for_their_lines(content):
    for corners in Corners:
        regions, _ = parse_lines(content, layout=LineLayout(corners, quoted=True))
        assert all(len(region.points) >= 4 for region in regions)


@given(st.lists(st.integers(-50, 5000), min_size=8, max_size=8), st.text(max_size=30))
def test_what_is_written_as_icdar_2015_reads_back(numbers, text):
    text = "".join(char for char in text if char.isprintable()).strip()
    region = parse_line(",".join(map(str, numbers)) + f",{text}", QUAD, 0)
    assert region.transcription == text
    assert [value for point in region.points for value in point] == numbers


@pytest.mark.parametrize(
    ("label", "picture"),
    [
        ("gt_img_1.txt", "img_1.jpg"),
        ("img_1.txt", "img_1.jpg"),
        ("gt/gt_img_1.txt", "images/img_1.png"),
        ("labels/train/img_1.txt", "images/train/img_1.jpg"),
        ("Annotations/img_1.txt", "JPEGImages/IMG_1.jpg"),
        ("img_1.jpg.txt", "img_1.jpg"),
        ("poly_gt_img_1.txt", "img_1.jpg"),
    ],
)
def test_label_files_find_their_pictures(make_tree, label, picture):
    source = read_one(make_tree({label: f"{BOX},a\n"}, (picture,)))
    assert source.format == "icdar"
    assert texts_of(source) == {picture.rpartition("/")[2]: ["a"]}
    assert codes_of(source) == []


def test_a_folder_of_labels_finds_the_pictures_beside_it(make_tree):
    root = make_tree(
        {"ch4_training_localization_transcription_gt/gt_img_1.txt": f"{BOX},train\n"},
        ("ch4_training_images/img_1.jpg", "ch4_test_images/img_1.jpg", "ch4_test_images/img_2.jpg"),
    )
    source = read_one(root / "ch4_training_localization_transcription_gt")
    assert [entry.path.parent.name for entry in source.pages] == ["ch4_training_images"]
    assert codes_of(source) == []


def test_pictures_of_one_name_in_two_folders_go_to_the_labels_that_are_called_alike(make_tree):
    root = make_tree(
        {"training_gt/gt_img_1.txt": f"{BOX},train\n", "test_gt/gt_img_1.txt": f"{BOX},test\n"},
        ("training_images/img_1.jpg", "test_images/img_1.jpg"),
    )
    found = {
        entry.path.parent.name: entry.read().page.regions[0].transcription for entry in read_one(root).pages
    }
    assert found == {"training_images": "train", "test_images": "test"}


def test_a_named_folder_of_pictures_is_the_one_looked_in(make_tree, tmp_path):
    root = make_tree({"gt_img_1.txt": f"{BOX},a\n"})
    make_tree({}, ("img_1.jpg",), name="elsewhere")
    assert codes_of(read_one(root)) == ["L020"]
    source = read_one(root, image_folder=tmp_path / "elsewhere")
    assert texts_of(source) == {"img_1.jpg": ["a"]}


def test_what_cannot_be_paired_or_read_is_told(make_tree):
    root = make_tree(
        {
            "img_1.txt": f"{BOX},a\n",
            "gt_img_1.txt": f"{BOX},b\n",
            "img_2.txt": "",
            "img_3.txt": f"{BOX},a\n",
            "img_4.txt": "no labels at all\n",
            "README.txt": "about this set\n",
        },
        ("img_1.jpg", "img_2.jpg", "img_4.jpg", "img_5.jpg"),
    )
    source = read_one(root)
    told = sorted((found.code, found.file.rpartition("/")[2]) for found in source.problems)
    assert told == [
        ("L016", "gt_img_1.txt"),
        ("L020", "img_3.txt"),
        ("L071", "img_5.jpg"),
        ("L074", "README.txt"),
    ]
    assert texts_of(source) == {"img_1.jpg": ["a"], "img_2.jpg": [], "img_4.jpg": []}
    assert {entry.path.name: entry.read().usable for entry in source.pages} == {
        "img_1.jpg": True,
        "img_2.jpg": True,
        "img_4.jpg": False,
    }
    # every label file and every picture is a page that was read or one that is told of
    assert source.lines == 6


def test_two_pictures_of_one_name_in_one_folder_are_not_guessed_between(make_tree):
    root = make_tree({"a.txt": f"{BOX},a\n"}, ("a.jpg", "a.png"))
    assert "L079" in codes_of(read_one(root))


def test_a_label_file_that_changed_since_it_was_looked_up_is_refused(make_tree):
    root = make_tree({"a.txt": f"{BOX},a\n"}, ("a.jpg",))
    (entry,) = read_one(root).pages
    (root / "a.txt").write_text(f"{BOX},b\n")
    with pytest.raises(DataError, match="changed"):
        entry.read()


def test_a_folder_without_such_lines_cannot_be_forced_to_be_icdar(make_tree):
    with pytest.raises(DataError, match="no text file has lines of coordinates"):
        read_one(make_tree({"a.txt": "words\n"}, ("a.jpg",)), format="icdar")
