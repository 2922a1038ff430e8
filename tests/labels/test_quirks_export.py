"""What real exports of PPOCRLabel were seen to hold: one test for each way, from the file to its pages.

The images are 100 x 60. Side files are in test_side_files.py, image files in test_quirks_images.py.
"""

from __future__ import annotations

import json
import os
import pickle
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.labels.checks import check_sources
from ppocr_kit.labels.placement import place_page
from ppocr_kit.labels.sources import ReadOptions, read_sources

SQUARE = [[10, 10], [50, 10], [50, 30], [10, 30]]


def box(text="文 1", points=None, **more):
    return {"transcription": text, "points": points or SQUARE, "difficult": False, **more}


def line(key="batch/a.png", *boxes):
    return f"{key}\t{json.dumps(list(boxes or [box()]), ensure_ascii=False)}"


def placed(folder):
    """Return the usable pages of a folder by key, with their regions, and all codes with their line."""
    pages = {}
    for entry in read_sources([folder])[0].pages:
        page = place_page(entry)
        if page.image is not None:
            pages[entry.key] = page.regions
    return pages, [(found.code, found.line) for found in check_sources([folder]).problems]


def regions_of(make_folder, *boxes):
    """Return the regions of one page and the codes about them."""
    pages, found = placed(make_folder(line("batch/a.png", *boxes)))
    return pages.get("batch/a.png", ()), [code for code, _ in found]


# --- encodings, line ends


@pytest.mark.parametrize(
    ("encoding", "codes"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", []),
        ("utf-16-le", []),
        ("utf-16-be", []),
        ("gb18030", [("L003", 1)]),
    ],
)
@pytest.mark.parametrize("image", ["a.png", "发票 一.png"])
def test_every_encoding_is_read_keys_and_texts(make_folder, encoding, codes, image):
    content = line(f"batch/{image}", box("金额：￥1")) + "\n"
    pages, found = placed(make_folder(content.encode(encoding), (image,)))
    assert [region.rec_text for region in pages[f"batch/{image}"]] == ["金额：￥1"]
    assert found == codes


def test_a_file_that_was_joined_from_files_of_two_encodings_is_read_line_by_line(make_folder):
    content = f"\ufeff{line('batch/a.png')}\n".encode() + line("batch/页.png", box("文")).encode("gb18030")
    content += b"\n" + f"\ufeff{line('batch/c.png')}".encode()
    pages, found = placed(make_folder(content, ("a.png", "页.png", "c.png")))
    assert list(pages) == ["batch/a.png", "batch/页.png", "batch/c.png"]
    assert found == [("L003", 2)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    "ends",
    ["\n\n", "\r\n\r\n", "\r\r", "\n ", "\r\n ", "\r ", "\n\r\n", "\r\n\n", "\n\r", "\r\n\r"],
    ids=["LF", "CRLF", "CR", "LF none", "CRLF none", "CR none", "LF CRLF", "CRLF LF", "LF CR", "CRLF CR"],
)
def test_every_line_end_also_mixed_and_none_at_the_end(make_folder, encoding, ends):
    first, last = (ends[:2], ends[2:]) if ends.startswith("\r\n") else (ends[:1], ends[1:])
    content = line("batch/a.png", box("a")) + first + line("batch/b.png", box("b")) + last.strip(" ")
    pages, found = placed(make_folder(content.encode(encoding), ("a.png", "b.png")))
    assert list(pages) == ["batch/a.png", "batch/b.png"]
    assert [code for code, _ in found] == []


def test_line_numbers_are_those_of_an_editor_when_line_ends_are_mixed(make_folder):
    content = f"{line()}\r\n\nbatch/b.png\t[\rbatch/c.png\t[\nbatch/d.png\t["
    _, found = placed(make_folder(content, ("a.png", "b.png", "c.png", "d.png")))
    assert found == [("L011", 3), ("L011", 4), ("L011", 5)]


# --- where the images are


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("batch/a.png", []),
        ("a.png", ["L021"]),
        ("./a.png", ["L021"]),
        ("name before it was renamed/a.png", ["L021"]),
        ("29/29L/a.png", ["L021"]),
        ("/home/somebody/data/batch/a.png", ["L022"]),
        ("C:\\Users\\x\\batch\\a.png", ["L022"]),
        ("D:/data/batch/a.png", ["L022"]),
        ("\\\\server\\share\\a.png", ["L022"]),
        ("batch\\a.png", ["L023"]),
        ("batch/A.PNG", ["L024"]),
        ("batch/deep.png", ["L024"]),
        ("batch/gone.png", ["L020"]),
        ("batch/twice.png", ["L025"]),
        ("../../a.png", ["L026"]),
    ],
)
def test_an_image_is_found_from_every_base_and_how_is_always_told(make_folder, key, codes):
    names = ("a.png", "sub/deep.png", "x/twice.png", "y/twice.png")
    _, found = placed(make_folder(line(key), names))
    assert [code for code, _ in found] == codes


