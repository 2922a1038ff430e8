"""Labels to be corrected instead of drawn: pages labelled by one's own models, in PPOCRLabel's format.

They go to ``Cache.cach``, where PPOCRLabel looks for automatic labels that nobody has checked; no
verified page and no line that is there is changed. Pictures are copied, never linked: PPOCRLabel writes
a picture anew when its user turns it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError
from ppocr_kit.labels.folder_files import (
    RawBox,
    folder_key,
    read_checked,
    read_raw_pages,
    write_raw_pages,
)
from ppocr_kit.labels.folder_lock import lock_folder
from ppocr_kit.labels.ppocrlabel import CACHE_FILE_NAME, LABEL_FILE_NAME
from ppocr_kit.progress import Track, no_progress
from ppocr_kit.runs.answer_file import Answer, AnswerFile
from ppocr_kit.runs.model_source import WEIGHTS_FILE, ModelSource
from ppocr_kit.runs.predict import IMAGE_SUFFIXES, predict_images
from ppocr_kit.runs.uncertainty import DEFAULT_BOX_THRESHOLD, PageDoubt, Pick, measure_page, pick_pages
from ppocr_kit.storage import disk_error, sha256_of, write_json_atomic

ANSWERS_NAME = "prelabel.jsonl"
RECORD_NAME = "prelabel.json"
# What PPOCRLabel puts in a box until somebody types its text.
_NO_TEXT = "TEMPORARY"


@dataclass(frozen=True)
class Candidates:
    """Pictures that could be labelled.

    Attributes:
        images: The pictures by hash of their bytes; of equal ones the first.
        labelled: How many are in the folder already with labels that are kept.
        repeated: How many are equal to one before them.
        bad: Files that cannot be read, with the reason.
        present: Pictures in the folder by hash of their bytes.
    """

    images: Mapping[str, Path]
    labelled: int
    repeated: int
    bad: tuple[tuple[str, str], ...]
    present: Mapping[str, Path]


@dataclass(frozen=True)
class Prelabelled:
    """What came of it.

    Attributes:
        pages: Keys of the pages that were labelled, in the order of the pictures or picks.
        boxes: Their boxes.
        predicted: Pictures that the models looked at now.
        reused: Pictures that these models had looked at before.
        failed: Pictures that were passed over, with the reason.
        picks: Why these pages; empty when all were taken.
    """

    pages: tuple[str, ...]
    boxes: int
    predicted: int
    reused: int
    failed: tuple[tuple[str, str], ...]
    picks: tuple[Pick, ...]


def find_candidates(
    images: Sequence[Path], out: Path, *, renew: bool = False, track: Track = no_progress
) -> Candidates:
    """Find the pictures that have no label yet.

    Args:
        images: The pictures.
        out: The folder that labels go to; it need not exist.
        renew: Whether pages that have automatic labels only count as without.
        track: Progress.

    Raises:
        DataError: The folder's labels cannot be read.
    """
    kept = set(read_checked(out)) | set(read_raw_pages(out / LABEL_FILE_NAME))
    if not renew:
        kept |= set(read_raw_pages(out / CACHE_FILE_NAME, skip_broken=True))
    inside = _list_images(out)
    present = {sha256_of(path): path for path in track(inside, "looking at the folder", len(inside))}
    found: dict[str, Path] = {}
    bad: list[tuple[str, str]] = []
    labelled = repeated = 0
    for path in track(images, "looking at pictures", len(images)):
        if out in path.parents and path.parent != out:
            # crops and other work of PPOCRLabel below the folder
            continue
        try:
            digest = sha256_of(path)
        except DataError as error:
            bad.append((str(path), error.message))
            continue
        if digest in present and folder_key(present[digest].absolute()) in kept:
            labelled += 1
        elif digest in found:
            repeated += 1
        else:
            found[digest] = path
    return Candidates(found, labelled, repeated, tuple(bad), present)


def prelabel_pages(
    det: ModelSource,
    rec: ModelSource,
    candidates: Candidates,
    out: Path,
    *,
    only_uncertain: int | None = None,
    renew: bool = False,
    predict_options: Mapping[str, Any] | None = None,
    track: Track = no_progress,
) -> Prelabelled:
    """Label pictures with one's own models, as unverified labels of a PPOCRLabel folder.

    What the models say is kept in ``prelabel.jsonl`` as it comes, so that the same command goes on where
    it was ended, and another ``only_uncertain`` asks them no more.

    Args:
        det: The detector.
        rec: The recogniser.
        candidates: What :func:`find_candidates` returned.
        out: The folder.
        only_uncertain: How many pages to take, those worth labelling next; None for all.
        renew: Whether automatic labels of pages that nobody has checked are replaced.
        predict_options: ``engine``, ``on_engine``, ``threads``, ``batch_size``, ``device`` of
            :func:`~ppocr_kit.runs.predict.predict_images`.
        track: Progress.

    Raises:
        SetupError: Another command labels or repairs the folder, or it cannot be written.
        DataError: No picture could be read.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, out) from error
    with lock_folder(out), AnswerFile(out / ANSWERS_NAME, name_models(det, rec)) as answers:
        waiting = {digest: path for digest, path in candidates.images.items() if digest not in answers}
        _ask(det, rec, waiting, answers, predict_options or {}, track)
        usable, failed = _sort_out(candidates, answers)
        if not usable and not candidates.labelled:
            first = failed[0]
            raise DataError(f"no picture could be read: {first[1]}", at=first[0])
        picks: tuple[Pick, ...] = ()
        if only_uncertain is not None:
            picks = _pick(usable, answers, only_uncertain, _box_threshold(det))
            usable = [pick.name for pick in picks]
        pages = _place(usable, candidates, answers, out, renew, track)
        result = Prelabelled(
            pages=tuple(pages),
            boxes=sum(len(boxes) for boxes in pages.values()),
            predicted=len(waiting),
            reused=len(candidates.images) - len(waiting),
            failed=tuple(failed),
            picks=tuple(_named(pick, key) for pick, key in zip(picks, pages)),
        )
        write_json_atomic(out / RECORD_NAME, describe_result(result, det, rec))
        return result


