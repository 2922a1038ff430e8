"""Logs of the release are read as they are, and as they come from other machines."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.errors import ReportError, ToolError
from ppocr_kit.vendor.logs import (
    BestMetric,
    EvalMetric,
    TrainStep,
    parse_line,
    read_eval_output,
    read_log,
)

_PREFIX = "[2026/11/21 03:12:53] ppocr INFO: "
_REC_STEP = (
    "epoch: [3/12], global_step: 40, acc: 0.125000, norm_edit_dis: 0.431234, CTCLoss: 12.500000, "
    "loss: 12.500000, lr: 0.000500, avg_reader_cost: 0.00010 s, avg_batch_cost: 0.21045 s, "
    "avg_samples: 16.0, ips: 76.02756 samples/s, eta: 0:04:55"
)


def _step(text: str) -> TrainStep:
    event = parse_line(text)
    assert isinstance(event, TrainStep)
    return event


def test_step_of_the_release_is_read_whole() -> None:
    step = _step(_PREFIX + _REC_STEP)
    assert step == TrainStep(
        epoch=3,
        epochs=12,
        step=40,
        lr=0.0005,
        loss=12.5,
        values={
            "acc": 0.125,
            "norm_edit_dis": 0.431234,
            "CTCLoss": 12.5,
            "avg_reader_cost": 0.0001,
            "avg_batch_cost": 0.21045,
            "avg_samples": 16.0,
        },
        ips=76.02756,
        eta_s=295.0,
    )


@pytest.mark.parametrize(
    "line",
    [
        f"[2026/11/21 03:12:53] root INFO: {_REC_STEP}",
        f"{_PREFIX}{_REC_STEP}\r\n",
        f"eval model::  67%|######6   | 2/3 [00:00<00:00, 31.26it/s]{_PREFIX}{_REC_STEP}",
        f"{_PREFIX}{_REC_STEP}, max_mem_reserved: 812 MB, max_mem_allocated: 633 MB",
        _REC_STEP,
        (_PREFIX + _REC_STEP).replace("global_step:", "iter:"),
    ],
    ids=["root logger", "crlf", "progress bar before it", "memory after it", "bare", "iter"],
)
def test_variants_of_a_step_are_the_same_step(line: str) -> None:
    step = _step(line)
    assert (step.epoch, step.epochs, step.step, step.loss, step.lr) == (3, 12, 40, 12.5, 0.0005)
    assert step.eta_s == 295.0


@pytest.mark.parametrize(
    ("eta", "seconds"),
    [("0:00:00", 0.0), ("2 days, 20:01:28", 244_888.0), ("1 day, 0:00:01", 86_401.0), ("26:00:00", 93_600.0)],
)
def test_eta_is_seconds(eta: str, seconds: float) -> None:
    assert _step(_REC_STEP.replace("0:04:55", eta)).eta_s == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("nanxxx", math.nan), ("infxxx", math.inf), ("-infxx", -math.inf), ("1e-05", 1e-5), ("0", 0.0)],
)
def test_loss_that_is_no_ordinary_number_is_read(text: str, value: float) -> None:
    loss = _step(_REC_STEP.replace(" loss: 12.500000", f" loss: {text}")).loss
    assert loss == value or (math.isnan(loss) and math.isnan(value))


def test_what_a_line_lacks_is_none() -> None:
    step = _step("epoch: [1/2], iter: 10, loss: 0.5, ips: 3")
    assert (step.lr, step.ips, step.eta_s) == (None, 3.0, None)
    assert _step("epoch: [1/2], iter: 10, loss: 0.5").ips is None


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            "cur metric, precision: 0.9791, recall: 0.94, hmean: 0.9591836734693877, fps: 31.1",
            EvalMetric({"precision": 0.9791, "recall": 0.94, "hmean": 0.9591836734693877, "fps": 31.1}),
        ),
        (
            "best metric, hmean: 0.96, is_float16: False, precision: 0, best_epoch: 8",
            BestMetric({"hmean": 0.96, "precision": 0.0, "best_epoch": 8.0}),
        ),
        (
            "cur metric, acc: 0, Teacher_acc: 0.5, Teacher_norm_edit_dis: 1e-05",
            EvalMetric({"acc": 0.0, "Teacher_acc": 0.5, "Teacher_norm_edit_dis": 1e-05}),
        ),
        ("cur metirc, acc: 0.25, norm_edit_dis: 0.5", EvalMetric({"acc": 0.25, "norm_edit_dis": 0.5})),
        ("best metric, acc: nan", BestMetric({})),
    ],
)
def test_metric_lines(text: str, event: EvalMetric | BestMetric) -> None:
    found = parse_line(f"eval model:: 100%|##########| 3/3 [00:01<00:00,  2.86it/s]{_PREFIX}{text}\n")
    if "nan" in text:
        assert isinstance(found, BestMetric)
        assert math.isnan(found.values["acc"])
    else:
        assert found == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        _PREFIX + "save model in ./output/rec/latest",
        _PREFIX + "metric in ckpt ***************",
        _PREFIX + "hmean:0.9",
        _PREFIX + "epoch: [1/2], global_step: 4",
        _PREFIX + "cur metric, ",
        "epoch: [1/], global_step: 4, loss: 1",
        "epoch: [" + "9" * 5000 + "/1], global_step: 4, loss: 1",
        "train dataloader has 12 iters",
    ],
)
def test_other_lines_are_nothing(line: str) -> None:
    assert parse_line(line) is None


def test_log_with_two_runs_mixed_line_ends_and_foreign_bytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(
        f"{_PREFIX}{_REC_STEP}\r\n".encode()
        + _PREFIX.encode()
        + "数据集 label_file_list: 训练.txt\n".encode("gbk")
        + b"\xff\xfe\x00 cut"
        + f"\reval model:: 100%|##| 1/1\r{_PREFIX}cur metric, acc: 0.5, norm_edit_dis: 0.7\n".encode()
        + f"{_PREFIX}best metric, acc: 0.5, best_epoch: 3\n{_PREFIX}{_REC_STEP}".encode()
    )
    assert [type(event) for event in read_log(path)] == [TrainStep, EvalMetric, BestMetric, TrainStep]


def test_absent_log_is_a_report_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot read the log"):
        read_log(tmp_path / "train.log")


_EVAL_OUTPUT = [
    "metric in ckpt ***************",
    "acc:0.25",
    "best_epoch:3",
    "is_float16:False",
    "metric eval ***************",
    "acc:0.7459999925400001",
    "norm_edit_dis:0",
    "fps:412.7",
]


@pytest.mark.parametrize(
    "prefix", ["", _PREFIX, "[2026/11/21 03:12:53] root INFO: ", "eval model:: 100%|###| 3/3" + _PREFIX]
)
def test_eval_output_is_what_was_measured_not_what_the_checkpoint_says(prefix: str) -> None:
    values = read_eval_output(f"{prefix}{line}\n" for line in _EVAL_OUTPUT)
    assert values == {"acc": 0.7459999925400001, "norm_edit_dis": 0.0, "fps": 412.7}


def test_last_of_several_evaluations_counts() -> None:
    again = ["metric in ckpt ***************", "acc:0.1", "metric eval ***************", "acc:0.9"]
    assert read_eval_output([*_EVAL_OUTPUT, *again]) == {"acc": 0.9}


@pytest.mark.parametrize(
    "lines",
    [[], _EVAL_OUTPUT[:4], ["metric eval ***************"], ["acc:0.5"], ["metric eval ***", "acc:high"]],
)
def test_output_without_a_measured_metric_is_an_error(lines: list[str]) -> None:
    with pytest.raises(ToolError, match="without printing a metric"):
        read_eval_output(lines)


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    parse_line(text)
    parse_line("epoch: [1/2], global_step: 3, " + text)
    parse_line("cur metric, " + text)


@given(st.binary(max_size=500))
def test_any_file_is_taken(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.log"
    path.write_bytes(content)
    read_log(path)


@given(
    st.dictionaries(st.sampled_from(["acc", "loss_db", "Teacher_hmean"]), st.floats(allow_nan=False)),
    st.floats(allow_nan=False),
)
def test_numbers_come_back_exactly(values: dict[str, float], loss: float) -> None:
    text = ", ".join(f"{name}: {value}" for name, value in {**values, "loss": loss}.items())
    step = _step(f"epoch: [1/2], global_step: 3, {text}, eta: 0:00:01")
    assert step.loss == loss
    assert step.values == values


def test_long_logs_are_read_quickly() -> None:
    lines = [_PREFIX + _REC_STEP] * 2000 + [_PREFIX + "save model in ./output/rec/latest"] * 18_000
    started = time.perf_counter()
    for line in lines:
        parse_line(line)
    # 0.03 s on a quiet machine; the limit only catches a pattern that backtracks
    assert time.perf_counter() - started < 2.0
