"""Load a network as training does, and ask it once: ``load_full_size.py FOLDER RESULT``, in the kie lane."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np
import paddle
from ppocr.modeling.architectures import build_model

TOKENS = 16
folder, result = sys.argv[1:]
backbone = {"name": "LayoutXLMForSer", "checkpoints": folder, "mode": "vi", "num_classes": 7}
network = build_model(
    {"model_type": "kie", "algorithm": "LayoutXLM", "Transform": None, "Backbone": backbone}
)
network.eval()
ids = paddle.to_tensor(np.arange(1, TOKENS + 1)[None])
places = paddle.to_tensor(np.tile([10, 20, 110, 40], (1, TOKENS, 1)))
with paddle.no_grad():
    scores = network([ids, places, paddle.ones_like(ids), paddle.zeros_like(ids)])[0]
state = network.state_dict()
words = next(value for name, value in state.items() if name.endswith("word_embeddings.weight"))
told = {
    "parameters": sum(int(value.size) for value in network.parameters()),
    "words": words.numpy()[-1, :4].tolist(),
    "scores": list(scores.shape),
    "finite": bool(np.isfinite(scores.numpy()).all()),
    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}
Path(result).write_text(json.dumps(told), encoding="utf-8")
