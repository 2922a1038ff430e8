"""What ``labels check`` prints about findings that a newcomer has to understand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ppocr_kit.cli.main import main


def line(text: str, top: int, height: int = 15, width: int = 90, **more: object) -> dict[str, object]:
    right, bottom = 5 + width, top + height
    return {"transcription": text, "points": [[5, top], [right, top], [right, bottom], [5, bottom]], **more}


def label(*pages: list[dict[str, object]]) -> str:
    rows = (f"batch/{name}.png\t{json.dumps(boxes)}\n" for name, boxes in zip("abc", pages))
    return "".join(rows)


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, without a release."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_errors_come_before_warnings_and_warnings_before_notes(make_folder, in_tmp, capsys) -> None:
    texts = [line("Invoice No", 2), line("Invoice No", 20), line("invoice no", 38)]
    make_folder(label(texts, [], [line("a", 1, 0)]), ("a.png", "b.png", "c.png"))
    assert main(["labels", "check", "batch"]) == 3
    out = capsys.readouterr().out
    assert re.findall(r"^(error|warning|note) (L\d+)", out, flags=re.MULTILINE) == [
        ("error", "L019"),
        ("error", "L042"),
        ("warning", "L017"),
        ("note", "L088"),
    ]
    assert "2 errors, 1 warning, 1 note" in out
    assert "det: 2 pages with 3 boxes to learn (left out: 1 page, 1 box)" in out
    assert "next: mend the errors, or leave out what they name: ppocr-kit dataset build batch" in out


def test_what_was_not_run_is_said_with_how_to_have_it(make_folder, in_tmp, capsys) -> None:
    make_folder(label([line("ab", 2)]))
    assert main(["labels", "check", "batch"]) == 0
    out = capsys.readouterr().out
    assert "not run: the release's own transforms on every row; this folder has no PaddleOCR release" in out
    assert "ppocr-kit vendor sync" in out
    assert "next: ppocr-kit dataset build batch --name NAME" in out
    assert main(["labels", "check", "batch", "--release"]) == 5
    assert main(["labels", "check", "batch", "--no-release"]) == 0


def test_the_dictionary_is_told_with_what_it_lacks(make_folder, in_tmp, capsys) -> None:
    make_folder(label([line("ab", 2), line("aé", 20)]))
    Path("d.txt").write_text("a\nb\n", "utf-8")
    assert main(["labels", "check", "batch", "--dict", "d.txt"]) == 3
    out = capsys.readouterr().out
    assert "error L081: the dictionary lacks characters of the text" in out
    assert "dictionary d.txt: 2 entries, 1 of 2 texts covered (50.0%)" in out
    assert "it lacks 1: 'é' (U+00E9) in 1 (first at batch/Label.txt:1 box 1)" in out
    # with this dictionary the build would be refused
    assert "or let one be made of the texts: ppocr-kit dataset build batch --name NAME\n" in out
    Path("d.txt").write_text("a\nb\né\n", "utf-8")
    assert main(["labels", "check", "batch", "--dict", "d.txt"]) == 0
    assert "next: ppocr-kit dataset build batch --name NAME --dict d.txt\n" in capsys.readouterr().out


def test_the_json_has_all_of_it(make_folder, in_tmp, capsys) -> None:
    make_folder(label([line("ab", 2, key_cls="total"), line("###", 20)]))
    assert main(["labels", "check", "batch", "--json", "--task", "rec"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["ok"] is True
    assert value["models"] == {"rec": "rec_en_number_lite_train"}
    assert value["release"]["ran"] is False
    assert value["counts"] == {"errors": 0, "warnings": 1, "notes": 0, "by_code": {"L053": 1}}
    assert value["left_out"] == {"rec row": 1}
    assert value["problems"][0]["region"] == 1
    assert value["statistics"]["text_lengths"] == {
        "shortest": 2,
        "median": 2,
        "longest": 2,
        "counts": {"2": 1},
    }
    assert value["statistics"]["classes"] == {"total": 1}
    assert value["statistics"]["training_scale"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "none_rec"], "no model 'none_rec'"),
        (["--task", "det", "--model", "PP-OCRv5_mobile_rec"], "is a rec model"),
        (["--model", "PP-OCRv5_mobile_rec", "--model", "rec_svtrnet"], "both rec models"),
        (["--task", "kie"], "kie"),
        (["--max-text-length", "0"], "0"),
    ],
)
def test_options_that_cannot_be_are_refused(make_folder, in_tmp, capsys, options, message) -> None:
    make_folder(label([line("ab", 2)]))
    assert main(["labels", "check", "batch", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_dictionary_that_is_not_there_is_an_error_in_data(make_folder, in_tmp, capsys) -> None:
    make_folder(label([line("ab", 2)]))
    assert main(["labels", "check", "batch", "--dict", "none.txt"]) == 3
    assert "cannot read the dictionary" in capsys.readouterr().err


def test_the_screen_of_a_real_export_fits_a_newcomer(shared: Path, in_tmp, capsys) -> None:
    assert (
        main(["labels", "check", str(shared / "real" / "form_1040"), "--task", "det", "--task", "rec"]) == 0
    )
    out = capsys.readouterr().out
    assert len(out.splitlines()) <= 24
    assert "classes (4): docid_q 21, docid_a 20, name_a 18, name_q 18" in out
    assert "'Your social se curity number' (once) beside 'Your social security number' (15 times" in out
    assert "det: 24 pages with 77 boxes to learn\nrec: 77 texts to learn\n" in out
