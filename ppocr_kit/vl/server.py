"""An OpenAI-compatible server (vLLM, SGLang) as the one who answers.

Each picture is one request to ``/v1/chat/completions`` with the picture as a data address; several are
under way at a time, so that the server can put them into one batch. What may pass is tried again, ever
more slowly; what concerns one picture becomes an error of its row; what concerns all ends the call, and
the rows so far are kept.

Source: vLLM 0.11 and SGLang 0.5, "OpenAI-compatible server" (requests, errors, ``/v1/models``).
"""

from __future__ import annotations

import base64
import io
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Union

from PIL import Image

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.vl.inference import Put
from ppocr_kit.vl.pictures import BadPicture, Picture, read_picture
from ppocr_kit.vl.predictions import Prediction, Question
from ppocr_kit.vl.server_exchange import KEY_VARIABLE, Endpoint, ExchangeFailure

# Rows one after the other that the server failed on, or refused before it answered any: then it is not them.
_MOST_FAILURES = 8
_MOST_NAMES = 10
# Kinds of files that every server decodes; others are sent as PNG.
_SENT_AS_THEY_ARE = {"PNG": "image/png", "JPEG": "image/jpeg"}
# However many requests are under way: a large picture takes a quarter of a gigabyte while it is open.
_OPENING = threading.Semaphore(4)
_KEPT = "what was answered is kept: the same call goes on"


@dataclass(frozen=True)
class Patience:
    """How often a server is asked the same.

    Attributes:
        attempts: Times in all.
        pause_s: Wait after the first failure; doubles with each further one.
        longest_pause_s: Most seconds of a wait, also where the server asks for more.
    """

    attempts: int = 5
    pause_s: float = 1.0
    longest_pause_s: float = 60.0


@dataclass(frozen=True)
class Server:
    """Answers by a server.

    Attributes:
        endpoint: Where it is.
        model: The name by which it serves the model.
        max_new_tokens: Most tokens of an answer.
        max_pixels: Larger pictures are reduced to this before they are sent; None to send all as they are.
        requests: Questions under way at a time.
        patience: How often it is asked the same.
    """

    endpoint: Endpoint
    model: str
    max_new_tokens: int
    max_pixels: int | None = None
    requests: int = 32
    patience: Patience = field(default_factory=Patience)

    def settings(self) -> dict[str, Any]:
        """Return the server, the model and how it answers."""
        return {
            "server": self.endpoint.base,
            "model": self.model,
            "max_new_tokens": self.max_new_tokens,
            "max_pixels": self.max_pixels,
        }

    def answer(self, questions: Sequence[Question], put: Put) -> dict[str, Any]:
        """Answer questions; see :class:`~ppocr_kit.vl.inference.Answerer`.

        Raises:
            SetupError: The server is gone, refuses the key, or fails again and again.
            UsageError: It does not serve the model any more.
        """
        waiting: SimpleQueue[int] = SimpleQueue()
        for position in range(len(questions)):
            waiting.put(position)
        outcomes: SimpleQueue[tuple[int, _Outcome]] = SimpleQueue()
        stop = threading.Event()
        started = time.monotonic()
        for _ in range(min(self.requests, len(questions))):
            # daemons, because one that waits for a silent server shall not keep a stopped command alive
            arguments = (questions, waiting, outcomes, stop)
            threading.Thread(target=self._work, args=arguments, daemon=True).start()
        failures, answered = 0, False
        try:
            for _ in questions:
                position, outcome = outcomes.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                put(position, outcome.row)
                answered = answered or outcome.row.error is None
                blamed = outcome.failed == "server" or (outcome.failed == "question" and not answered)
                failures = failures + 1 if blamed else 0
                if failures >= _MOST_FAILURES:
                    raise self._broken(outcome.row)
        finally:
            stop.set()
        return {"seconds": round(time.monotonic() - started, 3)}

    def _work(
        self,
        questions: Sequence[Question],
        waiting: SimpleQueue[int],
        outcomes: SimpleQueue[tuple[int, _Outcome]],
        stop: threading.Event,
    ) -> None:
        """Answer questions until there are no more, in a thread."""
        while not stop.is_set():
            try:
                position = waiting.get_nowait()
            except Empty:
                return
            try:
                outcomes.put((position, self._ask(questions[position], stop)))
            except BaseException as error:
                # raised again where the answers are taken
                outcomes.put((position, error))
                return

    def _ask(self, question: Question, stop: threading.Event) -> _Told:
        """Answer one question, with patience."""
        try:
            with _OPENING:
                picture = read_picture(question.path)
                digest, address = picture.sha256, data_address(picture, self.max_pixels)
        except BadPicture as error:
            return _Told(Prediction(question.image, question.prompt, "", error=error.message))
        del picture
        body = self._body(question.prompt, address)
        try:
            told = with_patience(
                lambda: self.endpoint.exchange("/chat/completions", body), self.patience, stop
            )
            text, tokens, ended = _read_answer(told)
        except ExchangeFailure as failure:
            self._end_where_hopeless(failure)
            row = Prediction(question.image, question.prompt, "", sha256=digest, error=failure.reason)
            return _Told(row, "question" if failure.lasting else "server")
        return _Told(Prediction(question.image, question.prompt, text, tokens, ended, sha256=digest))

    def _body(self, prompt: str, address: str) -> dict[str, Any]:
        content = [
            {"type": "image_url", "image_url": {"url": address}},
            {"type": "text", "text": prompt},
        ]
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": self.max_new_tokens,
            # the likeliest token, as vl infer without a server takes
            "temperature": 0.0,
            "stream": False,
        }

    def _end_where_hopeless(self, failure: ExchangeFailure) -> None:
        """Raise what concerns all questions."""
        if failure.status in (401, 403):
            raise key_refused(self.endpoint, failure)
        if failure.status == 404:
            raise UsageError(
                f"the server does not answer for '{self.model}': {failure.reason}",
                at=self.endpoint.base,
                hint="name a model that it serves with --server-model, or mend the address",
            )
        if failure.status is not None and 300 <= failure.status < 400:
            raise SetupError(failure.reason, at=self.endpoint.base, hint="name that address with --server")
        if failure.gone:
            raise unreachable(self.endpoint, failure, _KEPT)

    def _broken(self, row: Prediction) -> SetupError:
        return SetupError(
            f"the server answers about no picture: {row.error}",
            at=self.endpoint.base,
            hint="look into the server's log; it may want fewer tokens (--max-new-tokens), smaller pictures "
            f"(--max-pixels) or less at a time (--batch-size); {_KEPT}",
        )


