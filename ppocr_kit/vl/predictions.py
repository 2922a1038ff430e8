"""What a model said of pictures: a JSONL file that grows row by row and goes on after it was stopped.

A row is ``{"image", "prompt", "text", "expected"?, "tokens", "ended", "sha256"?, "error"?}``. Rows are
appended as they come; when all have come the file is put into the order of the pictures in one step.
Beside ``NAME.jsonl`` lies ``NAME.run.json``: which model answered with which settings, and whether all
rows are there. Rows of another model, of other settings or of a picture that has changed since are never
taken for answers.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.storage import disk_error, write_json_atomic, write_lines_atomic

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ANEW = "--no-resume replaces the file, another --out keeps it"


@dataclass(frozen=True)
class Question:
    """A picture and what is asked about it.

    Attributes:
        image: What the picture is called in results.
        path: Its file.
        prompt: What the model is asked.
        expected: The right answer, where it is known.
        size: Width and height of the picture in pixels, where they are known.
    """

    image: str
    path: Path
    prompt: str
    expected: str | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Prediction:
    """One row: the answer to a question, or why there is none.

    Attributes:
        image: What the picture is called.
        prompt: What was asked.
        text: The answer; empty when there is an error.
        tokens: Tokens of the answer with its end token; 0 when nobody counted them.
        ended: Whether the model ended the answer, rather than being cut off.
        expected: The right answer, where it is known.
        sha256: Hash of the picture's file, None when it could not be read.
        error: Why there is no answer.
    """

    image: str
    prompt: str
    text: str
    tokens: int = 0
    ended: bool = False
    expected: str | None = None
    sha256: str | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row as it stands in the file."""
        body: dict[str, Any] = {"image": self.image, "prompt": self.prompt, "text": self.text}
        if self.expected is not None:
            body["expected"] = self.expected
        body.update(tokens=self.tokens, ended=self.ended)
        more = {"sha256": self.sha256, "error": self.error}
        return {**body, **{name: value for name, value in more.items() if value is not None}}


def read_predictions(path: Path) -> Iterator[Prediction]:
    """Read the rows of a file of predictions, one after the other.

    Rows that other programs wrote will do: ``image`` and ``text`` are all they need.

    Raises:
        DataError: The file cannot be read or a line is no prediction; the error names the line.
    """
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    found = _parse(line)
                    if found is None:
                        raise DataError(
                            "a line is no prediction",
                            at=f"{path}:{number}",
                            hint='a line is a JSON object such as {"image": "a.png", "text": "…"}; what '
                            "vl infer left unfinished is completed by calling it again",
                        )
                    yield found
    except OSError as error:
        raise DataError(f"cannot read the predictions ({error.strerror})", at=str(path)) from error


def settings_file(out: Path) -> Path:
    """Return the file beside predictions that says what made them."""
    return out.with_suffix(".run.json")


def read_settings(out: Path) -> dict[str, Any] | None:
    """Return what made a file of predictions, None where nothing says so."""
    try:
        found = json.loads(settings_file(out).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("settings"), dict) else None


