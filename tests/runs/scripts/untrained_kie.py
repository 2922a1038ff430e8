"""Run in the kie lane: ``untrained_kie.py TEXTS TINY SER_FOLDER LABELS RE_FOLDER`` makes random networks.

TINY gets a tokenizer learnt from TEXTS and a small network. The others get its settings, the first with so
many classes of tokens, and weights so large that classes and links differ between texts.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(texts: Path, tiny: Path, ser: Path, labels: int, re: Path) -> None:
    import paddle
    from paddlenlp import transformers

    from ppocr_kit.runs.workers.make_tiny_layoutxlm import make_network, make_tokenizer

    tiny.mkdir()
    sizes = {"hidden": 48, "layers": 2, "heads": 4, "visual": False, "seed": 0}
    make_network(sizes, make_tokenizer(texts, tiny, 400)).save_pretrained(str(tiny))
    for target, kind, more in (
        (ser, transformers.LayoutXLMForTokenClassification, {"num_labels": labels}),
        (re, transformers.LayoutXLMForRelationExtraction, {}),
    ):
        paddle.seed(0)
        network = kind(transformers.LayoutXLMConfig.from_pretrained(str(tiny), **more))
        for name, weights in network.named_parameters():
            if weights.ndim == 2 and name.startswith(("classifier", "extractor")):
                weights.set_value(weights * 30.0)
        network.save_pretrained(str(target))


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:4]), int(sys.argv[4]), Path(sys.argv[5]))
