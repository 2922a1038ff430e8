"""The few kinds of picture that the kit draws of counts, all in one look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ppocr_kit.labels.statistics import Distribution
from ppocr_kit.reports.canvas import Canvas, new_canvas
from ppocr_kit.reports.glyphs import FontChoice, choose_fonts

_WIDTH, _HEIGHT, _DPI = 6.4, 3.3, 150
_ROW_HEIGHT = 0.26
_INK, _MUTED, _GRID = "#1f2a37", "#64748b", "#e2e8f0"
_BAR, _BAR_LIGHT, _MARK = "#2f6cab", "#b7cfe6", "#c2410c"
_MAP_COLOURS = ("#ffffff", "#cfe0f0", "#6ea3d1", "#2f6cab", "#12365e")

_SCORES = ("hmean", "precision", "recall")
_MOST_BARS = 60
# What lies beyond this share of the values is one last bar, so that a stray box does not squeeze the
# others into the first.
_SHOWN_SHARE = 0.99
_MOST_NAME = 28
_HEADROOM = 1.22
_LEAST_SPAN = 8


def draw_histogram(
    title: str,
    found: Distribution,
    x_label: str,
    y_label: str,
    step: float = 1,
    most_bars: int = _MOST_BARS,
) -> Canvas:
    """Draw how often each value occurs, neighbouring values together where there are many.

    Args:
        title: Title.
        found: The values, at least one.
        x_label: What the values are.
        y_label: What is counted.
        step: Distance of neighbouring values.
        most_bars: Bars at most.
    """
    canvas = _open(title, x_label, y_label)
    lefts, counts, width, beyond = bin_counts(found, step, most_bars)
    canvas.axes.bar(lefts, counts, width=width, align="edge", color=_BAR, edgecolor="white", linewidth=0.4)
    if beyond:
        end = lefts[-1] + 2 * width
        canvas.axes.bar([end], [beyond], width=width, align="edge", color=_BAR_LIGHT)
        _annotate(canvas, end + width / 2, beyond, f"{beyond:,} above {lefts[-1] + width - step / 2:g}")
    _frame_histogram(canvas.axes, step)
    return canvas


def _frame_histogram(axes: Any, step: float) -> None:
    """Leave room for words above the bars and beside few of them, and tick whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(0, axes.get_ylim()[1] * _HEADROOM)
    low, high = axes.get_xlim()
    lacking = _LEAST_SPAN * step - (high - low)
    if lacking > 0:
        # but never so far that there is room for what cannot be, such as -1 boxes
        low = max(low - lacking / 2, min(low, -step / 2))
        axes.set_xlim(low, low + _LEAST_SPAN * step)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=step >= 1))
    axes.xaxis.set_major_formatter("{x:,.10g}")


def bin_counts(
    found: Distribution, step: float = 1, most_bars: int = _MOST_BARS
) -> tuple[list[float], list[int], float, int]:
    """Sum a distribution up into at most so many bars of equal width.

    Returns:
        Left edges; counts; the width of a bar; and how many values lie beyond the last bar.
    """
    values = list(found.counts)
    least, most = values[0], _value_at_share(found, _SHOWN_SHARE)
    if values[-1] <= least + 1.5 * (most - least):
        most = values[-1]
    bars = int(round((most - least) / step)) + 1
    together = math.ceil(bars / most_bars)
    width = together * step
    counts = [0] * math.ceil(bars / together)
    beyond = 0
    for value, count in found.counts.items():
        place = int(round((value - least) / step)) // together
        if place < len(counts):
            counts[place] += count
        else:
            beyond += count
    # a bar stands over its value, not beside it
    first = least - step / 2
    return [first + place * width for place in range(len(counts))], counts, width, beyond


