from __future__ import annotations

import itertools

import numpy as np
import paddle
import pytest

from ppocr_kit.supplement.ppocr.losses import build_loss

pytestmark = pytest.mark.release

SIDE = 8


def maps_and_targets(seed=0, positive=0.3, unmasked=0.9):
    """Draw predicted maps and the targets of a page, as DB's data transforms give them."""
    random = np.random.default_rng(seed)
    maps = random.uniform(0.01, 0.99, (2, 3, SIDE, SIDE)).astype("float32")
    shape = (2, SIDE, SIDE)
    shrink_map, shrink_mask = (random.uniform(0, 1, shape) < share for share in (positive, unmasked))
    threshold_map, threshold_mask = random.uniform(0.3, 0.7, shape), random.uniform(0, 1, shape) < 0.5
    targets = (threshold_map, threshold_mask, shrink_map, shrink_mask)
    return maps, [target.astype("float32") for target in targets]


def db_loss(maps, targets, extra=None, **config):
    """Return DBLoss and its parts as numbers, and check that its gradients are finite."""
    maps = paddle.to_tensor(maps, stop_gradient=False)
    predicts = {"maps": maps, **{key: paddle.to_tensor(value) for key, value in (extra or {}).items()}}
    batch = [None, *(paddle.to_tensor(target) for target in targets)]
    loss = build_loss({"name": "DBLoss", **config})(predicts, batch)
    loss["loss"].backward()
    assert np.isfinite(maps.grad.numpy()).all()
    return {key: float(value) for key, value in loss.items()}


def dice(pred, target, mask):
    return 1 - 2 * (pred * target * mask).sum() / ((pred * mask).sum() + (target * mask).sum() + 1e-6)


def balanced_dice(pred, target, mask, ratio):
    """Mine hard negatives the long way, by sorting every pixel's loss."""
    value = dice(pred, target, mask)
    positives = int((target * mask).sum())
    count = int(min(((1 - target) * mask).sum(), positives * ratio))
    hardest = np.sort(((1 - target) * mask * value).ravel())[::-1][:count]
    return ((target * mask * value).sum() + hardest.sum()) / (positives + count + 1e-6)


# ---------------------------------------------------------------- DBLoss


