from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from kie_labels import box, build, by_text, field, line, rows

from ppocr_kit.datasets.manifest import read_dataset
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.labels.kie_window_plan import WindowOptions
from ppocr_kit.labels.link_boxes import digest_boxes
from ppocr_kit.labels.links import Link, Origin
from ppocr_kit.labels.links_file import LinksFile, PageLinks, name_links
from ppocr_kit.labels.sources import read_sources
from ppocr_kit.synth.export import draw_pages
from ppocr_kit.tasks import Split, Task


def entry(result, task):
    return result.manifest["tasks"][task]


def codes(result):
    """Count the findings, but for the order of boxes: lines of these small pictures are 12 pixels high."""
    return {code: count for code, count in result.problems.by_code.items() if code != "L103"}


def test_rows_have_all_that_the_release_reads(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), box("Thanks", "None", 1)))
    result = build(tmp_path, folder)
    ((image, ser),) = rows(result, "ser")
    ((other, re),) = rows(result, "re")
    assert image == other and (result.folder / "ser" / image).read_bytes() == (folder / "a.png").read_bytes()
    assert (result.folder / "re" / image).is_file()
    keys = {"transcription", "label", "points", "id", "linking"}
    assert [set(entity) for entity in ser] == [keys] * 3
    assert [set(entity) for entity in re] == [keys | {"key_cls"}] * 3
    assert by_text(ser, "label") == {"name:": "NAME_Q", "Ada": "NAME_A", "Thanks": "OTHER"}
    assert by_text(re, "label") == {"name:": "question", "Ada": "answer", "Thanks": "other"}
    assert by_text(re, "key_cls") == by_text(ser, "label")
    assert by_text(re, "linking") == {"name:": [[0, 1]], "Ada": [[0, 1]], "Thanks": []}


def test_classes_are_upper_case_with_other_first_and_no_blank_line(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), *field("betrag", "9", 1)))
    result = build(tmp_path, folder)
    written = (result.folder / "ser/classes.txt").read_bytes()
    assert written == b"OTHER\nBETRAG_A\nBETRAG_Q\nNAME_A\nNAME_Q\n"
    assert (result.folder / "re/classes.txt").read_bytes() == b"OTHER\nQUESTION\nANSWER\n"
    assert entry(result, "ser")["num_classes"] == 9 and entry(result, "re")["num_classes"] == 5
    data = read_dataset(result.folder).tasks
    assert data[Task.SER].num_classes == 9 and data[Task.RE].windows is None


def test_classes_and_links_are_counted_by_split(tmp_path):
    drawn = draw_pages(tmp_path / "forms", 20, seed=1, kind="form")
    result = build(tmp_path, drawn.folder, ratio="3:1:1")
    for split in Split:
        entities = [entity for _, page in rows(result, "ser", split) for entity in page]
        counted = entry(result, "ser")["class_counts"][str(split)]
        assert sum(counted.values()) == len(entities)
        assert counted["NAME_Q"] == sum(entity["label"] == "NAME_Q" for entity in entities)
        links = {
            (image, *link)
            for image, page in rows(result, "re", split)
            for one in page
            for link in one["linking"]
        }
        assert entry(result, "re")["links"][str(split)] == {"file": len(links)}
    assert entry(result, "ser")["labelled_as"]["NAME_Q"].keys() == {"name_q"}
    assert set(entry(result, "ser")["labelled_as"]["OTHER"]) == {""}


def test_a_class_of_few_pages_is_in_every_split(tmp_path, make_folder):
    names = tuple(f"p{number}.png" for number in range(20))
    pages = [line(f"batch/{name}", *field("name", name)) for name in names]
    for place in (3, 8, 15):
        pages[place] = line(f"batch/{names[place]}", *field("rare", names[place]))
    result = build(tmp_path, make_folder("".join(pages), names), ratio="8:1:1")
    assert all(counts["RARE_Q"] == 1 for counts in entry(result, "ser")["class_counts"].values())


