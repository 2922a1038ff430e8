"""Draw a form or a receipt: questions, their answers, other text, and which belongs to which.

Classes are named as annotators name them in PPOCRLabel's key information mode: ``total_q`` for the
printed question, ``total_a`` for what was filled in, none for other text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ppocr_kit.geometry import Image
from ppocr_kit.synth.page import DrawnPage, DrawnText, add_noise, draw_paper, place_word

QUESTION, ANSWER = "q", "a"

_WIDTH, _HEIGHT = 480, 720
_MARGIN = 24
_LINE = 30
_SIZES = (15, 16, 17, 18)
_TITLE_SIZE = 24

_FIRST = ("Ada", "Carl", "Emmy", "Grace", "Ivan", "Joan", "Kurt", "Linus", "Maria", "Noor", "Omar", "Thomas")
_LAST = ("Berg", "Chen", "Diaz", "Evans", "Gauss", "Hopper", "Kim", "Lovelace", "Novak", "Okafor", "Sato")
_STREETS = ("Mill Lane", "High Street", "Station Road", "Elm Avenue", "Park Row", "Harbour Way")
_TOWNS = ("Ashford", "Brookfield", "Easton", "Hillview", "Milton", "Westport")
_TITLES = ("RECEIPT", "INVOICE", "ORDER FORM", "APPLICATION", "DELIVERY NOTE", "REGISTRATION")
_REMARKS = (
    "Please write clearly",
    "Thank you for your visit",
    "For office use only",
    "See the back of this page",
    "Keep this copy",
    "All prices include tax",
)

Source = np.random.Generator


@dataclass(frozen=True)
class Field:
    """Something that forms ask for.

    Attributes:
        name: Of the field; its classes are ``<name>_q`` and ``<name>_a``.
        questions: How forms put it.
        answer: Draws what is filled in, one text per line.
    """

    name: str
    questions: tuple[str, ...]
    answer: Callable[[Source], list[str]]


def _one_of(rng: Source, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _name(rng: Source) -> list[str]:
    return [f"{_one_of(rng, _FIRST)} {_one_of(rng, _LAST)}"]


def _date(rng: Source) -> list[str]:
    return [f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1990, 2030)}"]


def _number(rng: Source) -> list[str]:
    return [f"{_one_of(rng, 'ABCDEFGH')}-{rng.integers(10000, 100000)}"]


def _amount(rng: Source) -> list[str]:
    return [f"{rng.integers(1, 2000)}.{rng.integers(0, 100):02d} EUR"]


def _phone(rng: Source) -> list[str]:
    return [f"0{rng.integers(100, 1000)} {rng.integers(100000, 1000000)}"]


def _address(rng: Source) -> list[str]:
    street = f"{rng.integers(1, 200)} {_one_of(rng, _STREETS)}"
    return [street, f"{rng.integers(10000, 100000)} {_one_of(rng, _TOWNS)}"]


FIELDS = (
    Field("name", ("Name", "Full name", "Your name", "Customer"), _name),
    Field("date", ("Date", "Date of issue", "Issued on", "Day"), _date),
    Field("docid", ("No.", "Document number", "Reference", "Order no."), _number),
    Field("total", ("Total", "Amount due", "Total amount", "To pay"), _amount),
    Field("phone", ("Phone", "Telephone", "Call us at", "Contact"), _phone),
    Field("address", ("Address", "Street and town", "Ship to", "Lives at"), _address),
)


def draw_form(rng: Source) -> DrawnPage:
    """Draw a form: a title, some fields in any order, with remarks between them.

    Answers stand to the right of their question or below it, as the form is laid out; now and then
    an answer was left empty.

    Args:
        rng: Source of chance; the page depends on nothing else.

    Returns:
        The page, its texts from the top to the bottom, with classes, and links from the question's
        ``id`` to the answer's.
    """
    image = draw_paper(rng, _HEIGHT, _WIDTH, rules=False)
    form = _Form(rng, image)
    form.write(_one_of(rng, _TITLES), int(rng.integers(_MARGIN, _WIDTH // 2)), size=_TITLE_SIZE)
    form.feed(2)
    order = rng.permutation(len(FIELDS))[: int(rng.integers(3, len(FIELDS) + 1))]
    below = bool(rng.random() < 0.4)
    for number in order:
        if rng.random() < 0.3:
            form.write(_one_of(rng, _REMARKS), _MARGIN + int(rng.integers(0, 120)))
            form.feed(1)
        form.ask(FIELDS[int(number)], below=below)
    form.write(_one_of(rng, _REMARKS), _MARGIN + int(rng.integers(0, 120)))
    add_noise(rng, image)
    return DrawnPage(image, tuple(form.texts))


class _Form:
    """A form while it is drawn, from the top to the bottom."""

    def __init__(self, rng: Source, image: Image) -> None:
        self.rng, self.image = rng, image
        self.texts: list[DrawnText] = []
        self._y = _MARGIN
        self._size = int(rng.choice(_SIZES))
        self._ink = rng.integers(0, 70, size=3)
        self._answers_at = int(rng.integers(190, 240))

    def write(self, text: str, x: int, *, size: int | None = None, key_cls: str | None = None) -> int:
        """Write a text on the current line; return its id."""
        bold = key_cls is not None and key_cls.endswith(f"_{QUESTION}")
        points = place_word(self.image, text, (x, self._y), size or self._size, bold=bold, ink=self._ink)
        self.texts.append(DrawnText(text, points, key_cls, id=len(self.texts)))
        return len(self.texts) - 1

    def feed(self, lines: int) -> None:
        """Go down."""
        self._y += lines * _LINE

    def ask(self, field: Field, *, below: bool) -> None:
        """Write a question and its answer, which may have several lines, or be left empty."""
        question = self.write(_one_of(self.rng, field.questions), _MARGIN, key_cls=f"{field.name}_{QUESTION}")
        empty = self.rng.random() < 0.1
        x = _MARGIN + 14 if below else self._answers_at
        if below:
            self.feed(1)
        for line in [] if empty else field.answer(self.rng):
            answer = self.write(line, x, key_cls=f"{field.name}_{ANSWER}")
            self._link(question, answer)
            self.feed(1)
        if empty and not below:
            self.feed(1)
        self._y += int(self.rng.integers(0, _LINE // 3))

    def _link(self, question: int, answer: int) -> None:
        """Let both texts name their link, as XFUND does."""
        for end in (question, answer):
            linking = (*self.texts[end].linking, (question, answer))
            self.texts[end] = replace(self.texts[end], linking=linking)
