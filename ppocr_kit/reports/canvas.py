"""An empty picture to draw on, and the picture as PNG bytes, the same bytes for the same drawing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Canvas:
    """A picture with one pair of axes.

    Attributes:
        figure: matplotlib's figure.
        axes: Its axes.
    """

    figure: Any
    axes: Any

    def png(self) -> bytes:
        """Return the picture as PNG, without the program's name in it."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        stream = io.BytesIO()
        canvas: Any = FigureCanvasAgg(self.figure)
        canvas.print_png(stream, metadata={"Software": None})
        return stream.getvalue()


def new_canvas(size_inches: tuple[float, float], dpi: int) -> Canvas:
    """Make an empty picture.

    The object interface needs no display and leaves no global state behind, unlike pyplot.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=size_inches, dpi=dpi, layout="constrained")
    return Canvas(figure, figure.add_subplot())