def mark_value(canvas: Canvas, value: float, text: str, level: int = 0) -> None:
    """Draw a line at a value of a histogram, with a word about it.

    A value far beside all bars is not drawn: they would be squeezed into a corner.

    Args:
        canvas: The histogram.
        value: Where.
        text: What stands there.
        level: Which row from the top the word goes to, so that two do not lie on each other.
    """
    axes = canvas.axes
    low, high = axes.get_xlim()
    if not low - (high - low) / 2 <= value <= high + (high - low) / 2:
        return
    margin = 0.02 * (high - low)
    low, high = min(low, value - margin), max(high, value + margin)
    axes.set_xlim(low, high)
    axes.axvline(value, color=_MARK, linewidth=1.2, linestyle=(0, (4, 2)))
    right = value < low + 0.65 * (high - low)
    word = axes.annotate(
        text,
        (value, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4 if right else -4, -10 - 12 * level),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=8,
        color=_MARK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )
    word.set_in_layout(False)


def draw_columns(title: str, counts: Mapping[str, int], y_label: str) -> Canvas:
    """Draw one column for each single character."""
    fonts = choose_fonts(counts)
    canvas = _open(title, "", y_label)
    axes = canvas.axes
    places = range(len(counts))
    axes.bar(places, list(counts.values()), color=_BAR, width=0.8)
    names = [fonts.show_character(char) for char in counts]
    spelt = any(len(name) > 1 for name in names)
    axes.set_xticks(places, names)
    _set_fonts(axes.get_xticklabels(), fonts, size=7 if spelt else 10)
    for tick, name in zip(axes.get_xticklabels(), names):
        tick.set_rotation(90 if len(name) > 1 else 0)
    axes.tick_params(axis="x", length=0)
    axes.margins(x=0.01)
    return canvas


def draw_rows(title: str, counts: Mapping[str, int], x_label: str) -> Canvas:
    """Draw one bar for each name, the first at the top."""
    canvas = _open_rows(title, list(counts), x_label)
    axes = canvas.axes
    places = range(len(counts))
    axes.barh(places, list(counts.values()), color=_BAR, height=0.72)
    axes.xaxis.set_major_locator(_whole_numbers())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    for place, count in zip(places, counts.values()):
        axes.annotate(f" {count:,}", (count, place), va="center", fontsize=7, color=_MUTED)
    axes.margins(x=0.1)
    return canvas


def draw_scores(title: str, classes: Mapping[str, Mapping[str, float]]) -> Canvas:
    """Draw hmean as a bar, precision and recall as marks on it, for each class, the first at the top.

    Args:
        title: Title.
        classes: Scores by class, ``precision``, ``recall`` and ``hmean`` from 0 to 1, and how many are
            ``labelled``.
    """
    canvas = _open_rows(title, list(classes), "right: hmean, and in brackets how many are labelled")
    axes = canvas.axes
    places = range(len(classes))
    score = {key: [each.get(key, 0.0) for each in classes.values()] for key in _SCORES}
    axes.barh(places, score["hmean"], color=_BAR_LIGHT, height=0.72, label="hmean")
    for key, marker, area, colour in (("precision", "|", 60, _BAR), ("recall", ".", 36, _MARK)):
        axes.scatter(
            score[key], places, marker=marker, s=area, color=colour, label=key, zorder=3, clip_on=False
        )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(classes) - 0.4, -0.6)
    for place, each in zip(places, classes.values()):
        labelled = f"{each.get('hmean', 0.0):.2f} ({each.get('labelled', 0):,.0f})"
        word = axes.annotate(
            labelled, (1.02, place), xycoords=("axes fraction", "data"), va="center", fontsize=7, color=_MUTED
        )
        word.set_in_layout(True)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=7.5, frameon=False, borderaxespad=0.2
    )
    return canvas


def _open_rows(title: str, names: Sequence[str], x_label: str) -> Canvas:
    """Make a picture with a row for each name, the first at the top."""
    fonts = choose_fonts([*names, "…"])
    canvas = _open(title, x_label, "", max(_HEIGHT / 2, 0.9 + _ROW_HEIGHT * len(names)))
    axes = canvas.axes
    axes.set_yticks(range(len(names)), [_shorten(fonts.show(name)) for name in names])
    _set_fonts(axes.get_yticklabels(), fonts, size=8)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=_GRID)
    axes.spines["bottom"].set_visible(False)
    return canvas


