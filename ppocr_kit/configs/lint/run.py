"""Checks of what the run will do: steps, evaluations, what is scored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ppocr_kit.configs.keys import KeyPath
from ppocr_kit.configs.lint.files import count_rows
from ppocr_kit.configs.lint.subject import Subject, is_count
from ppocr_kit.problems import Problem

_METRICS: dict[str, tuple[str, ...]] = {
    "DetMetric": ("precision", "recall", "hmean"),
    "RecMetric": ("acc", "norm_edit_dis"),
    "ClsMetric": ("acc",),
    "VQASerTokenMetric": ("precision", "recall", "hmean"),
    "VQAReTokenMetric": ("precision", "recall", "hmean"),
}


def check_batches(subject: Subject) -> Iterator[Problem]:
    """C014: the batch is larger than the data, so that no step is made."""
    if count_steps(subject) != 0:
        return
    path: KeyPath = ("Train", "loader", "batch_size_per_card")
    rows = count_rows(subject)
    message = f"a batch of {subject.at(*path)} is larger than the {rows} rows to train: no step is made"
    yield subject.problem("C014", path, message, f"at most {rows}" if rows else "the lists are empty")


def check_evaluations(subject: Subject) -> Iterator[Problem]:
    """C013: no evaluation falls inside the run, so that there is no best model."""
    epochs = subject.at("Global", "epoch_num")
    by_epoch: KeyPath = ("Global", "eval_batch_epoch")
    by_step: KeyPath = ("Global", "eval_batch_step")
    every, setting = subject.at(*by_epoch), subject.at(*by_step)
    if not is_count(epochs):
        return
    if every and isinstance(setting, list):
        if is_count(every) and every > epochs:
            message = f"the run ends after {epochs} epochs, the first evaluation is after {every}"
            yield subject.problem("C013", by_epoch, message, f"at most {epochs}")
        return
    if every:
        message = "eval_batch_epoch counts only beside a list in eval_batch_step"
        yield subject.problem("C013", by_epoch, message, "Global.eval_batch_step: [0, 2000]")
    steps, first = count_steps(subject), _first_evaluation(setting)
    if steps and first is not None and first > steps * epochs:
        message = f"the first evaluation is at step {first}, the run ends at step {steps * epochs}"
        hint = "Global.eval_batch_epoch: 1 evaluates after every epoch"
        yield subject.problem("C013", by_step, message, hint)


def check_scoring(subject: Subject) -> Iterator[Problem]:
    """C025: an evaluation that shuffles or drops rows; C031: an indicator that the metric has not."""
    for key, consequence in (
        ("shuffle", "predictions come in another order each time"),
        ("drop_last", "the last rows are not scored"),
    ):
        if subject.at("Eval", "loader", key) is True:
            path: KeyPath = ("Eval", "loader", key)
            yield subject.problem("C025", path, f"Eval.loader.{key} is true: {consequence}")
    path = ("Metric", "main_indicator")
    indicator, known = subject.at(*path), _METRICS.get(subject.name("Metric") or "")
    if known is not None and isinstance(indicator, str) and indicator not in known:
        hint = f"write {' or '.join(known)}"
        yield subject.problem("C031", path, f"{subject.name('Metric')} has no {indicator}", hint)


def count_steps(subject: Subject) -> int | None:
    """Return the steps of an epoch in one process, or None when the lists or the batch are not known.

    A sampler of several sizes goes by its own batch and fills the last one up.
    """
    rows = count_rows(subject)
    batch: Any = subject.at("Train", "loader", "batch_size_per_card")
    dropped = bool(subject.at("Train", "loader", "drop_last"))
    if subject.name("Train", "sampler") == "MultiScaleSampler":
        first = subject.at("Train", "sampler", "first_bs")
        batch, dropped = 128 if first is None else first, False
    if rows is None or not is_count(batch):
        return None
    return int(rows // batch if dropped else math.ceil(rows / batch))


def _first_evaluation(setting: Any) -> int | None:
    """Return the step of the first evaluation: ``every`` or ``[start, every]``."""
    if is_count(setting):
        return int(setting)
    if isinstance(setting, list) and len(setting) >= 2 and all(isinstance(each, int) for each in setting[:2]):
        return int(setting[0]) + int(setting[1])
    return None
