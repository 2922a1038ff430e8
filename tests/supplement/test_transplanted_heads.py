"""The heads of the supplement answer with the same characters after they were carried over."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from ppocr_kit.runs.transplant import CLASS_LAYERS, Numbering, class_labels, transplant_head
from ppocr_kit.supplement.ppocr.modeling.heads import build_head

pytestmark = pytest.mark.release

CTC = {"CTCHead": {"Neck": {"name": "svtr", "dims": 16, "depth": 1, "hidden_dims": 16}, "Head": {}}}
GUIDES: dict[str, dict[str, Any]] = {
    "NRTRHead": {"nrtr_dim": 32, "max_text_length": 12, "num_decoder_layers": 1},
    "SARHead": {"enc_dim": 32, "max_text_length": 12},
}
NUMBERINGS = {"NRTRHead": Numbering.NRTR, "SARHead": Numbering.SAR}
# blank, and what the guide adds, as tools/train.py counts
EXTRA = {"NRTRHead": ("NRTRLabelDecode", 4), "SARHead": ("SARLabelDecode", 3)}
OLD = "abcdefghijklmnop"


def multi_head(guide: str, characters: str) -> Any:
    name, extra = EXTRA[guide]
    counts = {"CTCLabelDecode": len(characters) + 1, name: len(characters) + extra}
    settings = {"name": "MultiHead", "head_list": [CTC, {guide: GUIDES[guide]}]}
    return build_head({**settings, "out_channels_list": counts}, in_channels=32)


def arrays_of(head: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {f"head.{name}": value.numpy() for name, value in head.state_dict().items()}


def read(head: Any, guide: str, features: Any, characters: str) -> tuple[str, str]:
    """Return what CTC reads, and what the guide reads by itself."""
    head.eval()
    ctc = head(features)
    ctc = ctc["ctc"] if isinstance(ctc, dict) else ctc
    if guide == "NRTRHead":
        numbers = head.gtc_head(head.before_gtc(features))[0]
    else:
        numbers = head.sar_head(features).argmax(axis=-1)
    texts = []
    for found, numbering in ((ctc.argmax(axis=-1), Numbering.CTC), (numbers, NUMBERINGS[guide])):
        labels = class_labels(numbering, characters)
        texts.append(" ".join(labels[int(number)][1] for number in found.numpy().ravel()))
    return texts[0], texts[1]


@pytest.mark.parametrize("guide", list(GUIDES))
@pytest.mark.parametrize("new", [OLD[::-1], OLD[3:] + OLD[:3]])
def test_characters_in_another_order_are_read_as_before(guide: str, new: str) -> None:
    before, after = multi_head(guide, OLD), multi_head(guide, new)
    draw = np.random.default_rng(0)
    for name, value in before.state_dict().items():
        if f"head.{name}" in CLASS_LAYERS:
            value.set_value(draw.normal(size=value.shape).astype(np.float32))
    old, built = arrays_of(before), arrays_of(after)
    done = transplant_head(built, old, new, OLD, "a test")
    classes = {name for name in built if name in CLASS_LAYERS}
    assert set(done.arrays) == classes and len(classes) == (5 if guide == "SARHead" else 4)
    after.set_state_dict({name[len("head.") :]: {**old, **done.arrays}[name] for name in built})
    features = paddle.to_tensor(draw.normal(size=(4, 32, 1, 20)).astype(np.float32))
    read_before, read_after = read(before, guide, features, OLD), read(after, guide, features, new)
    assert read_after == read_before
    # a head that always says the same would prove nothing
    assert all(len(set(text.split())) > 2 for text in read_before)
