"""Checks of configurations for key information: classes, windows, the network that they start from.

Source: ``load_vqa_bio_label_maps`` of ppocr/utils/utility.py, ``VQATokenLabelEncode`` of
ppocr/data/imaug/label_ops.py, ppocr/data/imaug/vqa/token/, PaddleOCR 3.7.0.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.key_information import LONGEST_WINDOW, WINDOWED
from ppocr_kit.configs.keys import KeyPath, dotted
from ppocr_kit.configs.lint.files import list_facts
from ppocr_kit.configs.lint.subject import (
    MODES,
    Subject,
    is_count,
    is_file,
    is_folder,
    is_there,
    real_path,
)
from ppocr_kit.labels.key_classes import OTHER, RE_CLASSES
from ppocr_kit.problems import Problem

_ENCODER = "VQATokenLabelEncode"
_NETWORK: KeyPath = ("Architecture", "Backbone", "checkpoints")
NETWORK_FILES = ("config.json", "model_state.pdparams")
TOKENIZER_FILE = "sentencepiece.bpe.model"
# RE knows these sides, and links two of them, in lower case only.
_SIDES = frozenset({*RE_CLASSES, "HEADER"})
_LINKED = ("question", "answer")
# What the release takes for no class; unlike a build, it knows no other spelling.
_NO_CLASS = (OTHER, "OTHERS", "IGNORE")
_BYTE_ORDER_MARK = "\ufeff"
_MOST_SHOWN = 8


def check_class_files(subject: Subject) -> Iterator[Problem]:
    """C010: an absent list of classes; C037, C038: its lines; C041: parts that read different ones."""
    places = list(_class_places(subject))
    told: set[Path] = set()
    for path, value, file in places:
        if not is_there(file):
            yield subject.problem("C010", path, f"there is no list of classes {value}")
        elif real_path(file) not in told:
            told.add(real_path(file))
            yield from _check_lines(subject, path, value, file)
    if len({real_path(file) for _, _, file in places}) > 1:
        (first, value, file), *others = places
        path, other = next((path, other) for path, other, at in others if real_path(at) != real_path(file))
        message = f"{dotted(path)} is {other}, {dotted(first)} is {value}"
        yield subject.problem("C041", path, message)


def _check_lines(subject: Subject, path: KeyPath, value: str, file: Path) -> Iterator[Problem]:
    lines = _read_lines(file)
    if lines is None:
        yield subject.problem("C037", path, f"{value} is no list of classes in UTF-8")
        return
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        shown = ", ".join(map(str, blank[:_MOST_SHOWN]))
        yield subject.problem("C037", path, f"{value} has blank lines, each of them a class: {shown}")
    if lines[0].startswith(_BYTE_ORDER_MARK):
        message = f"{value} begins with a byte order mark, which becomes part of its first class"
        yield subject.problem("C037", path, message, "save it as UTF-8 without BOM")
    named = Counter(_class_of(line.strip()) for line in lines if line.strip())
    repeated = [name for name, count in named.items() if count > 1 and name != OTHER]
    if repeated:
        shown = ", ".join(repeated[:_MOST_SHOWN])
        yield subject.problem("C037", path, f"{value} names classes twice, letter case aside: {shown}")
    if _class_of(lines[0].strip(f"{_BYTE_ORDER_MARK} \t")) != OTHER:
        state = "not in the first line" if OTHER in named else "not in the list"
        yield subject.problem("C038", path, f"{OTHER} is {state} of {value}")


def check_entity_labels(subject: Subject) -> Iterator[Problem]:
    """C039: labels of a list that the classes lack, or that RE does not know."""
    for mode in MODES:
        known = _known_labels(subject, mode)
        if known is None or not subject.has_rows(mode):
            continue
        for path, name in subject.lists(mode):
            file = subject.file(name)
            facts = list_facts(file) if file is not None else None
            yield from _check_labels(subject, mode, path, name, (facts.rows if facts else None) or (), known)


def _check_labels(
    subject: Subject,
    mode: str,
    path: KeyPath,
    name: str,
    rows: Iterable[tuple[int, str]],
    known: frozenset[str],
) -> Iterator[Problem]:
    relations = _is_relations(subject, mode)
    unknown: Counter[str] = Counter()
    unlinked: Counter[str] = Counter()
    first: dict[str, int] = {}
    for line, text in rows:
        for label in _labels(text):
            if _class_of(label) not in known:
                unknown[label] += 1
            elif relations and label.lower() in _LINKED and label != label.lower():
                unlinked[label] += 1
            else:
                continue
            first.setdefault(label, line)
    if unknown:
        message = f"{name}: {_shown(unknown, first)}; the classes have no such name, and training ends there"
        yield subject.problem("C039", path, message)
    if unlinked:
        message = f"{name}: {_shown(unlinked, first)}; RE links question and answer in lower case only"
        yield subject.problem("C039", path, message, "write question and answer in lower case")


def _shown(counts: Mapping[str, int], first: Mapping[str, int]) -> str:
    """List labels with how often they occur and where first."""
    shown = [
        f"'{label}' in row {first[label]}" + (f" and {count - 1} more" if count > 1 else "")
        for label, count in counts.items()
    ]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more


def _labels(row: str) -> Iterator[str]:
    """Yield the labels of a row; nothing of one that cannot be read, which training leaves out."""
    try:
        entities: Any = json.loads(row.split("\t")[1])
    except (IndexError, ValueError, RecursionError):
        return
    for entity in entities if isinstance(entities, list) else ():
        label = entity.get("label") if isinstance(entity, Mapping) else None
        if isinstance(label, str) and entity.get("transcription") != "":
            yield label


def _known_labels(subject: Subject, mode: str) -> frozenset[str] | None:
    """Return the labels that training takes, in upper case; None when they are not known."""
    for path, _, file in _class_places(subject):
        lines = _read_lines(file) if path[0] == mode else None
        if lines is not None:
            names = frozenset(_class_of(line.strip()) for line in lines) | {OTHER}
            return names & _SIDES if _is_relations(subject, mode) else names
    return None


def _is_relations(subject: Subject, mode: str) -> bool:
    return any(name == "VQAReTokenChunk" for _, name, _ in subject.transforms(mode))


def check_windows(subject: Subject) -> Iterator[Problem]:
    """C040: windows that are longer than the network, or not of one length."""
    for mode in MODES:
        lengths = [
            ((*path, "max_seq_len"), name, settings["max_seq_len"])
            for path, name, settings in subject.transforms(mode)
            if name in WINDOWED and is_count(settings.get("max_seq_len"))
        ]
        for path, name, tokens in lengths:
            if tokens > LONGEST_WINDOW:
                message = f"{name} of {mode} takes {tokens} tokens, LayoutXLM {LONGEST_WINDOW}"
                yield subject.problem("C040", path, message, f"at most {LONGEST_WINDOW}")
            elif tokens != lengths[0][2]:
                message = f"{name} of {mode} takes {tokens} tokens, {lengths[0][1]} {lengths[0][2]}"
                yield subject.problem("C040", path, message)


def check_network(subject: Subject) -> Iterator[Problem]:
    """C010: a folder that holds no network; C042: one without a tokenizer."""
    value = subject.at(*_NETWORK)
    folder = subject.file(value)
    if not _is_key_information(subject) or folder is None or not is_there(folder):
        return
    missing = [name for name in NETWORK_FILES if not is_file(folder / name)]
    if missing:
        message = f"there is no {' and no '.join(missing)} in {value}"
        hint = "name the folder that holds both, such as output/RUN/checkpoints/best_accuracy"
        yield subject.problem("C010", _NETWORK, message, hint)
    # a checkpoint has its tokenizer in its run
    elif is_folder(folder) and not any(folder.glob(TOKENIZER_FILE)) and not _of_a_run(folder):
        yield subject.problem("C042", _NETWORK, f"there is no {TOKENIZER_FILE} in {value}")


def _of_a_run(folder: Path) -> bool:
    return is_file(real_path(folder).parent.parent / "start" / TOKENIZER_FILE)


def _is_key_information(subject: Subject) -> bool:
    kind: Any = subject.at("Architecture", "model_type")
    return isinstance(kind, str) and kind == "kie"


def _class_places(subject: Subject) -> Iterator[tuple[KeyPath, str, Path]]:
    """Yield where lists of classes are named, their name, and the file."""
    if not _is_key_information(subject):
        return
    places = [
        ((*path, "class_path"), settings.get("class_path"))
        for mode in MODES
        for path, name, settings in subject.transforms(mode)
        if name == _ENCODER
    ]
    places.append((("PostProcess", "class_path"), subject.at("PostProcess", "class_path")))
    for path, value in places:
        file = subject.file(value)
        if file is not None:
            yield path, str(value), file


def _class_of(name: str) -> str:
    """Return a class as the release knows it."""
    return OTHER if name.upper() in _NO_CLASS else name.upper()


def _read_lines(file: Path) -> list[str] | None:
    """Return the lines of a list of classes; None when it is no text in UTF-8, or has no line."""
    try:
        content = file.read_bytes().decode("utf-8") if is_file(file) else ""
    except (OSError, UnicodeDecodeError):
        return None
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines or None
