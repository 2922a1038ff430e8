"""What of the pretrained weights loads, as a table for people."""

from __future__ import annotations

from ppocr_kit.cli.console import say
from ppocr_kit.runs.weights import WeightMatch
from ppocr_kit.runs.weights_table import list_fates, summarise_parts

_SHOWN = 5


def show_weights(match: WeightMatch) -> None:
    """Draw on stderr what loads by part of the model, and name what does not load and why."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="pretrained weights", title_justify="left", box=None, padding=(0, 2))
    for heading in ("part", "loaded", "carried over", "at random", "of its numbers"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    for part in summarise_parts(match):
        counts = (str(part.loaded), str(part.carried), str(part.random))
        table.add_row(part.part, *counts, f"{part.share:.1%}")
    Console(stderr=True).print(table)
    if match.note:
        say(f"  head         {match.note}")
    if match.transplant is not None and match.transplant.new:
        say(f"  new          {_characters(match.transplant.new)}")
    random = [fate for fate in list_fates(match) if fate.part != "file" and fate.share == 0.0]
    for fate in random[:_SHOWN]:
        say(f"  not loaded   {fate.name}: {fate.fate}")
    if len(random) > _SHOWN:
        say(f"  not loaded   and {len(random) - _SHOWN} more; logs/weights.txt of the run lists all")
    if match.unused:
        say(f"  ignored      {len(match.unused)} tensors of the file that the model has not")


def _characters(characters: tuple[str, ...], most: int = 40) -> str:
    more = f" and {len(characters) - most} more" if len(characters) > most else ""
    return f"{len(characters)} characters start afresh: {' '.join(characters[:most])}{more}"