def test_a_missing_image_is_told_with_the_file_that_has_its_name_but_for_the_ending(make_folder):
    folder = make_folder(line("batch/page.png"), ("page.jpg",))
    (found,) = check_sources([folder]).problems
    assert found.code == "L020"
    assert found.message.endswith("'batch/page.png'; there is page.jpg")


@pytest.mark.parametrize(
    "image",
    [
        "发票 2021-06-01.png",
        "two  spaces.png",
        "\u3000wide\u3000.png",
        "#1 (copy), \"quoted\" 'it'.png",
        "a.b.c.png",
        "[1] x.png",
        "{}.png",
        "100%.png",
        "é.png",
        "no ending",
    ],
)
def test_names_with_chinese_spaces_and_signs_are_found_as_they_are(make_folder, image):
    folder = make_folder(line(), ("a.png",))
    (folder / "a.png").rename(folder / image)
    (folder / "Label.txt").write_text(line(f"batch/{image}"), "utf-8")
    assert placed(folder)[1] == []
    assert len(placed(folder)[0]) == 1


def test_a_folder_with_a_chinese_name_and_spaces_is_read(make_folder):
    folder = make_folder(line("我的 标注/a.png"), name="我的 标注")
    assert placed(folder)[1] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only here names are bytes")
def test_an_image_whose_name_was_unpacked_in_gbk_is_found_and_can_be_printed(make_folder):
    folder = make_folder(line("batch/发票.png"))
    (folder / "a.png").rename(folder / os.fsdecode("发票.png".encode("gb18030")))
    (found,) = check_sources([folder]).problems
    assert found.code == "L024"
    found.message.encode("utf-8")


# --- texts


@pytest.mark.parametrize("score", [0.98, 1, None])
def test_a_transcription_with_its_score_is_the_text(make_folder, score):
    regions, codes = regions_of(make_folder, box(["7A", score]))
    assert [region.rec_text for region in regions] == ["7A"]
    assert codes == ["L050"]


@pytest.mark.parametrize(
    ("text", "code", "ignored"),
    [
        ("TEMPORARY", "L054", True),
        ("NULL", "L054", True),
        ("待识别", "L054", True),
        ("无法识别", "L054", True),
        ("###", "L053", True),
        ("*", "L053", True),
        ("", "L052", False),
        (" \u3000", "L052", False),
    ],
)
def test_placeholders_and_empty_texts_are_nothing_to_learn(make_folder, text, code, ignored):
    regions, codes = regions_of(make_folder, box(text))
    assert [(region.rec_text, region.region.ignored) for region in regions] == [(None, ignored)]
    assert codes == [code]


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\rb", "a\x0bb", "a\0b"])
def test_a_line_break_or_tab_in_a_text_becomes_a_space(make_folder, text):
    regions, codes = regions_of(make_folder, box(text))
    assert [region.rec_text for region in regions] == ["a b"]
    assert codes == ["L056"]


def test_a_raw_tab_in_a_text_does_not_split_the_line(make_folder):
    pages, found = placed(make_folder(line("batch/a.png", box("a b")).replace("a b", "a\tb")))
    assert [region.rec_text for region in pages["batch/a.png"]] == ["a b"]
    assert [code for code, _ in found] == ["L056"]


@pytest.mark.parametrize("text", ["a\u2028b", "a\u200bb", "ﬁ", "€ 1,00", "🙂", 'say "yes"', "\\n", "a\xa0b"])
def test_any_other_sign_in_a_text_stays_as_it_is(make_folder, text):
    regions, codes = regions_of(make_folder, box(text))
    assert [region.rec_text for region in regions] == [text]
    assert codes == []


@pytest.mark.parametrize("value", [True, "true", "True", 1])
def test_difficult_is_ignored_whatever_its_notation(make_folder, value):
    regions, codes = regions_of(make_folder, box(difficult=value))
    assert [(region.rec_text, region.region.ignored) for region in regions] == [(None, True)]
    assert codes == ["L055"]


# --- boxes


