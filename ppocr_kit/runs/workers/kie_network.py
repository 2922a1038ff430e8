"""Classes and links of whole pages: a network, and the release's transforms and decoders around it.

Upstream answers for the first window of a page only. Here a page that is longer is read in windows that
overlap, and an entity that several of them hold takes the answer of the one in which it lies furthest
from the edges.

Source: tools/eval.py, tools/infer_kie_token_ser.py and tools/infer_kie_token_ser_re.py@3.7.0 (order of the
parts).
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.runs.workers.kie_encoding import ANSWER, OTHER, QUESTION, LaidOut, PageEncoder, Row, role_of
from ppocr_kit.runs.workers.kie_loading import Pair, load_kie
from ppocr_kit.runs.workers.kie_windows import Entity, Page, Window, best_window
from ppocr_kit.vendor.compat_kie import TOKENIZER_VARIABLE

# Ids of question and answer, and the probability of the link; None where an exported network does not tell.
Link = tuple[int, int, Optional[float]]
_DECODER = "VQASerTokenLayoutLMPostProcess"


@dataclass(frozen=True)
class EntityTags:
    """What the network says of an entity.

    Attributes:
        entity: The entity.
        tags: The tag of each of its tokens, such as ``B-TOTAL``; ``O`` for tokens that no window holds.
        kind: Its class by the majority of its tokens, as the release's decoder has it.
        score: Mean probability of that class over its tokens, 0 to 1.
    """

    entity: Entity
    tags: tuple[str, ...]
    kind: str
    score: float


class KieNetwork:
    """A network for key information that answers for whole pages."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        """Load the network that a job describes.

        Args:
            job: ``transforms`` and ``postprocess`` of the evaluation, ``settings`` (the section
                ``Global``); ``checkpoint`` (a folder) with ``architecture``, or ``export`` (a folder);
                ``overlap`` (tokens, a quarter of the window by default), ``batch_size`` (windows), ``gpu``,
                ``threads``; ``tokenizer`` (its folder), or the one that the environment names.

        Raises:
            ConfigError: The transforms or the decoder are not those of key information.
            DataError: The files are damaged, or of another model.
            SetupError: There is no GPU.
        """
        if job.get("tokenizer"):
            os.environ[TOKENIZER_VARIABLE] = str(job["tokenizer"])
        self._encoder = PageEncoder(job["transforms"], job["settings"])
        self._decoder = None
        if not self._encoder.pairs:
            self._decoder = _TagDecoder(job["postprocess"], job["settings"])
        self._overlap = int(job.get("overlap", self._encoder.limit // 4))
        self._batch_size = int(job.get("batch_size", 8))
        self._network = load_kie(job, pairs=self._encoder.pairs)

    @property
    def finds_links(self) -> bool:
        """Whether it finds links (RE), and not classes (SER)."""
        return self._encoder.pairs

    @property
    def classes(self) -> tuple[str, ...]:
        """SER: its classes, ``OTHER`` first."""
        return () if self._decoder is None else self._decoder.classes

    def classes_of(self, page: Page) -> dict[int, tuple[str, float]]:
        """Tell the classes of a page's entities: id to class and probability.

        An entity without a token is of class ``OTHER`` with probability 0.

        Raises:
            DataError: The picture cannot be read.
        """
        (found,) = self.tags_of([page])
        answers: dict[int, tuple[str, float]] = {entity["id"]: (OTHER, 0.0) for entity in page.entities}
        answers.update({each.entity["id"]: (each.kind, each.score) for each in found})
        return answers

    def tags_of(self, pages: Iterable[Page]) -> Iterator[list[EntityTags]]:
        """Tell the tags of pages' entities, in reading order; entities without a token are left out.

        Raises:
            DataError: A picture cannot be read.
        """
        decoder = self._decoder
        assert decoder is not None, "a network for links tells no classes"
        laid_out = [self._encoder.lay_out(page, self._overlap) for page in pages]
        nothing: Mapping[int, str] = {}
        asked = ((page, window, nothing) for page in laid_out for window in page.windows)
        answers = (decoder.read(scores, row) for row, scores in self._ask(asked))
        for page in laid_out:
            by_window = [next(answers) for _ in page.windows]
            yield [
                EntityTags(entity, *by_window[best_window(page.windows, number)][number])
                for number, entity in enumerate(page.order)
            ]

    def links_of(self, page: Page, classes: Mapping[int, str]) -> list[Link]:
        """Find the links of a page, in reading order of their questions; an answer may have several.

        Args:
            page: The page.
            classes: Ids to ``QUESTION`` or ``ANSWER``, in any case; entities of other classes are read,
                and never linked.

        Raises:
            DataError: The picture cannot be read.
        """
        return next(self.links_of_pages([(page, classes)]))

    def links_of_pages(self, pages: Iterable[tuple[Page, Mapping[int, str]]]) -> Iterator[list[Link]]:
        """Find the links of several pages, each as :meth:`links_of` does."""
        laid_out = [(self._encoder.lay_out(page, self._overlap), kinds) for page, kinds in pages]
        asked = (
            (page, window, kinds)
            for page, kinds in laid_out
            for window in page.windows
            if _has_pair(page, window, kinds)
        )
        answers = ([_on_page(pair, row.linkable) for pair in pairs] for row, pairs in self._ask(asked))
        for page, kinds in laid_out:
            found: dict[tuple[int, int], float | None] = {}
            for number, window in enumerate(page.windows):
                for question, answer, score in next(answers) if _has_pair(page, window, kinds) else ():
                    if best_window(page.windows, question, answer) == number:
                        found[question, answer] = score
            yield [
                (page.order[question]["id"], page.order[answer]["id"], found[question, answer])
                for question, answer in sorted(found)
            ]

    def _ask(self, asked: Iterable[tuple[LaidOut, Window, Mapping[int, str]]]) -> Iterator[tuple[Row, Any]]:
        """Give the network batches of windows; yield each with what it says."""
        batch: list[Row] = []
        for page, window, kinds in asked:
            batch.append(self._encoder.row(page, window, kinds, sees=self._network.sees))
            if len(batch) == self._batch_size:
                yield from self._run(batch)
                batch = []
        yield from self._run(batch)

    def _run(self, batch: Sequence[Row]) -> Iterator[tuple[Row, Any]]:
        if batch:
            inputs = [np.stack(values) for values in zip(*(row.inputs for row in batch))]
            yield from zip(batch, self._network.run(inputs))


class _TagDecoder:
    """The release's decoder of classes, which also tells tags and probabilities.

    Attributes:
        classes: Its classes, ``OTHER`` first.
    """

    def __init__(self, postprocess: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Build it.

        Raises:
            ConfigError: It is another decoder.
        """
        from ppocr.postprocess import build_post_process

        if postprocess.get("name") != _DECODER:
            raise ConfigError(f"classes are decoded by {_DECODER}", at="PostProcess.name")
        self._decode = build_post_process(copy.deepcopy(dict(postprocess)), dict(settings))
        self._tags: list[str] = list(self._decode.id2label_map.values())
        self.classes = (OTHER, *(tag[2:] for tag in self._tags if tag.startswith("B-")))

    def read(self, scores: Any, row: Row) -> dict[int, tuple[tuple[str, ...], str, float]]:
        """Make tags, class and probability of each entity of a window.

        Args:
            scores: (T, classes) of its tokens.
            row: The window.

        Raises:
            DataError: The network was trained with another list of classes.
        """
        if scores.shape[1] != len(self._tags):
            raise DataError(
                f"the list has {len(self.classes)} classes, and the network tells "
                f"{(scores.shape[1] + 1) // 2} apart",
                hint="the list of classes must be the one that the network was trained with",
            )
        infos: list[dict[str, Any]] = [{} for _ in row.order]
        self._decode(scores[np.newaxis], segment_offset_ids=[row.ends], ocr_infos=[infos])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        found, begin = {}, 0
        for number, info, end in zip(row.order, infos, row.ends):
            inside = slice(begin, min(end, len(scores)))
            tags = [self._tags[best] for best in scores[inside].argmax(axis=1)]
            tags += ["O"] * (end - begin - len(tags))
            kind = info["pred"]
            of_kind = [place for place, tag in enumerate(self._tags) if kind in (tag, tag[2:])]
            score = float(shares[inside][:, of_kind].sum(axis=1).mean())
            found[number] = (tuple(tags), OTHER if kind == "O" else kind, score)
            begin = end
        return found


def one_question_each(links: Iterable[Link]) -> list[Link]:
    """Leave each answer its likeliest question; the first of several where scores do not tell.

    Source: ``VQAReTokenLayoutLMPostProcess._infer`` of ppocr/postprocess@3.7.0, which takes the first.
    """
    best: dict[int, Link] = {}
    for link in links:
        held = best.get(link[1])
        if held is None or (link[2] or 0.0) > (held[2] or 0.0):
            best[link[1]] = link
    return list(best.values())


def _has_pair(page: LaidOut, window: Window, kinds: Mapping[int, str]) -> bool:
    roles = {role_of(entity, kinds) for entity in page.order[window.begin : window.end]}
    return {QUESTION, ANSWER} <= roles


def _on_page(pair: Pair, linkable: Sequence[int]) -> tuple[int, int, float | None]:
    return linkable[pair.question], linkable[pair.answer], pair.score
