"""Time reading an evaluation split 32 pictures at a time beside one at a time, and compare what is read.

    $(ppocr-kit env path vl) benchmarks/vl_evaluating.py [--rows 128] [--rounds 3] [--threads 1]

Runs in the lane ``vl``, offline, on the CPU, in about two minutes. Two models of the real classes answer:

* ``tuned``: the tiny one of ``vl tiny``, trained here until it knows 16 drawn texts of 3 to 40 characters by
  heart, so that answers end where they end in an evaluation, some early, some late;
* ``larger``: 9 million random weights, whose answers all have 24 tokens: computing weighs more than calling.

Timed are, in turn and in every round,

* ``article``: a loop over the rows as notebooks have it: open the picture, ``apply_chat_template``,
  the processor, ``generate`` for the one row, decode;
* ``one``: ``generate_texts(batch_size=1)``;
* ``many``: ``generate_texts(batch_size=32)``.

It ends with 1 when the three do not read the same, or ``many`` is less than 4 times as fast as the loop in
the median of the rounds.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import PaddleOCRVLForConditionalGeneration  # noqa: E402
from transformers.utils import logging  # noqa: E402

from ppocr_kit.vl.engine.collating import Collator  # noqa: E402
from ppocr_kit.vl.engine.encoding import Encoder  # noqa: E402
from ppocr_kit.vl.engine.generation import generate_texts  # noqa: E402
from ppocr_kit.vl.engine.loading import load_model  # noqa: E402
from ppocr_kit.vl.engine.tiny import make_tiny  # noqa: E402

WANTED = 4
PROMPT = "OCR:"
TEXTS, LONGEST = 16, 40
MOST_STEPS = 400
LARGER = {"hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 6}
LARGER_TOKENS = 24


def draw_rows(folder: Path, rows: int) -> list[tuple[Path, str]]:
    """Draw texts of different length, each as often as it takes."""
    source = random.Random(0)
    texts = [
        "".join(
            source.choices(string.ascii_letters + string.digits, k=3 + number * (LONGEST - 3) // (TEXTS - 1))
        )
        for number in range(TEXTS)
    ]
    drawn = []
    for number in range(rows):
        text = texts[number % TEXTS]
        image = Image.new("RGB", (12 + 7 * len(text), 28), "white")
        ImageDraw.Draw(image).text((5, 8), text, fill="black")
        drawn.append((folder / f"{number:05d}.png", text))
        image.save(drawn[-1][0])
    return drawn


def tuned_model(folder: Path, rows: list[tuple[Path, str]]) -> tuple[Any, Any]:
    """Make the tiny model, and teach it the texts until it says them."""
    model, processor = load_model(make_tiny(folder))
    encoder = Encoder(processor)
    pictures = [(Image.open(path).convert("RGB"), text) for path, text in rows[:TEXTS]]
    batch = Collator(processor.tokenizer.pad_token_id)(
        [encoder.encode(image, PROMPT, text) for image, text in pictures]
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for step in range(1, MOST_STEPS + 1):
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            asked = [(image, PROMPT) for image, _ in pictures]
            read = generate_texts(model, processor, asked, max_new_tokens=LONGEST + 4)
            if [one.text for one in read] == [text for _, text in pictures]:
                break
    print(f"tuned: {step} steps, loss {loss.item():.4f}")
    return model.eval(), processor


def larger_model(processor: Any, config: Any) -> Any:
    """Make a network of the same vocabulary and more weights."""
    for part in (config.text_config, config.vision_config):
        for name, value in LARGER.items():
            setattr(part, name, value)
    torch.manual_seed(0)
    model = PaddleOCRVLForConditionalGeneration(config)
    # fresh weights repeat one token for ever; these say different things of different pictures
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))
    model.lm_head.weight.data[processor.tokenizer.eos_token_id] = 0
    return model.eval()


@torch.no_grad()
def read_like_the_article(model: Any, processor: Any, paths: list[Path], most: int) -> list[str]:
    """Ask about one picture after the other."""
    texts = []
    for path in paths:
        image = Image.open(path).convert("RGB")
        content = [{"type": "image", "image": image}, {"type": "text", "text": PROMPT}]
        asked = processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        inputs = processor(text=[asked], images=[image], return_tensors="pt")
        told = model.generate(**inputs, max_new_tokens=most, do_sample=False)
        answer = told[:, inputs["input_ids"].shape[1] :]
        texts.append(processor.tokenizer.batch_decode(answer, skip_special_tokens=True)[0])
    return texts


def timed(work: Callable[[], list[str]]) -> tuple[float, list[str]]:
    """Return the seconds of a piece of work, and its answer."""
    start = time.perf_counter()
    answer = work()
    return time.perf_counter() - start, answer


def measure(
    name: str, model: Any, processor: Any, paths: list[Path], most: int, rounds: int
) -> tuple[float, bool]:
    """Time the three ways in turn and print a line.

    Returns:
        How many times as fast as the article's loop 32 at a time are, and whether all read the same.
    """
    items = [(path, PROMPT) for path in paths]

    def ours(batch_size: int) -> Callable[[], list[str]]:
        def read() -> list[str]:
            told = generate_texts(model, processor, items, batch_size=batch_size, max_new_tokens=most)
            return [one.text for one in told]

        return read

    ways = {
        "article": lambda: read_like_the_article(model, processor, paths, most),
        "one": ours(1),
        "many": ours(32),
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    same = True
    ways["many"]()
    for _ in range(rounds):
        texts = []
        for way, work in ways.items():
            seconds, answer = timed(work)
            spent[way].append(seconds)
            texts.append(answer)
        same = same and texts[0] == texts[1] == texts[2]
    factor = median(slow / fast for slow, fast in zip(spent["article"], spent["many"]))
    alone = median(slow / fast for slow, fast in zip(spent["one"], spent["many"]))
    shown = ", ".join(f"{way} {len(paths) / median(seconds):.1f}/s" for way, seconds in spent.items())
    print(
        f"{name}: {shown}; 32 at a time are {factor:.1f} x the loop and {alone:.1f} x one at a time; "
        f"{len(set(texts[0]))} different texts, {'the same' if same else 'DIFFERENT'}"
    )
    return factor, same


def main() -> int:
    """Measure both models; see the module's docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = draw_rows(folder, options.rows)
        paths = [path for path, _ in rows]
        model, processor = tuned_model(folder / "tiny", rows)
        results = [measure("tuned", model, processor, paths, LONGEST + 4, options.rounds)]
        larger = larger_model(processor, model.config)
        results.append(measure("larger", larger, processor, paths[::2], LARGER_TOKENS, options.rounds))
    slowest = min(factor for factor, _ in results)
    same = all(equal for _, equal in results)
    print(f"least {slowest:.1f} x, wanted {WANTED} x")
    return 0 if same and slowest >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
