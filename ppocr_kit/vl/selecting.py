"""Which rows a model can learn from: a picture that opens, a prompt, a text, once each."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ppocr_kit.problems import Problem
from ppocr_kit.tasks import Split
from ppocr_kit.text import has_lone_surrogates
from ppocr_kit.vl.candidates import Candidate, PicturePlace, SourceRows
from ppocr_kit.vl.codes import vl_problem
from ppocr_kit.vl.looking import Look, SeenPicture, UnusablePicture
from ppocr_kit.vl.prompts import NEWER_PROMPTS, PROMPTS

_TAUGHT = frozenset({*PROMPTS.values(), *NEWER_PROMPTS.values()})
_SMALLEST = 8
# Tokens that the tokenizers of PaddleOCR-VL take for themselves wherever a text spells them.
_RESERVED = ("<|IMAGE_", "<|begin_of_sentence|>", "<|end_of_sentence|>", "</s>", "<s>", "<unk>")
_REPLACEMENT = "\ufffd"
# Of copies the one that measures stays.
_PREFERENCE = {Split.TEST: 0, Split.VAL: 1, Split.TRAIN: 2, None: 3}

Refuse = Callable[[Problem], None]


@dataclass(frozen=True)
class UsableRow:
    """A row that can be learnt.

    Attributes:
        candidate: What the source said.
        picture: Its picture.
        prompt: What is asked.
        completion: The answer.
        source: Number of its source.
    """

    candidate: Candidate
    picture: SeenPicture
    prompt: str
    completion: str
    source: int

    def problem(self, code: str, detail: str = "") -> Problem:
        """Make a finding about it."""
        return vl_problem(code, self.candidate.file, self.candidate.line, detail)


def select_rows(
    sources: Sequence[SourceRows],
    looks: Mapping[PicturePlace, Look],
    prompt: str | None,
    tell: Refuse,
) -> list[UsableRow]:
    """Return the rows that can be learnt, those of the same picture and prompt once.

    Args:
        sources: All rows.
        looks: Their pictures.
        prompt: Asked where a row has no prompt; None is ``OCR:`` for sources that never have one, and a
            finding for the others.
        tell: Is told all findings; what kind they are says whether the row is left out.
    """
    usable = []
    for number, source in enumerate(sources):
        otherwise = prompt if prompt is not None or source.prompts else PROMPTS["ocr"]
        for candidate in source.candidates:
            row = _check(candidate, looks[candidate.place], number, otherwise, tell)
            if row is not None:
                usable.append(row)
    return _once(usable, tell)


def leave_out_long(rows: Iterable[UsableRow], most: int, tell: Refuse) -> list[UsableRow]:
    """Return the rows whose text has at most so many characters."""
    kept = []
    for row in rows:
        if len(row.completion) > most:
            tell(row.problem("V024", f"{len(row.completion)} characters, more than {most}"))
        else:
            kept.append(row)
    return kept


def _check(
    candidate: Candidate, look: Look, source: int, otherwise: str | None, tell: Refuse
) -> UsableRow | None:
    """Check one row by itself."""
    if isinstance(look, UnusablePicture):
        tell(vl_problem(look.code, candidate.file, candidate.line, look.detail))
        return None
    prompt = candidate.prompt or otherwise
    fault = next(_faults(prompt, candidate.completion), None)
    if fault is not None or prompt is None:
        code, detail = fault or ("V010", "")
        tell(vl_problem(code, candidate.file, candidate.line, detail))
        return None
    row = UsableRow(candidate, look, prompt, candidate.completion, source)
    for code, detail in _remarks(row):
        tell(row.problem(code, detail))
    return row


def _faults(prompt: str | None, completion: object) -> Iterator[tuple[str, str]]:
    """Yield why prompt and text cannot be learnt."""
    if prompt is None:
        yield "V010", ""
    if completion is None:
        yield "V020", ""
    elif not isinstance(completion, str):
        yield "V021", type(completion).__name__
    elif not completion.strip():
        yield "V020", "white space only" if completion else ""
    elif _is_damaged(completion) or _is_damaged(prompt or ""):
        yield "V022", ""
    else:
        said = f"{prompt}\n{completion}"
        yield from (("V012", token) for token in _RESERVED if token in said)


def _is_damaged(text: str) -> bool:
    """Tell half a surrogate pair, the mark of undecodable bytes, and control characters but tab and line."""
    if text.isprintable() and _REPLACEMENT not in text:
        return False
    return (
        has_lone_surrogates(text)
        or _REPLACEMENT in text
        or any(unicodedata.category(char) == "Cc" and char not in "\t\n\r" for char in text)
    )


def _remarks(row: UsableRow) -> Iterator[tuple[str, str]]:
    """Yield what is worth telling of a row that is learnt."""
    if not row.picture.plain:
        yield "V006", ""
    if min(row.picture.width, row.picture.height) < _SMALLEST:
        yield "V007", f"{row.picture.width} x {row.picture.height}"
    if row.prompt not in _TAUGHT:
        yield "V011", repr(row.prompt[:60])
    if row.completion != row.completion.strip():
        yield "V023", ""


def _once(rows: Sequence[UsableRow], tell: Refuse) -> list[UsableRow]:
    """Leave out copies, and all rows that contradict one another."""
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        alike[row.picture.sha256, row.prompt].append(number)
    dropped = set()
    for numbers in alike.values():
        if len(numbers) == 1:
            continue
        first, *others = sorted(
            numbers, key=lambda number: (_PREFERENCE[rows[number].candidate.split], number)
        )
        texts = {rows[number].completion for number in numbers}
        if len(texts) == 1:
            dropped.update(others)
            for number in others:
                tell(rows[number].problem("V030", f"as {rows[first].candidate.shown}"))
        else:
            dropped.update(numbers)
            shown = " and ".join(repr(text[:40]) for text in sorted(texts)[:2])
            for number in numbers:
                tell(rows[number].problem("V031", shown))
    return [row for number, row in enumerate(rows) if number not in dropped]
