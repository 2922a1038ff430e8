"""One crop and its text as the model reads them: token ids, labels, patches.

Question and answer are tokenised apart and joined as ids, so that the labels are exactly the answer and
the end token, whatever the template says and whatever the tokenizer merges. Searching the joined ids for
``Assistant: `` finds nothing under the templates from 1.5 on, and nothing where a tokenizer joins the
space with the next word: the loss is then 0 and training changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.loading import PICTURE_TOKENS
from ppocr_kit.vl.engine.templates import render_question, require_end

# What the loss leaves out, as torch's cross entropy has it.
IGNORED = -100
# Where the levels of red, green and blue begin in a table of all of them.
_CHANNELS = np.arange(3, dtype=np.int32).reshape(1, 3, 1, 1) * 256
# The image processor refuses anything longer.
MAX_ASPECT = 200
# Ids before the picture and after it.
_Question = tuple[list[int], list[int]]


@dataclass(frozen=True)
class Encoded:
    """A row as tensors, L tokens and N patches.

    Attributes:
        input_ids: ``(L,)`` int64: question, answer, end token; without an answer the question alone.
        labels: ``(L,)`` int64, -100 on the question; None without an answer.
        mm_token_type_ids: ``(L,)`` int64, 1 where the picture stands.
        pixel_values: ``(N, 3, 14, 14)`` float32, normalised.
        image_grid_thw: ``(1, 3)`` int64: 1, rows and columns of patches.
    """

    input_ids: torch.Tensor
    labels: torch.Tensor | None
    mm_token_type_ids: torch.Tensor
    pixel_values: torch.Tensor
    image_grid_thw: torch.Tensor

    @property
    def length(self) -> int:
        """Number of tokens."""
        return int(self.input_ids.shape[0])

    @property
    def supervised(self) -> int:
        """Number of tokens that the loss counts."""
        return 0 if self.labels is None else int((self.labels != IGNORED).sum())


class Encoder:
    """Turns rows into tensors.

    Args:
        processor: The processor of the model folder.
        max_length: Most tokens of a row, or None for no bound.
        min_pixels: Smaller crops are enlarged to this many pixels; None for the processor's own bound.
        max_pixels: Larger crops are reduced to this many pixels; None for the processor's own bound.
    """

    def __init__(
        self,
        processor: Any,
        *,
        max_length: int | None = None,
        min_pixels: int | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self.processor = processor
        self.max_length = max_length
        self.end_id = require_end(processor)
        self.image_id = int(processor.tokenizer.image_token_id)
        images = processor.image_processor
        self.max_pixels = int(max_pixels or images.size["longest_edge"])
        # what the user asks for wins over the processor's own bounds
        self.min_pixels = int(min_pixels or min(images.size["shortest_edge"], self.max_pixels))
        self.max_pixels = max(self.max_pixels, self.min_pixels)
        self._patch, self._merge = int(images.patch_size), int(images.merge_size)
        self._resample = Image.Resampling(int(images.resample))
        self._levels = _normalised_levels(images)
        self._questions: dict[str, _Question] = {}
        # tokens that steer the model may not come out of a text
        tokenizer = processor.tokenizer
        named = ("unk", "bos", "eos", "pad", "cls")
        self._control = {getattr(tokenizer, f"{name}_token_id") for name in named}
        self._control |= {tokenizer.convert_tokens_to_ids(token) for token in PICTURE_TOKENS}

    def encode(self, image: Image.Image, prompt: str, completion: str | None = None) -> Encoded:
        """Encode one row.

        Args:
            image: The crop, in any mode.
            prompt: What is asked.
            completion: The answer to learn; None to ask only.

        Raises:
            DataError: The row is longer than ``max_length``, the crop more than 200 times as long as wide, or
                the tokenizer cannot say the text.
        """
        pixel_values, grid = self.patches(image)
        ids, start, count = self._question_ids(prompt, grid)
        asked = len(ids)
        if completion is not None:
            ids = [*ids, *self.answer_ids(completion)]
        self._refuse_long(len(ids), asked)
        input_ids = torch.tensor(ids, dtype=torch.int64)
        labels = None
        if completion is not None:
            labels = input_ids.clone()
            labels[:asked] = IGNORED
        types = torch.zeros_like(input_ids)
        types[start : start + count] = 1
        return Encoded(input_ids, labels, types, pixel_values, torch.tensor([[1, *grid]]))

    def answer_ids(self, completion: str) -> list[int]:
        """Return the ids of an answer with the end token.

        A text that spells a control token (``</s>``) is taken letter by letter.

        Raises:
            DataError: The tokenizer has no way to say the text.
        """
        tokenizer = self.processor.tokenizer
        ids: list[int] = tokenizer(completion, add_special_tokens=False)["input_ids"]
        if not self._control.isdisjoint(ids):
            ids = tokenizer(completion, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        if not self._control.isdisjoint(ids):
            raise DataError(
                f"the tokenizer cannot say this text: {completion[:60]!r}",
                hint="leave the row out, or write the text with characters that the model knows",
            )
        return [*ids, self.end_id]

    def count_tokens(self, width: int, height: int, prompt: str, completion: str | None = None) -> int:
        """Return how many tokens a row has, without opening its picture.

        Args:
            width: Of the crop, pixels.
            height: Of the crop, pixels.
            prompt: What is asked.
            completion: The answer, or None.

        Raises:
            DataError: The crop is more than 200 times as long as wide.
        """
        before, after = self._question(prompt)
        rows, columns = self.grid_of(width, height)
        answer = 0 if completion is None else len(self.answer_ids(completion))
        return len(before) + rows * columns // self._merge**2 + len(after) + answer

    def grid_of(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of patches of a crop of this size in pixels.

        Raises:
            DataError: The crop is empty, or more than 200 times as long as wide.
        """
        from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import smart_resize

        if min(width, height) < 1 or max(width, height) > MAX_ASPECT * min(width, height):
            raise DataError(
                f"a crop of {width} x {height} pixels cannot be read: the model takes none that is more than "
                f"{MAX_ASPECT} times as long as wide",
                hint="cut the crop into parts, or leave it out",
            )
        tall, wide = smart_resize(
            height,
            width,
            factor=self._patch * self._merge,
            min_pixels=self.min_pixels,
            max_pixels=self.max_pixels,
        )
        return tall // self._patch, wide // self._patch

    def patches(self, image: Image.Image) -> tuple[torch.Tensor, tuple[int, int]]:
        """Resize a crop, normalise it and cut it into patches.

        Returns:
            ``(N, 3, 14, 14)`` float32, and rows and columns of patches.
        """
        rows, columns = self.grid_of(*image.size)
        size = (columns * self._patch, rows * self._patch)
        picture = image if image.mode == "RGB" else image.convert("RGB")
        pixels = np.asarray(picture if picture.size == size else picture.resize(size, self._resample))
        cut = pixels.reshape(rows, self._patch, columns, self._patch, 3).transpose(0, 2, 4, 1, 3)
        # looking a level up gives the processor's very result, in a fraction of the time of computing it
        levels = cut.reshape(rows * columns, 3, self._patch, self._patch) + _CHANNELS
        return torch.from_numpy(self._levels.take(levels, mode="clip")), (rows, columns)

    def _question_ids(self, prompt: str, grid: tuple[int, int]) -> tuple[list[int], int, int]:
        """Return the ids of a question, where its picture starts and how many tokens it has."""
        before, after = self._question(prompt)
        count = grid[0] * grid[1] // self._merge**2
        return [*before, *[self.image_id] * count, *after], len(before), count

    def _question(self, prompt: str) -> _Question:
        """Tokenise a question once: ids before the picture's place and after it."""
        if prompt not in self._questions:
            # special tokens are the template's business; the tokenizer must not add its own
            tokenizer = self.processor.tokenizer
            ids: list[int] = tokenizer(render_question(self.processor, prompt), add_special_tokens=False)[
                "input_ids"
            ]
            if ids.count(self.image_id) != 1:
                raise DataError(
                    f"a question has {ids.count(self.image_id)} places for a picture, not one",
                    at=f"prompt {prompt!r}",
                    hint="the template must write <|IMAGE_PLACEHOLDER|> once, the prompt must not spell it",
                )
            place = ids.index(self.image_id)
            self._questions[prompt] = (ids[:place], ids[place + 1 :])
        return self._questions[prompt]

    def _refuse_long(self, length: int, asked: int) -> None:
        if self.max_length is not None and length > self.max_length:
            raise DataError(
                f"a row has {length} tokens ({asked} of picture and question), more than {self.max_length}",
                hint="raise --max-length, lower --max-pixels, or leave the row out: nothing is cut",
            )


def _normalised_levels(images: Any) -> np.ndarray[Any, Any]:
    """Return what the image processor makes of the 256 levels of red, green and blue: ``(768,)`` float32."""
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8), (3, 1, 256))
    values = images.rescale(levels, images.rescale_factor) if images.do_rescale else levels
    if images.do_normalize:
        values = images.normalize(values, images.image_mean, images.image_std)
    return np.ascontiguousarray(np.asarray(values, dtype=np.float32).reshape(-1))
