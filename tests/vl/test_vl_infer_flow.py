"""vl infer as people call it: with the tiny model in the lane, killed and called again, and with a server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw
from stub_server import MODEL, chat, running_stub

from ppocr_kit.cli.vl_infer import infer
from ppocr_kit.errors import DataError, PpocrKitError, ReportError, UsageError
from ppocr_kit.vl.record import VlRun, VlRunFolder, write_vl_run
from ppocr_kit.vl.run_models import find_run_model
from ppocr_kit.vl.server_exchange import KEY_VARIABLE


@pytest.fixture(scope="module")
def tiny(vl_python: Path, tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """A tiny model whose answers go on until they are cut off, of several letters."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    code = (
        "import sys, torch\n"
        "from ppocr_kit.vl.engine.tiny import make_tiny\n"
        "from ppocr_kit.vl.engine.loading import load_model\n"
        "model, _ = load_model(make_tiny(sys.argv[1]))\n"
        "torch.manual_seed(1)\n"
        "embedding = model.get_input_embeddings().weight\n"
        "embedding.data = torch.randn_like(embedding)\n"
        "embedding.data[model.config.text_config.eos_token_id] = 0\n"
        "model.save_pretrained(sys.argv[1])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [str(vl_python), "-c", code, str(folder)], env=environment, check=True, capture_output=True
    )
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for number in range(12):
        image = Image.new("RGB", (60 + 9 * number, 40), "white")
        ImageDraw.Draw(image).text((5, 5), f"bubble {number}", fill="black")
        image.save(folder / ("more" if number > 8 else ".") / f"p{number:02d}.png")
    return folder


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def is_running(process: str) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def call(*arguments: object):
    """Run the command, and raise what it refuses."""
    return CliRunner().invoke(infer, [str(one) for one in arguments], catch_exceptions=False)


def test_pictures_are_read_one_row_each_and_bad_ones_passed_over(tiny, pictures, tmp_path):
    (pictures / "bad.png").write_bytes(b"hello")
    out = tmp_path / "out.jsonl"
    done = call(pictures, "--model", tiny, "--out", out, "--max-new-tokens", 5, "--json")
    told = json.loads(done.stdout)
    assert (told["images"], told["failed"], told["cut_off"]) == (13, 1, 12)
    assert told["failures"][0]["image"].endswith("bad.png")
    rows = rows_of(out)
    assert [row["image"] for row in rows] == sorted(row["image"] for row in rows)
    assert all(row["tokens"] == 5 for row in rows if "error" not in row)
    assert "passed over" in done.stderr and "cut off" in done.stderr


def test_without_a_file_the_rows_are_printed(pictures):
    with running_stub() as stub:
        done = call(pictures / "more", "--server", stub.url, "--prompt", "table")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        document = json.loads(call(pictures / "more", "--server", stub.url, "--json").stdout)
    assert [Path(row["image"]).name for row in rows] == ["p09.png", "p10.png", "p11.png"]
    assert {row["prompt"] for row in rows} == {"Table Recognition:"}
    assert [row["text"] for row in document["rows"]] == [row["text"] for row in rows]


def test_a_killed_call_goes_on_and_leaves_no_process(tiny, pictures, tmp_path, project):
    out = tmp_path / "out.jsonl"
    options = ["--model", str(tiny), "--max-new-tokens", "150", "--batch-size", "1"]
    command = [sys.executable, "-m", "ppocr_kit", "vl", "infer", str(pictures), "--out", str(out), *options]
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (out.exists() and out.read_bytes().count(b"\n") >= 2) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert workers
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = rows_of(out)
    assert 2 <= len(before) < 12
    with out.open("ab") as stream:
        stream.write(b'{"image": "torn')

    done = call(pictures, "--out", out, *options, "--json")
    assert json.loads(done.stdout)["reused"] == len(before)
    rows = rows_of(out)
    assert [row for row in rows if row in before] == sorted(before, key=lambda row: row["image"])
    assert [row["tokens"] for row in rows] == [150] * 12


def test_a_model_folder_that_lacks_files_is_refused(tiny, pictures, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in tiny.iterdir():
        if file.name != "tokenizer.json":
            (broken / file.name).symlink_to(file)
    with pytest.raises(DataError, match="tokenizer.json"):
        call(pictures, "--model", broken)


def test_a_run_answers_with_its_best_checkpoint(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "output" / "manga-vl"
    (run / "checkpoints").mkdir(parents=True)
    write_vl_run(VlRunFolder(run), VlRun("manga-vl", "finished"))
    with pytest.raises(UsageError, match="the run has none at all"):
        find_run_model("manga-vl")
    (run / "checkpoints" / "best").symlink_to(tiny)
    for name in ("manga-vl", "output/manga-vl", str(run)):
        assert find_run_model(name).path.samefile(tiny)
    with pytest.raises(UsageError, match="there is best"):
        find_run_model("manga-vl", "latest")
    (run / "run.json").write_text('{"format": 1, "task": "rec"}', encoding="utf-8")
    with pytest.raises(ReportError, match="not of PaddleOCR-VL but of rec"):
        find_run_model("manga-vl")


def test_a_server_answers_in_place_of_a_model(pictures, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "sk-very-secret")
    out = tmp_path / "out.jsonl"
    with running_stub() as stub:
        stub.answer = lambda body: chat(body["messages"][0]["content"][1]["text"])
        done = call(pictures, "--server", stub.url, "--out", out, "--prompt", "Was steht hier?")
        assert {row["text"] for row in rows_of(out)} == {"Was steht hier?"}
        assert stub.asked[0]["model"] == MODEL
    settings = (tmp_path / "out.run.json").read_text(encoding="utf-8")
    assert json.loads(settings)["settings"]["model"] == MODEL
    assert "very-secret" not in settings + done.output + out.read_text(encoding="utf-8")


def test_a_server_without_the_model_is_refused(pictures):
    with (
        running_stub() as stub,
        pytest.raises(UsageError, match="does not serve 'other'; it serves manga-vl"),
    ):
        call(pictures, "--server", stub.url, "--server-model", "other")


def test_no_picture_that_can_be_read_is_an_error(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"hello")
    with running_stub() as stub, pytest.raises(DataError, match="no picture could be read: is no picture"):
        call(tmp_path / "bad.png", "--server", stub.url)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--model", "m"], "nothing to read"),
        (["a.png", "--dataset", "d", "--model", "m"], "not both"),
        (["a.png"], "nothing says what shall read"),
        (["a.png", "--model", "m", "--server", "http://h"], "exclude each other"),
        (["a.png", "--model", "m", "--server-model", "n"], "belongs to --server"),
        (["a.png", "--model", "m", "--split", "val"], "belongs to --dataset"),
        (["a.png", "--server", "http://h", "--min-pixels", "784"], "a server enlarges"),
        (["a.png", "--server", "h:8000"], "takes the http"),
        (["a.png", "--model", "m", "--prompt", "tabel"], "no prompt"),
        (["*.nothing", "--model", "m"], "no pictures"),
        (["--dataset", "none", "--model", "m"], "no data set"),
        (["a.png", "--model", "no-such-folder"], "no such model folder"),
    ],
)
def test_contradictions_are_refused_before_anything_starts(arguments, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PpocrKitError, match=match):
        call(*arguments)


def test_several_devices_are_refused(pictures, tiny):
    with pytest.raises(UsageError, match="one device"):
        call(pictures, "--model", tiny, "--device", "gpu:0,1")