@pytest.mark.parametrize("unset", ["None", "", None, "other", "IGNORE", "Others"])
def test_what_is_no_class_is_other_and_listed(tmp_path, make_folder, unset):
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), box("Thanks", row=1, key_cls=unset)))
    result = build(tmp_path, folder, tasks=[Task.SER])
    spelling = unset if unset not in ("None", None) else ""
    assert entry(result, "ser")["labelled_as"]["OTHER"] == {spelling: 1}


def test_one_class_in_mixed_case_is_one_and_told(tmp_path, make_folder):
    boxes = [box("a", "Total_Q"), box("b", "total_q", 1), box("c", "TOTAL_A", 0, 1)]
    result = build(tmp_path, make_folder(line("batch/a.png", *boxes)))
    assert (result.folder / "ser/classes.txt").read_text() == "OTHER\nTOTAL_A\nTOTAL_Q\n"
    assert entry(result, "ser")["labelled_as"]["TOTAL_Q"] == {"Total_Q": 1, "total_q": 1}
    assert any("'Total_Q' (1), 'total_q' (1)" in note for note in result.notes)


def test_a_class_that_the_user_did_not_name_becomes_other_and_is_listed(tmp_path, make_folder):
    classes = tmp_path / "classes.txt"
    classes.write_text("name_q\n\nOTHER\nname_a\nNAME_A\nphone_q\n", encoding="utf-8")
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), box("9 EUR", "sum_a", 1)))
    result = build(tmp_path, folder, classes=classes)
    assert (result.folder / "ser/classes.txt").read_text() == "OTHER\nNAME_Q\nNAME_A\nPHONE_Q\n"
    ((_, ser),) = rows(result, "ser")
    assert by_text(ser, "label")["9 EUR"] == "OTHER"
    assert codes(result) == {"L096": 1}
    assert entry(result, "ser")["labelled_as"]["OTHER"] == {"sum_a": 1}
    told = "\n".join(result.notes)
    assert "blank lines were passed over: 2" in told and "repeated, letter case aside: NAME_A" in told
    assert "no box has the class PHONE_Q" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "names none"), (b"OTHER\n\n", "names none"), (b"N\xc3\nX", "not UTF-8"),
        (None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_list_of_classes_that_is_none_is_an_error(tmp_path, make_folder, content, message):
    classes = tmp_path / "classes.txt"
    if content is not None:
        classes.write_bytes(content)
    with pytest.raises(DataError, match=message):
        build(tmp_path, make_folder(line("batch/a.png", *field("name", "Ada"))), classes=classes)


def test_label_and_key_cls_that_differ_are_told_and_key_cls_counts(tmp_path, make_folder):
    boxes = [box("Name", "name_q", label="total_q"), box("Ada", "name_a", 0, 1, label="NAME_A")]
    result = build(tmp_path, make_folder(line("batch/a.png", *boxes)))
    assert codes(result) == {"L095": 1}
    ((_, ser),) = rows(result, "ser")
    assert by_text(ser, "label") == {"Name": "NAME_Q", "Ada": "NAME_A"}


def test_spaces_in_place_of_the_tab_lose_no_page(tmp_path, make_folder):
    text = line("batch/a.png", *field("name", "Ada")).replace("\t", "   ")
    result = build(tmp_path, make_folder(text))
    assert codes(result) == {"L013": 1} and len(rows(result, "re")) == 1


def test_a_link_to_a_box_that_is_not_there_is_left_out_and_listed(tmp_path, make_folder):
    boxes = [
        box("Name", "question", id=1, linking=[[1, 2], [1, 7]]),
        box("Ada", "answer", 0, 1, id=2, linking=[[1, 2]]),
    ]
    result = build(tmp_path, make_folder(line("batch/a.png", *boxes)))
    assert codes(result) == {"L076": 1}
    assert entry(result, "re")["links"]["train"] == {"file": 1}


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ({"transcription": "###"}, {"L053": 1, "L097": 1}),
        ({"transcription": "  "}, {"L052": 1, "L097": 1}),
        ({"difficult": True}, {"L055": 1, "L097": 1}),
        ({"points": [[200, 1], [260, 1], [260, 9], [200, 9]]}, {"L043": 1, "L097": 1}),
        ({"points": None}, {"L041": 1, "L076": 1}),
    ],
)
def test_a_link_to_a_box_that_cannot_be_learnt_is_left_out_and_listed(tmp_path, make_folder, lost, told):
    pair = [
        box("Name", "question", id=1, linking=[[1, 2], [1, 3]]),
        box("Ada", "answer", 0, 1, id=2, linking=[[1, 2]]),
        {**box("Eve", "answer", 1, 1, id=3), **lost},
    ]
    result = build(tmp_path, make_folder(line("batch/a.png", *pair)))
    assert {code: count for code, count in codes(result).items() if code != "L090"} == told
    ((_, re),) = rows(result, "re")
    assert by_text(re, "linking") == {"Name": [[0, 1]], "Ada": [[0, 1]]}


