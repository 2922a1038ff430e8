"""Take characters out of a recogniser's weights, as if it had never learnt them.

For measuring how new characters are learnt beside those that are carried over:
``python benchmarks/fewer_characters.py WEIGHTS DICTIONARY 37ET --out fewer`` writes ``fewer.pdparams`` and
``fewer.txt``, whose lines are all characters that are left, the space included.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ppocr_kit.pretrained.characters import read_class_characters
from ppocr_kit.runs.old_dictionary import find_old_dictionary
from ppocr_kit.runs.transplant import CLASS_LAYERS, class_labels, transplant_head
from ppocr_kit.text import write_dictionary
from ppocr_kit.vendor.checkpoints import read_weights, write_weights


def main() -> None:
    """Write the smaller weights and their dictionary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("characters")
    parser.add_argument("--out", type=Path, default=Path("fewer"))
    given = parser.parse_args()
    weights = read_weights(given.weights)
    shapes = {name: value.shape for name, value in weights.items()}
    old = find_old_dictionary(given.weights, shapes, Path(), given.dictionary).characters
    assert old is not None
    left = tuple(character for character in dict.fromkeys(old) if character not in given.characters)
    fresh = {}
    for name, layer in CLASS_LAYERS.items():
        if name in weights:
            fewer = len(class_labels(layer.numbering, old)) - len(class_labels(layer.numbering, left))
            places = range(weights[name].shape[layer.axis] - fewer)
            fresh[name] = weights[name].take(places, axis=layer.axis)
    done = transplant_head(fresh, weights, left, old, "")
    write_weights(given.out.with_suffix(".pdparams"), {**weights, **done.arrays})
    write_dictionary(given.out.with_suffix(".txt"), left)
    print(f"{done.carried} of {len(read_class_characters(given.dictionary, False))} lines are left")


if __name__ == "__main__":
    main()
