"""vl prepare: groups, copies, leaks; the same input gives the same bytes; what is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from vl_sources import (
    WORDS,
    all_rows,
    content_of,
    draw,
    left_out,
    make_words,
    prepare,
    row,
    rows_of,
    write_jsonl,
)

from ppocr_kit.cli.vl_prepare import prepare as command
from ppocr_kit.errors import DataError, UsageError
from ppocr_kit.tasks import Split
from ppocr_kit.vl.codes import VL_CODES
from ppocr_kit.vl.dataset import find_vl_dataset, read_vl_dataset
from ppocr_kit.vl.prepare import PrepareResult


def sides(result: PrepareResult) -> dict[str, str]:
    """The split of each text."""
    return {one["completion"]: str(split) for split in Split for one in rows_of(result, str(split))}


def test_rows_of_a_page_stay_together_whatever_column_names_it(tmp_path: Path):
    side = sides(prepare(tmp_path, make_words(tmp_path / "src", pages=4), ratio="2:1:1"))
    for at in range(0, len(WORDS), 4):
        assert len({side[word] for word in WORDS[at : at + 4]}) == 1
    assert set(side.values()) == {"train", "val", "test"}


def test_group_by_takes_a_column_or_a_part_of_the_name(tmp_path: Path):
    folder = tmp_path / "src"
    rows = []
    for number, word in enumerate(WORDS):
        name = f"book{number // 4}/{word}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(draw(word))
        rows.append(row(name, word, volume=number // 4))
    source = write_jsonl(folder, rows)
    by_column = prepare(tmp_path, source, ratio="2:1:1", group_by="volume")
    assert {one["group"] for one in all_rows(by_column)} == {"0", "1", "2", "3"}
    by_name = prepare(tmp_path, source, ratio="2:1:1", group_by=r"^(book\d)/")
    assert {one["group"] for one in all_rows(by_name)} == {"book0", "book1", "book2", "book3"}
    assert by_name.manifest["grouping"] == {"by": r"^(book\d)/", "table": None}
    with pytest.raises(UsageError, match="gives none of 16 pages a group"):
        prepare(tmp_path, source, group_by="(nothing)x")


def test_without_pages_people_are_told(tmp_path: Path):
    result = prepare(tmp_path, make_words(tmp_path / "src"))
    assert any("--group-by" in note for note in result.notes)


def test_pictures_that_look_alike_stay_together(tmp_path: Path):
    source = make_words(tmp_path / "src")
    with source.open("a", encoding="utf-8") as stream:
        for number in range(1, 4):
            for word in WORDS[:5]:
                (source.parent / f"{word}{number}.png").write_bytes(draw(word, noise=number))
                stream.write(json.dumps(row(f"{word}{number}.png", word)) + "\n")
    result = prepare(tmp_path, source, ratio="2:1:1")
    where: dict[str, set[str]] = {}
    for split in ("train", "val", "test"):
        for one in rows_of(result, split):
            where.setdefault(one["completion"], set()).add(split)
    assert all(len(found) == 1 for found in where.values())
    assert result.manifest["checks"]["alike"] == 20
    assert result.problems.by_code["V032"] == 0


def test_leaks_of_a_split_that_is_kept_are_told(tmp_path: Path):
    folder = tmp_path / "src"
    make_words(folder, WORDS[:8]).rename(folder / "train.jsonl")
    rows = [row("again.png", WORDS[0], page="p1"), row(f"{WORDS[9]}.png", WORDS[9], page="p1")]
    (folder / "again.png").write_bytes(draw(WORDS[0], noise=2))
    (folder / f"{WORDS[9]}.png").write_bytes(draw(WORDS[9]))
    write_jsonl(folder, rows, "test.jsonl")
    write_jsonl(folder, [row("more.png", "more", page="p1")], "val.jsonl")
    (folder / "more.png").write_bytes(draw("more"))
    result = prepare(tmp_path, folder)
    assert (result.problems.by_code["V032"], result.problems.by_code["V033"]) == (1, 1)
    assert result.manifest["checks"]["alike_on_two_sides"] == 1
    assert left_out(result) == {}


def test_of_copies_on_two_sides_the_one_that_measures_stays(tmp_path: Path):
    folder = tmp_path / "src"
    make_words(folder, WORDS[:8]).rename(folder / "train.jsonl")
    write_jsonl(folder, [row(f"{WORDS[0]}.png", WORDS[0])], "test.jsonl")
    write_jsonl(folder, [row(f"{WORDS[1]}.png", WORDS[1])], "val.jsonl")
    side = sides(prepare(tmp_path, folder))
    assert (side[WORDS[0]], side[WORDS[1]]) == ("test", "val")
    assert len(side) == 8


def test_same_rows_go_everywhere_and_the_set_says_so(tmp_path: Path):
    result = prepare(tmp_path, make_words(tmp_path / "src", WORDS[:8]), same_rows=True)
    lists = [(result.folder / "vl" / f"{split}.jsonl").read_bytes() for split in Split]
    assert lists[0] == lists[1] == lists[2]
    assert read_vl_dataset(result.folder).same_rows
    assert any("learnt by heart" in note for note in result.notes)


def test_too_few_rows_for_the_splits_is_a_clear_error(tmp_path: Path):
    with pytest.raises(DataError, match="3 splits need at least 3"):
        prepare(tmp_path, make_words(tmp_path / "src", WORDS[:2]))


def test_same_input_gives_the_same_bytes_whatever_the_order(tmp_path: Path):
    source = make_words(tmp_path / "src", pages=2)
    first = content_of(prepare(tmp_path, source).folder)
    again = content_of(prepare(tmp_path, source).folder)
    assert first == again
    source.write_text("\n".join(reversed(source.read_text().splitlines())))
    turned = prepare(tmp_path, source)
    # places in the file are told with the rows
    assert sides(turned) == {
        one["completion"]: split
        for split in ("train", "val", "test")
        for one in map(json.loads, first[f"vl/{split}.jsonl"].splitlines())
    }
    others = [sides(prepare(tmp_path, source, seed=seed)) for seed in (1, 2, 3)]
    assert any(other != sides(turned) for other in others)


def test_dry_run_says_the_same_and_writes_nothing(tmp_path: Path):
    source = make_words(tmp_path / "src")
    dry = prepare(tmp_path, source, dry_run=True)
    assert not (tmp_path / "td").exists()
    assert prepare(tmp_path, source).manifest == dry.manifest


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda body: body.update(format=2), "format is 2"),
        (lambda body: body["splits"].pop("val"), "lacks val"),
        (lambda body: body["splits"]["val"].update(list="../x"), "not a path inside"),
        (lambda body: body["splits"]["val"].update(rows=True), "rows is bool"),
        (lambda body: body["splits"]["val"].update(sha256="0"), "was changed after"),
        (lambda body: body["splits"]["val"].update(list="vl/none.jsonl"), "is missing"),
        (lambda body: body.pop("name"), "name is missing"),
    ],
)
def test_damaged_manifest_is_refused(tmp_path: Path, damage: Any, said: str):
    folder = prepare(tmp_path, make_words(tmp_path / "src")).folder
    body = json.loads((folder / "vl.json").read_text())
    damage(body)
    (folder / "vl.json").write_text(json.dumps(body))
    with pytest.raises(DataError, match=said):
        read_vl_dataset(folder)


def test_data_set_is_found_by_name_and_one_of_another_kind_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train_data" / "a").mkdir(parents=True)
    (tmp_path / "train_data" / "a" / "vl.json").write_text("{}")
    assert find_vl_dataset(Path("a")) == Path("train_data/a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dataset.json").write_text("{}")
    with pytest.raises(DataError) as caught:
        find_vl_dataset(Path("b"))
    assert "ppocr-kit vl prepare b" in str(caught.value.hint)


def test_command_prints_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    source = make_words(tmp_path / "src")
    with source.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row("none.png", "x")) + "\n")
    done = CliRunner().invoke(command, [str(source), "--name", "trees"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "trees written to train_data/trees" in done.output
    assert "left out: 1, listed in train_data/trees/vl/left_out.jsonl" in done.output
    assert "error V004: the picture is missing (1 times, first at" in done.output
    body = CliRunner().invoke(command, [str(source), "--name", "trees", "--json", "--dry-run"])
    document = json.loads(body.stdout)
    assert document["dataset"]["splits"]["train"]["rows"] == 13
    assert [found["code"] for found in document["problems"]] == ["V004"]


def test_codes_are_the_table_of_the_documentation(project: Path):
    page = (project / "docs" / "tasks" / "vl.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| V\d", line)]
    wanted = [
        f"| {kind.code} | {kind.severity} | {kind.meaning} | {'left out' if kind.drops else 'kept'} "
        f"| {kind.remedy} |"
        for kind in VL_CODES.values()
    ]
    assert [" ".join(line.split()) for line in rows] == [" ".join(line.split()) for line in wanted]