def test_a_box_over_the_edge_stays_between_0_and_1000(tmp_path, make_folder):
    over = box("Ada", "name_a", points=[[40, -5], [140, -5], [140, 20], [40, 20]])
    result = build(tmp_path, make_folder(line("batch/a.png", box("Name", "name_q"), over)))
    assert codes(result) == {"L044": 1}
    ((_, ser),) = rows(result, "ser")
    corners = [corner for entity in ser for corner in entity["points"]]
    assert all(0 <= x <= 100 and 0 <= y <= 60 for x, y in corners)


def test_pages_without_a_pair_are_in_ser_alone_and_listed(tmp_path, make_folder):
    pages = [line("batch/a.png", *field("name", "Ada")), line("batch/b.png", box("Name", "name_q"))]
    result = build(tmp_path, make_folder("".join(pages), ("a.png", "b.png")))
    assert len(rows(result, "ser")) == 2 and len(rows(result, "re")) == 1
    assert codes(result) == {"L099": 1}
    skipped = [json.loads(row) for row in (result.folder / "skipped.jsonl").read_text().splitlines()]
    assert [(row["code"], row["drops"], row["line"]) for row in skipped] == [("L099", "kie row", 2)]


def test_pages_without_a_text_are_in_no_list_and_told_once(tmp_path, make_folder):
    pages = [line("batch/a.png", *field("name", "Ada")), line("batch/b.png", box("###", "name_q"))]
    pages.append("batch/c.png\t[]\n")
    result = build(tmp_path, make_folder("".join(pages), ("a.png", "b.png", "c.png")))
    assert len(rows(result, "ser")) == len(rows(result, "re")) == 1
    assert codes(result) == {"L017": 1, "L053": 1, "L098": 2}


