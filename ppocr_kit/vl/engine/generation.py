"""Letting PaddleOCR-VL answer about pictures, many at a time.

Questions of like length are answered together, filled up on the left: the next token is written behind
the last column, so what stands there must be the question's end (FACTS: CER 0.50 with filling on the right
where left gives 0.00). No caller can choose the side: questions come as :class:`Encoded` without an
answer, and the collator has one side for those. The choice of the next token is the likeliest one,
whatever ``generation_config.json`` of the model says, so that the same picture gets the same answer alone
and among others.

Source: transformers/models/paddleocr_vl @5.23.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Union

import torch
from PIL import Image

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import Encoded, Encoder
from ppocr_kit.vl.engine.read_ahead import read_ahead
from ppocr_kit.vl.pictures import measure_picture, read_picture

BATCH_SIZE = 32
MAX_NEW_TOKENS = 1024
# Patches of 14 x 14 pixels that one batch may have. The vision tower needs some 20 kB for each in float32:
# five pages of 1536 x 1536 pixels are 1.3 GB, 32 crops of 384 x 384 are far below.
MOST_PATCHES = 1 << 16
# Threads that open and cut pictures while a GPU answers; on a CPU they would take its time away.
_READERS = 4

Question = tuple[Union[Image.Image, Path], str]


@dataclass(frozen=True)
class Generated:
    """What the model said of one picture.

    Attributes:
        text: The answer without its end token; empty when there is an error.
        tokens: Number of tokens of the answer, with the end token.
        ended: Whether the model ended the answer, rather than being cut off at ``max_new_tokens``.
        error: Why there is no answer, or None.
    """

    text: str
    tokens: int
    ended: bool
    error: str | None = None


OnBatch = Callable[[Sequence[tuple[int, Generated]]], None]


def generate_texts(
    model: Any,
    processor: Any,
    items: Sequence[Question],
    *,
    batch_size: int = BATCH_SIZE,
    max_new_tokens: int = MAX_NEW_TOKENS,
    min_pixels: int | None = None,
    max_pixels: int | None = None,
    on_batch: OnBatch = lambda answers: None,
    sizes: Sequence[tuple[int, int]] | None = None,
) -> list[Generated]:
    """Ask a model about pictures.

    The largest come first: when memory does not suffice it shows at once, and the rest goes faster than
    it looked. A batch that does not fit into the memory of the GPU is halved.

    Args:
        model: ``PaddleOCRVLForConditionalGeneration``, also one that is being trained or has LoRA layers;
            its mode is as before afterwards.
        processor: Its processor.
        items: Picture, or the file that has it, and prompt. Files are opened only when their turn comes.
        batch_size: Most pictures at a time.
        max_new_tokens: Most tokens of an answer.
        min_pixels: As for :class:`Encoder`.
        max_pixels: As for :class:`Encoder`.
        on_batch: Told the answers of each batch as it is done, with their positions in ``items``.
        sizes: Width and height of each picture in pixels, where they are known already.

    Returns:
        The answers in the order of ``items``. A picture that cannot be used has an error in place of
        its text.
    """
    answers: dict[int, Generated] = {}

    def take(batch: Sequence[tuple[int, Generated]]) -> None:
        answers.update(batch)
        on_batch(batch)

    generator = Generator(
        model, processor, max_new_tokens=max_new_tokens, min_pixels=min_pixels, max_pixels=max_pixels
    )
    lengths, refused = _measure(generator.encoder, items, sizes)
    if refused:
        take(refused)
    batches = plan_batches(lengths, batch_size)
    with generator.ready():
        for batch, asked in read_ahead(
            lambda position: _ask(generator.encoder, items[position]), batches, generator.readers
        ):
            bad = [(place, one) for place, one in zip(batch, asked) if isinstance(one, Generated)]
            good = [(place, one) for place, one in zip(batch, asked) if isinstance(one, Encoded)]
            told = generator.answer([question for _, question in good])
            take([*bad, *((place, answer) for (place, _), answer in zip(good, told))])
    return [answers[position] for position in range(len(items))]


@dataclass(frozen=True)
class QuestionSize:
    """How large a question is.

    Attributes:
        position: Its place among the questions.
        tokens: Tokens of prompt and picture.
        patches: Patches of the picture.
    """

    position: int
    tokens: int
    patches: int


def plan_batches(sizes: Sequence[QuestionSize], batch_size: int) -> list[list[int]]:
    """Put questions of like length together, the longest first.

    Args:
        sizes: The questions.
        batch_size: Most questions of a batch.

    Returns:
        Positions by batch; a batch has at most ``MOST_PATCHES`` patches, unless it has one question.
    """
    batches: list[list[int]] = []
    patches = 0
    for size in sorted(sizes, key=lambda one: (-one.tokens, -one.patches, one.position)):
        fits = batches and len(batches[-1]) < batch_size and patches + size.patches <= MOST_PATCHES
        if not fits:
            batches.append([])
            patches = 0
        batches[-1].append(size.position)
        patches += size.patches
    return batches


class Generator:
    """A model that answers batches of questions.

    Args:
        model: See :func:`generate_texts`.
        processor: Its processor.
        max_new_tokens: Most tokens of an answer.
        min_pixels: As for :class:`Encoder`.
        max_pixels: As for :class:`Encoder`.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
    ) -> None:
        # LoRA layers stand in the network itself; what wraps it has settings of its own
        self.model = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.tokenizer = processor.tokenizer
        self.encoder = Encoder(processor, min_pixels=min_pixels, max_pixels=max_pixels)
        pad = self.tokenizer.pad_token_id
        self._pad_id = self.encoder.end_id if pad is None else int(pad)
        self._collate = Collator(self._pad_id)
        self._end_ids = _end_ids(self.model, self.encoder.end_id)
        self._max_new_tokens = max_new_tokens

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = next(self.model.parameters()).device
        return device

    @property
    def readers(self) -> int:
        """How many threads shall open pictures while the model answers."""
        return _READERS if self.device.type == "cuda" else 1

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Put the model into the state for answering, and back into its own afterwards."""
        from transformers import GenerationConfig

        own, training = self.model.generation_config, self.model.training
        self.model.generation_config = GenerationConfig(
            max_new_tokens=self._max_new_tokens,
            do_sample=False,
            num_beams=1,
            use_cache=True,
            pad_token_id=self._pad_id,
            eos_token_id=sorted(self._end_ids),
        )
        self.model.eval()
        try:
            # not inference mode: what the network keeps from here may meet a backward pass of training
            with torch.no_grad():
                yield
        finally:
            self.model.generation_config = own
            self.model.train(training)

    def answer(self, questions: Sequence[Encoded]) -> list[Generated]:
        """Answer questions in one batch, inside :meth:`ready`; in smaller ones where memory is short.

        Raises:
            torch.OutOfMemoryError: One question alone is too large for the GPU.
        """
        if not questions:
            return []
        try:
            return self._answer_together(questions)
        except torch.OutOfMemoryError:
            if len(questions) == 1:
                raise
        # only here is what the failed attempt held free again
        torch.cuda.empty_cache()
        middle = (len(questions) + 1) // 2
        return self.answer(questions[:middle]) + self.answer(questions[middle:])

    def _answer_together(self, questions: Sequence[Encoded]) -> list[Generated]:
        batch = {name: tensor.to(self.device) for name, tensor in self._collate(questions).items()}
        asked = batch["input_ids"].shape[1]
        written = self.model.generate(**batch)[:, asked:].tolist()
        return [self._read(ids) for ids in written]

    def _read(self, ids: list[int]) -> Generated:
        """Make a text of the ids up to the first end token."""
        place = next((place for place, one in enumerate(ids) if one in self._end_ids), None)
        ended = place is not None
        text: str = self.tokenizer.decode(ids[:place], skip_special_tokens=True)
        return Generated(text, place + 1 if place is not None else len(ids), ended)


def _measure(
    encoder: Encoder, items: Sequence[Question], known: Sequence[tuple[int, int]] | None
) -> tuple[list[QuestionSize], list[tuple[int, Generated]]]:
    """Return how large the questions are, and those that cannot be asked."""
    sizes: list[QuestionSize] = []
    refused: list[tuple[int, Generated]] = []
    for position, (picture, prompt) in enumerate(items):
        try:
            width, height = known[position] if known is not None else _size_of(picture)
            rows, columns = encoder.grid_of(width, height)
            # tokenises each prompt once, here, so that no thread needs the tokenizer while another decodes
            tokens = encoder.count_tokens(width, height, prompt)
        except DataError as error:
            refused.append((position, _refusal(error)))
        else:
            sizes.append(QuestionSize(position, tokens, rows * columns))
    return sizes, refused


def _size_of(picture: Image.Image | Path) -> tuple[int, int]:
    return picture.size if isinstance(picture, Image.Image) else measure_picture(picture)


def _ask(encoder: Encoder, item: Question) -> Encoded | Generated:
    """Open and encode one picture, or say why that cannot be."""
    picture, prompt = item
    try:
        image = picture if isinstance(picture, Image.Image) else read_picture(picture).image
        return encoder.encode(image, prompt)
    except DataError as error:
        return _refusal(error)


def _refusal(error: DataError) -> Generated:
    return Generated("", 0, False, error.message)


def _end_ids(model: Any, end_id: int) -> frozenset[int]:
    """Return the tokens that end an answer: the template's, and what the model was published with."""
    own = getattr(model.generation_config, "eos_token_id", None)
    more = own if isinstance(own, (list, tuple)) else [own]
    return frozenset({end_id, *(int(one) for one in more if one is not None)})