def describe_result(result: Prelabelled, det: ModelSource, rec: ModelSource) -> dict[str, Any]:
    """Return what came of it as a JSON object."""
    picks = {pick.name: pick.to_json() for pick in result.picks}
    return {
        "det": det.name,
        "rec": rec.name,
        "pages": [picks.get(key, {"image": key}) for key in result.pages],
        "boxes": result.boxes,
        "predicted": result.predicted,
        "reused": result.reused,
        "failed": [{"image": image, "error": error} for image, error in result.failed],
    }


def _list_images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _ask(
    det: ModelSource,
    rec: ModelSource,
    waiting: Mapping[str, Path],
    answers: AnswerFile,
    options: Mapping[str, Any],
    track: Track,
) -> None:
    """Let the models look at pictures, and write down each answer as it comes."""
    if not waiting:
        return
    digests = iter(waiting)

    def take(answer: Answer) -> None:
        answers.add(next(digests), answer)

    predict_images([det, rec], list(waiting.values()), take, track=track, **options)


def _sort_out(candidates: Candidates, answers: AnswerFile) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the pictures that were answered, and those that could not be."""
    usable: list[str] = []
    failed = list(candidates.bad)
    for digest, path in candidates.images.items():
        answer = answers.read(digest)
        if "error" in answer:
            failed.append((str(path), str(answer["error"])))
        else:
            usable.append(digest)
    return usable, failed


def _pick(usable: Sequence[str], answers: AnswerFile, count: int, box_threshold: float) -> tuple[Pick, ...]:
    """Pick pictures by their hashes."""
    pages: list[PageDoubt] = [
        measure_page({**answers.read(digest), "image": digest}, box_threshold) for digest in usable
    ]
    return tuple(pick_pages(pages, count))


def _place(
    digests: Sequence[str],
    candidates: Candidates,
    answers: AnswerFile,
    out: Path,
    renew: bool,
    track: Track,
) -> dict[str, list[RawBox]]:
    """Copy pictures into the folder and add their lines to Cache.cach."""
    taken = {path.stem.lower() for path in _list_images(out)}
    added: dict[str, list[RawBox]] = {}
    for digest in track(digests, "copying pictures", len(digests)):
        image = candidates.present.get(digest)
        if image is None:
            image = _copy(candidates.images[digest], digest, out, taken)
        added[folder_key(image.absolute())] = [_box(region) for region in answers.read(digest)["regions"]]
    lines = read_raw_pages(out / CACHE_FILE_NAME, skip_broken=True)
    kept = {} if renew else lines
    write_raw_pages(out / CACHE_FILE_NAME, {**lines, **added, **kept})
    return added


def _copy(image: Path, digest: str, out: Path, taken: set[str]) -> Path:
    """Copy a picture under a name of its own: PPOCRLabel's crops are named without the file ending."""
    stem = image.stem if image.stem.lower() not in taken else f"{image.stem}-{digest[:8]}"
    taken.add(stem.lower())
    target = out / f"{stem}{image.suffix}"
    try:
        handle, name = tempfile.mkstemp(prefix=".prelabel.", dir=out)
        os.close(handle)
        try:
            shutil.copyfile(image, name)
            os.chmod(name, 0o644)
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(error, target) from error
    return target


def _box(region: Mapping[str, Any]) -> RawBox:
    """Return what was found as a box of PPOCRLabel, which keeps whole pixels."""
    return {
        "transcription": region["transcription"] or _NO_TEXT,
        "points": [[round(x), round(y)] for x, y in region["points"]],
        "difficult": False,
    }


def _named(pick: Pick, key: str) -> Pick:
    return Pick(key, pick.misread, pick.doubtful_boxes, pick.unlike, pick.why)


def _box_threshold(det: ModelSource) -> float:
    value = det.postprocess.get("box_thresh")
    return float(value) if isinstance(value, (int, float)) and 0 <= value < 1 else DEFAULT_BOX_THRESHOLD


def name_models(det: ModelSource, rec: ModelSource) -> dict[str, str]:
    """Name models by their weights, so that answers of a retrained model of the same name do not count."""
    return {str(source.task): f"{source.name} {_weights_digest(source)}" for source in (det, rec)}


def _weights_digest(source: ModelSource) -> str:
    if source.export is not None:
        return sha256_of(source.export / WEIGHTS_FILE)[:16]
    return sha256_of(Path(f"{source.checkpoint}.pdparams"))[:16]
