"""``vl check`` and ``vl tiny`` on the command line: what is shown, what fails, and once for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ppocr_kit.cli.main import main
from ppocr_kit.storage import sha256_of, write_json_atomic
from ppocr_kit.vl import checking
from ppocr_kit.vl.model_folder import ModelFolder
from ppocr_kit.vl.rows import VlRow, write_rows

QUESTIONS = {"ocr": {"prompt": "OCR:", "rendered": "User: OCR:\nAssistant:\n"}}
TOKENS = [
    {"id": 1, "text": "User: ", "times": 1, "supervised": False},
    {"id": 5, "text": "<|IMAGE_PLACEHOLDER|>", "times": 12, "supervised": False},
    {"id": 7, "text": "a\n", "times": 1, "supervised": True},
    {"id": 2, "text": "</s>", "times": 1, "supervised": True},
]
ANSWER: dict[str, Any] = {
    "versions": ["1.5", "1.6"],
    "questions": QUESTIONS,
    "rows": 3,
    "lengths": {"least": 20, "median": 21, "most": 40},
    "prompts": {"OCR:": 3},
    "row": {"image": "a.png", "length": 15, "supervised": 2, "patches": [4, 12], "tokens": TOKENS},
    "findings": [],
}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A data set of three rows, two to train with and one to validate."""
    root = tmp_path / "data"
    splits = {}
    for split, texts in {"train": ["hello", "12.50 €"], "val": ["x"], "test": []}.items():
        rows = [VlRow(f"vl/images/{text[0]}.png", "OCR:", text, text, 120, 40) for text in texts]
        path = root / "vl" / f"{split}.jsonl"
        write_rows(path, rows)
        digest = sha256_of(path)
        splits[split] = {
            "list": f"vl/{split}.jsonl",
            "rows": len(rows),
            "groups": len(rows),
            "sha256": digest,
        }
        for row in rows:
            (root / row.image).parent.mkdir(exist_ok=True)
            Image.new("RGB", (120, 40), "white").save(root / row.image)
    write_json_atomic(root / "vl.json", {"format": 1, "name": "data", "seed": 0, "splits": splits})
    return root


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch):
    """A lane that answers what it is told, and a model that is there."""
    jobs: list[dict[str, Any]] = []

    def answer_with(**changes: Any) -> list[dict[str, Any]]:
        def run(worker: str, job: dict[str, Any], **more: Any) -> dict[str, Any]:
            jobs.append(job)
            more["on_event"]({"done": 1})
            return {**ANSWER, **changes}

        monkeypatch.setattr(checking, "run_engine", run)
        model = ModelFolder(Path("m"), (), ("1.5", "1.6"), "1.5", "config.json", 8)
        monkeypatch.setattr(checking, "find_run_model", lambda name: model)
        return jobs

    return answer_with


def test_supervised_tokens_stand_in_brackets(dataset, lane, capsys):
    jobs = lane()
    words = ["--split", "train", "--row", "2", "--max-pixels", "5000", "--min-pixels", "900"]
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m", *words]) == 0
    shown = capsys.readouterr()
    assert "User: <|IMAGE_PLACEHOLDER|> x 12 [a↵][</s>]" in shown.out
    assert "15 tokens, 2 of them supervised; 4 x 12 patches" in shown.out
    assert "3 ask 'OCR:'" in shown.out
    assert shown.err.strip() == "passed"
    (job,) = jobs
    assert (job["split"], job["row"], job["max_pixels"], job["min_pixels"]) == ("train", 2, 5000, 900)
    assert (job["version"], job["version_from"]) == ("1.5", "config.json")
    # an empty split is not looked at
    assert list(job["splits"]) == ["train", "val"]


@pytest.mark.parametrize(
    ("finding", "place", "said", "code"),
    [
        (
            {"code": "V040", "split": "train", "line": 1, "detail": "0 of 9 tokens"},
            "train.jsonl:1",
            "no token",
            3,
        ),
        ({"code": "V041", "split": "train", "line": 1, "detail": ""}, "train.jsonl:1", "never to stop", 3),
        ({"code": "V042", "split": "val", "line": 1, "detail": "9 tokens"}, "val.jsonl:1", "longer", 3),
        ({"code": "V043", "detail": "1.0, not 1.5"}, "m: error V043", "chat template does not belong", 3),
        ({"code": "V045", "split": "val", "line": 1, "detail": ""}, "val.jsonl:1", "comes back changed", 0),
    ],
)
def test_findings_are_told_with_their_place_and_errors_fail(
    dataset, lane, capsys, finding, place, said, code
):
    lane(findings=[finding])
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m"]) == code
    shown = capsys.readouterr()
    assert place in shown.out and said in shown.out
    assert shown.err.strip() == ("1 errors" if code else "passed")


def test_many_findings_of_a_kind_are_counted(dataset, lane, capsys):
    lane(findings=[{"code": "V042", "split": "train", "line": line, "detail": ""} for line in range(1, 31)])
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m"]) == 3
    assert "and 20 more of V042" in capsys.readouterr().out
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m", "--all"]) == 3
    assert "more of V042" not in capsys.readouterr().out


def test_json_is_one_document(dataset, lane, capsys):
    lane(findings=[{"code": "V042", "split": "train", "line": 2, "detail": "9 tokens"}])
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m", "--json"]) == 3
    body = json.loads(capsys.readouterr().out)
    assert body["passed"] is False and body["problems"][0]["line"] == 2
    assert body["row"]["tokens"] == TOKENS


def test_the_version_is_the_users_to_say(dataset, lane, capsys):
    jobs = lane()
    assert main(["vl", "check", "--model", "m", "--model-version", "1.0"]) == 0
    assert (jobs[0]["version"], jobs[0]["version_from"], jobs[0]["splits"]) == ("1.0", "--model-version", {})
    assert main(["vl", "check", "--model", "m", "--model-version", "2"]) == 2
    assert "1.0, 1.5, 1.6" in capsys.readouterr().err


def test_a_changed_data_set_is_refused_before_the_lane_is_started(dataset, lane, capsys):
    jobs = lane()
    with (dataset / "vl" / "train.jsonl").open("a") as stream:
        stream.write("\n")
    assert main(["vl", "check", "--dataset", str(dataset), "--model", "m"]) == 3
    assert "was changed after it was written" in capsys.readouterr().err
    assert jobs == []


def test_a_small_model_is_made_and_a_data_set_checked_with_it(dataset, tmp_path, capsys, vl_python):
    """In the lane, once for real."""
    model = tmp_path / "PaddleOCR-VL-1.6"
    assert main(["vl", "tiny", "--out", str(model), "--version", "1.6", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["version"] == "1.6" and "model.safetensors" in made["files"]
    template = (model / "chat_template.jinja").read_text(encoding="utf-8")
    (model / "chat_template.jinja").write_text(
        template.replace("Assistant:\\n", "Assistant: "), encoding="utf-8"
    )
    assert (
        main(["vl", "check", "--dataset", str(dataset), "--model", str(model), "--row", "2", "--json"]) == 3
    )
    found = json.loads(capsys.readouterr().out)
    assert found["row"]["supervised_text"] == "12.50 €"
    assert [problem["code"] for problem in found["problems"]] == ["V043"]
    assert "the template is of 1.0, the model of 1.6" in found["problems"][0]["message"]
