"""Train and ask PaddleOCR-VL on one GPU in the well-known article's way and in the kit's, side by side.

    python benchmarks/vl_gpu.py                           # one GPU, no network, under 8 minutes
    python benchmarks/vl_gpu.py --device cpu --small      # the same in small, to see whether it runs

Needs torch 2.11, transformers 5.17, accelerate and Pillow, or newer, and this checkout; flash-attn is used
where it is installed. The network is the published one (0.9 B) with random weights, the crops are drawn: 100
to 1,200 pixels wide, 40 to 400 high, with texts of 4 to 120 characters.

``article`` (https://pfcclab.github.io/posts/paddleocr-vl-for-manga): weights in bfloat16, batches of 4 in
random order, four of them a step, processor and search for each batch, scores of the vocabulary for every
token, evaluation of one crop at a time. ``kit``: what ``vl train --batch-size 16`` and ``vl eval`` do:
weights in float32 under bfloat16, rows of like length together, encoded once, scores where there is something
to learn, evaluation 32 at a time. Both train with ``transformers.Trainer`` and the fused AdamW, 16 rows a
step; both answer in bfloat16, 32 new tokens a crop. The first two steps and the first answer are left out.
"""

from __future__ import annotations

import argparse
import gc
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import torch  # noqa: E402
import transformers  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from transformers import (  # noqa: E402
    PaddleOCRVLConfig,
    PaddleOCRVLForConditionalGeneration,
    PaddleOCRVLProcessor,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import (  # noqa: E402
    PaddleOCRVLImageProcessorPil,
)
from transformers.utils import logging  # noqa: E402
from vl_collating import collate_as_the_article  # noqa: E402

from ppocr_kit.vl.engine.collating import Collator  # noqa: E402
from ppocr_kit.vl.engine.encoding import Encoder  # noqa: E402
from ppocr_kit.vl.engine.examples import Examples  # noqa: E402
from ppocr_kit.vl.engine.generation import generate_texts  # noqa: E402
from ppocr_kit.vl.engine.length_order import LengthOrder  # noqa: E402
from ppocr_kit.vl.engine.loading import chosen_attention  # noqa: E402
from ppocr_kit.vl.engine.supervised import supervise_only  # noqa: E402
from ppocr_kit.vl.engine.templates import TEMPLATES, render_question  # noqa: E402
from ppocr_kit.vl.engine.tiny_tokenizers import make_tokenizer  # noqa: E402
from ppocr_kit.vl.rows import VlRow  # noqa: E402

PROMPT = "OCR:"
NEW_TOKENS = 32
UNCOUNTED_STEPS, LEAST_STEPS = 2, 4
SMALL_TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "head_dim": 128,
}
SMALL_VISION = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


@dataclass(frozen=True)
class Limits:
    """What one side may take."""

    device: str
    small: bool
    train_s: float
    answer_s: float
    workers: int


@dataclass
class Count:
    """What was done, and how long it took."""

    rows: int = 0
    tokens: int = 0
    places: int = 0
    seconds: float = 0.0
    memory: float = 0.0
    losses: list[float] = field(default_factory=list)

    def figures(self) -> list[str]:
        """Return rows and tokens a second, the share of padding, and memory."""
        padding = 1 - self.tokens / self.places if self.places else 0.0
        return [
            f"{self.rows / self.seconds:.2f}",
            f"{self.tokens / self.seconds:,.0f}",
            f"{padding:.1%}" if self.places else "",
            f"{self.memory:.1f}" if self.memory else "",
        ]


def draw_rows(folder: Path, count: int, small: bool) -> list[VlRow]:
    """Draw crops with their texts."""
    source = random.Random(0)
    letters = string.ascii_letters + string.digits + "   "
    rows = []
    for number in range(count):
        text = "".join(source.choices(letters, k=source.randrange(4, 24 if small else 121))).strip() or "x"
        size = source.randrange(100, 260 if small else 1201), source.randrange(40, 100 if small else 401)
        image = Image.new("RGB", size, tuple(source.choices(range(180, 256), k=3)))
        ImageDraw.Draw(image).text((4, 4), text, fill="black")
        image.save(folder / f"{number}.png")
        rows.append(VlRow(f"{number}.png", PROMPT, text, str(number), *size))
    return rows


