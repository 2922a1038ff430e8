"""Run in the kie lane: ``tiny_layoutxlm.py FOLDER TEXTS`` makes a small LayoutXLM of random weights.

Its tokenizer knows the characters and the frequent pieces of TEXTS.
"""

from __future__ import annotations

import sys
from pathlib import Path

# the tokenizer's own numbers for what no piece stands for, as LayoutXLMTokenizer counts them
_BESIDE_PIECES = 2


def main(folder: Path, texts: Path) -> None:
    import paddle
    import sentencepiece
    from paddlenlp.transformers import LayoutXLMConfig, LayoutXLMForTokenClassification

    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / "sentencepiece.bpe"
    sentencepiece.SentencePieceTrainer.train(
        input=str(texts), model_prefix=str(prefix), vocab_size=200, model_type="unigram",
        hard_vocab_limit=False, character_coverage=1.0,
    )  # fmt: skip
    pieces = len(sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model"))
    paddle.seed(0)
    settings = LayoutXLMConfig(
        vocab_size=pieces + _BESIDE_PIECES, hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=96, coordinate_size=8, shape_size=8, use_visual_backbone=False,
        max_position_embeddings=514, has_relative_attention_bias=False,
    )  # fmt: skip
    LayoutXLMForTokenClassification(settings).save_pretrained(str(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
