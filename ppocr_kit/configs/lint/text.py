"""Checks of a recogniser's dictionary against its settings and the labels, and of class counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.keys import KeyPath, dotted
from ppocr_kit.configs.lint.files import list_facts
from ppocr_kit.configs.lint.subject import MODES, Subject, is_file
from ppocr_kit.problems import Problem

_DICTIONARY: KeyPath = ("Global", "character_dict_path")
# Label encoders that take a text character by character.
_BY_CHARACTER = {
    "CTCLabelEncode", "MultiLabelEncode", "NRTRLabelEncode", "SARLabelEncode", "AttnLabelEncode",
}  # fmt: skip
# What the release takes where no dictionary is named; it lowers the labels then.
_DEFAULT = tuple("0123456789abcdefghijklmnopqrstuvwxyz")
_MOST_ROWS = 300_000
_MOST_SHOWN = 12


def check_dictionary(subject: Subject) -> Iterator[Problem]:
    """C021, C036: spaces and repeated lines; C022: characters that the dictionary lacks."""
    entries = dictionary_entries(subject)
    if entries is None:
        return
    yield from _check_entries(subject, entries)
    lost, example = _lost_characters(subject, set(entries))
    spaces = lost.pop(" ", 0)
    if spaces:
        message = f"{spaces} rows have spaces, which the dictionary has not and use_space_char does not add"
        hint = "Global.use_space_char: true, unless spaces do not matter"
        yield subject.problem("C021", ("Global", "use_space_char"), message, hint)
    if lost:
        most = sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]
        shown = ", ".join(f"{character!r} ({count} rows)" for character, count in most)
        message = f"the dictionary lacks {len(lost)} characters of the labels, first in {example}: {shown}"
        yield subject.problem("C022", _DICTIONARY, message)


def _check_entries(subject: Subject, entries: list[str]) -> Iterator[Problem]:
    if not subject.at(*_DICTIONARY):
        return
    repeated = [entry for entry, count in Counter(entries).items() if count > 1]
    if " " in repeated and subject.at("Global", "use_space_char") is True:
        message = "the dictionary has a line of one space and use_space_char adds another: two classes for it"
        hint = "keep both for official weights, which have both; else use_space_char: false"
        yield subject.problem("C036", ("Global", "use_space_char"), message, hint)
        repeated.remove(" ")
    if repeated:
        shown = ", ".join(repr(entry) for entry in repeated[:_MOST_SHOWN])
        message = f"{len(repeated)} lines of the dictionary stand in it more than once: {shown}"
        yield subject.problem("C036", _DICTIONARY, message)


def dictionary_entries(subject: Subject) -> list[str] | None:
    """Return the characters that labels are made of, as the release reads them; None when not known.

    Only for encoders that take a text character by character.
    """
    names = {name for mode in MODES for _, name, _ in subject.transforms(mode)}
    if not names & _BY_CHARACTER:
        return None
    value = subject.at(*_DICTIONARY)
    if value is None:
        return list(_DEFAULT)
    file = subject.file(value)
    entries = _read_entries(file) if file is not None else None
    if entries is not None and subject.at("Global", "use_space_char") is True:
        entries.append(" ")
    return entries


def _read_entries(file: Path) -> list[str] | None:
    try:
        lines = file.read_bytes().decode("utf-8").split("\n") if is_file(file) else None
    except (OSError, UnicodeDecodeError):
        return None
    if lines and not lines[-1]:
        lines.pop()
    return None if lines is None else [line.strip("\r") for line in lines]


def _lost_characters(subject: Subject, known: set[str]) -> tuple[Counter[str], str]:
    """Count the rows that a character outside the dictionary stands in, and name the first such row."""
    lost: Counter[str] = Counter()
    example = ""
    lower = subject.at(*_DICTIONARY) is None
    for mode in MODES:
        delimiter = subject.at(mode, "dataset", "delimiter")
        for _, name in subject.lists(mode) if subject.has_rows(mode) else ():
            file = subject.file(name)
            facts = list_facts(file) if file is not None else None
            for line, text in ((facts.rows if facts else None) or ())[:_MOST_ROWS]:
                label = text.split(delimiter if isinstance(delimiter, str) and delimiter else "\t")[1:2]
                missing = set("".join(label).lower() if lower else "".join(label)) - known
                if missing - {" "} and not example:
                    example = f"{name}:{line}"
                lost.update(missing)
    return lost, example


def check_classes(subject: Subject) -> Iterator[Problem]:
    """C023: numbers of classes that do not follow from the dictionary or the class list."""
    for path, value, expected, origin in _class_counts(subject):
        if isinstance(value, int) and not isinstance(value, bool) and value != expected:
            message = f"{dotted(path)} is {value}, {origin} makes {expected}"
            yield subject.problem("C023", path, message, f"write {expected}, or leave it out where you can")


def _class_counts(subject: Subject) -> Iterator[tuple[KeyPath, Any, int, str]]:
    """Yield place, given number, right number and its origin."""
    head: KeyPath = ("Architecture", "Head")
    entries = dictionary_entries(subject)
    if entries is not None and subject.name("PostProcess") == "CTCLabelDecode":
        classes, origin = len(entries) + 1, "the dictionary with the blank"
        if subject.name(*head) == "CTCHead":
            path: KeyPath = (*head, "out_channels")
            yield path, subject.at(*path), classes, origin
        for path, name, settings in _losses(subject):
            if name == "CenterLoss":
                yield (*path, "num_classes"), settings.get("num_classes"), classes, origin
    labels = subject.at("Global", "label_list")
    if subject.name(*head) == "ClsHead" and isinstance(labels, list):
        path = (*head, "class_dim")
        yield path, subject.at(*path), len(labels), "Global.label_list"
    tags = _entity_classes(subject)
    if tags is not None:
        for path in (("Architecture", "Backbone", "num_classes"), ("Loss", "num_classes")):
            yield path, subject.at(*path), tags, "the class list (OTHER, and two for each other class)"


def _losses(subject: Subject) -> Iterator[tuple[KeyPath, str, Mapping[str, Any]]]:
    """Yield the parts of a combined loss."""
    path: KeyPath = ("Loss", "loss_config_list")
    parts = subject.at(*path)
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        for name, settings in part.items() if isinstance(part, Mapping) else ():
            yield (*path, index, name), name, settings if isinstance(settings, Mapping) else {}


def _entity_classes(subject: Subject) -> int | None:
    """Return the number of tags of an entity recogniser: one for OTHER, begin and inside for each other."""
    if subject.name("Loss") != "VQASerTokenLayoutLMLoss":
        return None
    file = subject.file(subject.at("PostProcess", "class_path"))
    entries = _read_entries(file) if file is not None else None
    # a blank line is a fault of its own (C037)
    others = ("", "OTHER", "OTHERS", "IGNORE")
    named = [entry for entry in entries or () if entry.strip().upper() not in others]
    return 2 * len(named) + 1 if entries is not None else None