@pytest.mark.parametrize("positive", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("ratio", [1, 3])
def test_db_loss_is_the_weighted_sum_of_its_parts(positive, ratio):
    maps, targets = maps_and_targets(positive=positive)
    threshold_map, threshold_mask, shrink_map, shrink_mask = (target.astype("float64") for target in targets)
    shrink, threshold, binary = maps.astype("float64").transpose(1, 0, 2, 3)
    got = db_loss(maps, targets, alpha=4, beta=7, ohem_ratio=ratio)
    l1 = (np.abs(threshold - threshold_map) * threshold_mask).sum() / threshold_mask.sum()
    assert got["loss_shrink_maps"] == pytest.approx(
        4 * balanced_dice(shrink, shrink_map, shrink_mask, ratio), rel=1e-5
    )
    assert got["loss_threshold_maps"] == pytest.approx(7 * l1, rel=1e-5)
    assert got["loss_binary_maps"] == pytest.approx(dice(binary, shrink_map, shrink_mask), rel=1e-5)
    assert got["loss"] == pytest.approx(sum(value for key, value in got.items() if key != "loss"), rel=1e-6)


def test_unbalanced_main_loss_is_plain_dice():
    maps, targets = maps_and_targets()
    got = db_loss(maps, targets, balance_loss=False, alpha=1)
    assert got["loss_shrink_maps"] == pytest.approx(dice(maps[:, 0], targets[2], targets[3]), rel=1e-5)


def test_page_without_text_counts_its_binary_map_only():
    maps, targets = maps_and_targets()
    for number in (1, 2):
        targets[number][:] = 0
    got = db_loss(maps, targets)
    assert got["loss_shrink_maps"] == 0
    assert got["loss_threshold_maps"] == 0
    assert got["loss_binary_maps"] == pytest.approx(1)


def test_page_that_is_masked_out_gives_finite_values():
    maps, targets = maps_and_targets()
    for number in (1, 3):
        targets[number][:] = 0
    got = db_loss(maps, targets)
    assert got["loss_shrink_maps"] == 0
    assert got["loss_threshold_maps"] == 0


def test_page_of_text_alone_has_no_negatives_to_mine():
    maps, targets = maps_and_targets()
    for target in targets[1:]:
        target[:] = 1
    expected = 5 * dice(maps[:, 0], targets[2], targets[3])
    assert db_loss(maps, targets)["loss_shrink_maps"] == pytest.approx(expected, rel=1e-5)


def test_perfect_maps_cost_nothing():
    _, targets = maps_and_targets()
    maps = np.stack([targets[2], targets[0], targets[2]], axis=1)
    assert db_loss(maps, targets)["loss"] == pytest.approx(0, abs=1e-5)


def test_cbn_maps_add_a_dice_loss():
    maps, targets = maps_and_targets()
    got = db_loss(maps, targets, extra={"cbn_maps": maps[:, 1:2], "distance_maps": maps[:, :1]})
    assert got["loss_cbn"] == pytest.approx(dice(maps[:, 1], targets[2], targets[3]), rel=1e-5)


def test_cbn_maps_are_balanced_as_the_probability_map_is():
    maps, targets = maps_and_targets(positive=0.02)
    got = db_loss(maps, targets, extra={"cbn_maps": maps[:, :1]}, alpha=1)
    assert got["loss_cbn"] == got["loss_shrink_maps"]
    targets[2][:] = 0
    assert db_loss(maps, targets, extra={"cbn_maps": maps[:, :1]})["loss_cbn"] == 0


def focal(pred, target, mask, alpha, gamma):
    """Follow equation 5 of arXiv:1708.02002 pixel by pixel."""
    total = 0.0
    for p, is_text, counts in zip(pred.ravel(), target.ravel(), mask.ravel()):
        likely, weight = (p, alpha) if is_text else (1 - p, 1 - alpha)
        total -= counts * weight * (1 - likely) ** gamma * np.log(np.clip(likely, 1e-6, 1 - 1e-6))
    return total / mask.sum()


@pytest.mark.parametrize(("alpha", "gamma"), [(0.25, 2.5), (0.75, 0), (1, 2)])
@pytest.mark.parametrize("positive", [0, 0.3, 1])
def test_focal_loss_joins_dice_for_the_probability_and_the_binary_map(positive, alpha, gamma):
    maps, targets = maps_and_targets(positive=positive)
    got = db_loss(
        maps,
        targets,
        main_loss_type="DiceFocalLoss",
        alpha=4,
        focal_alpha=alpha,
        focal_gamma=gamma,
        dice_weight=0.5,
        focal_weight=3,
    )
    for name, channel, factor in (("shrink", 0, 4), ("binary", 2, 1)):
        pred, target, mask = maps[:, channel].astype("float64"), *targets[2:]
        expected = 0.5 * dice(pred, target, mask) + 3 * focal(pred, target, mask, alpha, gamma)
        assert got[f"loss_{name}_maps"] == pytest.approx(factor * expected, rel=1e-4)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certainty_costs_finitely_whether_right_or_wrong(certain):
    maps, targets = maps_and_targets()
    got = db_loss(np.full_like(maps, certain), targets, main_loss_type="DiceFocalLoss", focal_gamma=0.5)
    assert np.isfinite(list(got.values())).all()


AUXILIARY = {"aux_weight_p4": 0.2, "aux_weight_p3": 0.3, "aux_weight_p2": 0.4}


@pytest.mark.parametrize("kind", ["DiceLoss", "DiceFocalLoss"])
def test_auxiliary_maps_count_with_their_weight(kind):
    maps, targets = maps_and_targets()
    config = {"main_loss_type": kind, "alpha": 3, "beta": 2}
    others = {f"aux_maps_p{level}": maps_and_targets(seed=level)[0] for level in (2, 3, 4)}
    alone = db_loss(maps, targets, **config)
    got = db_loss(maps, targets, extra=others, **config, **AUXILIARY)
    expected = alone["loss"]
    for level, weight in ((2, 0.4), (3, 0.3), (4, 0.2)):
        part = db_loss(others[f"aux_maps_p{level}"], targets, **config)["loss"]
        assert got[f"loss_aux_maps_p{level}"] == pytest.approx(part, rel=1e-5)
        expected += weight * part
    assert got["loss"] == pytest.approx(expected, rel=1e-5)


def test_auxiliary_maps_of_weight_zero_and_those_that_are_absent_are_left_out():
    maps, targets = maps_and_targets()
    got = db_loss(maps, targets, extra={"aux_maps_p2": maps, "aux_maps_p3": maps}, aux_weight_p3=1)
    assert [key for key in got if "aux" in key] == ["loss_aux_maps_p3"]
    assert got["loss"] == pytest.approx(2 * got["loss_aux_maps_p3"], rel=1e-5)


@pytest.mark.parametrize("kind", ["DiceLoss", "DiceFocalLoss"])
@pytest.mark.parametrize("zeroed", [(1, 2), (1, 3), (0, 1, 2, 3)], ids=["no text", "all ignored", "neither"])
def test_auxiliary_maps_of_degenerate_pages_cost_finitely(kind, zeroed):
    maps, targets = maps_and_targets()
    for number in zeroed:
        targets[number][:] = 0
    extra = {f"aux_maps_p{level}": maps for level in (2, 3, 4)}
    got = db_loss(maps, targets, extra=extra, main_loss_type=kind, **AUXILIARY)
    assert np.isfinite(list(got.values())).all()
    assert got["loss_threshold_maps"] == 0
    # dice calls a page without text or without any pixel a complete miss
    assert got["loss_binary_maps"] >= 0.999


# ---------------------------------------------------------------- CTCLoss


def ctc_loss(scores, labels, lengths, **config):
    scores = paddle.to_tensor(np.asarray(scores, "float32"), stop_gradient=False)
    batch = [None, paddle.to_tensor(np.asarray(labels)), paddle.to_tensor(np.asarray(lengths, "int64"))]
    loss = build_loss({"name": "CTCLoss", **config})(scores, batch)
    loss["loss"].backward()
    assert np.isfinite(scores.grad.numpy()).all()
    return float(loss["loss"])


def scores_of(rows, steps, classes, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, steps, classes))