def make_processor(small: bool) -> Any:
    """Return a processor of version 1.0, under whose template the article's search finds its cue."""
    bounds = {"min_pixels": 28 * 28 * 4, "max_pixels": 28 * 28 * 40} if small else {}
    return PaddleOCRVLProcessor(
        image_processor=PaddleOCRVLImageProcessorPil(**bounds),
        tokenizer=make_tokenizer("byte", []),
        chat_template=TEMPLATES["1.0"],
    )


def make_model(processor: Any, limits: Limits, dtype: torch.dtype) -> Any:
    """Return the network with random weights, on the device."""
    tokenizer = processor.tokenizer
    sizes = {"text_config": SMALL_TEXT, "vision_config": SMALL_VISION} if limits.small else {}
    config = PaddleOCRVLConfig(
        text_config=sizes.get("text_config", {}),
        vision_config=sizes.get("vision_config", {}),
        image_token_id=int(tokenizer.image_token_id),
        # as published
        tie_word_embeddings=False,
    )
    for name in ("pad", "bos", "eos"):
        setattr(config.text_config, f"{name}_token_id", int(getattr(tokenizer, f"{name}_token_id")))
    kind = torch.device(limits.device).type
    torch.manual_seed(0)
    with torch.device(limits.device):
        model = PaddleOCRVLForConditionalGeneration._from_config(
            config, attn_implementation=chosen_attention("auto", kind), dtype=dtype
        )
    parameters = sum(weights.numel() for weights in model.parameters())
    print(f"{parameters / 1e6:,.1f} million parameters in {dtype}", flush=True)
    return model.to(limits.device)


class Counting(TrainerCallback):
    """Ends training when its time is over."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.started = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Look at the clock."""
        late = time.monotonic() - self.started > self.limit_s
        control.should_training_stop |= late and state.global_step >= LEAST_STEPS


class CountingTrainer(Trainer):
    """A Trainer that counts rows and tokens of whole steps, after the first ones."""

    def __init__(self, *, order: LengthOrder | None, count: Count, **settings: Any) -> None:
        super().__init__(**settings)
        self.order = order
        self.count = count
        self.last = 0.0

    def _get_train_sampler(self, *args: Any) -> Any:
        return self.order if self.order is not None else super()._get_train_sampler(*args)

    def training_step(self, model: Any, inputs: dict[str, Any], *args: Any) -> Any:
        """Do what Trainer does, and count."""
        tokens, rows = int(inputs["attention_mask"].sum()), len(inputs["input_ids"])
        places = inputs["input_ids"].numel()
        loss = super().training_step(model, inputs, *args)
        # the value is there when the GPU is done
        value = float(loss) * self.args.gradient_accumulation_steps
        now = time.monotonic()
        if self.state.global_step >= UNCOUNTED_STEPS:
            self.count.rows += rows
            self.count.tokens += tokens
            self.count.places += places
            self.count.seconds += now - self.last
            self.count.losses.append(value)
        self.last = now
        return loss


def train(
    model: Any, limits: Limits, collate: Any, data: Any, batch: int, order: LengthOrder | None
) -> Count:
    """Train until the time is over."""
    count = Count()
    forget_peak(limits)
    on_gpu = limits.device != "cpu"
    with tempfile.TemporaryDirectory() as folder:
        trainer = CountingTrainer(
            order=order,
            count=count,
            model=model,
            data_collator=collate,
            train_dataset=data,
            callbacks=[Counting(limits.train_s)],
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=1000,
                per_device_train_batch_size=batch,
                gradient_accumulation_steps=16 // batch,
                learning_rate=1e-5,
                bf16=on_gpu,
                use_cpu=not on_gpu,
                optim="adamw_torch_fused",
                save_strategy="no",
                report_to="none",
                logging_strategy="no",
                disable_tqdm=True,
                remove_unused_columns=False,
                dataloader_num_workers=limits.workers,
                dataloader_persistent_workers=limits.workers > 0,
            ),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    count.memory = peak_gb(limits)
    return count


