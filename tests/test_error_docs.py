"""docs/errors.md has every exit code, every finding's code, and every fault that is told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ppocr_kit import errors
from ppocr_kit.configs.lint.codes import LINT_CODES
from ppocr_kit.labels.codes import LABEL_CODES
from ppocr_kit.vendor.faults import FAULTS


@pytest.fixture(scope="module")
def rows(project: Path) -> dict[str, list[str]]:
    """Table rows by their first cell, with the marks of Markdown taken off."""
    text = (project / "docs" / "errors.md").read_text(encoding="utf-8")
    cells = (re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|"))
    plain = ([re.sub(r"\\(.)", r"\1", cell.strip()) for cell in row] for row in cells)
    return {row[0]: row[1:] for row in plain}


def _classes() -> list[type[errors.PpocrKitError]]:
    return errors.PpocrKitError.__subclasses__()


@pytest.mark.parametrize("kind", _classes(), ids=lambda kind: kind.__name__)
def test_exit_code_is_listed_with_its_kind(
    rows: dict[str, list[str]], kind: type[errors.PpocrKitError]
) -> None:
    assert rows[str(kind.exit_code)][0] == kind.__name__


@pytest.mark.parametrize("code", ["0", "70", "130"])
def test_exit_code_without_a_kind_is_listed(rows: dict[str, list[str]], code: str) -> None:
    assert code in rows


def test_label_codes_are_listed_as_the_checks_say_them(rows: dict[str, list[str]]) -> None:
    listed = {code: row for code, row in rows.items() if re.fullmatch(r"L\d{3}", code)}
    said = {
        entry.code: [str(entry.severity), str(entry.drops), entry.meaning, entry.remedy]
        for entry in LABEL_CODES.values()
    }
    assert listed == said


def test_configuration_codes_are_listed_as_the_checks_say_them(rows: dict[str, list[str]]) -> None:
    listed = {code: row for code, row in rows.items() if re.fullmatch(r"C\d{3}", code)}
    said = {entry.code: [str(entry.severity), entry.meaning, entry.remedy] for entry in LINT_CODES.values()}
    assert listed == said


def test_every_configuration_code_is_used_by_a_check(project: Path) -> None:
    sources = (project / "ppocr_kit" / "configs").rglob("*.py")
    used = {
        code
        for path in sources
        if path.parts[-2:] != ("lint", "codes.py")
        for code in re.findall(r'"(C\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == LINT_CODES.keys()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_listed_with_its_texts(rows: dict[str, list[str]], fault: object) -> None:
    name, cause, cure = (getattr(fault, key) for key in ("name", "cause", "cure"))
    assert rows[name] == [re.sub(r"\{\w+\}", "…", text) for text in (cause, cure)]
