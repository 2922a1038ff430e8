"""Two OpenVINO networks get their first batch at the same moment: ``answer_side_by_side.py FOLDER``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from ppocr_kit.runs.workers.onnx_networks import load_openvino

# threads take turns as often as they can
sys.setswitchinterval(1e-6)
networks = [load_openvino(Path(sys.argv[1]), 1) for _ in range(2)]
together = threading.Barrier(len(networks))


def answer(network):
    together.wait()
    answered = network(np.full((1, 2), -1, np.float32)).tolist()
    # in one piece: print writes the line end by itself
    sys.stdout.write(f"{answered}\n")


threads = [threading.Thread(target=answer, args=(network,)) for network in networks]
for thread in threads:
    thread.start()
