"""Named workarounds for faults of the release and of its dependencies.

Each is one entry: the symptom a user would see, the versions that have it, where it comes from, and
what is done about it when its module is imported in a launched process. Nothing is changed on disk.

Not worked around: ``tools/program.py`` writes ``best_accuracy`` also at metric 0 (``>=``). It makes
sure that a best model exists; ``ppocr-kit train`` and the report say so when the metric is 0.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ppocr_kit.vendor.compat_checkpoints import refuse_code, resume_fully, save_atomically
from ppocr_kit.vendor.compat_kie import pair_entities, tokenizer_by_path
from ppocr_kit.vendor.compat_kie_export import export_relations
from ppocr_kit.vendor.compat_kie_tools import draw_without_fonts, link_own_classes, read_with_exports
from ppocr_kit.vendor.compat_lmdb import walk_listed_rows
from ppocr_kit.vendor.compat_rows import guard_rows, shuffle_by_the_seed
from ppocr_kit.vendor.launch import end_with_parent


@dataclass(frozen=True)
class Workaround:
    """One fault and what is done about it.

    Attributes:
        name: Short name, listed by ``ppocr-kit vendor status``.
        symptom: What a user would see without it.
        versions: Versions it was seen in.
        source: File or issue that has the fault.
        target: Module after whose import it is applied.
        apply: Changes the imported module; does nothing where the fault's code is not there.
    """

    name: str
    symptom: str
    versions: str
    source: str
    target: str
    apply: Callable[[ModuleType], None]


def end_reader_threads(module: ModuleType) -> None:
    """Let an error in the loader's thread reach the training instead of leaving it to wait for ever."""
    reader = module._DataLoaderIterSingleProcess
    original = reader._thread_loop

    @wraps(original)
    def thread_loop(self: Any, *args: Any) -> None:
        try:
            original(self, *args)
        except BaseException:
            self._exit_thread_unexpectedly()
            raise

    reader._thread_loop = thread_loop


def end_loader_processes(module: ModuleType) -> None:
    """Let the processes of a data loader end with the training that they load for."""
    original = module._worker_loop

    @wraps(original)
    def worker_loop(*args: Any, **kwargs: Any) -> None:
        end_with_parent()
        original(*args, **kwargs)

    module._worker_loop = worker_loop  # type: ignore[attr-defined]


def accept_any_opencv(module: ModuleType) -> None:
    """Let one installed OpenCV wheel stand for the others, which hold the same ``cv2``."""
    original = module.get_dep_version
    wheels = [f"opencv-{kind}python{suffix}" for kind in ("", "contrib-") for suffix in ("", "-headless")]

    @wraps(original)
    def get_dep_version(dep: str) -> Any:
        version = original(dep)
        if version is None and dep in wheels:
            return next((found for wheel in wheels if (found := original(wheel)) is not None), None)
        return version

    module.get_dep_version = get_dep_version  # type: ignore[attr-defined]


