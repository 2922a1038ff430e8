"""Make a small LayoutXLM of random weights, inside the kie lane: ``make_tiny_layoutxlm.py JOB RESULT``.

JOB (JSON) names the ``folder``, the ``texts`` (a file, one a line) that the tokenizer is learnt from, the
most ``pieces`` that it may have, ``hidden``, ``layers`` and ``heads`` of the network, whether it is
``visual``, and the ``seed``. RESULT gets the number of ``pieces`` and of ``parameters``.

How the weights start, unlike paddlenlp's normal distribution of 0.02, which suits a width of 768:

- linear layers: normal, 1 / sqrt(inputs), so that signals keep their size whatever the width;
- words: normal, 0.5;
- places on the page and in the line: half of sines and cosines of falling frequency, so that what lies
  close looks alike from the first step on;
- keys of attention: equal to the queries, so that a token looks first at what is like it and lies where it
  does, which is its own line;
- no dropout, and one token in place of the 49 of the picture where nothing looks at it.

The tokenizer makes a piece of each digit: a date is then told by its form, and not by having been seen.

Source: LeCun et al., "Efficient BackProp", 1998, section 4.6 (linear layers); Vaswani et al., "Attention
Is All You Need", arXiv:1706.03762, section 3.5 (places); Trockman and Kolter, "Mimetic Initialization of
Self-Attention Layers", arXiv:2305.09828 (queries and keys); paddlenlp 2.8.1, transformers/layoutxlm.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.runs.workers.starting import scaled_normal
from ppocr_kit.vendor.compat_kie import TOKENIZER_FILE

# The tokenizer's own numbers for what no piece stands for, as LayoutXLMTokenizer counts them.
_BESIDE_PIECES = 2
# Left, top, right, bottom, width and height of a box lie side by side in a token.
_PLACES = 6
# Coordinates reach from 0 to 1000: the longest wave is about as long.
_LONGEST_WAVE = 1000.0
_PLACE_SIZE = 0.5
_WORD_SIZE = 0.5
# One token of an unseen picture; with a visual backbone as in LayoutXLM.
_UNSEEN, _SEEN = (1, 1, 256), (7, 7, 256)
_MOST_LINES = 200_000


def main(job_file: Path, result_file: Path) -> None:
    """Make the tokenizer and the network of a job."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    pieces = make_tokenizer(Path(job["texts"]), folder, job["pieces"])
    network = make_network(job, pieces)
    network.save_pretrained(str(folder))
    parameters = sum(int(value.size) for value in network.state_dict().values())
    result_file.write_text(json.dumps({"pieces": pieces, "parameters": parameters}), encoding="utf-8")


def make_tokenizer(texts: Path, folder: Path, most: int) -> int:
    """Learn a tokenizer that knows every character of the texts; return how many pieces it has."""
    import sentencepiece

    lines = texts.read_text(encoding="utf-8").splitlines()
    # by an iterator and a writer: a model keeps the names of files that it was made from and as
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines[:_MOST_LINES]), model_writer=model,
        vocab_size=max(most, len(set().union(*lines)) + 16), model_type="unigram", hard_vocab_limit=False,
        character_coverage=1.0, split_digits=True, num_threads=1, minloglevel=2,
    )  # fmt: skip
    (folder / TOKENIZER_FILE).write_bytes(model.getvalue())
    return len(sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()))


def make_network(job: dict[str, Any], pieces: int) -> Any:
    """Build the network with a head for links, whose weights start as the module's docstring says."""
    import paddle
    from paddlenlp.transformers import LayoutXLMConfig, LayoutXLMForRelationExtraction

    # what is not drawn below: vectors, and the visual backbone
    paddle.seed(job["seed"])
    hidden = job["hidden"]
    network = LayoutXLMForRelationExtraction(
        LayoutXLMConfig(
            vocab_size=pieces + _BESIDE_PIECES, hidden_size=hidden, num_hidden_layers=job["layers"],
            num_attention_heads=job["heads"], intermediate_size=2 * hidden,
            coordinate_size=hidden // _PLACES, shape_size=hidden // _PLACES,
            use_visual_backbone=job["visual"], has_relative_attention_bias=False,
            image_feature_pool_shape=list(_SEEN if job["visual"] else _UNSEEN),
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )
    )  # fmt: skip
    rng = np.random.default_rng(job["seed"])
    for name, value in network.named_parameters():
        if value.ndim > 1 and ".visual." not in name:
            start = start_values(name, tuple(value.shape), rng)
            value.set_value(paddle.to_tensor(start.astype(np.float32)))
    for layer in network.layoutxlm.encoder.layer:
        attention = layer.attention.self
        attention.key.weight.set_value(attention.query.weight)
    return network


def start_values(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Return how a matrix of the network starts."""
    if name.endswith("position_embeddings.weight"):
        return _PLACE_SIZE * waves(shape[0], shape[1])
    if "embedding" in name or "entity_emb" in name:
        return rng.normal(0.0, _WORD_SIZE, shape)
    return scaled_normal(shape, rng)


def waves(places: int, width: int) -> Any:
    """Return sines and cosines of places: (places, width), each between -1 and 1."""
    half = (width + 1) // 2
    frequencies = _LONGEST_WAVE ** (-np.arange(half) / max(half - 1, 1))
    angles = np.arange(places)[:, None] * frequencies
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)[:, :width]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
