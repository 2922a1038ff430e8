"""How many classes each output of a recogniser has, by the number of characters its decoder knows.

Source: tools/train.py@3.7.0 and ppocr/utils/export_model.py@3.7.0, which do this before they build
the model.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

# Guiding head -> the key of its number of classes, and how many signs (start, end, padding, unknown)
# it knows besides the characters of the CTC head (blank included).
_GUIDES: dict[str, tuple[str, int]] = {
    "NRTRHead": ("NRTRLabelDecode", 3),
    "SARHead": ("SARLabelDecode", 2),
}
# A decoder of the guiding head counts those signs as characters.
_SIGNS_COUNTED = {"NRTRLabelDecode": 3, "SARLabelDecode": 2}


def sized_architecture(
    architecture: Mapping[str, Any], classes: int, decoder: str = "CTCLabelDecode"
) -> dict[str, Any]:
    """Return an ``Architecture`` whose head has the classes of a dictionary.

    Args:
        architecture: The configuration's section; left as it is.
        classes: Number of characters of the decoder, its signs (such as CTC's blank) included.
        decoder: The name of ``PostProcess``.
    """
    sized = copy.deepcopy(dict(architecture))
    head = sized["Head"]
    if head.get("name") != "MultiHead":
        head["out_channels"] = classes
        return sized
    characters = classes - _SIGNS_COUNTED.get(decoder, 0)
    sizes = {"CTCLabelDecode": characters}
    for entry in head["head_list"]:
        for name in entry:
            if name in _GUIDES:
                key, signs = _GUIDES[name]
                sizes[key] = characters + signs
    head["out_channels_list"] = sizes
    return sized
