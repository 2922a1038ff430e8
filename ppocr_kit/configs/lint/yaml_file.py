"""What is wrong with a PaddleOCR training YAML, each finding with its line.

All of it is found before anything runs; the release finds out while training, or never
(PaddleOCR#5503, #14392, #9157, #1818).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ppocr_kit.configs.lint import files, key_information, parts, run, text, values
from ppocr_kit.configs.lint.subject import Subject
from ppocr_kit.configs.source import ConfigSource, read_source
from ppocr_kit.problems import Problem

Check = Callable[[Subject], Iterator[Problem]]

_CHECKS: tuple[Check, ...] = (
    values.check_sections,
    values.check_keys,
    values.check_names,
    values.check_values,
    files.check_paths,
    files.check_weights,
    files.check_data,
    files.check_overlap,
    files.check_dictionaries,
    text.check_dictionary,
    text.check_classes,
    key_information.check_class_files,
    key_information.check_entity_labels,
    key_information.check_windows,
    key_information.check_network,
    run.check_batches,
    run.check_evaluations,
    run.check_scoring,
    parts.check_company,
    parts.check_kept,
    parts.check_multi_head,
    parts.check_global,
    parts.check_sizes,
    parts.check_supplied,
)


def lint_file(path: Path, root: Path | None = None) -> list[Problem]:
    """Check a training YAML, the user's own or a rendered one; nothing is raised for its content.

    Args:
        path: The file.
        root: Folder that relative paths in it start from, which is where the tools run; the
            current folder by default.

    Returns:
        All findings by line; their codes are explained in docs/errors.md.
    """
    return lint_source(read_source(path), root)


def lint_source(source: ConfigSource, root: Path | None = None) -> list[Problem]:
    """Check a training YAML that has been read; see :func:`lint_file`."""
    subject = Subject(source, root if root is not None else Path.cwd())
    found = list(source.problems)
    foreign = list(values.check_origin(subject)) if source.config else []
    found.extend(foreign)
    if source.config and not foreign:
        for check in _CHECKS:
            found.extend(check(subject))
    # what an alias repeats is said once for each place, which is one line
    once = {(each.line, each.code, each.message): each for each in found}
    return sorted(once.values(), key=lambda problem: (problem.line or 0, problem.code))