@dataclass(frozen=True)
class _Told:
    """A row; for an error ``question`` when the server refused it, ``server`` when that failed."""

    row: Prediction
    failed: str = ""


_Outcome = Union[_Told, BaseException]


def find_served_model(endpoint: Endpoint, wanted: str | None, patience: Patience | None = None) -> str:
    """Return the name of the model that a server shall answer with.

    Args:
        endpoint: The server.
        wanted: The name that the user gave, or None for the only one that is served.
        patience: How often it is asked.

    Raises:
        SetupError: It cannot be reached, refuses the key, or does not say what it serves.
        UsageError: It does not serve that model, or serves several and none was named.
    """
    patience = patience or Patience(attempts=3)
    try:
        told = with_patience(lambda: endpoint.exchange("/models"), patience, threading.Event())
    except ExchangeFailure as failure:
        if failure.status in (401, 403):
            raise key_refused(endpoint, failure) from failure
        if failure.status in (404, 405) and wanted is not None:
            # not every server lists what it serves
            return wanted
        raise unreachable(endpoint, failure) from failure
    served = _served(told)
    if wanted is not None and (wanted in served or not served):
        return wanted
    if wanted is None and len(served) == 1:
        return served[0]
    names = ", ".join(endpoint.told(name) for name in served[:_MOST_NAMES]) or "nothing by name"
    what = f"the server does not serve '{wanted}'" if wanted else "the server serves no single model"
    raise UsageError(f"{what}; it serves {names}", at=endpoint.base, hint="--server-model NAME")


def with_patience(ask: Callable[[], Any], patience: Patience, stop: threading.Event) -> Any:
    """Ask again after failures that may pass.

    Raises:
        ExchangeFailure: The last one.
    """
    for attempt in range(1, patience.attempts + 1):
        try:
            return ask()
        except ExchangeFailure as failure:
            if failure.lasting or attempt == patience.attempts:
                raise
            # not all that failed together come back together
            pause = patience.pause_s * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
            pause = max(pause, failure.pause_s or 0.0)
            if stop.wait(min(pause, patience.longest_pause_s)):
                raise
    raise AssertionError("no attempts")


def data_address(picture: Picture, max_pixels: int | None) -> str:
    """Return a picture as the address that has it inside.

    A file that is PNG or JPEG and needs no turning, converting or reducing goes as it is.
    """
    image = _reduced(picture.image, max_pixels)
    kind = _SENT_AS_THEY_ARE.get(picture.kind)
    if kind is not None and picture.plain and image is picture.image:
        content = picture.content
    else:
        stream = io.BytesIO()
        image.save(stream, "PNG", compress_level=1)
        kind, content = "image/png", stream.getvalue()
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _reduced(image: Image.Image, max_pixels: int | None) -> Image.Image:
    width, height = image.size
    if max_pixels is None or width * height <= max_pixels:
        return image
    scale = (max_pixels / (width * height)) ** 0.5
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC)


def key_refused(endpoint: Endpoint, failure: ExchangeFailure) -> SetupError:
    """Return the error for a key that is missing or wrong."""
    what = "refuses the key" if endpoint.key else "wants a key"
    return SetupError(
        f"the server {what} ({failure.reason})",
        at=endpoint.base,
        hint=f"set the variable {KEY_VARIABLE} to the key that the server was started with",
    )


def unreachable(endpoint: Endpoint, failure: ExchangeFailure, more: str = "") -> SetupError:
    """Return the error for a server that does not answer."""
    start = "is it running (vllm serve MODEL --port 8000), and is the address right?"
    return SetupError(
        f"the server cannot be used: {failure.reason}",
        at=endpoint.base,
        hint=f"{start} {more}".rstrip(),
    )


def _served(told: Any) -> list[str]:
    """Return the names in the answer of ``/v1/models``, whatever else it holds."""
    entries = told.get("data") if isinstance(told, Mapping) else None
    names = (
        [entry.get("id") for entry in entries if isinstance(entry, Mapping)]
        if isinstance(entries, list)
        else []
    )
    return [name for name in names if isinstance(name, str) and name]


def _read_answer(told: Any) -> tuple[str, int, bool]:
    """Take text, number of tokens and whether it ended out of an answer.

    Raises:
        ExchangeFailure: The answer has no text where it should be.
    """
    try:
        choice = told["choices"][0]
        content = choice["message"]["content"]
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part["type"] == "text")
    except (TypeError, KeyError, IndexError) as error:
        raise ExchangeFailure("the answer is not that of a chat", lasting=True) from error
    if not isinstance(content, (str, type(None))):
        raise ExchangeFailure("the answer is not a text", lasting=True)
    usage = told.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, Mapping) else None
    counted = tokens if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0 else 0
    return _whole(content or ""), counted, choice.get("finish_reason") == "stop"


def _whole(text: str) -> str:
    """Replace halves of surrogate pairs, which are no characters and cannot be written."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
