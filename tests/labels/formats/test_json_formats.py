from __future__ import annotations

import base64
import json

import pytest
from format_trees import codes_of, read_one, texts_of, write_picture
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import DataError
from ppocr_kit.labels.formats.coco import parse_records, split_document
from ppocr_kit.labels.formats.form_entities import parse_entities, parse_form
from ppocr_kit.labels.formats.labelme import embedded_image, parse_shapes
from ppocr_kit.labels.formats.outlines import polygon, rectangle, sized_rectangle

CORNERS = ((1.0, 2.0), (51.0, 2.0), (51.0, 22.0), (1.0, 22.0))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "box",
                    "text",
                    "points",
                    "bbox",
                    "mask",
                    "label",
                    "id",
                    "linking",
                    "shape_type",
                    "description",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def test_outlines_of_every_notation_are_clockwise_from_the_top_left():
    assert rectangle([51, 22, 1, 2]) == CORNERS
    assert sized_rectangle([1, 2, 50, 20]) == CORNERS
    assert polygon([1, 2, 51, 2, 51, 22, 1, 22]) == CORNERS
    assert polygon([[1, 2], [51, 2], [51, 22], [1, 22]]) == CORNERS


@pytest.mark.parametrize("read", [rectangle, sized_rectangle, polygon])
@pytest.mark.parametrize(
    "value", [None, [], 3, "1,2,3,4", [1, 2, 3], [1, 2, "3", 4], [1, 2, float("nan"), 4], [True, 2, 3, 4]]
)
def test_what_is_no_outline_gives_a_reason(read, value):
    assert isinstance(read(value), str)


class TestCoco:
    def document(self, **annotation):
        return {
            "imgs": {"7": {"id": 7, "file_name": "a.jpg"}},
            "anns": {"1": {"id": 1, "image_id": 7, "bbox": [1, 2, 50, 20], **annotation}},
        }

    def region(self, **annotation):
        (image,) = split_document(self.document(**annotation)).images
        ((region,), findings) = parse_records(image.records)
        assert findings == ()
        return region

    @pytest.mark.parametrize(
        ("annotation", "text", "difficult"),
        [
            ({"utf8_string": "hi", "legibility": "legible"}, "hi", False),
            ({"legibility": "illegible"}, "###", False),
            ({"legibility": "illegible", "utf8_string": ""}, "###", False),
            ({"legibility": "illegible", "utf8_string": "h?"}, "h?", True),
            ({"legibility": "legible"}, "", False),
            ({"text": "hi"}, "hi", False),
            ({"transcription": "hi"}, "hi", False),
            ({"caption": "hi"}, "hi", False),
            ({"attributes": {"transcription": "hi"}}, "hi", False),
            ({"iscrowd": 1}, "###", False),
            ({"utf8_string": ".", "points": [1, 2, 51, 2, 51, 22, 1, 22]}, "###", False),
            ({"utf8_string": ".", "legibility": "legible"}, ".", False),
        ],
    )
    def test_texts_come_from_wherever_the_document_keeps_them(self, annotation, text, difficult):
        region = self.region(**annotation)
        assert (region.transcription, region.difficult, region.points) == (text, difficult, CORNERS)

    @pytest.mark.parametrize(
        "annotation",
        [
            {"mask": [1, 2, 51, 2, 51, 22, 1, 22], "bbox": None},
            {"polygon": [[1, 2, 51, 2, 51, 22, 1, 22]], "bbox": None},
            {"segmentation": [[1, 2, 51, 2, 51, 22, 1, 22]], "bbox": None},
            {"segmentation": {"counts": "x", "size": [1, 1]}},
            {"segmentation": [[1, 2, 3, 4], [5, 6, 7, 8]]},
            {"mask": []},
        ],
    )
    def test_the_polygon_is_used_where_there_is_one_else_the_rectangle(self, annotation):
        assert self.region(**annotation).points == CORNERS

    def test_several_categories_are_classes_and_a_single_one_is_none(self, make_tree):
        document = {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 50, 20], "category_id": 2, "text": "9"}],
            "categories": [{"id": 1, "name": "date"}, {"id": 2, "name": "total"}],
        }
        root = make_tree({"a.json": json.dumps(document)}, ("a.jpg",))
        assert read_one(root).pages[0].read().page.regions[0].key_cls == "total"
        document["categories"].pop(0)
        (root / "a.json").write_text(json.dumps(document))
        assert read_one(root).pages[0].read().page.regions[0].key_cls is None

    def test_regions_and_pictures_that_do_not_fit_together_are_told(self, make_tree):
        document = {
            "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2}, {"id": 1, "file_name": "b.jpg"}, 5],
            "annotations": [
                {"id": 1, "image_id": 1, "bbox": [1, 2, 50, 20], "text": "x"},
                {"id": 2, "image_id": 9, "bbox": [1, 2, 50, 20]},
                {"id": 3, "image_id": 1, "bbox": [1, 2, 50]},
                "no object",
            ],
        }
        root = make_tree({"annotations/a.json": json.dumps(document)}, ("images/a.jpg",))
        source = read_one(root / "annotations/a.json")
        assert codes_of(source) == ["L070", "L070", "L070", "L078", "L078", "L072"]
        assert texts_of(source) == {"a.jpg": ["x"]}

    def test_a_picture_without_regions_is_a_page_without_text(self, make_tree):
        document = {"imgs": {"1": {"file_name": "a.jpg"}}, "anns": {}}
        source = read_one(make_tree({"a.json": json.dumps(document)}, ("a.jpg",)))
        assert codes_of(source) == ["L017"]

    def test_a_missing_picture_is_told(self, make_tree):
        source = read_one(make_tree({"a.json": json.dumps(self.document())}))
        assert (codes_of(source), source.lines, len(source.pages)) == (["L020"], 1, 0)


