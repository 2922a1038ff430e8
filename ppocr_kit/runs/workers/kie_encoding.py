"""Pages as the network reads them: the release's own transforms, window by window.

Each window passes through the transforms as if it were a page of its own, which is what the network
was trained with.

Source: ppocr/data/imaug/label_ops.py@3.7.0 (``VQATokenLabelEncode``), ppocr/data/imaug/vqa/token@3.7.0.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.runs.workers.inspect_kie import size_of
from ppocr_kit.runs.workers.kie_windows import Entity, Page, Window, plan_windows

OTHER, QUESTION, ANSWER = "OTHER", "QUESTION", "ANSWER"
_OF_TOKENS = ("VQA", "Tensorize")
_INPUTS = ("input_ids", "bbox", "attention_mask", "token_type_ids")
# What comes before the first token of a text and behind its last.
_MARKS = 2


@dataclass(frozen=True)
class LaidOut:
    """A page ready to be read.

    Attributes:
        page: The page.
        order: Its entities that have tokens, in reading order.
        windows: The windows over them.
    """

    page: Page
    order: tuple[Entity, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class Row:
    """A window as the network takes it.

    Attributes:
        inputs: Its arrays, in the order of the network's inputs.
        order: Numbers of its entities on the page, as they follow each other in it.
        ends: Where each of them ends, in tokens.
        linkable: Of these numbers the questions and answers, as the network counts them.
    """

    inputs: tuple[Any, ...]
    order: tuple[int, ...]
    ends: tuple[int, ...]
    linkable: tuple[int, ...]


class PageEncoder:
    """Lays pages out and passes their windows through the transforms of an evaluation.

    Attributes:
        pairs: Whether for links (RE) or for classes (SER).
        limit: Tokens of a window.
    """

    def __init__(self, transforms: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> None:
        """Build the transforms.

        Args:
            transforms: Those of an evaluation.
            settings: The section ``Global`` of its configuration.

        Raises:
            ConfigError: They are not those of key information, or the release has no such.
        """
        # a page that is given is labelled, as far as the release knows
        settings = {key: value for key, value in settings.items() if key != "infer_mode"}
        built = _build(transforms, settings, of_tokens=True)
        lengths = [int(step.max_seq_len) for step in built if hasattr(step, "max_seq_len")]
        if not lengths or not hasattr(built[0], "contains_re"):
            raise ConfigError("the transforms are not those of key information", at="Eval.dataset.transforms")
        self._encoder, *self._of_tokens = built
        self._of_pixels = _build(transforms, settings, of_tokens=False)
        self.pairs = bool(self._encoder.contains_re)
        # the release drops an entity of a link that ends with the last token of its window
        self.limit = min(lengths) - self.pairs
        self._lengths: dict[str, int] = {}

    def lay_out(self, page: Page, overlap: int) -> LaidOut:
        """Put a page's entities in reading order and lay them into windows.

        Args:
            page: The page.
            overlap: Tokens that two windows have in common, at most.
        """
        entities = [entity for entity in page.entities if self._length(entity["transcription"])]
        if self._encoder.order_method == "tb-yx":
            from ppocr.data.imaug.vqa.augment import order_by_tbyx

            boxes = [self._encoder.trans_poly_to_bbox(entity["points"]) for entity in entities]
            ordered = order_by_tbyx([{"bbox": box, "place": place} for place, box in enumerate(boxes)])
            entities = [entities[each["place"]] for each in ordered]
        tokens = [self._length(entity["transcription"]) for entity in entities]
        return LaidOut(page, tuple(entities), tuple(plan_windows(tokens, self.limit, overlap)))

    def _length(self, text: str) -> int:
        """Return how many tokens a text has."""
        if text not in self._lengths:
            ids = self._encoder.tokenizer.encode(text)["input_ids"] if text else []
            marks = 0 if self._encoder.add_special_ids else _MARKS
            self._lengths[text] = max(0, len(ids) - marks)
        return self._lengths[text]

    def row(self, page: LaidOut, window: Window, kinds: Mapping[int, str], *, sees: bool) -> Row:
        """Pass a window through the transforms.

        Args:
            page: Its page.
            window: The window.
            kinds: RE: ids to classes; what is neither ``QUESTION`` nor ``ANSWER`` is linked to nothing.
            sees: Whether the network looks at pixels.

        Raises:
            DataError: The picture cannot be read.
        """
        boxes = [
            {
                "transcription": page.order[number]["transcription"],
                "points": page.order[number]["points"],
                "label": role_of(page.order[number], kinds).lower(),
                "id": number,
                "linking": [],
            }
            for number in range(window.begin, window.end)
        ]
        data: Any = {"label": json.dumps(boxes), "image": _pixels(Path(page.page.picture), sees=sees)}
        for step in (self._encoder, *self._of_tokens, *(self._of_pixels if sees else ())):
            data = step(data)
        names = (*_INPUTS, *(("image",) if sees else ()), *(("entities", "relations") if self.pairs else ()))
        infos = data["ocr_info"]
        return Row(
            tuple(data[name] for name in names),
            tuple(info["id"] for info in infos),
            tuple(data["segment_offset_id"]),
            tuple(info["id"] for info in infos if info["label"] != OTHER.lower()),
        )


def role_of(entity: Entity, kinds: Mapping[int, str]) -> str:
    """Return ``QUESTION`` or ``ANSWER``, or ``OTHER`` for any other class of an entity."""
    kind = kinds.get(entity["id"], OTHER).upper()
    return kind if kind in (QUESTION, ANSWER) else OTHER


def _pixels(file: Path, *, sees: bool) -> Any:
    """Return the pixels of a picture, RGB; only something of its size for a network that has no eyes.

    Raises:
        DataError: It cannot be read.
    """
    if not sees:
        size = size_of(file)
        if size is not None:
            return np.broadcast_to(np.uint8(0), (size[1], size[0], 3))
    else:
        content = file.read_bytes() if file.is_file() else b""
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
        if picture is not None:
            return picture[:, :, ::-1]
    raise DataError("the picture cannot be read", at=str(file), hint="name a JPEG or PNG file")


def _build(steps: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], *, of_tokens: bool) -> list[Any]:
    """Build the transforms of tokens, or those of pixels; what decodes and what chooses is left out.

    Raises:
        ConfigError: The release has no such transform.
    """
    from ppocr.data.imaug import create_operators

    chosen = [
        copy.deepcopy(dict(step))
        for step in steps
        if next(iter(step)).startswith(_OF_TOKENS) == of_tokens
        and next(iter(step)) not in ("DecodeImage", "KeepKeys")
    ]
    try:
        return list(create_operators(chosen, dict(settings)))
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"the release cannot make the transforms ({error})", at="Eval.dataset.transforms"
        ) from error
