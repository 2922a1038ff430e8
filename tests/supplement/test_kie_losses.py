from __future__ import annotations

import numpy as np
import paddle
import pytest

from ppocr_kit.supplement.ppocr.losses import build_loss

pytestmark = pytest.mark.release


def tensor(values, kind="int64"):
    return paddle.to_tensor(np.asarray(values, kind))


def ser_loss(scores, labels, mask=None, **keys):
    """Return the loss of SER and check that its gradient is finite."""
    scores = paddle.to_tensor(np.asarray(scores, "float32"), stop_gradient=False)
    batch = [None, None, None if mask is None else tensor(mask), None, None, tensor(labels)]
    predicts = {"backbone_out": scores} if keys.get("key") else scores
    loss = build_loss({"name": "VQASerTokenLayoutLMLoss", "num_classes": 3, **keys})(predicts, batch)["loss"]
    loss.backward()
    assert np.isfinite(scores.grad.numpy()).all()
    assert loss.shape == []
    return float(loss)


def surprises(scores, labels):
    return [np.log(np.exp(row).sum()) - row[label] for row, label in zip(scores, labels)]


SCORES = np.random.default_rng(0).standard_normal((1, 4, 3))
LABELS = [[2, 0, 1, 1]]


@pytest.mark.parametrize(
    ("mask", "labels", "counted", "divisor"),
    [
        (None, LABELS, [0, 1, 2, 3], 4),
        ([[1, 1, 1, 1]], LABELS, [0, 1, 2, 3], 4),
        ([[1, 0, 1, 0]], LABELS, [0, 2], 2),
        # text without a label costs nothing and counts
        ([[1, 1, 1, 0]], [[2, -100, 1, -100]], [0, 2], 3),
        (None, [[2, -100, 1, -100]], [0, 2], 4),
    ],
)
def test_cost_is_the_mean_surprise_over_the_text(mask, labels, counted, divisor):
    each = surprises(SCORES[0], LABELS[0])
    expected = sum(each[index] for index in counted) / divisor
    assert ser_loss(SCORES, labels, mask) == pytest.approx(expected, rel=1e-5)


def test_the_scores_may_be_one_of_several_outputs():
    assert ser_loss(SCORES, LABELS, key="backbone_out") == pytest.approx(ser_loss(SCORES, LABELS))


@pytest.mark.parametrize(("mask", "labels"), [([[0] * 4], LABELS), ([[1] * 4], [[-100] * 4])])
def test_a_batch_without_text_or_labels_costs_nothing(mask, labels):
    assert ser_loss(SCORES, labels, mask) == 0


@pytest.mark.parametrize(
    ("keys", "expected"),
    [({}, [1, 2, 6]), ({"reduction": "mean"}, 3), ({"reduction": "sum"}, 9), ({"key": "loss"}, [1, 2, 6])],
)
def test_the_models_own_loss_is_taken_out_and_reduced(keys, expected):
    loss = build_loss({"name": "LossFromOutput", **keys})
    values = tensor([1, 2, 6], "float32")
    for output in ({"loss": values, "logits": None}, values):
        assert loss(output, None)["loss"].numpy().tolist() == expected


def test_a_loss_under_another_name_is_found():
    loss = build_loss({"name": "LossFromOutput", "key": "backbone_out", "reduction": "mean"})
    assert float(loss({"backbone_out": tensor([4], "float32")}, None)["loss"]) == 4


def test_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction 'avg' is not known here; there are mean, none, sum"):
        build_loss({"name": "LossFromOutput", "reduction": "avg"})