class TestLabelme:
    def shape(self, **changes):
        shape = {"label": "text", "points": [[1, 2], [51, 22]], "shape_type": "rectangle", "flags": {}}
        return {**shape, **changes}

    def parse(self, *shapes):
        return parse_shapes(json.dumps({"shapes": list(shapes)}).encode())

    def test_rectangles_of_two_corners_and_polygons_carry_their_label_as_text(self):
        polygon = [[1, 2], [51, 2], [51, 22], [1, 22]]
        regions, findings = self.parse(
            self.shape(),
            self.shape(shape_type="polygon", points=polygon),
            self.shape(shape_type="rectangle", points=polygon),
            {"label": "text", "points": polygon},
        )
        assert findings == ()
        assert {(region.transcription, region.points) for region in regions} == {("text", CORNERS)}

    def test_where_shapes_have_descriptions_they_are_the_texts_and_labels_the_classes(self):
        regions, _ = self.parse(
            self.shape(label="total", description="9.00"), self.shape(label="other", description="")
        )
        assert [(region.transcription, region.key_cls) for region in regions] == [
            ("9.00", "total"),
            ("", "other"),
        ]

    @pytest.mark.parametrize("kind", ["point", "circle", "line", "linestrip", "mask", 5])
    def test_shapes_that_are_no_outline_are_left_out_and_told(self, kind):
        assert self.parse(self.shape(shape_type=kind))[1][0][:2] == ("L073", 0)

    @pytest.mark.parametrize("shape", [3, {}, {"points": "x"}, {"points": [[1, 2]], "label": "a"}])
    def test_broken_shapes_are_left_out_and_told(self, shape):
        regions, findings = self.parse(shape, self.shape())
        assert len(regions) == 1
        assert [finding[:2] for finding in findings] == [("L072", 0)]

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"shapes": 3}', b"\xff\xff\xff", b"[" * 100000])
    def test_a_file_that_is_no_document_costs_its_page_only(self, content):
        regions, findings = parse_shapes(content)
        assert regions is None
        assert [code for code, _, _ in findings] == ["L070"]

    def test_the_picture_is_found_by_its_path_when_it_is_not_called_like_the_file(self, make_tree):
        document = json.dumps({"shapes": [self.shape()], "imagePath": "..\\images\\page 1.jpg"})
        root = make_tree({"json/a.json": document}, ("images/page 1.jpg",))
        assert texts_of(read_one(root / "json")) == {"page 1.jpg": ["text"]}

    def test_a_path_out_of_the_folder_is_not_followed(self, make_tree, tmp_path):
        write_picture(tmp_path.parent / "outside.jpg")
        document = json.dumps({"shapes": [self.shape()], "imagePath": "../../../outside.jpg"})
        source = read_one(make_tree({"json/a.json": document, "json/b.json": document}))
        assert set(codes_of(source)) == {"L020"}

    def test_a_picture_inside_the_file_is_told_and_taken_out_on_request(self, make_tree, tmp_path):
        write_picture(tmp_path / "p.png")
        picture = (tmp_path / "p.png").read_bytes()
        data = base64.b64encode(picture).decode()
        document = json.dumps({"shapes": [self.shape()], "imagePath": "gone.png", "imageData": data})
        root = make_tree({"a.json": document})
        assert codes_of(read_one(root)) == ["L077"]
        source = read_one(root, embedded_to=tmp_path / "taken")
        assert source.pages[0].path.read_bytes() == picture
        assert sorted(path.name for path in root.iterdir()) == ["a.json"]

    @pytest.mark.parametrize("data", [None, "", 3, "no base64!", base64.b64encode(b"no picture").decode()])
    def test_what_is_no_picture_inside_a_file_is_not_used(self, data):
        assert embedded_image(json.dumps({"imageData": data}).encode()) is None


