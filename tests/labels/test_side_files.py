from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.checks import CheckOptions, check_sources
from ppocr_kit.labels.codes import label_problem
from ppocr_kit.labels.sources import ReadOptions, gather_problems, read_sources


def box(text, left=1):
    return {"transcription": text, "points": [[left, 2], [left + 20, 2], [left + 20, 30], [left, 30]]}


def line(image, *texts, folder="batch"):
    return f"{folder}/{image}\t{json.dumps([box(text, 1 + 25 * n) for n, text in enumerate(texts)])}\n"


def read(folder, **options):
    """Return the texts of each page by key, and the findings as (code, line, box)."""
    source = read_sources([folder], ReadOptions(**options))[0]
    problems = gather_problems([source])
    texts = {}
    for entry in source.pages:
        page = entry.read()
        problems.extend(label_problem(code, entry.file, entry.line, *rest) for code, *rest in page.findings)
        if page.usable:
            texts[entry.key] = [region.transcription for region in page.page.regions]
    return texts, [(found.code, found.line, found.region) for found in problems]


@pytest.fixture
def folder(make_folder):
    return make_folder(line("a.png", "one", "two") + line("b.png", "three"), ("a.png", "b.png", "c.png"))


# --- Cache.cach


def test_automatic_labels_are_left_alone_unless_asked_for(folder):
    (folder / "Cache.cach").write_text(line("c.png", "auto"))
    assert read(folder) == ({"batch/a.png": ["one", "two"], "batch/b.png": ["three"]}, [])


def test_automatic_labels_fill_in_only_pages_that_nobody_labelled_and_are_told(folder):
    (folder / "Cache.cach").write_text(line("c.png", "auto") + line("a.png", "wrong"))
    texts, findings = read(folder, with_unverified=True)
    assert texts == {"batch/a.png": ["one", "two"], "batch/b.png": ["three"], "batch/c.png": ["auto"]}
    assert findings == [("L062", 1, None)]


def test_an_automatic_label_does_not_stand_in_for_a_broken_line(folder):
    (folder / "Label.txt").write_text("batch/a.png\t[{\n" + line("b.png", "three"))
    (folder / "Cache.cach").write_text(line("a.png", "auto"))
    texts, findings = read(folder, with_unverified=True)
    assert texts == {"batch/b.png": ["three"]}
    assert findings == [("L011", 1, None)]


def test_a_folder_of_automatic_labels_only_is_read_on_request(folder):
    (folder / "Label.txt").rename(folder / "Cache.cach")
    with pytest.raises(DataError, match=r"no Label\.txt") as caught:
        read(folder)
    assert "--with-unverified" in str(caught.value.hint)
    assert read(folder, with_unverified=True)[1] == [("L062", 1, None)]


def test_naming_cache_cach_itself_is_no_way_round(folder):
    (folder / "Cache.cach").write_text(line("c.png", "auto"))
    with pytest.raises(DataError, match="nobody has checked"):
        read(folder / "Cache.cach")
    assert list(read(folder / "Cache.cach", with_unverified=True)[0]) == ["batch/c.png"]


def test_findings_about_automatic_labels_name_their_file(folder):
    (folder / "Cache.cach").write_text(line("c.png", "auto", ""))
    result = check_sources([folder], CheckOptions(reading=ReadOptions(with_unverified=True)))
    assert [(found.code, Path(found.file).name) for found in result.problems] == [
        ("L062", "Cache.cach"),
        ("L052", "Cache.cach"),
    ]


def test_an_empty_label_file_is_no_fault_where_automatic_labels_are_wanted(folder):
    (folder / "Label.txt").write_text("")
    (folder / "Cache.cach").write_text(line("c.png", "auto"))
    assert read(folder, with_unverified=True) == ({"batch/c.png": ["auto"]}, [("L062", 1, None)])


# --- fileState.txt


@pytest.mark.parametrize(
    "content",
    [
        "batch/a.png\t1\n",
        "batch/a.png\t1",
        "/home/somebody/data/batch/a.png\t1\r\n",
        "C:\\Users\\x\\batch\\a.png\t1\r\n",
        "\ufeffD:/x/batch/a.png\t1\n",
        "/home/somebody/before it was renamed/a.png\t1\n",
        "a.png\t1\n",
        "/x/batch/a.png  1\n",
        "/x/batch/a.png\n",
        "/x/batch/a.png\t1\n/x/batch/b.png\t0\n",
        "/x/batch/a.png\t1\n/x/batch/gone.png\t1\n",
    ],
)
def test_only_pages_that_filestate_calls_checked_count_when_asked(folder, content):
    (folder / "fileState.txt").write_bytes(content.encode())
    assert len(read(folder)[0]) == 2
    texts, findings = read(folder, checked_only=True)
    assert list(texts) == ["batch/a.png"]
    assert findings == [("L061", 2, None)]