class PredictionFile:
    """A file of predictions that is being written; a context manager, one at a time for a file.

    Only places in the file are held in memory. Nothing that was there is lost before a row comes.

    Args:
        path: The file.
        settings: What decides the answers, JSON: model, settings. Only rows of the same are gone on with.
        resume: Whether to go on with rows that are there.

    Raises:
        UsageError: ``resume``, and the file was made by another model or with other settings.
        SetupError: Another command writes the file, or it cannot be written.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], *, resume: bool = True) -> None:
        self.path = path
        # as it will be read again
        self._settings: dict[str, Any] = json.loads(json.dumps(settings))
        self._resume = resume
        self._places: dict[int, int] = {}
        self._kept = self._noted = False
        self._handle = _open_locked(path)
        try:
            if resume and os.fstat(self._handle).st_size:
                self._require_same_settings()
        except BaseException:
            os.close(self._handle)
            raise

    def find_answered(self, questions: Sequence[Question]) -> dict[int, Prediction]:
        """Find rows that answer questions already, and keep them.

        Args:
            questions: What is asked now.

        Returns:
            Rows by position, without their texts (:meth:`read` has them). Whether the pictures are still the
            same is for the caller to see (:meth:`forget`).

        Raises:
            UsageError: There are rows, and none of them is about any of these pictures.
        """
        if not self._resume:
            return {}
        wanted: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for position in range(len(questions) - 1, -1, -1):
            wanted[(questions[position].image, questions[position].prompt)].append(position)
        answered: dict[int, Prediction] = {}
        rows = strangers = 0
        for place, row in self._rows():
            rows += 1
            waiting = wanted.get((row.image, row.prompt))
            if waiting is None:
                strangers += 1
            elif waiting and row.error is None:
                position = waiting.pop()
                self._places[position] = place
                answered[position] = replace(row, text="")
        if rows and strangers == rows:
            raise UsageError(
                f"the file has {rows} rows, and none is about these pictures and prompts",
                at=str(self.path),
                hint=_ANEW,
            )
        self._kept = True
        return answered

    def forget(self, position: int) -> None:
        """Let a question be asked again."""
        self._places.pop(position, None)

    def add(self, position: int, row: Prediction) -> None:
        """Append the answer to a question.

        Raises:
            SetupError: The disk is full.
        """
        try:
            self._begin()
            self._places[position] = os.lseek(self._handle, 0, os.SEEK_END)
            line = _render(row)
            # one call for a whole line; what is cut by a full disk or a crash is cut off when going on
            while line:
                line = line[os.write(self._handle, line) :]
        except OSError as error:
            raise disk_error(error, self.path) from error

    def finish(self, questions: Sequence[Question], facts: Mapping[str, Any]) -> None:
        """Put the rows into the order of the questions, and note that they are complete.

        Args:
            questions: All of them; each has been answered.
            facts: What else to tell of the work, JSON.

        Raises:
            SetupError: The disk is full.
        """
        rows = (
            _render(replace(self.read(position), expected=question.expected))
            for position, question in enumerate(questions)
        )
        write_lines_atomic(self.path, rows)
        write_json_atomic(settings_file(self.path), {"settings": self._settings, "finished": True, **facts})

    def read(self, position: int) -> Prediction:
        """Return the row of a question that has been answered."""
        with os.fdopen(os.dup(self._handle), "rb") as stream:
            stream.seek(self._places[position])
            row = _parse(stream.readline())
        assert row is not None
        return row

    def __enter__(self) -> PredictionFile:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; one that nothing was ever written to goes."""
        with contextlib.suppress(OSError):
            if os.fstat(self._handle).st_size == 0 and self.path.stat().st_size == 0:
                self.path.unlink()
        os.close(self._handle)

    def _begin(self) -> None:
        """Drop rows of an earlier call when they are not gone on with, and say what makes these."""
        if self._noted:
            return
        if not self._kept:
            os.ftruncate(self._handle, 0)
        write_json_atomic(settings_file(self.path), {"settings": self._settings, "finished": False})
        self._noted = True

    def _rows(self) -> Iterator[tuple[int, Prediction]]:
        """Yield the rows that are whole with their places, and cut off an end that is not."""
        place = 0
        with os.fdopen(os.dup(self._handle), "rb") as stream:
            stream.seek(0)
            for line in stream:
                if not line.endswith(b"\n"):
                    os.ftruncate(self._handle, place)
                    return
                row = _parse(line)
                if row is not None:
                    yield place, row
                place += len(line)

    def _require_same_settings(self) -> None:
        found = read_settings(self.path)
        if found is None:
            raise UsageError(
                "there is such a file already, and nothing says which model made it",
                at=str(self.path),
                hint=_ANEW,
            )
        before = found["settings"]
        names = sorted(
            name for name in {*before, *self._settings} if before.get(name) != self._settings.get(name)
        )
        if names:
            changed = ", ".join(
                f"{name} was {_short(before.get(name))} and is {_short(self._settings.get(name))}"
                for name in names[:3]
            )
            raise UsageError(f"the file was made otherwise: {changed}", at=str(self.path), hint=_ANEW)


def _open_locked(path: Path) -> int:
    """Open a file for reading and appending, for this process alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise disk_error(error, path) from error
        raise SetupError(
            "another command is writing this file", at=str(path), hint="wait for it, or name another --out"
        ) from error
    return handle


def render_prediction(row: Prediction) -> str:
    """Return a row as JSON on one line that a terminal and a reader of lines take as such.

    Escaped are what JSON leaves as it is and terminals obey (C1 controls) or take for a line end, and the
    bytes of file names that are no UTF-8.
    """
    text = json.dumps(row.to_json(), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def printable(text: str) -> str:
    """Return a text without what steers a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _render(row: Prediction) -> bytes:
    return render_prediction(row).encode("utf-8") + b"\n"


def _parse(line: bytes) -> Prediction | None:
    """Return the row of a line, None when it is none."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not isinstance(body.get("image"), str):
        return None
    texts = {name: body.get(name) for name in ("expected", "sha256", "error")}
    prompt, text = body.get("prompt", ""), body.get("text", "")
    tokens, ended = body.get("tokens", 0), body.get("ended", True)
    if "text" not in body and texts["error"] is None:
        return None
    if not isinstance(text, str) or not isinstance(prompt, str) or not isinstance(ended, bool):
        return None
    if not isinstance(tokens, int) or not all(isinstance(one, (str, type(None))) for one in texts.values()):
        return None
    return Prediction(body["image"], prompt, text, int(tokens), ended, **texts)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
