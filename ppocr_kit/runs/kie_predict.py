"""Key information of pictures: their texts by one's own models or labels, then classes, then links.

Texts are found and read in the paddle lane, classes and links in the kie lane. What either says of a
picture is kept as it comes, so that a command that was ended goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device, parse_device
from ppocr_kit.errors import PpocrKitError, SetupError, ToolError, UsageError
from ppocr_kit.labels.link_naming import ClassPair
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answer_file import Answer, AnswerFile
from ppocr_kit.runs.answering import ask
from ppocr_kit.runs.engines import AUTO
from ppocr_kit.runs.kie_outputs import ANSWER, QUESTION
from ppocr_kit.runs.kie_source import KieSource, roles_of_classes
from ppocr_kit.runs.kie_texts import PageTexts
from ppocr_kit.runs.model_source import ModelSource
from ppocr_kit.runs.predict import (
    EngineUsed,
    default_threads,
    picture_files,
    predict_images,
    single_device,
)
from ppocr_kit.runs.prelabelling import name_models
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.compat_kie import TOKENIZER_FILE, TOKENIZER_VARIABLE

TEXTS_FILE, ANSWERS_FILE = "texts.jsonl", "answers.jsonl"
NO_TEXT = "no text was found"


@dataclass(frozen=True)
class KieModels:
    """The networks that tell what texts mean.

    Attributes:
        ser: Tells classes.
        re: Finds links; None without.
        pairs: Classes that the user paired.
    """

    ser: KieSource
    re: KieSource | None = None
    pairs: tuple[ClassPair, ...] = ()

    @property
    def roles(self) -> dict[str, str]:
        """Which classes are questions and which answers."""
        return roles_of_classes(self.ser.classes, self.re.roles if self.re else {}, self.pairs)

    def require_roles(self) -> None:
        """Refuse classes that no link can be found between.

        Raises:
            UsageError: None of them is a question, or none an answer.
        """
        missing = {QUESTION, ANSWER} - set(self.roles.values())
        if self.re is None or not missing:
            return
        named = ", ".join(self.ser.classes[1:9])
        raise UsageError(
            f"no class of '{self.ser.name}' is a{'n answer' if ANSWER in missing else ' question'}: {named}",
            at="--re",
            hint="--pair QUESTION_CLASS=ANSWER_CLASS, for each pair",
        )

    def explain(self, error: ToolError) -> PpocrKitError:
        """Say what is behind a worker that ended where a tokenizer is not here: it could not be fetched."""
        without = [source for source in (self.ser, self.re) if source and source.tokenizer is None]
        if not without:
            return error
        return SetupError(
            f"the tokenizer of '{without[0].name}' is not here, and could not be fetched from the hub",
            at=error.at,
            hint=f"{TOKENIZER_VARIABLE} names the folder of its {TOKENIZER_FILE}",
        )

    def digests(self) -> dict[str, str]:
        """Return what tells these networks and this way of using them from others."""
        found = {"ser": self.ser.digest(), "roles": json.dumps(self.roles, sort_keys=True)}
        return {**found, "re": self.re.digest()} if self.re else found


@dataclass(frozen=True)
class Running:
    """Where and how prediction runs.

    Attributes:
        engine: What runs exports that find or read text.
        batch_size: Texts read at a time; None for what suits the device.
        threads: CPU threads; None for as many as there are cores, at most 8.
        device: ``cpu`` or ``gpu:N``.
        kept: Folder for what was answered already; None keeps nothing.
        pictures: Folder for drawn pictures; None draws none.
    """

    engine: str = AUTO
    batch_size: int | None = None
    threads: int | None = None
    device: str = "cpu"
    kept: Path | None = None
    pictures: Path | None = None


def predict_key_information(
    models: KieModels,
    pages: Sequence[Path],
    texts: Sequence[ModelSource] | PageTexts,
    on_page: Callable[[Answer], None],
    *,
    running: Running = Running(),  # noqa: B008
    on_engine: Callable[[EngineUsed], None] = lambda used: None,
    track: Track = no_progress,
) -> None:
    """Tell the classes, the links and the fields of pages.

    Args:
        models: The networks.
        pages: The pictures.
        texts: A detector and a recogniser, or what labels say is written on the pages.
        on_page: Called for each picture, in their order: ``image``, ``width``, ``height``, ``fields``,
            ``entities``, ``links``, and ``note`` where there is no text; or ``image`` and ``error``.
        running: Where and how.
        on_engine: Called with what runs the detector and the recogniser.
        track: Shows progress.

    Raises:
        UsageError: The device is not a single one, or no class is a question or an answer.
        DataError: A network is damaged, or is not of its classes.
        ToolError: The networks could not be run.
    """
    models.require_roles()
    place = single_device(parse_device(running.device))
    with ExitStack() as stack:
        kept = running.kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ppocr-kit-")))
        kept.mkdir(parents=True, exist_ok=True)
        digests = dict(zip(pages, _digests(pages, track)))
        if isinstance(texts, PageTexts):
            asked = _Pages(digests, texts.of_page)
        else:
            found = stack.enter_context(AnswerFile(kept / TEXTS_FILE, name_models(*texts)))
            _read_texts(texts, digests, found, running, on_engine, track)
            asked = _Pages(digests, _reader(found, digests))
        answers = stack.enter_context(AnswerFile(kept / ANSWERS_FILE, models.digests()))
        _tell(models, asked, answers, place, running, track)
        for page in pages:
            on_page(asked.answer(page, answers))


def _digests(pages: Sequence[Path], track: Track) -> Iterator[str]:
    """Yield the hash of each picture's bytes; of one that cannot be read, nothing."""
    for page in track(pages, "looking at pictures", len(pages)):
        try:
            yield sha256_of(page)
        except PpocrKitError:
            yield ""