def answer_as_the_article(model: Any, processor: Any, image: Image.Image) -> str:
    """Ask about one crop."""
    text = render_question(processor, PROMPT)
    inputs = processor(text=[text], images=[image], return_tensors="pt").to(model.device)
    with torch.inference_mode():
        written = model.generate(**inputs, max_new_tokens=NEW_TOKENS, do_sample=False, use_cache=True)
    return str(
        processor.batch_decode(written[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)[0]
    )


def answer(limits: Limits, pictures: list[Image.Image], at_once: int, ask: Callable[[Any], Any]) -> Count:
    """Ask about crops, some at a time, until the time is over."""
    ask(pictures[:at_once])
    forget_peak(limits)
    count = Count()
    started = time.monotonic()
    while time.monotonic() - started < limits.answer_s:
        first = count.rows % max(1, len(pictures) - at_once + 1)
        ask(pictures[first : first + at_once])
        count.rows += at_once
    count.seconds = time.monotonic() - started
    count.tokens = count.rows * NEW_TOKENS
    count.memory = peak_gb(limits)
    return count


def forget_peak(limits: Limits) -> None:
    gc.collect()
    if limits.device != "cpu":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gb(limits: Limits) -> float:
    return torch.cuda.max_memory_allocated() / 1e9 if limits.device != "cpu" else 0.0


def run_article(processor: Any, rows: list[VlRow], folder: Path, limits: Limits) -> tuple[Count, Count]:
    half = torch.bfloat16 if limits.device != "cpu" else torch.float32
    model = make_model(processor, limits, half)
    opened = [(Image.open(folder / row.image).convert("RGB"), row.completion) for row in rows]
    trained = train(model, limits, partial(collate_as_the_article, processor), opened, 4, None)
    model.eval()
    pictures = [image for image, _ in opened]
    ask = lambda part: [answer_as_the_article(model, processor, image) for image in part]  # noqa: E731
    return trained, answer(limits, pictures, 1, ask)


def run_kit(processor: Any, rows: list[VlRow], folder: Path, limits: Limits) -> tuple[Count, Count]:
    model = supervise_only(make_model(processor, limits, torch.float32))
    encoder = Encoder(processor)
    examples = Examples(rows, folder, encoder, kept_bytes=(512 << 20) // max(1, limits.workers))
    order = LengthOrder([examples.length_of(row) for row in rows], 16, seed=0)
    collate = Collator(int(processor.tokenizer.pad_token_id))
    trained = train(model, limits, collate, examples, 16, order)
    if limits.device != "cpu":
        model.to(torch.bfloat16)
    pictures = [Image.open(folder / row.image).convert("RGB") for row in rows]

    def ask(part: list[Image.Image]) -> Any:
        questions = [(image, PROMPT) for image in part]
        return generate_texts(model, processor, questions, batch_size=32, max_new_tokens=NEW_TOKENS)

    return trained, answer(limits, pictures, 32, ask)


def print_table(results: dict[str, tuple[Count, Count]]) -> None:
    heads = ("images/s", "tokens/s", "padding", "peak GB")
    for number, (what, of) in enumerate((("training", "tokens read"), ("answering", "tokens written"))):
        print(f"\n{what} ({of})")
        print(f"{'':10}" + "".join(f"{head:>12}" for head in heads))
        for side, counts in results.items():
            print(f"{side:10}" + "".join(f"{figure:>12}" for figure in counts[number].figures()))
        rates = [counts[number].rows / counts[number].seconds for counts in results.values()]
        print(f"{'times':10}{rates[1] / rates[0]:>12.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description="PaddleOCR-VL on one GPU: the article's way and the kit's.")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--small", action="store_true", help="a small network, small crops and little time")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--train-seconds", type=float)
    parser.add_argument("--answer-seconds", type=float)
    parser.add_argument("--workers", type=int, help="processes that make batches; 4 with a GPU")
    words = parser.parse_args()
    if words.device != "cpu" and not torch.cuda.is_available():
        print("there is no GPU here; --device cpu --small shows whether the script runs", file=sys.stderr)
        return 5
    limits = Limits(
        words.device,
        words.small,
        words.train_seconds or (8 if words.small else 75),
        words.answer_seconds or (4 if words.small else 45),
        (0 if words.device == "cpu" else 4) if words.workers is None else words.workers,
    )
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    name = "cpu" if words.device == "cpu" else torch.cuda.get_device_name(words.device)
    attention = chosen_attention("auto", torch.device(words.device).type)
    print(
        f"{name}; torch {torch.__version__}, transformers {transformers.__version__}, attention {attention}"
    )
    started = time.monotonic()
    processor = make_processor(words.small)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        rows = draw_rows(Path(folder), words.rows or (64 if words.small else 768), words.small)
        for side, run in (("article", run_article), ("kit", run_kit)):
            results[side] = run(processor, rows, Path(folder), limits)
            losses = results[side][0].losses
            print(
                f"{side}: {len(losses)} batches counted, mean loss {sum(losses) / len(losses):.2f}",
                flush=True,
            )
    print_table(results)
    print(f"\n{time.monotonic() - started:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
