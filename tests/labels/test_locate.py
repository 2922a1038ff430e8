from __future__ import annotations

import pytest

from ppocr_kit.labels.locate import ImageLocator


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "parent" / "页 1"
    for name in ("a.png", "sub/deep.png", "x/twice.png", "y/twice.png", "B.JPG", "crop_img/crop.png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"image")
    (tmp_path / "secret.png").write_bytes(b"image")
    (tmp_path / "parent" / "other").mkdir()
    (tmp_path / "parent" / "other" / "o.png").write_bytes(b"image")
    return folder


@pytest.mark.parametrize(
    ("key", "found", "code"),
    [
        ("页 1/a.png", "a.png", None),
        ("页 1/sub/deep.png", "sub/deep.png", None),
        ("a.png", "a.png", "L021"),
        ("old name/a.png", "a.png", "L021"),
        ("sub/deep.png", "sub/deep.png", "L021"),
        ("other/o.png", "../other/o.png", "L021"),
        ("./页 1/a.png", "a.png", "L021"),
        ("页 1/../页 1/a.png", "a.png", "L021"),
        ("页 1\\a.png", "a.png", "L023"),
        ("old\\sub\\deep.png", "sub/deep.png", "L021"),
        ("/home/somebody/页 1/a.png", "a.png", "L022"),
        ("D:\\data\\sub\\deep.png", "sub/deep.png", "L022"),
        ("D:/data/a.png", "a.png", "L022"),
        ("\\\\server\\share\\a.png", "a.png", "L022"),
        ("页 1/deep.png", "sub/deep.png", "L024"),
        ("页 1/b.jpg", "B.JPG", "L024"),
        ("页 1/twice.png", None, "L025"),
        ("页 1/none.png", None, "L020"),
        ("页 1/crop.png", None, "L020"),
        ("页 1", None, "L020"),
        ("页 1/", None, "L020"),
        ("..", None, "L026"),
        ("../secret.png", None, "L026"),
        ("页 1/../../secret.png", None, "L026"),
        ("页 1/a\0.png", None, "L020"),
        ("页 1/" + "n" * 5000, None, "L020"),
        ("[1]/a.png", "a.png", "L021"),
    ],
)
def test_a_key_leads_to_its_image_and_the_way_is_told(folder, key, found, code):
    result = ImageLocator(folder).find(key)
    expected = None if found is None else (folder / found).resolve()
    assert (result.path and result.path.resolve(), result.code) == (expected, code)


def test_an_absolute_key_never_leaves_the_folder_even_when_the_file_is_there(folder, tmp_path):
    result = ImageLocator(folder).find(str(tmp_path / "secret.png"))
    assert result.path is None
    assert result.code == "L020"


def test_a_name_with_accents_apart_is_found_under_composed_ones(folder):
    (folder / "caf\u00e9.png").write_bytes(b"image")
    result = ImageLocator(folder).find("页 1/cafe\u0301.png")
    assert result.code in (None, "L024")
    assert result.path is not None and result.path.is_file()