def test_a_checked_page_of_another_folder_says_nothing_about_one_of_the_same_name(make_folder):
    label = line("x/a.png", "one", folder="batch") + line("y/a.png", "two", folder="batch")
    folder = make_folder(label, ("x/a.png", "y/a.png"))
    (folder / "fileState.txt").write_text("/home/u/batch/x/a.png\t1\n")
    assert list(read(folder, checked_only=True)[0]) == ["batch/x/a.png"]


def test_a_chinese_name_is_checked_in_gb18030_too(make_folder):
    folder = make_folder(line("页 1.png", "one"), ("页 1.png",))
    (folder / "fileState.txt").write_bytes("D:\\数据\\batch\\页 1.png\t1\r\n".encode("gb18030"))
    assert len(read(folder, checked_only=True)[0]) == 1


def test_checked_only_without_filestate_is_refused_and_says_why(folder):
    with pytest.raises(DataError, match="nothing says which pages were checked"):
        read(folder, checked_only=True)


# --- rec_gt.txt


@pytest.mark.parametrize(
    "rows",
    [
        "crop_img/a_crop_0.jpg\tone\ncrop_img/a_crop_1.jpg\ttwo\ncrop_img/b_crop_0.jpg\tthree\n",
        "crop_img/b_crop_0.jpg\tthree\r\ncrop_img/a_crop_0.jpg\tone\r\ncrop_img/a_crop_1.jpg\ttwo",
        "crop_img\\a_crop_1.jpg\ttwo\n",
        "renamed crops/a_crop_1.png\ttwo\n",
        "/home/u/batch/crop_img/a_crop_1.jpg\ttwo\n",
        "crop_img/a_crop_1.jpg two\n",
        "\ufeffcrop_img/a_crop_1.jpg\ttwo\n",
        "crop_img/a_crop_1.jpg\ttwo\ncrop_img/a_crop_1.jpg\ttwo\n",
        "",
    ],
)
def test_crops_with_the_texts_of_their_boxes_are_no_finding(folder, rows):
    (folder / "rec_gt.txt").write_bytes(rows.encode())
    assert read(folder) == ({"batch/a.png": ["one", "two"], "batch/b.png": ["three"]}, [])


@pytest.mark.parametrize(("choice", "kept"), [("label", "two"), ("rec_gt", "2")])
def test_a_text_that_was_corrected_in_one_file_only_is_listed_and_the_option_decides(folder, choice, kept):
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_0.jpg\tone\ncrop_img/a_crop_1.jpg\t2\n")
    texts, findings = read(folder, rec_text=choice)
    assert texts["batch/a.png"] == ["one", kept]
    assert findings == [("L060", 1, 1)]


def test_a_difference_names_both_texts_and_the_row(folder):
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_1.jpg\t2\n")
    (found,) = check_sources([folder]).problems
    assert "'two' and '2' (rec_gt.txt:1); the first counts" in found.message


def test_the_texts_that_count_are_part_of_the_hash_of_the_labels(folder):
    before = read_sources([folder], ReadOptions(rec_text="rec_gt"))[0].labels_sha256
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_1.jpg\t2\n")
    label, rec_gt = (
        read_sources([folder], ReadOptions(rec_text=choice))[0].labels_sha256
        for choice in ("label", "rec_gt")
    )
    assert label == before
    assert rec_gt != before


def test_quotes_and_tabs_in_a_crop_text_are_text(make_folder):
    folder = make_folder(line("a.png", 'say "yes"', "x\ty"))
    (folder / "rec_gt.txt").write_text('crop_img/a_crop_0.jpg\tsay "yes"\ncrop_img/a_crop_1.jpg\tx\ty\n')
    assert read(folder)[1] == []


@pytest.mark.parametrize("text", ["two\nlines", "two\n\nlines", "ends\n"])
def test_a_line_break_that_broke_a_row_is_no_difference(make_folder, text):
    folder = make_folder(line("a.png", text, "next"))
    rows = f"crop_img/a_crop_0.jpg\t{text}\ncrop_img/a_crop_1.jpg\tnext\n"
    (folder / "rec_gt.txt").write_text(rows)
    assert read(folder)[1] == []


