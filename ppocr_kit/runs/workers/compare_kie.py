"""Answer the same pages with a checkpoint for key information and with its export, in the kie lane.

``compare_kie.py JOB ANSWERS ANNOUNCEMENT``. The checkpoint goes by the run's configuration, the export by
its ``inference.yml``. First answers ``version``, Paddle's. Then one object per page: ``picture``,
``checkpoint`` and ``export``, each a list of entities (id, class, score) or of links (question, answer,
score), and the ``milliseconds`` that the export took.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ppocr_kit.runs.workers.kie_network import KieNetwork
from ppocr_kit.runs.workers.kie_windows import Page
from ppocr_kit.vendor.answers import Put, serve


def main(job: dict[str, Any], put: Put) -> None:
    """Load both networks, and answer each page with both."""
    import paddle

    networks = {side: KieNetwork(job[side]) for side in ("checkpoint", "export")}
    put({"version": paddle.__version__})
    for body in json.loads(Path(job["pages"]).read_text(encoding="utf-8")):
        page = Page(body["picture"], tuple(body["entities"]))
        answer: dict[str, Any] = {"picture": page.picture}
        for side, network in networks.items():
            begun = time.perf_counter()
            answer[side] = _ask(network, page)
            answer["milliseconds"] = 1000 * (time.perf_counter() - begun)
        put(answer)


def _ask(network: KieNetwork, page: Page) -> list[tuple[Any, ...]]:
    if network.finds_links:
        return list(network.links_of(page, {entity["id"]: entity["label"] for entity in page.entities}))
    return [(key, kind, score) for key, (kind, score) in network.classes_of(page).items()]


if __name__ == "__main__":
    serve(main)