def _read_texts(
    texts: Sequence[ModelSource],
    digests: Mapping[Path, str],
    found: AnswerFile,
    running: Running,
    on_engine: Callable[[EngineUsed], None],
    track: Track,
) -> None:
    """Find and read the texts of the pictures that these models have not seen."""
    waiting = {digest: page for page, digest in digests.items() if digest and digest not in found}
    if not waiting:
        return
    names = iter(waiting)
    predict_images(
        texts,
        list(waiting.values()),
        lambda answer: found.add(next(names), answer),
        engine=running.engine,
        on_engine=on_engine,
        batch_size=running.batch_size,
        threads=running.threads,
        device=running.device,
        track=track,
    )


def _reader(found: AnswerFile, digests: Mapping[Path, str]) -> Callable[[Path], Answer]:
    """Return what gives the texts of a page: ``entities`` and its size, or an ``error``."""

    def read(page: Path) -> Answer:
        if not digests[page]:
            return {"error": "the file is not there, or cannot be read"}
        answer = found.read(digests[page])
        if "error" in answer:
            return {"error": answer["error"]}
        entities = [
            {"id": number, **region}
            for number, region in enumerate(answer["regions"])
            if region["transcription"].strip()
        ]
        return {"width": answer["width"], "height": answer["height"], "entities": entities}

    return read


def _tell(
    models: KieModels,
    pages: _Pages,
    answers: AnswerFile,
    place: Device,
    running: Running,
    track: Track,
) -> None:
    """Ask the networks for all pages that they have not answered yet, and keep each answer as it comes."""
    threads = 1 if place.is_gpu else running.threads or default_threads()
    with tempfile.TemporaryDirectory(prefix="ppocr-kit-") as scratch:
        listed = Path(scratch) / "pages.jsonl"
        waiting = pages.write_waiting(listed, answers, running.pictures)
        if not waiting:
            return
        keys = iter(waiting)
        progress = iter(track(range(len(waiting)), "classes and links", len(waiting)))

        def take(answer: Answer) -> None:
            answers.add(next(keys), answer)
            next(progress, None)

        job = {
            "ser": models.ser.to_job(gpu=place.is_gpu, threads=threads),
            "re": models.re.to_job(gpu=place.is_gpu, threads=threads) if models.re else None,
            "roles": models.roles,
            "pairs": models.pairs,
            "pages": str(listed),
        }
        lane = TASK_FACTS[Task.SER].lane
        try:
            ask("kie_predict_pages.py", job, Path(scratch), take, device=place, threads=threads, lane=lane)
        except ToolError as error:
            raise models.explain(error) from error
        next(progress, None)


@dataclass(frozen=True)
class _Pages:
    """The pictures and what is written on them.

    Attributes:
        digests: Hashes of their bytes, in the order of the pictures; empty for one that cannot be read.
        read: Gives the ``entities`` of a page, or an ``error``.
    """

    digests: Mapping[Path, str]
    read: Callable[[Path], Answer]

    def write_waiting(self, listed: Path, answers: AnswerFile, pictures: Path | None) -> list[str]:
        """Write down the pages that are to be asked for; return the names that their answers are kept by."""
        waiting: list[str] = []
        pages = list(self.digests)
        with listed.open("w", encoding="utf-8") as stream:
            for page, picture in zip(pages, picture_files(pages, pictures)):
                entities = self.read(page).get("entities")
                if not entities:
                    continue
                key = self._key(page, entities)
                drawn = picture is None or picture.is_file()
                if drawn and key in answers and "error" not in answers.read(key):
                    continue
                waiting.append(key)
                drawing = str(picture) if picture else None
                body = {"image": str(page), "picture": drawing, "entities": entities}
                stream.write(json.dumps(body, ensure_ascii=False) + "\n")
        return waiting

    def answer(self, page: Path, answers: AnswerFile) -> Answer:
        """Return what is told of a page."""
        texts = self.read(page)
        if "error" in texts:
            return {"image": str(page), "error": texts["error"]}
        if texts["entities"]:
            return {**answers.read(self._key(page, texts["entities"])), "image": str(page)}
        size = {"width": texts["width"], "height": texts["height"]}
        return {"image": str(page), **size, "fields": {}, "entities": [], "links": [], "note": NO_TEXT}

    def _key(self, page: Path, entities: Sequence[Mapping[str, Any]]) -> str:
        """Return the name that an answer is kept by: of the picture and the texts on it."""
        content = json.dumps(list(entities), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(f"{self.digests[page]}\n{content}".encode()).hexdigest()
