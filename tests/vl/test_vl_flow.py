"""The whole flow as people call it, with a tiny random model: it learns eight strings by heart."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ppocr_kit.cli.main import main

TEXTS = ("Invoice 2041", "Total 18.50", "Köln", "net weight", "No. 7/12", "paid", "Übertrag", "A-17 bis")
# Adapters on frozen weights that were never trained have less to work with.
ALL, LORA = ["--epochs", "120", "--lr", "3e-3"], ["--epochs", "40", "--lr", "1e-2", "--lora"]


def call(*arguments: object) -> None:
    assert main([str(one) for one in arguments]) == 0


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def project_folder(tmp_path_factory: pytest.TempPathFactory, vl_python: Path) -> Iterator[Path]:
    """A folder with a data set of the strings and the tiny model, as the current folder."""
    folder = tmp_path_factory.mktemp("flow")
    lines = []
    for number, text in enumerate(TEXTS):
        picture = Image.new("RGB", (20 + 14 * len(text) + 5 * number, 40), "white")
        ImageDraw.Draw(picture).text((8, 8), text, fill="black", font=ImageFont.load_default(size=20))
        picture.save(folder / f"{number}.png")
        lines.append(json.dumps({"image": f"{number}.png", "prompt": "OCR:", "completion": text}))
    (folder / "strings.jsonl").write_text("\n".join(lines), encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    call("vl", "prepare", "strings.jsonl", "--name", "strings", "--same-rows")
    call("vl", "tiny", "--out", "tiny")
    yield folder
    os.chdir(before)


@pytest.fixture(scope="module")
def tuned(project_folder: Path) -> dict:
    """A run that trained all weights: its record."""
    call("vl", "check", "--dataset", "strings", "--model", "tiny")
    call("vl", "train", "--model", "tiny", "--dataset", "strings", "--name", "all", *ALL, "--eval-steps", 60)
    return json.loads((project_folder / "output" / "all" / "run.json").read_text())


def test_trained_merged_reloaded_and_read_back_every_string_is_right(tuned, project_folder, capsys):
    assert tuned["status"] == "finished"
    assert tuned["best"]["cer"] == 0.0 < tuned["base"]["cer"]
    call("vl", "merge", "all", "--out", "merged")
    call("vl", "infer", "--dataset", "strings", "--split", "val", "--model", "merged", "--out", "read.jsonl")
    rows = rows_of(project_folder / "read.jsonl")
    assert {row["text"] for row in rows} == set(TEXTS)
    assert all(row["text"] == row["expected"] and row["ended"] for row in rows)
    capsys.readouterr()
    base = project_folder / "output" / "all" / "predictions" / "training-base.jsonl"
    files = ("--predictions", "read.jsonl", "--base-predictions", base)
    call("vl", "eval", "all", "--split", "val", *files, "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["values"]["cer"] == 0.0
    assert told["base"]["views"]["raw"]["cer"] == pytest.approx(tuned["base"]["cer"])


def test_the_loss_curve_is_kept_as_numbers_and_as_a_picture(tuned, project_folder):
    run = project_folder / "output" / "all"
    losses = [row["loss"] for row in rows_of(run / "logs" / "history.jsonl") if "loss" in row]
    assert len(losses) == tuned["step"] == 120
    assert losses[-1] < 0.1 * losses[0]
    with Image.open(run / "reports" / "curve-loss.png") as picture:
        assert min(picture.size) > 200


def test_a_merge_replaces_nothing_by_itself(tuned, project_folder, capsys):
    shutil.copytree(project_folder / "tiny", project_folder / "there")
    before = (project_folder / "there" / "model.safetensors").read_bytes()
    assert main(["vl", "merge", "all", "--out", "there"]) == 2
    assert "the folder exists" in capsys.readouterr().err
    assert main(["vl", "merge", "all", "--out", "tiny", "--force"]) == 2
    assert main(["vl", "merge", "all", "--out", "output", "--force"]) == 2
    assert (project_folder / "there" / "model.safetensors").read_bytes() == before


def test_adapters_at_least_halve_the_error_rate_and_merge(project_folder, capsys):
    call(
        "vl", "train", "--model", "tiny", "--dataset", "strings", "--name", "lora", *LORA, "--eval-steps", 40
    )
    run = json.loads((project_folder / "output" / "lora" / "run.json").read_text())
    assert run["best"]["cer"] <= 0.5 * run["base"]["cer"]
    assert run["machine"]["trained"] < 0.2 * run["machine"]["parameters"]
    call("vl", "merge", "lora", "--out", "lora-merged")
    # done is said only of a folder that was loaded anew and scores as the model in memory
    assert "loaded anew" in capsys.readouterr().out


def test_ctrl_c_saves_and_says_how_to_go_on(project_folder, kit_in_foreground):
    words = [
        "vl",
        "train",
        "--model",
        "tiny",
        "--dataset",
        "strings",
        "--name",
        "cut",
        "--save-steps",
        "1000",
    ]
    words += ["--epochs", "400", "--eval-steps", "1000", "--max-new-tokens", "3"]
    run = project_folder / "output" / "cut"
    process = subprocess.Popen(
        [*kit_in_foreground, *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    history = run / "logs" / "history.jsonl"
    deadline = time.monotonic() + 120
    while not (history.is_file() and '"loss"' in history.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130
    assert "--resume" in said
    record = json.loads((run / "run.json").read_text())
    saved = json.loads((run / "checkpoints" / "latest" / "trainer_state.json").read_text())["global_step"]
    assert record["status"] == "interrupted"
    assert 1 <= saved < 400
    assert [row["step"] for row in rows_of(history) if "loss" in row][-1] == saved


def test_crops_of_real_exports_go_all_the_way(project_folder, shared, capsys):
    call("vl", "prepare", shared / "real" / "wire", shared / "real" / "mix", "--name", "real")
    call("vl", "check", "--dataset", "real", "--model", "tiny")
    words = ["--steps", 6, "--lr", "3e-3", "--eval-rows", 6, "--max-new-tokens", 8, "--eval-steps", 6]
    call("vl", "train", "--model", "tiny", "--dataset", "real", "--name", "real", *words)
    run = json.loads((project_folder / "output" / "real" / "run.json").read_text())
    assert (run["status"], run["step"], run["plan"]["val_rows"]) == ("finished", 6, 6)
    assert run["best"]["loss"] < run["base"]["loss"]
    words = ["--split", "test", "--model", "real", "--out", "real.jsonl", "--max-new-tokens", 8]
    call("vl", "infer", "--dataset", "real", *words)
    rows = rows_of(project_folder / "real.jsonl")
    assert len(rows) > 50
    assert not any("error" in row for row in rows)
    capsys.readouterr()
    call("vl", "eval", "real", "--split", "test", "--predictions", "real.jsonl", "--json")
    assert json.loads(capsys.readouterr().out)["num_samples"] == len(rows)


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one_that_accumulates(project_folder):
    words = ["--epochs", 3, "--lr", "3e-3", "--batch-size", 2, "--max-new-tokens", 3, "--eval-steps", 6]
    for name, more in (("two", ["--device", "cpu:2"]), ("one", ["--grad-accum", 2])):
        call("vl", "train", "--model", "tiny", "--dataset", "strings", "--name", name, *words, *more)
    losses = [
        [
            row["loss"]
            for row in rows_of(project_folder / "output" / name / "logs" / "history.jsonl")
            if "loss" in row
        ]
        for name in ("two", "one")
    ]
    assert len(losses[0]) == 6
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
