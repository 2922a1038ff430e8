"""Eight rendered strings as a data set, and jobs that train the tiny model on them."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from transformers.utils import logging

from ppocr_kit.vl.engine.stopping import StopRequest
from ppocr_kit.vl.engine.tiny import make_tiny
from ppocr_kit.vl.engine.training import Job, train
from ppocr_kit.vl.rows import VlRow, write_rows
from ppocr_kit.vl.train_settings import TrainSettings

logging.disable_progress_bar()
logging.set_verbosity_error()

TEXTS = ("Invoice 2041", "Total 18.50", "Köln", "net weight", "No. 7/12", "paid", "Übertrag", "A-17 bis")


def draw(text: str, width: int) -> Image.Image:
    picture = Image.new("RGB", (width, 40), "white")
    ImageDraw.Draw(picture).text((8, 8), text, fill="black", font=ImageFont.load_default(size=20))
    return picture


def make_strings(folder: Path) -> Path:
    """Write pictures, rows and the tiny model; train and val are the same rows."""
    rows = []
    for number, text in enumerate(TEXTS):
        name = f"vl/images/{number}.png"
        picture = draw(text, 20 + 14 * len(text) + 5 * number)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name)
        rows.append(VlRow(name, "OCR:", text, f"page {number}", *picture.size))
    write_rows(folder / "rows.jsonl", rows)
    make_tiny(folder / "tiny")
    return folder


def job(folder: Path, run: Path, *, resume: bool = False, **settings) -> Job:
    # few tokens, because what an untrained model writes does not end
    numbers = {"lr": 3e-3, "batch_size": 8, "eval_steps": 1000, "max_new_tokens": 3, **settings}
    rows = folder / "rows.jsonl"
    return Job(folder / "tiny", folder, rows, rows, run, "cpu", TrainSettings(**numbers), resume=resume)


class Events(list):
    """Collects what a training tells, and does something at a moment of it."""

    def __init__(self, at=None, act=None):
        super().__init__()
        self.at, self.act = at, act

    def __call__(self, event):
        self.append(event)
        if self.at is not None and all(event.get(name) == value for name, value in self.at.items()):
            self.act()


def run_job(made: Job, at=None, act=None, stop=None):
    """Train; return the result and the events."""
    events = Events(at, act)
    return train(made, events, stop or Quiet()), events


class Quiet(StopRequest):
    """A request that leaves pytest's own handlers of signals alone."""

    def listen(self) -> None:
        pass


def losses(run: Path) -> list[float]:
    lines = (run / "logs" / "history.jsonl").read_text().splitlines()
    return [entry["loss"] for entry in map(json.loads, lines) if "loss" in entry]
