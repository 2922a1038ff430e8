"""Every recipe: trained, evaluated, exported, asked and loaded by the runtime, by the user's commands."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.configs.base import ModelRecipe, list_models
from ppocr_kit.tasks import TASK_FACTS, Task
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.logs import TrainStep, read_log
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = [pytest.mark.release, pytest.mark.spread]

RUNTIME = Path(__file__).parent / "scripts" / "load_in_the_runtime.py"
RUNTIME_CLASS = {Task.DET: "TextDetection", Task.REC: "TextRecognition"}
# Twenty steps of these take minutes on two cores.
SLOW = {
    "PP-OCRv4_server_det",
    "PP-OCRv4_server_rec",
    "PP-OCRv5_server_det",
    "PP-OCRv5_server_rec",
    "PP-OCRv6_medium_det",
    "PP-OCRv6_medium_rec",
    "det_r50_vd_db",
    "rec_r34_vd_none_bilstm_ctc",
    # the network of PP-OCRv4_mobile_rec under another dictionary
    "en_PP-OCRv4_mobile_rec",
}
# One batch is the whole training split, so that the loss of the first and the last steps compare.
SIZE = {
    Task.DET: ("--batch-size", "2", "--image-size", "128"),
    Task.REC: ("--batch-size", "4", "--image-width", "128"),
}
STEPS = 20
SLOW_STEPS = 4


def cases() -> list[Any]:
    """Every recipe by name, those of ``SLOW`` marked."""
    return [
        pytest.param(recipe, id=recipe.name, marks=[pytest.mark.slow] if recipe.name in SLOW else [])
        for recipe in list_models()
    ]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory, release_path: Path) -> Iterator[Path]:
    """A project with a drawn data set: two pages of two texts in each split."""
    project = tmp_path_factory.mktemp("every")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--pages", "6", "--lines", "2"]) == 0
        assert main(["dataset", "build", "labels", "--name", "drawn", "--ratio", "1:1:1"]) == 0
        yield project


@pytest.mark.parametrize("recipe", cases())
def test_a_model_trains_and_its_export_answers_as_its_checkpoint(
    drawn: Path, recipe: ModelRecipe, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    steps = SLOW_STEPS if recipe.name in SLOW else STEPS
    losses = train(recipe, steps)
    assert len(losses) == steps and all(math.isfinite(loss) and loss > 0 for loss in losses)
    if recipe.name not in SLOW:
        assert statistics.median(losses[-4:]) < 0.95 * statistics.mean(losses[:2])

    values = printed_json(capsys, "eval", recipe.name)["values"]
    assert set(values) == set(TASK_FACTS[recipe.task].metric_names)
    assert all(0 <= value <= 1 for value in values.values())

    record = printed_json(capsys, "export", recipe.name)
    assert record["parity"]["same"] and record["parity"]["images"] > 0

    images = pictures_of(drawn, recipe.task)
    of_export = printed_json(capsys, "predict", f"inference/{recipe.name}", *images)["images"]
    of_checkpoint = printed_json(capsys, "predict", recipe.name, *images)["images"]
    assert [what(answer) for answer in of_export] == [what(answer) for answer in of_checkpoint]
    assert len(of_runtime(recipe, record, images, tmp_path)) == len(images)


def train(recipe: ModelRecipe, steps: int) -> list[float]:
    """Train a recipe for some steps on its one batch; return the loss of each."""
    words = ["train", str(recipe.task), "--dataset", "train_data/drawn", "--model", recipe.name]
    words += ["--name", recipe.name, "--epochs", "1", *SIZE[recipe.task]]
    # one epoch that shows the batch again and again: each epoch more is a checkpoint more to write
    rows = str(Path("train_data/drawn", str(recipe.task), "train.txt").absolute())
    words += ["-o", f"Train.dataset.label_file_list={json.dumps([rows] * steps)}"]
    words += ["-o", f"Train.dataset.ratio_list={json.dumps([1.0] * steps)}"]
    # each line of the log is one step, not the median over the last ones
    words += ["-o", "Global.print_batch_step=1", "-o", "Global.log_smooth_window=1"]
    assert main(words) == 0
    log = Path("output") / recipe.name / "logs" / "train.log"
    return [event.loss for event in read_log(log) if isinstance(event, TrainStep)]


def printed_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Run a command with ``--json`` and return what it printed."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def pictures_of(project: Path, task: Task) -> list[str]:
    """List the pictures of the test split."""
    folder = project / "train_data" / "drawn" / str(task)
    rows = (folder / "test.txt").read_text(encoding="utf-8").splitlines()
    return [str(folder / row.split("\t")[0]) for row in rows]


def what(answer: dict[str, Any]) -> Any:
    """Return what was found, without the scores."""
    return [region.get("points") or region.get("transcription") for region in answer["regions"]]


def of_runtime(recipe: ModelRecipe, record: dict[str, Any], images: list[str], scratch: Path) -> Any:
    """Ask the paddleocr runtime, as its users call it: oneDNN on."""
    job = {
        "class": RUNTIME_CLASS[recipe.task],
        "model_name": record["model_name"],
        "model_dir": f"inference/{recipe.name}",
        "images": images,
    }
    asked, result = scratch / "job.json", scratch / "result.json"
    asked.write_text(json.dumps(job), encoding="utf-8")
    run_tool(
        tool_invocation(
            find_release(),
            find_interpreter("paddle").python,
            str(RUNTIME),
            [str(asked), str(result)],
            cwd=Path.cwd(),
            log=scratch / "runtime.log",
            timeout_s=300,
            expects=(result,),
        )
    )
    return json.loads(result.read_text(encoding="utf-8"))
