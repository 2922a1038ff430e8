"""Hold the links of a graph against those of paddlenlp's own loops; writes ``found.json``.

The decoder has random weights; pages have many entities, one, none, and a batch of unlike pages.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import paddle
from paddlenlp.transformers.layoutxlm.modeling import REDecoder

from ppocr_kit.vendor.compat_kie_export import SCORE_UNIT, link_entities

WIDTH, TOKENS, ROWS = 8, 40, 17


def entities_of(generator: np.random.Generator, count: int) -> np.ndarray:
    """One page: the number of entities, then start, end, class of each."""
    page = np.full((ROWS, 3), -1, dtype="int64")
    page[0] = count
    for row, start in enumerate(sorted(generator.choice(TOKENS - 1, count, replace=False)), start=1):
        page[row] = (start, start + 1, generator.integers(0, 3))
    return page


def main() -> None:
    generator = np.random.default_rng(0)
    paddle.seed(0)
    decoder = REDecoder(WIDTH, 0.0)
    decoder.eval()
    found = []
    for counts in ([12], [1], [0], [16, 0, 5]):
        hidden = paddle.to_tensor(generator.standard_normal((len(counts), TOKENS, WIDTH)).astype("float32"))
        pages = paddle.to_tensor(np.stack([entities_of(generator, count) for count in counts]))
        named = np.full((len(counts), 3, 2), -1, dtype="int64")
        named[:, 0] = 0
        links = paddle.to_tensor(named)
        with paddle.no_grad():
            _, wanted = decoder(hidden, pages.clone(), links)
            _, got = link_entities(decoder, hidden, pages, links)
        table, scores = got.numpy().copy(), got.numpy()[:, 1:, 6, 1]
        table[:, 1:, 6, 1] = -1
        given = scores[scores >= 0] / SCORE_UNIT
        found.append(
            {
                "same": bool((table == wanted.numpy()).all()),
                "links": int((wanted.numpy()[:, 1:, 6, 0] == 1).sum()),
                "scores": len(given),
                "least": float(given.min(initial=1.0)),
            }
        )
    Path("found.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
