"""Long pages are cut by the tokens of a network's own tokenizer, so that the release uses all of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ppocr_kit.cli.main import main
from ppocr_kit.errors import UsageError
from ppocr_kit.runs.token_counts import LaneTokens
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.process import ToolInvocation, run_tool
from ppocr_kit.vendor.release import find_release, sync_release
from ppocr_kit.vendor.tools import tool_invocation

CHECK = Path(__file__).with_name("scripts") / "kie_built_rows.py"
# a network this small has no windows that hold a whole form
WINDOW = 48

# a small vocabulary, which makes more tokens than are estimated
_LEARN = """
import sys, sentencepiece
words = [line.strip() for line in open(sys.argv[2], encoding="utf-8")]
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(words), model_prefix=sys.argv[1], vocab_size=90, minloglevel=2,
    hard_vocab_limit=False,
)
"""


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no sentencepiece\.bpe\.model"):
        LaneTokens(tmp_path)


@pytest.mark.release
def test_nothing_of_a_page_that_was_cut_into_windows_is_lost_to_the_release(
    tmp_path: Path,
    release_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kie_python: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    sync_release(project=tmp_path, source=str(release_path))
    assert main(["synth", "labels", "--kind", "form", "--pages", "12"]) == 0
    rows = [line.split("\t")[1] for line in Path("labels/Label.txt").read_text("utf-8").splitlines()]
    texts = {box["transcription"] for row in rows for box in json.loads(row)}
    Path("texts.txt").write_text("\n".join(sorted(texts)), encoding="utf-8")
    Path("tiny").mkdir()
    learn = (str(kie_python), "-c", _LEARN, "tiny/sentencepiece.bpe", "texts.txt")
    run_tool(ToolInvocation(name="learn", argv=learn, cwd=tmp_path, timeout_s=60.0))

    build = (
        "dataset",
        "build",
        "labels",
        "--name",
        "forms",
        "--tasks",
        "ser,re",
        "--ratio",
        "1:1:1",
        "--json",
    )
    cut = ("--tokenizer", "tiny", "--max-seq-len", str(WINDOW), "--window-overlap", "8")
    capsys.readouterr()
    assert main([*build, *cut]) == 0
    tasks = json.loads(capsys.readouterr().out)["dataset"]["tasks"]
    window = tasks["ser"]["window"]
    assert window["tokenizer_sha256"] == sha256_of(Path("tiny/sentencepiece.bpe.model"))
    assert sum(split["samples"] for split in tasks["ser"]["splits"].values()) > 24

    words = [str(Path("train_data/forms").absolute()), str(WINDOW), "found.json"]
    env = {"PPOCR_KIT_KIE_TOKENIZER": str(Path("tiny").absolute())}
    run_tool(
        tool_invocation(find_release(), kie_python, str(CHECK), words, cwd=tmp_path, env=env, timeout_s=120.0)
    )
    found = json.loads(Path("found.json").read_text("utf-8"))
    for task in ("ser", "re"):
        assert found[task]["total"] == sum(split["samples"] for split in tasks[task]["splits"].values())
        assert found[task]["rejected"] == [] and found[task]["cut_pages"] == 0
    # neighbouring windows share links, and none is lost
    assert found["re"]["links"] >= sum(sum(links.values()) for links in tasks["re"]["links"].values()) > 0
