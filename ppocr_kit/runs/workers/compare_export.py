"""Answer the same pictures with a checkpoint and with its export on every engine, run inside the lane.

``compare_export.py JOB ANSWERS ANNOUNCEMENT``. The checkpoint side goes by the run's configuration,
the export side by its ``inference.yml``: what differs there differs in the answers. First answers
``engines``, the versions of those that are at hand; then one object per picture: ``image``,
``pixel`` (see :meth:`Detector.find`), ``ratio`` (width / height), ``checkpoint``, a list of regions,
and ``exports``: by engine the ``regions`` and the ``milliseconds`` that the network took. Pictures
that cannot be read are left out. Engines take turns on each picture, so that what else the machine
does meanwhile slows all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.errors import PpocrKitError
from ppocr_kit.geometry import Image
from ppocr_kit.labels.images import PageImage, read_page_image
from ppocr_kit.runs.engines import OPENVINO, PADDLE_PLAIN
from ppocr_kit.runs.workers.engines import CHECKPOINT, Engine, Timed, is_installed, version_of
from ppocr_kit.runs.workers.readers import Detector, Recogniser
from ppocr_kit.vendor.answers import Put, serve

# Without oneDNN big networks take seconds for a page, and differ on every page if they differ at all.
_PLAIN_PICTURES = 3
# An export is refused for what it cannot do on the others; this one is at hand or it is not.
_OPTIONAL = (OPENVINO,)


def main(job: dict[str, Any], put: Put) -> None:
    """Load the checkpoint and the export on each engine, and answer each picture with all."""
    checkpoint = _load(job["checkpoint"], CHECKPOINT)
    exports, unfit = _load_exports(job)
    put({"engines": {name: version_of(name) for name in exports}, "unfit": unfit})
    answered = 0
    for path in job["images"]:
        page = read_page_image(Path(path))
        if not isinstance(page, PageImage):
            continue
        height, width = page.pixels.shape[:2]
        answer: dict[str, Any] = {"image": path, "ratio": width / height, "exports": {}}
        answer["checkpoint"], answer["pixel"] = _ask(checkpoint, page.pixels)
        for name, model in exports.items():
            if name == PADDLE_PLAIN and answered >= _PLAIN_PICTURES:
                continue
            regions, _ = _ask(model, page.pixels)
            answer["exports"][name] = {"regions": regions, "milliseconds": _milliseconds(model)}
        answered += 1
        put(answer)


def _load_exports(job: Mapping[str, Any]) -> tuple[dict[str, Detector | Recogniser], dict[str, str]]:
    """Load the export on each engine that is at hand.

    Returns:
        The models by engine, and why an engine that can be done without could not load it.
    """
    exports, unfit = {}, {}
    for name in job["engines"]:
        if not is_installed(name):
            continue
        try:
            exports[name] = _load(job["export"], name)
        except PpocrKitError as error:
            if name not in _OPTIONAL:
                raise
            unfit[name] = error.message
    return exports, unfit


def _load(model: Mapping[str, Any], name: str) -> Detector | Recogniser:
    engine = Engine(name)
    det = model["task"] == "det"
    made = Detector(model, engine) if det else Recogniser(model, engine, batch_size=1)
    made.network = Timed(made.network)
    return made


def _ask(model: Detector | Recogniser, image: Image) -> tuple[list[dict[str, Any]], float]:
    if isinstance(model, Recogniser):
        (text,) = model.read([image])
        return [{"transcription": text.transcription, "score": text.score}], 1.0
    boxes, pixel = model.find(image)
    return [{"points": box.points, "score": box.score} for box in boxes], pixel


def _milliseconds(model: Detector | Recogniser) -> float:
    assert isinstance(model.network, Timed)
    return 1000 * model.network.seconds[-1]


if __name__ == "__main__":
    serve(main)
