from __future__ import annotations

from pathlib import Path

import pytest

from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.labels.kie_window_plan import estimate_tokens
from ppocr_kit.runs.token_counts import LaneTokens
from ppocr_kit.storage import sha256_of
from ppocr_kit.vendor.environment import find_interpreter
from ppocr_kit.vendor.process import ToolInvocation, run_tool
from ppocr_kit.vendor.release import sync_release

_LEARN = """
import sys, sentencepiece
words = [f"name {n} total {n * 7} Übergröße straße" for n in range(300)]
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(words), model_prefix=sys.argv[1], vocab_size=60, minloglevel=2,
    hard_vocab_limit=False,
)
"""


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no sentencepiece\.bpe\.model"):
        LaneTokens(tmp_path)


@pytest.mark.release
def test_the_tokenizer_counts_what_the_release_makes_of_a_text(
    tmp_path: Path, release_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        python = find_interpreter("kie").python
    except SetupError as error:
        pytest.skip(f"no kie lane here: {error.hint}")
    monkeypatch.chdir(tmp_path)
    sync_release(project=tmp_path, source=str(release_path))
    model = tmp_path / "sentencepiece.bpe.model"
    learn = (str(python), "-c", _LEARN, str(tmp_path / "sentencepiece.bpe"))
    run_tool(ToolInvocation(name="learn", argv=learn, cwd=tmp_path, timeout_s=60.0))
    tokens = LaneTokens(tmp_path)
    texts = ["", " ", "name", "total", "name total", "Übergröße 77", "名", "###"]
    counts = tokens.count(texts)
    assert counts[:2] == [0, 0] and counts[2] >= 1 and counts[2] + counts[3] == counts[4]
    # the least frequent letters are tokens of their own, so this small vocabulary is the worst case
    assert all(count <= 2 * estimate_tokens(text) for count, text in zip(counts, texts))
    assert tokens.sha256 == sha256_of(model)
