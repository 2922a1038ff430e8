"""Rows of other people's files: which of their keys is the picture, the prompt, the answer, the group.

Understood are ``images/prompt/completion`` (TRL), ``image/text`` and its kin, ``messages`` of a user and an
assistant with ``images`` (ms-swift, LLaMA-Factory), and ``image_info``/``text_info`` (ERNIEKit, which the
PaddleOCR-VL documentation fine-tunes with).

Source: TRL 0.26 "Dataset formats and types" (vision, prompt-completion); ms-swift "Custom dataset"; ERNIEKit
docs/datasets (``tag``: ``mask`` for the question, ``no_mask`` for the answer).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_IMAGES = ("images", "image", "image_path", "img_path", "file_name", "img")
_PROMPTS = ("prompt", "query", "question")
_COMPLETIONS = ("completion", "text", "label", "answer", "response", "transcription", "ground_truth")
# A page number says little without its book, so the larger unit comes first.
GROUP_COLUMNS = ("group", "book", "document", "doc_id", "page")
# Marks the place of the picture in a question; the chat template has its own.
_PLACEHOLDERS = ("<image>", "<img>", "<|image|>")
_QUESTION_ROLES = ("user", "human")
_ANSWER_ROLES = ("assistant", "gpt")


@dataclass(frozen=True)
class RowFields:
    """A row taken apart.

    Attributes:
        images: Its pictures, as the row has them.
        prompt: What is asked, None where the row does not say.
        completion: The answer, None where the row has none.
        columns: Its short values by name, by which rows can be grouped.
    """

    images: tuple[Any, ...]
    prompt: str | None
    completion: Any
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str | None:
        """What the row says it belongs to."""
        return next((self.columns[name] for name in GROUP_COLUMNS if self.columns.get(name)), None)


def read_fields(row: Mapping[str, Any]) -> RowFields:
    """Take a row apart."""
    prompt, completion = _first(row, _PROMPTS), _first(row, _COMPLETIONS)
    if isinstance(row.get("messages") or row.get("conversations"), list):
        prompt, completion = _talk(row.get("messages") or row["conversations"])
    elif isinstance(row.get("text_info"), list):
        prompt = _joined(row["text_info"], "tag", ("mask",), "text")
        completion = _joined(row["text_info"], "tag", ("no_mask",), "text")
    columns = {
        str(name): str(value)
        for name, value in row.items()
        if isinstance(value, (str, int)) and not isinstance(value, bool) and name not in _COMPLETIONS
    }
    return RowFields(_images(row), _question(_plain(prompt)), _plain(completion), columns)


def _images(row: Mapping[str, Any]) -> tuple[Any, ...]:
    found = _first(row, _IMAGES)
    if found is None and isinstance(row.get("image_info"), list):
        found = [one.get("image_url") for one in row["image_info"] if isinstance(one, Mapping)]
    if found is None:
        return ()
    return tuple(found) if isinstance(found, (list, tuple)) else (found,)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _plain(value: Any) -> Any:
    """Return the text of a conversation of one turn; anything else as it is."""
    if isinstance(value, list) and value and all(isinstance(turn, Mapping) for turn in value):
        return "".join(_content(turn) for turn in value)
    return value


def _talk(turns: list[Any]) -> tuple[Any, Any]:
    """Return question and answer of a conversation; None where one is missing or there are several."""
    said = [turn for turn in turns if isinstance(turn, Mapping)]
    sides = []
    for roles in (_QUESTION_ROLES, _ANSWER_ROLES):
        texts = [_content(turn) for turn in said if turn.get("role", turn.get("from")) in roles]
        sides.append(texts[0] if len(texts) == 1 else None)
    return sides[0], sides[1]


def _content(turn: Mapping[str, Any]) -> str:
    content = turn.get("content", turn.get("value", ""))
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping) and part.get("type", "text") == "text"]
        return "".join(str(part.get("text") or "") for part in parts)
    return content if isinstance(content, str) else ""


def _joined(parts: list[Any], key: str, wanted: tuple[str, ...], text: str) -> str | None:
    found = [part.get(text) for part in parts if isinstance(part, Mapping) and part.get(key) in wanted]
    return "".join(str(one) for one in found if one is not None) if found else None


def _question(prompt: Any) -> str | None:
    """Return a prompt without the mark of the picture's place; None for none."""
    if not isinstance(prompt, str):
        return None
    for mark in _PLACEHOLDERS:
        prompt = prompt.replace(mark, "")
    return prompt.strip() or None