def test_no_link_anywhere_is_an_error_that_says_how_to_make_some(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", box("Sum", "caption"), box("9", "amount", 0, 1)))
    with pytest.raises(DataError, match="no page has a link") as caught:
        build(tmp_path, folder)
    assert "--pair" in caught.value.hint and "labels link" in caught.value.hint
    result = build(tmp_path, folder, pairs=(("caption", "amount"),))
    assert entry(result, "re")["links"]["train"] == {"pair": 1}


def test_no_class_anywhere_is_an_error(tmp_path, make_folder):
    with pytest.raises(DataError, match="no box has a class"):
        build(tmp_path, make_folder(line("batch/a.png", box("Sum"))), tasks=[Task.SER])


def test_a_proposal_is_never_learnt(tmp_path, make_folder):
    boxes = [*field("name", "Ada"), box("Total:", row=1), box("9 EUR", row=1, column=1)]
    result = build(tmp_path, make_folder(line("batch/a.png", *boxes)))
    assert entry(result, "re")["links"]["train"] == {"naming": 1}


@pytest.mark.parametrize(
    ("settings", "at"),
    [
        ({"tasks": [Task.DET], "pairs": (("a", "b"),)}, "--pair"),
        ({"tasks": [Task.SER], "pairs": (("a", "b"),)}, "--pair"),
        ({"tasks": [Task.DET], "windows": WindowOptions(256)}, "--max-seq-len or --window-overlap"),
        ({"windows": WindowOptions(8, 0)}, "--max-seq-len"),
        ({"windows": WindowOptions(1024)}, "--max-seq-len"),
        ({"windows": WindowOptions(128, 100)}, "--window-overlap"),
    ],
)
def test_options_that_cannot_be_are_refused(tmp_path, make_folder, settings, at):
    with pytest.raises(UsageError) as caught:
        build(tmp_path, make_folder(line("batch/a.png", *field("name", "Ada"))), **settings)
    assert caught.value.at == at


def test_a_det_and_rec_set_does_not_change_for_classes_and_links(tmp_path):
    drawn = draw_pages(tmp_path / "forms", 6, kind="form")
    plain = build(tmp_path, drawn.folder, tasks=[Task.DET, Task.REC], out="plain")
    both = build(tmp_path, drawn.folder, tasks=list(Task), out="both")
    for name in ("det/train.txt", "rec/train.txt", "rec/dict.txt", "pages.jsonl"):
        assert (plain.folder / name).read_bytes() == (both.folder / name).read_bytes()
    assert "links" not in plain.manifest["sources"][0]


def write_funsd(root):
    """Write a FUNSD folder of one form: a header, a question with two answers, other text."""
    texts = [
        (0, "FORM", "header", [[0, 1]]),
        (1, "Name", "question", [[0, 1], [1, 2], [1, 3]]),
        (2, "Ada", "answer", [[1, 2]]),
        (3, "King", "answer", []),
        (4, "page 1", "other", []),
    ]
    form = [
        {
            "id": number, "text": text, "label": label, "linking": links, "words": [],
            "box": box(text, row=number)["points"][0] + box(text, row=number)["points"][2],
        }
        for number, text, label, links in texts
    ]  # fmt: skip
    for name in ("annotations", "images"):
        (root / name).mkdir(parents=True)
    (root / "annotations/a.json").write_text(json.dumps({"form": form}), encoding="utf-8")
    (root / "images/a.png").write_bytes(
        cv2.imencode(".png", np.full((70, 100, 3), 255, np.uint8))[1].tobytes()
    )
    return root


def test_links_of_funsd_are_kept_one_sided_ones_too_and_those_of_headers_listed(tmp_path):
    result = build(tmp_path, write_funsd(tmp_path / "funsd"))
    assert codes(result) == {"L090": 1, "L091": 1}
    assert entry(result, "re")["links"]["train"] == {"file": 2}
    ((_, re),) = rows(result, "re")
    assert by_text(re, "label") == {
        "FORM": "other", "Name": "question", "Ada": "answer", "King": "answer", "page 1": "other",
    }  # fmt: skip
    assert by_text(re, "linking")["Name"] == [[1, 2], [1, 3]]
    assert (result.folder / "ser/classes.txt").read_text() == "OTHER\nANSWER\nHEADER\nQUESTION\n"


def people_link(folder, *links):
    """Save links as 'labels link' does: pairs of texts."""
    (entry,) = read_sources([folder])[0].pages
    regions = entry.read().page.regions
    place = {region.transcription: region.index for region in regions}
    made = [Link(place[question], place[answer], Origin.PEOPLE) for question, answer in links]
    state = PageLinks(1, True, digest_boxes(regions), name_links(made, regions))
    LinksFile(folder).change("a.png", lambda old: state)


def test_what_people_linked_is_all_that_counts_on_their_pages(tmp_path, make_folder):
    boxes = [*field("name", "Ada"), *field("sum", "9", 1), box("Title", "header", 2), box("8", None, 2, 1)]
    folder = make_folder(line("batch/a.png", *boxes))
    people_link(folder, ("name:", "Ada"), ("name:", "9"), ("Title", "8"))
    result = build(tmp_path, folder)
    assert codes(result) == {}
    assert entry(result, "re")["links"]["train"] == {"people": 3}
    ((_, re),) = rows(result, "re")
    assert by_text(re, "linking") == {
        "name:": [[0, 1], [0, 3]], "Ada": [[0, 1]], "sum:": [], "9": [[0, 3]],
        "Title": [[4, 5]], "8": [[4, 5]],
    }  # fmt: skip
    assert by_text(re, "label")["Title"] == "question" and by_text(re, "label")["8"] == "answer"
    assert result.manifest["sources"][0]["links"]["pages"] == 1


def test_a_link_of_people_that_makes_a_question_an_answer_is_listed(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), *field("sum", "9", 1)))
    people_link(folder, ("name:", "Ada"), ("Ada", "9"))
    result = build(tmp_path, folder)
    assert codes(result) == {"L091": 1}
    assert entry(result, "re")["links"]["train"] == {"people": 1}


