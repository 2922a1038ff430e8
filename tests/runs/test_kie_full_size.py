"""A folder laid out as the official VI-LayoutXLM is, of full size and random values.

The shapes are those of docs/tasks/kie.md; ``config.json`` says what the hub's says of the network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.runs.networks import sized_config
from ppocr_kit.vendor.checkpoints import write_weights
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

pytestmark = [pytest.mark.release, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("scripts") / "load_full_size.py"
GIB = 1024**3
# Of both processes together, while a run is planned: the command line and the tool of the lane.
MOST_MEMORY = 6 * GIB
WIDTH, WORDS, LAYERS, CLASSES = 768, 250002, 12, 7
CONFIG = {
    "model_type": "layoutxlm", "architectures": ["LayoutXLMForTokenClassification"], "vocab_size": WORDS,
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 12, "intermediate_size": 3072,
    "coordinate_size": 128, "shape_size": 128, "max_position_embeddings": 514,
    "max_2d_position_embeddings": 1024, "type_vocab_size": 1, "has_relative_attention_bias": False,
    "has_spatial_attention_bias": False, "has_visual_segment_embedding": True, "use_visual_backbone": False,
    "image_feature_pool_shape": [7, 7, 256], "pad_token_id": 1,
}  # fmt: skip
# Starts a command and says how much memory it, or a process that it started, took at most.
PEAK_OF_CHILDREN = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def shapes() -> dict[str, tuple[int, ...]]:
    """Return name and shape of each parameter."""
    norm: dict[str, tuple[int, ...]] = {"weight": (WIDTH,), "bias": (WIDTH,)}
    parts: dict[str, dict[str, tuple[int, ...]]] = {
        "embeddings.word_embeddings": {"weight": (WORDS, WIDTH)},
        "embeddings.position_embeddings": {"weight": (514, WIDTH)},
        "embeddings.token_type_embeddings": {"weight": (1, WIDTH)},
        "embeddings.LayerNorm": norm, "visual_LayerNorm": norm, "pooler.dense": linear(WIDTH, WIDTH),
    }  # fmt: skip
    for axis in "xyhw":
        parts[f"embeddings.{axis}_position_embeddings"] = {"weight": (1024, 128)}
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            parts[f"{layer}.attention.{name}"] = linear(WIDTH, WIDTH)
        parts[f"{layer}.intermediate.dense"] = linear(WIDTH, 3072)
        parts[f"{layer}.output.dense"] = linear(3072, WIDTH)
        parts |= {f"{layer}.attention.output.LayerNorm": norm, f"{layer}.output.LayerNorm": norm}
    named = {f"{part}.{end}": shape for part, ends in parts.items() for end, shape in ends.items()}
    return {"visual_segment_embedding": (WIDTH,), **named}


def linear(inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a linear layer."""
    return {"weight": (inputs, outputs), "bias": (outputs,)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, release_path: Path, kie_python: Path) -> Path:
    """A project with a data set of a few forms, and the network in ``full``."""
    project = tmp_path_factory.mktemp("full")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        sync_release(project=project, source=str(release_path))
        assert main(["synth", "labels", "--kind", "form", "--pages", "16"]) == 0
        assert main(["dataset", "build", "labels", "--name", "forms", "--tasks", "ser"]) == 0
        assert main(["models", "tiny", "layoutxlm", "--texts", "train_data/forms", "--out", "full"]) == 0
        rng = np.random.default_rng(0)
        # the hub's file names the bare network's parameters
        write_weights(
            Path("full/model_state.pdparams"),
            {name: rng.random(shape, dtype=np.float32) for name, shape in shapes().items()},
        )
        sized = sized_config(CONFIG, CLASSES, sees=False)
        Path("full/config.json").write_text(json.dumps(sized), encoding="utf-8")
    return project


def test_a_full_size_network_is_planned_for_and_loaded_in_little_memory(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    train = [
        "train",
        "ser",
        "--dataset",
        "train_data/forms",
        "--pretrained",
        "full",
        "--name",
        "x",
        "--dry-run",
    ]
    planning = [sys.executable, "-c", PEAK_OF_CHILDREN, sys.executable, "-m", "ppocr_kit", *train]
    told = subprocess.run(planning, check=True, capture_output=True, text=True, timeout=600)
    code, peak = map(int, told.stdout.split())
    assert code == 0, told.stderr
    assert "layoutxlm" in told.stderr and "100.0%" in told.stderr
    # the larger of the two; the command line holds the file's 1.1 GB meanwhile
    assert peak + 2 * GIB < MOST_MEMORY

    result, python = project / "told.json", find_interpreter("kie").python
    run_tool(
        tool_invocation(
            find_release(project), python, str(SCRIPT), [str(project / "full"), str(result)],
            cwd=project, timeout_s=600.0, expects=(result,),
        )
    )  # fmt: skip
    loaded = json.loads(result.read_text(encoding="utf-8"))
    assert loaded["peak"] < MOST_MEMORY
    assert loaded["parameters"] == sum(int(np.prod(shape)) for shape in shapes().values()) + CLASSES * (
        WIDTH + 1
    )
    assert loaded["scores"] == [1, 16, CLASSES] and loaded["finite"]
    rng = np.random.default_rng(0)
    first = {name: rng.random(shape, dtype=np.float32) for name, shape in list(shapes().items())[:2]}
    assert loaded["words"] == pytest.approx(first["embeddings.word_embeddings.weight"][-1, :4].tolist())
