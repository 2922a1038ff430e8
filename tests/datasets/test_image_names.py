from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.datasets.image_names import ImageNames


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("page 1.jpg", "page 1.jpg"),
        ("页面.PNG", "页面.PNG"),
        ("a\tb\nc.jpg", "a_b_c.jpg"),
        ('what?<is>:"this"|*\\.jpg', "what__is___this____.jpg"),
        ("NUL.jpg", "_NUL.jpg"),
        ("com1.x.jpg", "_com1.x.jpg"),
        ("a. .jpg", "a.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("x" * 240 + ".jpg", "x" * 200 + ".jpg"),
    ],
)
def test_names_are_what_every_system_takes(path, name):
    assert ImageNames().take(Path(path)) == name


def test_images_of_one_stem_get_their_folder_in_front_and_then_a_number():
    names = ImageNames()
    paths = ["s/a.png", "s/a.jpg", "t/A.jpg", "s/a.bmp", "u/s_a.png"]
    assert [names.take(Path(path)) for path in paths] == [
        "a.png",
        "s_a.jpg",
        "t_A.jpg",
        "s_a_2.bmp",
        "u_s_a.png",
    ]
    assert names.changed == 4


@given(st.lists(st.text(min_size=1, max_size=12), max_size=12))
def test_no_two_images_share_a_stem_and_no_name_leads_anywhere(stems):
    names = ImageNames()
    taken = [names.take(Path("x") / f"{stem}.jpg".replace("/", "-").replace("\0", "-")) for stem in stems]
    assert len({Path(name).stem.casefold() for name in taken}) == len(taken)
    assert all(not any(char in "\t\n/\\:" for char in name) and name not in (".", "..") for name in taken)
