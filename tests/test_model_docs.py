"""docs/models.md has measured every recipe."""

from __future__ import annotations

from pathlib import Path

from ppocr_kit.configs.base import list_models


def test_every_recipe_has_a_measured_row(project: Path) -> None:
    page = (project / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in page.splitlines() if "`" in line]
    measured = {(row[0], row[1]) for row in rows if len(row) == 7 and all(map(is_figure, row[2:]))}
    assert measured == {(str(recipe.task), recipe.name) for recipe in list_models()}


def is_figure(cell: str) -> bool:
    """Tell a figure above nothing from an empty cell."""
    try:
        return float(cell) > 0
    except ValueError:
        return False