@pytest.mark.parametrize("count", [5, 8, 14, 30])
def test_more_than_four_points_are_kept_for_detection(make_folder, count):
    half = count // 2
    top = [[10 + n, 10] for n in range(0, 60, 60 // half)][:half]
    bottom = [[x, 30] for x, _ in reversed(top)] + [[10, 20]] * (count % 2)
    regions, codes = regions_of(make_folder, box(points=top + bottom))
    assert [len(region.polygon) for region in regions] == [count]
    assert codes == []


@pytest.mark.parametrize("start", range(4))
@pytest.mark.parametrize("step", [1, -1], ids=["clockwise", "counter-clockwise"])
def test_corners_in_any_order_are_clockwise_afterwards(make_folder, start, step):
    points = [SQUARE[(start + step * n) % 4] for n in range(4)]
    regions, codes = regions_of(make_folder, box(points=points))
    corners = [tuple(corner) for corner in regions[0].polygon]
    at = corners.index((10.0, 10.0))
    assert corners[at:] + corners[:at] == [(10, 10), (50, 10), (50, 30), (10, 30)]
    assert codes == ([] if step == 1 else ["L046"])


def test_float_points_keep_their_fractions(make_folder):
    points = [[10.25, 10.5], [50.75, 10.5], [50.75, 30.125], [10.25, 30.125]]
    regions, codes = regions_of(make_folder, box(points=points))
    assert [list(corner) for corner in regions[0].polygon] == points
    assert codes == []


@pytest.mark.parametrize(
    ("points", "codes"),
    [
        ([[-3, 10], [50, 10], [50, 30], [-3, 30]], ["L044"]),
        ([[10, 10], [104, 10], [104, 65], [10, 65]], ["L044"]),
        ([[200, 10], [240, 10], [240, 30], [200, 30]], ["L043", "L019"]),
        ([[10, 10], [10, 10], [10, 10], [10, 10]], ["L042", "L019"]),
        ([[10, 10], [50, 10], [50, 10], [10, 10]], ["L042", "L019"]),
        ([[10, 10], [50, 30], [50, 10], [10, 30]], ["L045"]),
    ],
    ids=["over the left edge", "over the right and lower edge", "outside", "point", "line", "crossed"],
)
def test_boxes_over_the_edge_outside_degenerate_and_crossed(make_folder, points, codes):
    regions, found = regions_of(make_folder, box(points=points))
    assert sorted(set(found) - {"L046"}) == sorted(codes)
    assert bool(regions) == ("L019" not in codes)
    for region in regions:
        assert all(0 <= x <= 100 and 0 <= y <= 60 for x, y in region.polygon)


# --- what is there twice


def test_a_box_that_is_there_twice_counts_once(make_folder):
    regions, codes = regions_of(make_folder, box("a"), box("a"), box("b"))
    assert [region.rec_text for region in regions] == ["a", "b"]
    assert codes == ["L047", "L048"]


def test_a_line_that_is_there_three_times_counts_once(make_folder):
    pages, found = placed(make_folder("\n".join([line()] * 3)))
    assert len(pages) == 1
    assert found == [("L015", 2), ("L015", 3)]


def test_of_several_lines_for_an_image_the_last_counts_and_each_other_is_told(make_folder):
    lines = [line("batch/a.png", box(text)) for text in "abc"]
    pages, found = placed(make_folder("\n".join(lines)))
    assert [region.rec_text for region in pages["batch/a.png"]] == ["c"]
    assert found == [("L016", 1), ("L016", 2)]


def test_a_broken_last_line_does_not_take_the_place_of_a_sound_one(make_folder):
    pages, found = placed(make_folder(f"{line('batch/a.png', box('kept'))}\nbatch/a.png\t[{{"))
    assert [region.rec_text for region in pages["batch/a.png"]] == ["kept"]
    assert found == [("L011", 2)]


def test_lines_that_spell_one_image_differently_are_one_page(make_folder):
    lines = [line("batch/a.png", box("a")), line("/home/x/batch/a.png", box("b")), line("a.png", box("c"))]
    pages, found = placed(make_folder("\n".join(lines)))
    assert [[region.rec_text for region in regions] for regions in pages.values()] == [["c"]]
    assert [found for found in found if found[0] == "L016"] == [("L016", 1), ("L016", 2)]


def test_one_image_under_two_names_is_told(make_folder):
    folder = make_folder(f"{line('batch/a.png')}\n{line('batch/b.png')}", ("a.png", "b.png"))
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    assert placed(folder)[1] == [("L027", 2)]


def test_images_of_one_stem_and_different_endings_are_different_pages(make_folder):
    names = ("a.png", "a.jpg", "a.bmp")
    lines = [line(f"batch/{name}", box(name)) for name in names]
    pages, found = placed(make_folder("\n".join(lines), names))
    assert {key: regions[0].rec_text for key, regions in pages.items()} == {
        f"batch/{name}": name for name in names
    }
    assert found == []


# --- what is not there


@pytest.mark.parametrize("boxes", ["[]", "[ ]", " [] "])
def test_an_empty_list_is_a_page_without_text_which_detection_keeps(make_folder, boxes):
    pages, found = placed(make_folder(f"batch/a.png\t{boxes}\n"))
    assert pages == {"batch/a.png": ()}
    assert found == [("L017", 1)]


@pytest.mark.parametrize("content", ["", "\n\n", "\r\n", "\ufeff", " \n"])
def test_an_empty_file_is_told(make_folder, content):
    assert placed(make_folder(content))[1][0][0] == "L002"


@pytest.mark.parametrize("boxes", ["", "null", "{}", "[", '[{"transcription": "a"', "[1]", "not json"])
def test_a_damaged_list_costs_its_page_only(make_folder, boxes):
    content = f"batch/a.png\t{boxes}\n{line('batch/b.png')}\n"
    pages, found = placed(make_folder(content, ("a.png", "b.png")))
    assert list(pages) == ["batch/b.png"]
    assert all(number == 1 for _, number in found) and found


def test_everything_that_is_wrong_with_a_line_is_told_also_when_its_image_is_missing(make_folder):
    content = f"batch/gone.png\t{json.dumps([box(), 3, box([1])])}\n{line()}\n"
    assert placed(make_folder(content))[1] == [("L020", 1), ("L040", 1), ("L051", 1)]


# --- other notations


@pytest.mark.parametrize("gap", [" ", "  ", "   "])
@pytest.mark.parametrize("key", ["batch/a.png", "batch/my page [1].png"])
def test_spaces_for_the_tab_as_in_kie_files_are_read_and_told(make_folder, gap, key):
    folder = make_folder(f"{key}{gap}{json.dumps([box(key_cls='total')])}\n", (key.split("/")[1],))
    pages, found = placed(folder)
    assert [region.region.key_cls for region in pages[key]] == ["total"]
    assert found == [("L013", 1)]


def test_a_list_of_image_and_text_parted_by_spaces_is_told_from_labels(make_folder):
    _, found = placed(make_folder("batch/a.png some text\nbatch/b.png other text\n"))
    assert {code for code, _ in found} <= {"L010", "L079", "L070"} and found


@pytest.mark.parametrize(
    "boxes",
    [
        str([box("it's", difficult=True)]),
        json.dumps([box("it's")]).replace("false", "True"),
        "[ " + str([box("it's", difficult=True)])[1:],
    ],
    ids=["python", "mixed", "spaced"],
)
def test_python_notation_which_ppocrlabel_itself_reads_is_read_and_told(make_folder, boxes):
    pages, found = placed(make_folder(f"batch/a.png\t{boxes}\n"))
    assert [region.region.difficult for region in pages["batch/a.png"]] == [True]
    assert ("L014", 1) in found


def test_an_unset_class_is_none_and_not_the_word(make_folder):
    regions, codes = regions_of(make_folder, box(key_cls="None"), box("b", key_cls="total"))
    assert [region.region.key_cls for region in regions] == [None, "total"]


# --- the file changes under our hands


def test_a_label_file_that_changes_while_it_is_read_is_told_and_not_mixed_up(make_folder):
    folder = make_folder(f"{line('batch/a.png')}\n{line('batch/b.png')}\n", ("a.png", "b.png"))
    entry = read_sources([folder])[0].pages[1]
    (folder / "Label.txt").write_text(line("batch/b.png", box("shorter")), "utf-8")
    with pytest.raises(DataError, match="changed while it was read"):
        entry.read()


def test_entries_are_small_to_hand_to_another_process(make_folder):
    many = [
        box(str(number), [[n + number / 100 for n in point] for point in SQUARE]) for number in range(500)
    ]
    entry = read_sources([make_folder(line("batch/a.png", *many))])[0].pages[0]
    copy = pickle.loads(pickle.dumps(entry))
    assert len(pickle.dumps(entry)) < 1000
    assert len(copy.read().page.regions) == 500


# --- anything at all

pieces = st.sampled_from(
    [
        b"batch/a.png",
        b"a.png",
        b"\t",
        b"[]",
        b"[{",
        b"}]",
        json.dumps([box()]).encode(),
        b"\n",
        b"\r",
        b"\r\n",
    ]
    + [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\0",
        b" ",
        b"crop_img/a_crop_0.jpg",
        b"1",
        "文".encode("gb18030"),
        b"/",
        b"..",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(pieces | st.binary(max_size=6), max_size=25).map(b"".join),
    st.lists(pieces | st.binary(max_size=6), max_size=10).map(b"".join),
    st.lists(pieces | st.binary(max_size=6), max_size=10).map(b"".join),
)
def test_any_bytes_in_any_file_are_read_or_told_but_never_crash(make_folder, label, rec_gt, state):
    folder = make_folder(label)
    (folder / "rec_gt.txt").write_bytes(rec_gt)
    (folder / "fileState.txt").write_bytes(state)
    (folder / "Cache.cach").write_bytes(label[::-1])
    for options in (ReadOptions(), ReadOptions(True, True, "rec_gt")):
        source = read_sources([folder], options)[0]
        read = [entry.read() for entry in source.pages]
        assert read or source.problems or options.checked_only
