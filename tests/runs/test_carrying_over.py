"""Carrying the head over to the data set's dictionary beats a fresh head, with the real release.

The whole figures stand in docs/LOG.md; this is the same path, shortened.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ppocr_kit.cli.main import main
from ppocr_kit.configs.base import find_recipe, load_recipe
from ppocr_kit.configs.spec import RunSpec
from ppocr_kit.pretrained.cache import cache_folder, weights_file
from ppocr_kit.pretrained.catalogue import find_weights
from ppocr_kit.pretrained.characters import read_class_characters
from ppocr_kit.runs.start import write_start
from ppocr_kit.runs.train import prepare_training
from ppocr_kit.runs.transplant import Numbering, class_labels
from ppocr_kit.runs.weights import require_whole
from ppocr_kit.tasks import Task
from ppocr_kit.vendor.release import sync_release

pytestmark = pytest.mark.release

SCRIPTS = Path(__file__).parent / "scripts"
PAGES = 120


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, release_path: Path, shared: Path) -> Iterator[Path]:
    """A project with a part of the wire pages and its own dictionary, and the official weights fetched."""
    folder = tmp_path_factory.mktemp("carrying")
    wire, pages = shared / "real" / "wire", folder / "pages"
    pages.mkdir()
    rows = (wire / "Label.txt").read_text(encoding="utf-8").splitlines()[:PAGES]
    (pages / "Label.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for row in rows:
        name = Path(row.split("\t")[0]).name
        shutil.copyfile(wire / name, pages / name)
    weights = shared / "weights" / "train_en_number_mobile_v2.0_rec" / "best_accuracy.pdparams"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PPOCR_KIT_CACHE", str(folder / "cache"))
        sync_release(project=folder, source=str(release_path))
        assert main(["dataset", "build", "pages", "--name", "wire", "--ratio", "2:1:1"]) == 0
        assert main(["models", "fetch", "rec_en_number_lite_train", "--from", str(weights)]) == 0
        yield folder


def printed_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_carrying_over_beats_a_fresh_head(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("train", "rec", "--dataset", "train_data/wire", "--pretrained", "official", "--epochs", "1")
    carried = printed_json(capsys, *words, "--name", "carried")
    fresh = printed_json(capsys, *words, "--name", "fresh", "--no-transplant-head")
    head = carried["plan"]["weights"]["transplant"]
    assert head["carried"] == head["characters"] > 20 and head["new"] == []
    assert carried["plan"]["steps"] == fresh["plan"]["steps"] < 20
    assert fresh["plan"]["weights"]["new_head"] == ["head.fc.weight", "head.fc.bias"]
    assert carried["final"]["acc"] >= fresh["final"]["acc"] + 0.3


def test_the_carried_head_reads_before_it_is_trained(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = (project / "output" / "carried" / "logs" / "train.log").read_text(encoding="utf-8")
    assert "load pretrain successful" in log and "not matched" not in log and "not in model" not in log
    found = printed_json(capsys, "eval", "carried", "--checkpoint", "pretrained")
    assert found["values"]["acc"] >= 0.6


def test_a_run_is_known_by_its_own_dictionary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = project / "output" / "carried" / "checkpoints" / "best_accuracy.pdparams"
    dictionary = next((project / "train_data" / "wire").rglob("dict.txt"))
    assert main(["dataset", "build", "pages", "--name", "longer", "--dict", str(extended(dictionary))]) == 0
    words = ("train", "rec", "--dataset", "train_data/longer", "--pretrained", str(weights), "--dry-run")
    head = printed_json(capsys, *words)["plan"]["weights"]["transplant"]
    # --dict adds the space, which wire's own dictionary has not
    assert head["new"] == ["ß", "字", " "] and head["old_dictionary"].endswith("config.yml")


def test_every_class_layer_of_a_guided_head_is_carried_over(project: Path, release_path: Path) -> None:
    """PP-OCRv6_tiny_rec has a narrowed CTC layer (fc2) and an NRTR guide with embedding and output."""
    name = "PP-OCRv6_tiny_rec"
    recipe = find_recipe(Task.REC, name)
    config = load_recipe(recipe)
    dictionary = config["Global"]["character_dict_path"]
    config["Global"]["character_dict_path"] = str(release_path / dictionary)
    Path("recipe.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    script = str(SCRIPTS / "save_fresh_weights.py")
    assert main(["vendor", "exec", "--", script, "recipe.yml", "fresh.pdparams"]) == 0
    assert main(["models", "fetch", name, "--from", "fresh.pdparams", "--repin"]) == 0
    weights = weights_file(find_weights(name), cache_folder())
    spec = RunSpec(Task.REC, name, "tiny", Path("train_data/wire"), Path("output/tiny"), pretrained=weights)
    start = prepare_training(spec).plan.start
    assert start is not None and start.match.transplant is not None
    assert {layer.name for layer in start.match.transplant.layers} == {
        "head.ctc_head.fc2.weight",
        "head.ctc_head.fc2.bias",
        "head.gtc_head.embedding.embedding.weight",
        "head.gtc_head.tgt_word_prj.weight",
    }
    assert all(layer.carried == layer.total for layer in start.match.transplant.layers)
    write_start(start, Path("start.pdparams"))
    require_whole(start.match.shapes, Path("start.pdparams"))


def extended(dictionary: Path) -> Path:
    longer = dictionary.with_name("longer.txt")
    longer.write_text("ß\n" + dictionary.read_text(encoding="utf-8") + "字\n", encoding="utf-8")
    return longer


@pytest.mark.parametrize(
    ("name", "space"), [("en_dict.txt", "space"), ("dict/ppocrv5_latin_dict.txt", "no space")]
)
def test_classes_are_numbered_as_the_release_does(
    project: Path, release_path: Path, name: str, space: str
) -> None:
    dictionary, result = release_path / "ppocr" / "utils" / name, project / "numbered.json"
    script = str(SCRIPTS / "number_classes.py")
    assert main(["vendor", "exec", "--", script, str(dictionary), space, str(result)]) == 0
    characters = read_class_characters(dictionary, space == "space")
    for decoder, numbered in json.loads(result.read_text(encoding="utf-8")).items():
        numbering = Numbering(decoder[: -len("LabelDecode")].lower())
        # the head of NRTR has one class more than its decoder
        labels = [label for _, label in class_labels(numbering, characters) if label != "spare"]
        assert labels == numbered
