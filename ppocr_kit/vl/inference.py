"""Asking a model about many pictures and keeping what it says: ``vl infer``, the first half of ``vl eval``.

Who answers is a model folder in the lane (``local_model.py``) or a server (``server.py``); what is asked
comes from ``questions.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ppocr_kit.errors import DataError
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.storage import sha256_of
from ppocr_kit.vl.pictures import BadPicture, measure_picture
from ppocr_kit.vl.predictions import Prediction, PredictionFile, Question

# Reasons that are told one by one; all stand in the file.
FAILURES_KEPT = 20
Put = Callable[[int, Prediction], None]


class Answerer(Protocol):
    """Something that answers questions about pictures."""

    def settings(self) -> dict[str, Any]:
        """Return what decides the answers, as JSON: another value, other answers."""
        ...

    def answer(self, questions: Sequence[Question], put: Put) -> dict[str, Any]:
        """Answer questions, and hand over each answer with its position as it comes, in any order.

        Returns:
            Facts about the work for people, as JSON.
        """
        ...


@dataclass(frozen=True)
class Inference:
    """How it went.

    Attributes:
        images: Questions asked, one picture each.
        reused: Those of them that an earlier call had answered.
        failed: Pictures without an answer.
        cut_off: Answers that were cut off at the most tokens.
        tokens: Tokens of all new answers.
        seconds: Time that the new answers took, loading the model left out where that is known.
        failures: The first rows with an error.
        facts: What the answerer told.
    """

    images: int
    reused: int
    failed: int
    cut_off: int
    tokens: int
    seconds: float
    failures: tuple[Prediction, ...]
    facts: dict[str, Any]


def infer(
    questions: Sequence[Question],
    answerer: Answerer,
    out: Path,
    *,
    resume: bool = True,
    track: Track = no_progress,
) -> Inference:
    """Answer questions into a JSONL file, in the order of the questions when all is done.

    Args:
        questions: What is asked.
        answerer: Who answers.
        out: The file. What an earlier call of the same model and settings has answered there is kept,
            unless the picture has changed; rows with an error are tried again.
        resume: False to begin anew.
        track: Shows progress, by pictures.

    Raises:
        UsageError: The file is of another model, other settings or other pictures.
        SetupError: The file cannot be written, or a server cannot be used.
        ToolError: The model could not be run.
    """
    with PredictionFile(out, answerer.settings(), resume=resume) as store:
        answered = store.find_answered(questions)
        for position in _changed(questions, answered, track):
            store.forget(position)
            del answered[position]
        count = _Count(list(answered.values()))
        waiting = [position for position in range(len(questions)) if position not in answered]
        progress = iter(track(range(len(waiting)), "reading pictures", len(waiting)) if waiting else ())

        def put(place: int, row: Prediction) -> None:
            position = waiting[place]
            store.add(position, _complete(questions[position], row))
            count.add(row)
            next(progress, None)

        started = time.monotonic()
        facts = _ask(answerer, [questions[position] for position in waiting], put)
        # ends the bar
        next(progress, None)
        result = count.result(len(questions), len(answered), time.monotonic() - started, facts)
        store.finish(questions, {"images": result.images, "failed": result.failed, **facts})
    return result


def _ask(answerer: Answerer, questions: Sequence[Question], put: Put) -> dict[str, Any]:
    """Have those questions answered whose pictures can be opened, as far as the heads of files tell."""
    usable: list[tuple[int, Question]] = []
    for position, question in enumerate(questions):
        try:
            size = question.size or measure_picture(question.path)
        except BadPicture as error:
            put(position, Prediction(question.image, question.prompt, "", error=error.message))
        else:
            usable.append((position, replace(question, size=size)))
    if not usable:
        return {}
    return answerer.answer(
        [question for _, question in usable], lambda place, row: put(usable[place][0], row)
    )


class _Count:
    """Adds up rows as they come."""

    def __init__(self, before: Sequence[Prediction]) -> None:
        self.failed = self.tokens = 0
        self.cut_off = sum(not row.ended for row in before)
        self.failures: list[Prediction] = []

    def add(self, row: Prediction) -> None:
        self.tokens += row.tokens
        if row.error is None:
            self.cut_off += not row.ended
            return
        self.failed += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(row)

    def result(self, images: int, reused: int, seconds: float, facts: dict[str, Any]) -> Inference:
        seconds = float(facts.get("seconds", seconds))
        return Inference(
            images,
            reused,
            self.failed,
            self.cut_off,
            self.tokens,
            round(seconds, 3),
            tuple(self.failures),
            facts,
        )


def _changed(questions: Sequence[Question], answered: dict[int, Prediction], track: Track) -> list[int]:
    """Return the positions whose picture is not the one that was answered."""
    if not answered:
        return []
    return [
        position
        for position in track(sorted(answered), "comparing pictures", len(answered))
        if _sha256(questions[position].path) != answered[position].sha256
    ]


def _complete(question: Question, row: Prediction) -> Prediction:
    """Give a row what the answerer need not know."""
    digest = row.sha256 if row.sha256 or row.error else _sha256(question.path)
    return replace(
        row, image=question.image, prompt=question.prompt, expected=question.expected, sha256=digest
    )


def _sha256(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except DataError:
        return None
