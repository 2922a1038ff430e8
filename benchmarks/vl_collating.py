"""Time making training batches beside the well-known article's way, and check that both make the same.

    $(ppocr-kit env path vl) benchmarks/vl_collating.py [--rows 64] [--rounds 9]

Runs in the lane ``vl``, offline, on the CPU, in about a minute. Rows are drawn crops of 200 to 500 pixels
with texts of 3 to 40 characters, four to a batch as in the article; the picture bounds are those of the
published model (384 x 384 to 1536 x 1536 pixels, some 200 tokens a crop). The tokenizer splits into bytes
and the template is 1.0's, the only one under which the article's search finds anything.

``article`` (https://pfcclab.github.io/posts/paddleocr-vl-for-manga, written anew): for every batch the chat
is rendered, the processor of transformers makes patches and tokens of it, and the labels are found by
comparing the ids, one after the other, with those of ``Assistant: ``. ``kit``: rows are encoded when they are
first asked for and kept while memory lasts (``Examples``), and batches are put together from tensors
(``Collator``). CPU time of a row:

* ``collate``: what is done each time a batch is made of rows that the data set hands out;
* ``first pass``: from picture files to batches, nothing known before; opening and resizing is the same
  work on both sides;
* ``later passes``: the same rows once more.

It ends with 1 when a batch differs, or when ``collate`` is less than 50 times as fast.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import PaddleOCRVLProcessor  # noqa: E402
from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import (  # noqa: E402
    PaddleOCRVLImageProcessorPil,
)
from transformers.utils import logging  # noqa: E402

from ppocr_kit.vl.engine.collating import Collator  # noqa: E402
from ppocr_kit.vl.engine.encoding import IGNORED, Encoder  # noqa: E402
from ppocr_kit.vl.engine.examples import Examples  # noqa: E402
from ppocr_kit.vl.engine.templates import TEMPLATES  # noqa: E402
from ppocr_kit.vl.engine.tiny_tokenizers import make_tokenizer  # noqa: E402
from ppocr_kit.vl.rows import VlRow  # noqa: E402

WANTED = 50
BATCH = 4
PROMPT, CUE = "OCR:", "Assistant: "
Batch = dict[str, torch.Tensor]


def draw_rows(folder: Path, count: int) -> list[VlRow]:
    """Draw crops with their texts."""
    source = random.Random(0)
    rows = []
    for number in range(count):
        text = "".join(source.choices(string.ascii_letters + string.digits + " ", k=source.randrange(3, 41)))
        size = source.randrange(200, 500), source.randrange(200, 500)
        image = Image.effect_noise(size, 40).convert("RGB")
        ImageDraw.Draw(image).text((8, 8), text, fill="black")
        image.save(folder / f"{number}.png")
        rows.append(VlRow(f"{number}.png", PROMPT, text, str(number), *size))
    return rows


def open_rows(folder: Path, rows: Sequence[VlRow]) -> list[tuple[Image.Image, str]]:
    """Open pictures as a data set of images does."""
    return [(Image.open(folder / row.image).convert("RGB"), row.completion) for row in rows]


def collate_as_the_article(processor: Any, rows: Sequence[tuple[Image.Image, str]]) -> Batch:
    """Make a batch by rendering, processing and searching."""
    chats = [
        [
            {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": PROMPT}]},
            {"role": "assistant", "content": [{"type": "text", "text": text}]},
        ]
        for _, text in rows
    ]
    batch = processor(
        text=processor.apply_chat_template(chats, tokenize=False),
        images=[image for image, _ in rows],
        padding=True,
        pad_to_multiple_of=8,
        padding_side="right",
        return_tensors="pt",
        add_special_tokens=False,
    )
    labels = batch["input_ids"].clone()
    labels[batch["attention_mask"] == 0] = IGNORED
    cue = processor.tokenizer.encode(CUE, add_special_tokens=False)
    for number, ids in enumerate(batch["input_ids"]):
        for start in range(len(ids) - len(cue) + 1):
            if all(ids[start + place] == cue[place] for place in range(len(cue))):
                labels[number, : start + len(cue)] = IGNORED
                break
        else:
            labels[number, :] = IGNORED
    return {**batch, "labels": labels}


def seconds_of(batches: Callable[[], Iterable[Any]], rounds: int) -> float:
    """Return the least CPU seconds of making batches, each of which is let go as in training."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in batches():
            pass
        least = min(least, time.process_time() - start)
    return least


def in_batches(rows: Sequence[Any]) -> list[Sequence[Any]]:
    return [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]


def same(one: Batch, other: Batch) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def compare(folder: Path, count: int, rounds: int) -> int:
    """Time both ways and print the table; return the exit code."""
    rows = draw_rows(folder, count)
    processor = PaddleOCRVLProcessor(
        image_processor=PaddleOCRVLImageProcessorPil(),
        tokenizer=make_tokenizer("byte", []),
        chat_template=TEMPLATES["1.0"],
    )
    encoder, collator = Encoder(processor), Collator(processor.tokenizer.pad_token_id)
    known = Examples(rows, folder, encoder, kept_bytes=1 << 34)
    handed_out = [known[position] for position in range(count)]
    opened = open_rows(folder, rows)

    def kit(examples: Examples) -> Iterator[Batch]:
        return (collator([examples[place] for place in part]) for part in in_batches(range(count)))

    def article() -> Iterator[Batch]:
        return (collate_as_the_article(processor, open_rows(folder, part)) for part in in_batches(rows))

    def collated_by_article() -> Iterator[Batch]:
        return (collate_as_the_article(processor, part) for part in in_batches(opened))

    def collated_by_kit() -> Iterator[Batch]:
        return (collator(part) for part in in_batches(handed_out))

    equal = all(same(one, other) for one, other in zip(collated_by_article(), collated_by_kit()))
    theirs, ours = seconds_of(collated_by_article, rounds), seconds_of(collated_by_kit, rounds)
    whole = seconds_of(article, rounds)
    first = seconds_of(lambda: kit(Examples(rows, folder, encoder, kept_bytes=0)), rounds)
    later = seconds_of(lambda: kit(known), rounds)

    tokens = sum(row.length for row in handed_out) / count
    print(f"{count} rows in batches of {BATCH}, {tokens:.0f} tokens each; CPU ms of a row, least of {rounds}")
    print(f"{'':14}{'article':>10}{'kit':>10}{'times':>8}")
    for name, slow, quick in (
        ("collate", theirs, ours),
        ("first pass", whole, first),
        ("later passes", whole, later),
    ):
        print(f"{name:14}{slow / count * 1e3:10.2f}{quick / count * 1e3:10.3f}{slow / quick:8.1f}")
    print("the batches are the same, bit by bit" if equal else "the batches DIFFER")
    return 0 if equal and theirs / ours >= WANTED else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Time making training batches beside the article's way.")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), arguments.rows, arguments.rounds)


if __name__ == "__main__":
    sys.exit(main())