def surprise(scores, label):
    """Return minus the log likelihood of a label by adding up every path that spells it."""
    likelihoods = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        if [number for number, _ in itertools.groupby(path) if number] == list(label):
            total += np.prod([likelihoods[step, number] for step, number in enumerate(path)])
    return -np.log(total)


@pytest.mark.parametrize("label", [[], [1], [2, 1], [1, 1], [1, 2, 3], [3, 3, 3]])
def test_ctc_loss_adds_up_every_path_that_spells_the_label(label):
    scores = scores_of(1, 5, 4)
    padded = [label + [0] * (6 - len(label))]
    assert ctc_loss(scores, padded, [len(label)]) == pytest.approx(surprise(scores[0], label), rel=1e-4)


def test_ctc_loss_is_the_mean_over_rows_and_focal_weighs_each():
    scores, labels = scores_of(2, 4, 4), [[1, 2], [3, 0]]
    losses = np.array([surprise(scores[0], [1, 2]), surprise(scores[1], [3])])
    assert ctc_loss(scores, labels, [2, 1]) == pytest.approx(losses.mean(), rel=1e-4)
    focal = (losses * (1 - np.exp(-losses)) ** 2).mean()
    assert ctc_loss(scores, labels, [2, 1], use_focal_loss=True) == pytest.approx(focal, rel=1e-4)


def test_label_longer_than_the_sequence_counts_nothing():
    assert ctc_loss(scores_of(1, 2, 5), [[1, 2, 3]], [3]) == 0


def test_scores_may_come_behind_features():
    scores, label = paddle.to_tensor(scores_of(1, 4, 4).astype("float32")), [[1, 2]]
    batch = [None, paddle.to_tensor(label), paddle.to_tensor([2])]
    loss = build_loss({"name": "CTCLoss"})
    assert float(loss((scores * 7, scores), batch)["loss"]) == float(loss(scores, batch)["loss"])


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"name": "PGLoss"}, "Loss 'PGLoss' is not known here; there are CTCLoss, DBLoss, .*MultiLoss"),
        ({"name": "DBLoss", "main_loss_type": "BCELoss"}, "main_loss_type 'BCELoss' is not known here"),
        ({"name": "DBLoss", "ohem_rato": 3}, "did you mean ohem_ratio"),
        ({"alpha": 5}, "Loss has no name"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(config, message):
    with pytest.raises(ValueError, match=message):
        build_loss(config)


def test_the_configuration_is_left_as_it_is():
    config = {"name": "CTCLoss", "use_focal_loss": True}
    build_loss(config)
    assert config == {"name": "CTCLoss", "use_focal_loss": True}