def test_boxes_are_counted_as_they_stand_in_the_line_also_behind_a_broken_one(make_folder):
    boxes = [box("one"), {"transcription": "broken", "points": []}, box("two", 40)]
    folder = make_folder(f"batch/a.png\t{json.dumps(boxes)}\n")
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_2.jpg\ttwo\ncrop_img/a_crop_0.jpg\tone\n")
    assert [code for code, _, _ in read(folder)[1]] == ["L041"]


@pytest.mark.parametrize("choice", ["label", "rec_gt"])
def test_two_images_of_one_stem_are_not_mistaken_for_each_other(make_folder, choice):
    folder = make_folder(line("a.png", "png") + line("a.jpg", "jpg"), ("a.png", "a.jpg"))
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_0.jpg\tjpg\n")
    texts, findings = read(folder, rec_text=choice)
    assert texts == {"batch/a.png": ["png"], "batch/a.jpg": ["jpg"]}
    assert findings == [("L064", 1, None), ("L064", 2, None)]


def test_an_unlabelled_image_of_the_same_stem_casts_doubt_on_a_difference(make_folder):
    folder = make_folder(line("a.png", "png"), ("a.png", "a.jpg"))
    (folder / "rec_gt.txt").write_text("crop_img/a_crop_0.jpg\tjpg\n")
    assert read(folder, rec_text="rec_gt") == ({"batch/a.png": ["png"]}, [("L064", 1, None)])


@pytest.mark.parametrize(
    "rows",
    [
        "crop_img/b_crop_0.jpg\told\ncrop_img/b_crop_1.jpg\tthree\n",
        "crop_img/b_crop_0.jpg\told\ncrop_img/b_crop_0.jpg\tthree\n",
    ],
    ids=["more crops than boxes", "one crop twice"],
)
def test_crops_of_an_older_state_of_the_page_are_not_used(folder, rows):
    (folder / "rec_gt.txt").write_text(rows)
    texts, findings = read(folder, rec_text="rec_gt")
    assert texts["batch/b.png"] == ["three"]
    assert findings == [("L064", 2, None)]


def test_crops_of_no_page_are_told_once_with_their_number(folder):
    rows = "crop_img/gone_crop_0.jpg\tx\ncrop_img/renamed by hand.jpg\ty\ncrop_img/b_crop_0.jpg\tthree\n"
    (folder / "rec_gt.txt").write_text(rows)
    (found,) = check_sources([folder]).problems
    assert (found.code, Path(found.file).name) == ("L063", "rec_gt.txt")
    assert "2 rows: 'gone_crop_0' in line 1, 'renamed by hand.jpg' in line 2" in found.message


def test_rows_that_cannot_be_read_are_told_once_with_their_number(folder):
    (folder / "rec_gt.txt").write_bytes(b"a title\n\xff\xff\xff\ncrop_img/b_crop_0.jpg\tthree\n")
    (found,) = check_sources([folder]).problems
    assert (found.code, found.line) == ("L065", 1)
    assert found.message.endswith(": 2 rows")


def test_a_rec_gt_in_gb18030_is_read(make_folder):
    folder = make_folder(line("页.png", "文字"), ("页.png",))
    (folder / "rec_gt.txt").write_bytes("crop_img/页_crop_0.jpg\t文字\n".encode("gb18030"))
    assert read(folder)[1] == []


def test_the_side_files_of_a_real_export_agree(shared: Path):
    folder = shared / "real" / "wire"
    texts, findings = read(folder, checked_only=True, rec_text="rec_gt")
    assert (len(texts), sum(map(len, texts.values()))) == (700, 711)
    # the folder was called train_data when it was labelled
    assert [code for code, _, _ in findings] == ["L021"]


@pytest.mark.parametrize(
    "options", [{"with_unverified": True}, {"checked_only": True}, {"rec_text": "rec_gt"}], ids=str
)
def test_what_only_ppocrlabel_has_is_not_asked_of_other_formats(tmp_path, options):
    (tmp_path / "img_1.jpg").write_bytes(b"")
    (tmp_path / "gt_img_1.txt").write_text("1,2,9,2,9,8,1,8,text\n")
    with pytest.raises(UsageError, match="for folders of PPOCRLabel"):
        read_sources([tmp_path], ReadOptions(format="icdar", **options))