WORKAROUNDS: tuple[Workaround, ...] = (
    Workaround(
        "rows",
        "unusable rows are replaced in silence: evaluation scores others twice, all bad hangs the training",
        "PaddleOCR 2.x-3.7.0",
        "ppocr/data/simple_dataset.py, SimpleDataSet.__getitem__",
        "ppocr.data.simple_dataset",
        guard_rows,
    ),
    Workaround(
        "row-order",
        "each process of a data-parallel training shuffles the rows otherwise: an epoch shows some twice and "
        "others never; a seed repeats nothing",
        "PaddleOCR 3.7.0",
        "ppocr/data/simple_dataset.py, SimpleDataSet.shuffle_data_random; tools/train.py, main",
        "ppocr.data.simple_dataset",
        shuffle_by_the_seed,
    ),
    Workaround(
        "lmdb-rows",
        "an LMDB's unusable rows are replaced at random, in evaluation too; recipes with several picture "
        "heights cannot read one",
        "PaddleOCR 2.x-3.7.0, lmdb 1.6-3.0",
        "ppocr/data/lmdb_dataset.py, LMDBDataSet",
        "ppocr.data",
        walk_listed_rows,
    ),
    Workaround(
        "reader-thread",
        "with num_workers 0, an error while loading data leaves the training waiting for ever",
        "paddlepaddle 3.3.1",
        "paddle/io/dataloader/dataloader_iter.py, _DataLoaderIterSingleProcess._thread_loop",
        "paddle.io.dataloader.dataloader_iter",
        end_reader_threads,
    ),
    Workaround(
        "loader-processes",
        "the processes of the data loader stay behind for ever when a training is killed",
        "paddlepaddle 3.3.1",
        "paddle/io/dataloader/worker.py, _worker_loop (passes its timeout as ``block``)",
        "paddle.io.dataloader.worker",
        end_loader_processes,
    ),
    Workaround(
        "safe-checkpoints",
        "a checkpoint from the net can run any code when it is loaded",
        "PaddleOCR 2.x-3.7.0, paddlepaddle 2.x-3.3.1",
        "ppocr/utils/save_load.py, load_model; paddle/framework/io.py",
        "ppocr.utils.save_load",
        refuse_code,
    ),
    Workaround(
        "resume",
        "a resumed recogniser forgets its best metric and overwrites a better model; steps restart at 0",
        "PaddleOCR 2.x-3.7.0",
        "ppocr/utils/save_load.py, load_model",
        "ppocr.utils.save_load",
        resume_fully,
    ),
    Workaround(
        "atomic-checkpoints",
        "a training that is ended while it saves leaves a checkpoint that cannot be loaded",
        "PaddleOCR 2.x-3.7.0",
        "ppocr/utils/save_load.py, save_model",
        "ppocr.utils.save_load",
        save_atomically,
    ),
    Workaround(
        "one-opencv",
        "the paddleocr runtime refuses to start without opencv-contrib-python, whatever OpenCV is installed",
        "paddlex 3.7",
        "paddlex/utils/deps.py, get_dep_version",
        "paddlex.utils.deps",
        accept_any_opencv,
    ),
    Workaround(
        "re-pairs",
        "'bool' object has no attribute 'sum' in every step of relation extraction",
        "paddlenlp 2.8.1",
        "paddlenlp/transformers/layoutxlm/modeling.py, REDecoder.build_relation",
        "paddlenlp.transformers.layoutxlm.modeling",
        pair_entities,
    ),
    Workaround(
        "re-export",
        "relation extraction cannot be exported: tools/export_model.py ends with an error in its loops",
        "paddlenlp 2.8.1",
        "paddlenlp/transformers/layoutxlm/modeling.py, REDecoder.forward",
        "paddlenlp.transformers.layoutxlm.modeling",
        export_relations,
    ),
    Workaround(
        "tokenizer-path",
        "the LayoutXLM tokenizer is always fetched from the hub, which is not reachable everywhere",
        "PaddleOCR 2.x-3.7.0",
        "ppocr/data/imaug/label_ops.py, VQATokenLabelEncode",
        "paddlenlp.transformers.layoutxlm.tokenizer",
        tokenizer_by_path,
    ),
    Workaround(
        "kie-ocr",
        "the scripts for key information end at PaddleOCR(show_log=…): No module named 'paddlex'",
        "PaddleOCR 3.0-3.7.0",
        "ppstructure/kie/predict_kie_token_ser.py, tools/infer_kie_token_ser.py",
        "ppocr.utils.visual",
        read_with_exports,
    ),
    Workaround(
        "kie-font",
        "the scripts for key information cannot draw: cannot open resource (doc/fonts/simfang.ttf)",
        "PaddleOCR 3.0-3.7.0 as published",
        "ppocr/utils/visual.py, draw_ser_results",
        "ppocr.utils.visual",
        draw_without_fonts,
    ),
    Workaround(
        "kie-classes",
        "predict_kie_token_ser_re.py ends with a KeyError at classes other than QUESTION and ANSWER",
        "PaddleOCR 2.x-3.7.0",
        "tools/infer_kie_token_ser_re.py, make_input",
        "tools.infer_kie_token_ser_re",
        link_own_classes,
    ),
)


class _AfterImport:
    """An import hook that applies workarounds to their module once it has been executed."""

    def __init__(self, workarounds: Sequence[Workaround]) -> None:
        self._workarounds = workarounds
        self._searching: set[str] = set()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Find a target module as everybody would, with the workarounds behind its loader."""
        wanted = [entry for entry in self._workarounds if entry.target == name]
        if not wanted or name in self._searching:
            return None
        self._searching.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching.discard(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for entry in wanted:
                entry.apply(module)

        # the loader belongs to this spec alone
        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def arm(workarounds: Sequence[Workaround] = WORKAROUNDS) -> None:
    """Apply every workaround as soon as its module is imported, or now where it is already."""
    for entry in workarounds:
        if entry.target in sys.modules:
            entry.apply(sys.modules[entry.target])
    sys.meta_path.insert(0, _AfterImport(workarounds))