def test_pages_that_people_linked_and_the_labels_lost_are_told(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada")))
    people_link(folder, ("name:", "Ada"))
    (folder / "a.png").rename(folder / "b.png")
    (folder / "Label.txt").write_text(line("batch/b.png", *field("name", "Ada")), encoding="utf-8")
    result = build(tmp_path, folder)
    assert codes(result) == {"L094": 1} and entry(result, "re")["links"]["train"] == {"naming": 1}


def test_damaged_links_stop_the_build(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada")))
    (folder / "links.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="no file of links"):
        build(tmp_path, folder)
    assert len(rows(build(tmp_path, folder, tasks=[Task.SER]), "ser")) == 1


def test_a_page_that_vi_layoutxlm_reads_in_another_order_is_told(tmp_path, make_folder):
    folder = make_folder(line("batch/a.png", *field("name", "Ada"), *field("sum", "9", 1)))
    assert build(tmp_path, folder).problems.by_code["L103"] == 1


def test_a_list_in_which_nothing_can_be_measured_is_told(tmp_path, make_folder):
    pages = [line(f"batch/p{number}.png", *field("name", f"A{number}")) for number in range(3)]
    pages[1] = line("batch/p1.png", box("Q", "x_q"), box("A", "y_a", 0, 1))
    folder = make_folder("".join(pages), ("p0.png", "p1.png", "p2.png"))
    result = build(tmp_path, folder, ratio="1:1:1", stratify=False)
    (where,) = [split for split, links in entry(result, "re")["links"].items() if not links]
    assert f"re has no link in {where}: no score can be measured there" in result.notes


def test_of_copies_the_one_that_people_linked_is_kept(tmp_path, make_folder):
    text = line("one/a.png", *field("name", "Ada"), *field("sum", "9", 1))
    one = make_folder(text, name="one")
    two = make_folder(text.replace("one/", "two/"), name="two")
    people_link(two, ("name:", "Ada"))
    result = build(tmp_path, one, two)
    assert codes(result) == {"L018": 1}
    assert entry(result, "re")["links"]["train"] == {"people": 1}


def test_real_forms_are_linked_by_the_names_of_their_classes(tmp_path, shared):
    result = build(tmp_path, shared / "real/form_1040", ratio="8:1:1", near_duplicates=True)
    links = entry(result, "re")["links"]
    assert sum(sum(origins.values()) for origins in links.values()) == 38
    assert {origin for origins in links.values() for origin in origins} == {"naming"}
    assert (result.folder / "ser/classes.txt").read_text() == "OTHER\nDOCID_A\nDOCID_Q\nNAME_A\nNAME_Q\n"
    assert all(all(counts.values()) for counts in without_other(entry(result, "ser")["class_counts"]))
    assert set(codes(result)) <= {"L092"}


def without_other(class_counts):
    return [
        {name: count for name, count in counts.items() if name != "OTHER"} for counts in class_counts.values()
    ]
