"""Pictures of labels: every value is in a bar, every text is drawn, the same numbers give the same PNG."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.configs.label_limits import LineLimits
from ppocr_kit.labels.counting import LabelCounter
from ppocr_kit.labels.placement import place_regions
from ppocr_kit.labels.region import TextRegion
from ppocr_kit.labels.statistics import Distribution, LabelStatistics, TrainingScale
from ppocr_kit.reports.charts import bin_counts, draw_histogram, draw_rows, mark_value
from ppocr_kit.reports.glyphs import FontChoice, choose_fonts
from ppocr_kit.reports.label_plots import PLOT_NAMES, draw_label_plots

# in no font; a missing glyph would be a warning, and warnings are errors in tests
UNDRAWABLE = "\ue123\U000e0fff"


def counted(texts=("ab", "$x^2$", "文字"), classes=("total", "$", UNDRAWABLE * 9)) -> LabelStatistics:
    counter = LabelCounter(scale=TrainingScale("some_model", 640, True, 8.0))
    for line, (text, key_cls) in enumerate(zip(texts, classes), start=1):
        left = 5.0 * line
        points = ((left, 2.0), (left + 40, 2.0), (left + 40, 14.0), (left, 14.0))
        placed, _ = place_regions([TextRegion(text, points, key_cls=key_cls)], 100, 60)
        counter.add("Label.txt", line, (100, 60 + line), placed)
    return counter.finish()


def test_every_picture_is_drawn_and_is_the_same_each_time():
    line = LineLimits("some_model", 2, None, 3.0)
    plots = draw_label_plots(counted(), line)
    assert tuple(plot.name for plot in plots) == PLOT_NAMES
    assert all(plot.png.startswith(b"\x89PNG\r\n") for plot in plots)
    assert draw_label_plots(counted(), line) == plots


def test_the_texts_that_max_text_length_cuts_are_counted():
    plots = {plot.name: plot for plot in draw_label_plots(counted(), LineLimits("m", 2, None, None))}
    assert "max_text_length leaves room for 2: 1 (33.3%) are longer." in plots["text-lengths.png"].remark


def test_without_a_given_length_the_room_of_the_picture_counts():
    plots = {plot.name: plot for plot in draw_label_plots(counted(), LineLimits("m", None, 40, 1.0))}
    assert "m has room for 40: no text is longer." in plots["text-lengths.png"].remark
    assert "3 (100.0%) of the boxes are longer" in plots["aspect-ratios.png"].remark


def test_nothing_is_drawn_of_nothing():
    assert draw_label_plots(LabelCounter().finish()) == ()


def test_pages_without_boxes_give_the_pictures_there_are_numbers_for():
    counter = LabelCounter()
    counter.add("Label.txt", 1, (10, 20), [])
    names = [plot.name for plot in draw_label_plots(counter.finish())]
    assert names == ["boxes-per-page.png", "image-sizes.png"]


@given(
    st.dictionaries(st.integers(0, 5000), st.integers(1, 50), min_size=1, max_size=30),
    st.sampled_from([1, 12, 60]),
    st.sampled_from([1, 0.1]),
)
def test_every_value_is_in_a_bar_or_beyond_the_last(counts, most_bars, step):
    found = Distribution({value * step: counts[value] for value in sorted(counts)})
    lefts, bars, width, beyond = bin_counts(found, step, most_bars)
    assert sum(bars) + beyond == found.total
    assert len(bars) == len(lefts) <= most_bars
    assert beyond <= found.total / 2
    for value in list(found.counts)[:3]:
        place = round((value - lefts[0]) // width)
        assert place >= len(bars) or bars[place] >= found.counts[value]


def test_a_stray_value_does_not_squeeze_the_others():
    found = Distribution({**{float(value): 100 for value in range(20)}, 100_000.0: 1})
    lefts, _, _, beyond = bin_counts(found)
    assert beyond == 1
    assert len(lefts) == 20


@pytest.mark.parametrize("counts", [{0: 1}, {7: 5}, {1: 1, 2: 10**9}])
def test_a_histogram_of_hardly_anything_is_drawn(counts):
    canvas = draw_histogram("few", Distribution(counts), "x", "y")
    mark_value(canvas, 0, "here")
    assert canvas.png()


def test_names_of_any_script_and_length_are_drawn():
    names = {UNDRAWABLE: 1, "$\\frac{": 2, "x" * 500: 3, "عربى": 4, "": 5, "a\nb": 6}
    assert draw_rows("names", names, "boxes").png()


def test_a_character_that_no_font_has_is_written_as_its_code_point():
    fonts = choose_fonts(["ab", UNDRAWABLE])
    assert fonts.show("a" + UNDRAWABLE[0]) == "a[U+E123]"
    assert fonts.show_character(UNDRAWABLE[1]) == "U+E0FFF"


def test_a_character_that_cannot_be_seen_alone_is_written_as_its_code_point():
    fonts = FontChoice(("DejaVu Sans",), frozenset("a \u0301"))
    assert [fonts.show_character(char) for char in "a \u0301"] == ["a", "U+0020", "U+0301"]


def test_statistics_have_no_field_that_pictures_would_miss_silently():
    drawn = {
        "box_heights",
        "training_heights",
        "training_scale",
        "aspect_ratios",
        "text_lengths",
        "characters",
        "classes",
        "boxes_per_page",
        "image_sizes",
        "other_image_sizes",
        "box_places",
    }
    said_on_the_page = {
        "pages",
        "empty_pages",
        "boxes",
        "ignored_boxes",
        "texts",
        "distinct_texts",
        "dictionary",
    }
    assert {field.name for field in dataclasses.fields(LabelStatistics)} == drawn | said_on_the_page