class TestForms:
    def entity(self, **changes):
        return {"box": [1, 2, 51, 22], "text": "k:", "label": "question", "id": 0, "linking": [], **changes}

    def test_entities_keep_label_id_and_links(self):
        regions, findings = parse_entities(
            [self.entity(linking=[[0, 1], [0, 1]]), self.entity(id=1, text="v", label="answer")]
        )
        assert findings == ()
        assert [(r.transcription, r.key_cls, r.id, r.linking) for r in regions] == [
            ("k:", "question", 0, ((0, 1),)),
            ("v", "answer", 1, ()),
        ]
        assert regions[0].points == CORNERS

    def test_broken_entities_and_loose_links_are_told_and_the_rest_kept(self):
        regions, findings = parse_entities(
            [
                self.entity(linking=[[0, 9], [0], "x", [0, 1]]),
                5,
                self.entity(id=1, box=[1, 2]),
                self.entity(id=1),
            ]
        )
        assert [(region.id, region.linking) for region in regions] == [(0, ((0, 1),)), (1, ())]
        assert sorted(finding[:2] for finding in findings) == [
            ("L072", 1),
            ("L072", 2),
            ("L076", 0),
            ("L076", 0),
            ("L076", 0),
        ]

    def test_funsd_is_read_from_annotations_and_images(self, make_tree):
        files = {
            f"{split}/annotations/{split}.json": json.dumps({"form": [self.entity(text=split)]})
            for split in ("training_data", "testing_data")
        }
        root = make_tree(
            files, ("training_data/images/training_data.png", "testing_data/images/testing_data.png")
        )
        source = read_one(root)
        assert source.format == "funsd"
        assert texts_of(source) == {
            "training_data.png": ["training_data"],
            "testing_data.png": ["testing_data"],
        }
        assert codes_of(source) == []

    def test_xfund_pages_are_found_in_a_folder_of_the_document(self, make_tree):
        page = {"id": "zh_0", "document": [self.entity()], "img": {"fname": "zh_0.jpg"}}
        broken = [{"document": []}, 5, {**page, "img": {"fname": "zh_1.jpg"}, "document": {}}]
        document = json.dumps({"lang": "zh", "documents": [page, *broken]})
        root = make_tree({"zh.train.json": document}, ("zh.train/zh_0.jpg", "zh.train/zh_1.jpg"))
        source = read_one(root)
        assert source.format == "xfund"
        assert codes_of(source) == ["L070", "L070", "L070"]
        assert [entry.read().usable for entry in source.pages] == [True, False]
        assert (source.lines, len(source.pages)) == (4, 2)

    def test_a_form_without_entities_is_no_form(self):
        assert parse_form(b"{}")[0] is None


@given(ANY_JSON)
def test_any_value_in_a_list_of_regions_is_read_or_told(value):
    entities, told = parse_entities([value])
    assert len(entities or ()) + bool(told) >= 1
    shapes, told = parse_shapes(json.dumps({"shapes": [value]}).encode())
    assert len(shapes or ()) + bool(told) >= 1
    document = split_document(
        {"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1, "x": value}, value]}
    )
    regions, told = parse_records(document.images[0].records)
    assert len(regions) + len(told) + len(document.findings) >= 2


def test_a_document_that_is_broken_is_told(make_tree):
    root = make_tree({"a.json": '{"imgs": {}, "anns": {'})
    assert codes_of(read_one(root)) == ["L070"]
    with pytest.raises(DataError, match="no such folder"):
        read_one(root / "none", format="coco")
