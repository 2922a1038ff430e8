"""What is wrong with a PaddleOCR training YAML, each finding with its line.

All of it is found before anything runs; the release finds out while training, or never
(PaddleOCR#5503, #14392, #9157, #1818).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ppocr_kit.configs import lint_files, lint_parts, lint_run, lint_text, lint_values
from ppocr_kit.configs.lint_subject import Subject
from ppocr_kit.configs.source import ConfigSource, read_source
from ppocr_kit.problems import Problem

Check = Callable[[Subject], Iterator[Problem]]

_CHECKS: tuple[Check, ...] = (
    lint_values.check_sections,
    lint_values.check_keys,
    lint_values.check_names,
    lint_values.check_values,
    lint_files.check_paths,
    lint_files.check_weights,
    lint_files.check_data,
    lint_files.check_overlap,
    lint_files.check_dictionaries,
    lint_text.check_dictionary,
    lint_text.check_classes,
    lint_run.check_batches,
    lint_run.check_evaluations,
    lint_run.check_scoring,
    lint_parts.check_company,
    lint_parts.check_kept,
    lint_parts.check_multi_head,
    lint_parts.check_global,
    lint_parts.check_sizes,
    lint_parts.check_supplied,
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
    foreign = list(lint_values.check_origin(subject)) if source.config else []
    found.extend(foreign)
    if source.config and not foreign:
        for check in _CHECKS:
            found.extend(check(subject))
    # what an alias repeats is said once for each place, which is one line
    once = {(each.line, each.code, each.message): each for each in found}
    return sorted(once.values(), key=lambda problem: (problem.line or 0, problem.code))
