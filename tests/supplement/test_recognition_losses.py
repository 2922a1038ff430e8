"""The losses of the guides, against formulas written out in NumPy."""

from __future__ import annotations

import copy

import numpy as np
import paddle
import pytest

from ppocr_kit.supplement.ppocr.losses import build_loss

pytestmark = pytest.mark.release

# two texts of two and three characters: start, text, end, padding
NRTR_LABELS = [[2, 5, 6, 3, 0, 0], [2, 4, 4, 7, 3, 0]]
SAR_LABELS = [[5, 1, 2, 5, 6, 6], [5, 0, 0, 4, 5, 6]]
LENGTHS = [2, 3]


def log_softmax(scores):
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def compared(config, predicts, batch):
    """Return every value of a loss as a number, and check that its gradients are finite."""
    predicts = {key: paddle.to_tensor(value, stop_gradient=False) for key, value in predicts.items()}
    batch = [None, *(paddle.to_tensor(np.asarray(item)) for item in batch)]
    losses = build_loss(config)(predicts if len(predicts) > 1 else next(iter(predicts.values())), batch)
    losses["loss"].backward()
    assert all(np.isfinite(value.grad.numpy()).all() for value in predicts.values())
    assert all(value.shape == [] for value in losses.values())
    return {key: float(value) for key, value in losses.items()}


def scores(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def nrtr_expected(given, smoothing, ignored=0):
    """Write the loss out, character by character."""
    losses = []
    for row, label in zip(log_softmax(given.astype("float64")), np.array(NRTR_LABELS)[:, 1:]):
        for likelihoods, right in zip(row, label):
            if right == ignored:
                continue
            wanted = np.zeros(given.shape[2])
            if smoothing:
                wanted[:] = 0.1 / (given.shape[2] - 1)
            wanted[right] = 0.9 if smoothing else 1.0
            losses.append(-(wanted * likelihoods).sum())
    return np.mean(losses)


@pytest.mark.parametrize(
    ("config", "smoothing", "ignored"),
    [({}, True, 0), ({"smoothing": False}, False, 0), ({"smoothing": False, "ignore_index": 3}, False, 3)],
)
def test_nrtr_loss_is_the_mean_over_characters_and_ends(config, smoothing, ignored):
    given = scores(2, 4, 9)
    got = compared({"name": "NRTRLoss", **config}, {"gtc": given}, [NRTR_LABELS, LENGTHS])
    assert got["loss"] == pytest.approx(nrtr_expected(given, smoothing, ignored), rel=1e-5)


def test_nrtr_loss_of_empty_texts_is_that_of_their_ends():
    given = scores(2, 1, 9)
    got = compared({"name": "NRTRLoss", "smoothing": False}, {"gtc": given}, [[[2, 3, 0], [2, 3, 0]], [0, 0]])
    assert got["loss"] == pytest.approx(-log_softmax(given)[:, 0, 3].mean(), rel=1e-5)


@pytest.mark.parametrize("classes", [101, 18389])
def test_nrtr_loss_of_certain_scores_is_what_smoothing_leaves(classes):
    given = np.zeros((1, 3, classes), "float32")
    for step, right in enumerate(NRTR_LABELS[0][1:4]):
        given[0, step, right] = 30
    got = compared({"name": "NRTRLoss"}, {"gtc": given}, [NRTR_LABELS[:1], LENGTHS[:1]])
    # a tenth is asked of the other characters, each of which is 30 less likely
    assert got["loss"] == pytest.approx(3, rel=1e-4)


def test_sar_loss_is_the_mean_over_what_is_not_padding():
    given = scores(2, 6, 6)
    got = compared({"name": "SARLoss", "ignore_index": 6}, {"sar": given}, [SAR_LABELS, LENGTHS])
    likelihoods, labels = log_softmax(given)[:, :-1], np.array(SAR_LABELS)[:, 1:]
    expected = [
        -row[right]
        for rows, label in zip(likelihoods, labels)
        for row, right in zip(rows, label)
        if right != 6
    ]
    assert got["loss"] == pytest.approx(np.mean(expected), rel=1e-5)


# ---------------------------------------------------------------- MultiLoss


def multi_batch(labels):
    return [[[1, 2, 0], [1, 1, 4]], labels, LENGTHS, [1.0, 0.5]]


@pytest.mark.parametrize(
    ("name", "key", "labels", "settings"),
    [
        ("NRTRLoss", "gtc", NRTR_LABELS, None),
        ("NRTRLoss", "gtc", NRTR_LABELS, {"smoothing": False}),
        ("SARLoss", "sar", SAR_LABELS, {"ignore_index": 6}),
    ],
)
@pytest.mark.parametrize("weights", [{}, {"weight_1": 0.5, "weight_2": 2.0}])
def test_multi_loss_is_the_weighted_sum_of_its_losses(name, key, labels, settings, weights):
    ctc, guide = scores(2, 10, 6), scores(2, 4 if key == "gtc" else 6, 9 if key == "gtc" else 6, seed=1)
    config = {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {name: settings}], **weights}
    before = copy.deepcopy(config)
    got = compared(config, {"ctc": ctc, key: guide}, multi_batch(labels))
    assert config == before
    alone = compared({"name": name, **(settings or {})}, {key: guide}, [labels, LENGTHS])
    ctc_alone = compared({"name": "CTCLoss"}, {"ctc": ctc}, [multi_batch(labels)[0], LENGTHS])
    assert got == {
        "CTCLoss": pytest.approx(ctc_alone["loss"] * weights.get("weight_1", 1), rel=1e-5),
        name: pytest.approx(alone["loss"] * weights.get("weight_2", 1), rel=1e-5),
        "loss": pytest.approx(got["CTCLoss"] + got[name], rel=1e-6),
    }


def test_settings_beside_the_list_go_to_the_losses_that_know_them():
    given = {"ctc": scores(2, 10, 6), "gtc": scores(2, 4, 9, seed=1)}
    losses = [{"CTCLoss": None}, {"NRTRLoss": None}]
    shared = {"name": "MultiLoss", "loss_config_list": losses, "gtc_loss": "nrtr", "smoothing": False}
    own = {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {"NRTRLoss": {"smoothing": False}}]}
    batch = multi_batch(NRTR_LABELS)
    assert compared(shared, given, batch) == compared(own, given, batch)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"loss_config_list": [{"PGLoss": None}]},
            "loss of MultiLoss 'PGLoss' is not known here; there are CTCLoss",
        ),
        ({"loss_config_list": [{"CTCLoss": None}] * 2}, "has CTCLoss twice"),
        (
            {"loss_config_list": [{"NRTRLoss": {"smoting": True}}]},
            "NRTRLoss does not know the key 'smoting'; did you mean",
        ),
        (
            {"loss_config_list": [{"CTCLoss": None}], "smoothing": True},
            "does not know the key 'smoothing', nor does any",
        ),
        ({}, "needs the key 'loss_config_list'"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(config, message):
    with pytest.raises(ValueError, match=message):
        build_loss({"name": "MultiLoss", **config})
