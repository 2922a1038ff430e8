"""Whatever a file holds, checking it ends, with findings on lines that the file has."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_lint_together import CRNN, GOOD

from ppocr_kit.configs.lint.yaml_file import lint_file
from ppocr_kit.configs.source import read_source

LINES = (*GOOD.splitlines(), *CRNN.splitlines())
PARTS = st.sampled_from(
    ["\t", "None", "null", "1e-6", "1e999", "&a ", "*a", "*max_text_length", "<<: *a", "- ", "? ", "{", "}",
     "[", "]", ": ", "!!python/object:os.system x", "!!binary x", "!!set {a}", "!!timestamp x", "2020-13-45",
     "0x", ".inf", ".nan", "\\\\host\\x", "C:\\x", "/", "~", "\x00", "\ufeff", "é", "汉字" * 200, "a" * 5000,
     "on: off", "1: 2", "99999999999999999999", "-1", "true", "[[[]]]", "{a: {a: {a: 1}}}", "---", "...",
     "https://x", "ppocr/../../x", "name: 3", "name: [a]", "transforms: {}", "transforms: [1, [2], {}]"]
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sound configuration with lines dropped, doubled, moved, indented, or with foreign parts in them."""
    lines = list(draw(st.sampled_from([GOOD, CRNN])).splitlines())
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(lines) - 1)) if lines else 0
        kind = draw(st.sampled_from(["drop", "double", "other", "part", "value", "indent", "swap"]))
        line = lines[place] if lines else ""
        if kind == "drop":
            del lines[place : place + draw(st.integers(1, 5))]
        elif kind in ("double", "other"):
            lines.insert(place, line if kind == "double" else draw(st.sampled_from(LINES)))
        elif lines and kind == "part":
            column = draw(st.integers(0, len(line)))
            lines[place] = line[:column] + draw(PARTS) + line[column:]
        elif lines and kind == "value":
            lines[place] = line.split(":")[0] + ": " + draw(PARTS)
        elif lines and kind == "indent":
            lines[place] = " " * draw(st.integers(0, 6)) + line.strip()
        elif lines:
            other = draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], line
    return "\n".join(lines)


def check(content: bytes) -> None:
    """Lint a content, and hold every finding to the file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.yml"
        file.write_bytes(content)
        found = lint_file(file, Path(folder))
    lines = content.count(b"\n") + 1
    for problem in found:
        assert problem.line is None or 1 <= problem.line <= lines
        assert problem.message and problem.hint
        json.dumps(problem.to_json())


@given(mutated())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_mutated_configurations_are_checked_to_the_end(text: str) -> None:
    check(text.encode("utf-8"))


@given(st.binary(max_size=200))
def test_any_bytes_are_checked_to_the_end(content: bytes) -> None:
    check(content)


@given(st.text(alphabet="ab:-[]{}&*!?|>#'\"%@` \n\t,0e", max_size=60))
def test_any_yaml_is_checked_to_the_end(text: str) -> None:
    check(text.encode("utf-8"))


LEVELS = "abcdefghi"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{level}1: &{after} [{', '.join([f'*{level}'] * 10)}]\n" for level, after in zip(LEVELS, LEVELS[1:])
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{level}1: &{after} {{<<: [{', '.join([f'*{level}'] * 10)}]}}\n"
    for level, after in zip(LEVELS, LEVELS[1:])
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "aliases make more values"),
        (MERGES, "aliases make more values"),
        ("Global: &a {b: *a}\n", "contains itself"),
        ("Global:\n  a: *b\n", "undefined alias"),
        ("Global: " + "{a: " * 3000, "nested too deep"),
        ("Global: " + "x" * 600_000, "larger than 512 kB"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("a: !!python/name:os.system\n", "could not determine a constructor"),
        ("a: 2020-13-45\n", "not what its form or tag says"),
        ("a: " + "9" * 5000 + "\n", "not what its form or tag says"),
        ("? [a]\n: 1\n", "where a key should"),
        ("a: \x00\n", "special characters"),
    ],
    ids=lambda value: value[:18],
)
def test_trap_is_one_finding_at_once(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text(content, encoding="utf-8")
    started = time.monotonic()
    (problem,) = lint_file(file)
    assert problem.code == "C001"
    assert message in problem.message
    assert time.monotonic() - started < 20


def test_folder_and_device_are_findings() -> None:
    assert [problem.code for problem in lint_file(Path("/"))] == ["C001"]
    assert [problem.code for problem in lint_file(Path("/dev/zero"))] == ["C001"]


def test_chinese_windows_text_is_reported_and_read_on(tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_bytes("Global:\n  epoch_nun: 3  # 训练轮数\n".encode("gbk"))
    assert {("C001", 2), ("C005", 2)} <= {(problem.code, problem.line) for problem in lint_file(file)}


def test_windows_text_of_two_bytes_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text("Global: {}\n", encoding="utf-16")
    (problem,) = lint_file(file)
    assert "UTF-16" in problem.message


def test_every_tab_is_found_and_the_rest_is_read_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text("Global:\n\tepoch_nun: 3\n\tseed:\t1\n", encoding="utf-8")
    found = {(problem.code, problem.line) for problem in lint_file(file)}
    assert {("C002", 2), ("C002", 3), ("C005", 2)} <= found


def test_keys_that_are_no_text_are_taken_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "own.yml"
    file.write_text("Global:\n  on: 1\n  1: 2\n  ~: 3\n", encoding="utf-8")
    assert read_source(file).config == {"Global": {"on": 1, "1": 2, "~": 3}}
    unknown = [problem for problem in lint_file(file) if problem.code == "C005"]
    assert [problem.line for problem in unknown] == [2, 3, 4]
