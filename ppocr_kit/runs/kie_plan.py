"""What a training of key information will do, worked out before it starts.

Beyond what holds for any training: tokens that no window reaches, pages from which no link can be
learnt, and a tokenizer that does not belong to the network. Upstream says nothing of the first two, and
ends with an index error at the third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.configs.key_information import START_FOLDER, window_of
from ppocr_kit.errors import DataError, SetupError, ToolError, UsageError
from ppocr_kit.runs.inspection import Inspection, inspect_config
from ppocr_kit.runs.networks import (
    NetworkFolder,
    copy_tokenizer,
    find_tokenizer,
    fit_network,
    has_tokenizer,
    read_network,
    read_network_config,
    sized_config,
    tokenizer_environment,
    write_network,
)
from ppocr_kit.runs.plan import TrainingPlan, make_plan
from ppocr_kit.runs.rundir import RunFolder
from ppocr_kit.runs.weights_table import render_fates
from ppocr_kit.storage import write_text_atomic
from ppocr_kit.vendor.release import PinnedRelease

_WORDS = "layoutxlm.embeddings.word_embeddings.weight"


@dataclass(frozen=True)
class NetworkStart:
    """The network that a run of key information starts with.

    Attributes:
        tokenizer: Folder of its tokenizer, or None where paddlenlp fetches it.
        network: The folder to start from; None when the run resumes, or the network is fetched.
        checkpoint: The run's own latest checkpoint, when it resumes.
    """

    tokenizer: Path | None = None
    network: NetworkFolder | None = None
    checkpoint: Path | None = None

    def config(self, rendered: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return ``config.json`` of the network for a rendered configuration; None when it is fetched."""
        if self.checkpoint is not None:
            return read_network_config(self.checkpoint)
        if self.network is None:
            return None
        backbone = rendered["Architecture"]["Backbone"]
        return sized_config(self.network.config, backbone.get("num_classes"), backbone["mode"] == "base")


def find_start(folder: RunFolder, pretrained: Path | None, *, resume: bool) -> NetworkStart:
    """Find the network and the tokenizer that a run starts with.

    Args:
        folder: The run.
        pretrained: Folder of a network, perhaps a checkpoint of another run.
        resume: Whether the run goes on from its latest checkpoint, with its own tokenizer.

    Raises:
        UsageError: There is no such checkpoint, it lies in the run itself, or a folder is named that has no
            tokenizer.
        DataError: The folder holds no network, or a damaged one.
    """
    if resume:
        latest = folder.checkpoint("latest")
        # the tool will load it: it must hold arrays and nothing else
        read_network(latest)
        return checkpoint_start(latest)
    if pretrained is None:
        return NetworkStart(find_tokenizer())
    if folder.path in pretrained.absolute().parents:
        raise UsageError(
            "the run would replace the network that it starts from",
            at=str(pretrained),
            hint="choose another --name, or go on with the run itself (--resume)",
        )
    return NetworkStart(find_tokenizer(pretrained, _of_its_run(pretrained)), read_network(pretrained))


def checkpoint_start(checkpoint: Path) -> NetworkStart:
    """Return a run's checkpoint with the tokenizer that the run was started with.

    Raises:
        UsageError: The run keeps none, and the user names a folder without one.
    """
    kept = next((folder for folder in (checkpoint, _of_its_run(checkpoint)) if has_tokenizer(folder)), None)
    return NetworkStart(kept.absolute() if kept is not None else find_tokenizer(), checkpoint=checkpoint)


def _of_its_run(checkpoint: Path) -> Path:
    """Return the folder in which the run of a checkpoint keeps its tokenizer."""
    return checkpoint.absolute().parent.parent / START_FOLDER


def keep_start(network: NetworkStart, plan: TrainingPlan, folder: RunFolder) -> None:
    """Write into the run folder what the run starts from, before it is overwritten by what it learns.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    if network.checkpoint is not None:
        return
    if network.tokenizer is not None:
        copy_tokenizer(network.tokenizer, folder.start_folder)
    settings = network.config(plan.config)
    if plan.start is not None and settings is not None:
        write_text_atomic(folder.logs / "weights.txt", render_fates(plan.start.match))
        write_network(plan.start, settings, folder.start_folder)


def plan_key_information(
    config: Mapping[str, Any],
    release: PinnedRelease,
    python: Path,
    start: NetworkStart,
    *,
    processes: int = 1,
    first_epoch: int = 1,
) -> TrainingPlan:
    """Work out what training ``config`` will do, and refuse what cannot train.

    Args:
        config: A rendered, complete configuration of SER or RE.
        release: The PaddleOCR release that will run it.
        python: The interpreter of the kie lane.
        start: The network that it starts with.
        processes: Data-parallel processes.
        first_epoch: Epoch to start with; above 1 when resuming.

    Raises:
        DataError: No step would be made, no row can be evaluated, or network, tokenizer and weights do
            not belong together.
        SetupError: The network or its tokenizer is not here and cannot be fetched.
        ToolError: The release cannot read the configuration.
    """
    found = _inspect(config, release, python, start)
    network = start.network
    fitted = fit_network(network, found.shapes, found.fresh) if network is not None else None
    _require_tokenizer(found, start)
    return make_plan(
        config,
        found,
        processes=processes,
        first_epoch=first_epoch,
        start=fitted,
        notes=_notes(found, window_of(config)),
    )


def _inspect(
    config: Mapping[str, Any], release: PinnedRelease, python: Path, start: NetworkStart
) -> Inspection:
    try:
        return inspect_config(
            config,
            release,
            python,
            start.network.weights if start.network is not None else None,
            network=start.config(config),
            env=tokenizer_environment(start.tokenizer),
        )
    except ToolError as error:
        if start.tokenizer is not None and (start.network or start.checkpoint):
            raise
        raise SetupError(
            "LayoutXLM or its tokenizer could not be fetched from paddlenlp's hub",
            at=error.at,
            hint="--pretrained FOLDER names a network that is here, PPOCR_KIT_KIE_TOKENIZER the folder of "
            "its sentencepiece.bpe.model",
        ) from error


def _require_tokenizer(found: Inspection, start: NetworkStart) -> None:
    """Refuse tokens that the network has no word for."""
    largest = max(check.largest_id for check in found.rows.values())
    words = found.shapes[_WORDS][0]
    if largest < words:
        return
    raise DataError(
        f"the tokenizer does not belong to the network: it makes token {largest}, the network knows {words}",
        at=str(start.tokenizer or "paddlenlp's hub"),
        hint="put the network's own sentencepiece.bpe.model beside its config.json",
    )


def _notes(found: Inspection, window: int) -> list[str]:
    """Say what of the rows is not learnt, or not measured."""
    notes = []
    for mode, what in (("Train", "learnt"), ("Eval", "measured")):
        check = found.rows[mode]
        if check.cut_pages:
            notes.append(
                f"{_pages(check.cut_pages)} of {mode} with more than {window} tokens: "
                f"{check.cut_tokens} tokens are not {what}"
            )
        if check.unpaired:
            notes.append(
                f"{_pages(check.unpaired)} of {mode} without a question or an answer: no link is {what} there"
            )
    if any(check.cut_pages for check in found.rows.values()):
        notes.append(
            f"dataset build --tasks ser,re --max-seq-len {window} --tokenizer FOLDER cuts long pages into "
            "windows, so that nothing is lost"
        )
    return notes


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"