def draw_sizes(title: str, counts: Mapping[tuple[int, int], int]) -> Canvas:
    """Draw a dot for each size of image, larger where more images have it."""
    canvas = _open(title, "width, pixels", "height, pixels")
    axes = canvas.axes
    areas = [min(16 * math.sqrt(count), 400) for count in counts.values()]
    widths, heights = zip(*counts)
    axes.scatter(widths, heights, s=areas, color=_BAR, alpha=0.45, edgecolors="white", linewidths=0.5)
    axes.set_xlim(0, 1.1 * max(widths))
    axes.set_ylim(0, 1.15 * max(heights))
    return canvas


def draw_map(title: str, rows: Sequence[Sequence[float]], ratio: float, label: str) -> Canvas:
    """Draw a page as cells, darker where the value is larger.

    Args:
        title: Title.
        rows: Values by cell, rows from the top of the page.
        ratio: Height of the page by its width.
        label: What the values are.
    """
    from matplotlib.colors import LinearSegmentedColormap

    ratio = min(max(ratio, 0.25), 2.5)
    canvas = _open(title, "", "", min(0.8 + 0.8 * _WIDTH * ratio, 1.25 * _HEIGHT))
    axes = canvas.axes
    colours = LinearSegmentedColormap.from_list("boxes", _MAP_COLOURS)
    shown = axes.imshow(rows, cmap=colours, extent=(0, 1, 1, 0), aspect=ratio, vmin=0)
    canvas.figure.set_layout_engine("compressed")
    axes.grid(visible=False)
    axes.set_xticks([0, 0.5, 1], ["left", "", "right"])
    axes.set_yticks([0, 0.5, 1], ["top", "", "bottom"])
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set(visible=True, color=_MUTED)
    bar = canvas.figure.colorbar(shown, ax=axes, shrink=0.8, pad=0.03)
    bar.set_label(label, fontsize=8, color=_MUTED)
    bar.ax.tick_params(labelsize=7, colors=_MUTED, length=0)
    bar.outline.set_visible(False)
    return canvas


def _open(title: str, x_label: str, y_label: str, height: float = _HEIGHT) -> Canvas:
    """Make a picture with title and quiet axes."""
    canvas = new_canvas((_WIDTH, height), _DPI)
    axes = canvas.axes
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=_INK, pad=10)
    axes.set_xlabel(x_label, fontsize=8.5, color=_MUTED)
    axes.set_ylabel(y_label, fontsize=8.5, color=_MUTED)
    axes.tick_params(labelsize=8, colors=_MUTED)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    axes.set_axisbelow(True)
    axes.grid(visible=True, axis="y", color=_GRID)
    axes.yaxis.set_major_locator(_whole_numbers())
    axes.yaxis.set_major_formatter("{x:,.0f}")
    return canvas


def _whole_numbers() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=6, integer=True)


def _annotate(canvas: Canvas, x: float, y: float, text: str) -> None:
    """Write a small word above a place."""
    canvas.axes.annotate(
        text, (x, y), xytext=(0, 3), textcoords="offset points", fontsize=7, color=_MUTED, ha="center"
    )


def _set_fonts(ticks: Sequence[Any], fonts: FontChoice, size: float) -> None:
    """Give tick labels the fonts; a dollar in them is no start of a formula."""
    for tick in ticks:
        tick.set(fontfamily=list(fonts.families), fontsize=size, color=_INK)
        tick.set_parse_math(False)


def _shorten(name: str) -> str:
    return name if len(name) <= _MOST_NAME else name[: _MOST_NAME - 1] + "…"


def _value_at_share(found: Distribution, share: float) -> float:
    """Return the smallest value below or at which that share of all values lies."""
    passed, total = 0, found.total
    for value, count in found.counts.items():
        passed += count
        if passed >= share * total:
            return value
    return list(found.counts)[-1]
