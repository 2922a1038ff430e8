"""Count the tokens of texts with LayoutXLM's tokenizer, as the release encodes entities.

Run inside the kie lane: ``count_tokens.py TEXTS RESULT FOLDER``. TEXTS is a JSON list of texts, FOLDER
holds ``sentencepiece.bpe.model``; RESULT becomes a JSON list of numbers.

Source: ppocr/data/imaug/label_ops.py@3.7.0 (``VQATokenLabelEncode``: the tokens between the special ones).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(texts_file: Path, result_file: Path, folder: Path) -> None:
    """Count the tokens of each text.

    Args:
        texts_file: The texts.
        result_file: Where the numbers go.
        folder: Of the tokenizer.
    """
    from paddlenlp.transformers import LayoutXLMTokenizer

    tokenizer = LayoutXLMTokenizer.from_pretrained(str(folder))
    texts = json.loads(texts_file.read_text(encoding="utf-8"))
    counts = [len(tokenizer.encode(text)["input_ids"][1:-1]) for text in texts]
    result_file.write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:]))
