from __future__ import annotations

import copy
import math

import numpy as np
import paddle
import pytest

from ppocr_kit.supplement.ppocr.optimizer import build_optimizer

pytestmark = pytest.mark.release

EPOCHS, PER_EPOCH = 10, 5
STEPS = EPOCHS * PER_EPOCH
PEAK = 0.01


def rates(section):
    """Return the learning rate of every step of a training."""
    optimizer, schedule, _ = built({"name": "Adam", "lr": section})
    values = []
    for _ in range(STEPS):
        values.append(optimizer.get_lr())
        if not isinstance(schedule, float):
            schedule.step()
    return values


def built(config, model=None):
    return build_optimizer(config, EPOCHS, PER_EPOCH, model or paddle.nn.Linear(2, 1))


def one_step(config, weight=(3.0, 4.0), gradient=(3.0, 4.0), bias_gradient=0.0):
    """Return weight and bias after one step from known values with known gradients."""
    model = paddle.nn.Linear(2, 1)
    model.weight.set_value(np.array(weight, "float32").reshape(2, 1))
    model.bias.set_value(np.ones(1, "float32"))
    optimizer, _, _ = built(config, model)
    x = paddle.to_tensor(np.array([gradient], "float32"))
    (paddle.matmul(x, model.weight).sum() + bias_gradient * model.bias.sum()).backward()
    optimizer.step()
    return model.weight.numpy().ravel(), model.bias.numpy().item()


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize(
    ("section", "rate"),
    [
        ({}, lambda step: 0.001),
        ({"learning_rate": PEAK}, lambda step: PEAK),
        ({"name": "Const", "learning_rate": "1e-2"}, lambda step: PEAK),
        (
            {"name": "Cosine", "learning_rate": PEAK},
            lambda step: PEAK * (1 + math.cos(math.pi * step / STEPS)) / 2,
        ),
        ({"name": "Linear", "learning_rate": PEAK}, lambda step: PEAK * (1 - step / STEPS)),
        (
            {"name": "Linear", "learning_rate": PEAK, "end_lr": 0.001, "power": 2.0},
            lambda step: (PEAK - 0.001) * (1 - step / STEPS) ** 2 + 0.001,
        ),
        (
            {"name": "Piecewise", "decay_epochs": [4, 8], "values": [0.1, 0.01, 0.001]},
            lambda step: 0.1 if step < 20 else 0.01 if step < 40 else 0.001,
        ),
        ({"name": "Piecewise", "decay_epochs": [], "values": [0.1]}, lambda step: 0.1),
        (
            {"name": "Step", "learning_rate": PEAK, "step_size": 3, "gamma": 0.5},
            lambda step: PEAK * 0.5 ** (step // 15),
        ),
        (
            {"name": "MultiStepDecay", "learning_rate": PEAK, "milestones": [4, 6], "gamma": 0.1},
            lambda step: PEAK if step < 20 else PEAK / 10 if step < 30 else PEAK / 100,
        ),
        (
            {"name": "CyclicalCosine", "learning_rate": PEAK, "cycle": 4},
            lambda step: PEAK * (1 + math.cos(math.pi * (step % 20) / 20)) / 2,
        ),
        (
            {"name": "TwoStepCosine", "learning_rate": PEAK},
            lambda step: PEAK * (1 + math.cos(math.pi * step / 1000)) / 2,
        ),
    ],
)
@pytest.mark.parametrize("warmup_epochs", [0, 2])
def test_rate_follows_its_formula_after_the_warmup(section, rate, warmup_epochs):
    warmup = warmup_epochs * PER_EPOCH
    expected = [rate(0) * step / warmup for step in range(warmup)]
    expected += [rate(step - warmup) for step in range(warmup, STEPS)]
    assert rates({**section, "warmup_epoch": warmup_epochs}) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_polynomial_decay_ends_at_zero_and_has_no_warmup():
    section = {"name": "DecayLearningRate", "learning_rate": PEAK, "factor": 0.9, "end_lr": 0.001}
    assert rates(section) == pytest.approx([PEAK * (1 - step / STEPS) ** 0.9 for step in range(STEPS)])
    with pytest.raises(ValueError, match="has no warm-up"):
        rates({**section, "warmup_epoch": 1})


def cycle(step, three_phase=False, anneal=lambda share: (1 - math.cos(math.pi * share)) / 2):
    """Follow arXiv:1708.07120 with a rise of three tenths: (begin, end, from, to) of each phase."""
    low, bottom = PEAK / 25, PEAK / 25e4
    phases = [(0, 14, low, PEAK), (14, 49, PEAK, bottom)]
    if three_phase:
        phases = [(0, 14, low, PEAK), (14, 28, PEAK, low), (28, 49, low, bottom)]
    begin, end, left, right = next(phase for phase in phases if step <= phase[1])
    return left + (right - left) * anneal((step - begin) / (end - begin))


@pytest.mark.parametrize(
    ("section", "options"),
    [
        ({}, {}),
        ({"three_phase": True}, {"three_phase": True}),
        ({"anneal_strategy": "linear"}, {"anneal": lambda share: share}),
    ],
)
def test_one_cycle_goes_up_and_far_down(section, options):
    expected = [cycle(step, **options) for step in range(STEPS)]
    assert rates({"name": "OneCycle", "max_lr": PEAK, **section}) == pytest.approx(expected, rel=1e-6)


def test_the_warmup_of_one_cycle_leads_to_its_top():
    values = rates({"name": "OneCycle", "max_lr": PEAK, "warmup_epoch": 2})
    assert values[:10] == pytest.approx([PEAK * step / 10 for step in range(10)])
    assert values[10] == pytest.approx(PEAK / 25)


def test_two_step_cosine_is_at_zero_after_200_epochs():
    schedule = build_optimizer(
        {"name": "Adam", "lr": {"name": "TwoStepCosine", "learning_rate": PEAK}},
        300,
        1,
        paddle.nn.Linear(2, 1),
    )[1]
    for _ in range(200):
        schedule.step()
    assert schedule.get_lr() == pytest.approx(0, abs=1e-12)
    for _ in range(50):
        schedule.step()
    assert schedule.get_lr() == 0


def test_a_rate_that_never_changes_is_a_float():
    assert built({"name": "Adam", "lr": {"learning_rate": 1}})[1] == 1.0
    assert isinstance(built({"name": "Adam", "lr": {"learning_rate": 1}})[1], float)


def test_training_sets_the_length_whatever_the_section_says():
    section = {"name": "Cosine", "learning_rate": PEAK}
    assert rates({**section, "epochs": 999, "step_each_epoch": 7}) == rates(section)


# ---------------------------------------------------------------- optimizers


def test_three_values_come_back_and_weight_decay_never_changes():
    optimizer, schedule, decay_schedule = built({"name": "Adam", "lr": {"name": "Cosine"}})
    assert isinstance(optimizer, paddle.optimizer.Adam)
    assert schedule.get_lr() == 0.001
    assert decay_schedule is None


@pytest.mark.parametrize("name", ["L2", "L2Decay"])
def test_l2_adds_the_weight_to_the_gradient(name):
    config = {
        "name": "Momentum",
        "momentum": 0.0,
        "lr": {"learning_rate": 0.1},
        "regularizer": {"name": name, "factor": 0.5},
    }
    weight, _ = one_step(config, weight=(2.0, -4.0), gradient=(0.0, 0.0))
    assert weight == pytest.approx([2 - 0.1 * 0.5 * 2, -4 + 0.1 * 0.5 * 4])


def test_cosine_l2_goes_from_one_decay_to_the_other_after_the_warmup():
    model = paddle.nn.Linear(2, 1)
    regularizer = {"name": "CosineL2", "factor": 0.5, "end_factor": 0.1, "warmup_epoch": 2}
    config = {"name": "Adam", "lr": {"learning_rate": 1.0}, "regularizer": regularizer}
    optimizer, _, decay = built(config, model)
    assert decay.get_wd() == 0.5
    values = []
    for _ in range(STEPS):
        decay.step()
        values.append(decay.get_wd())
    waves = [(1 + math.cos(math.pi * step / (STEPS - 10))) / 2 for step in range(1, STEPS - 9)]
    assert values == pytest.approx([0.5] * 10 + [0.1 + 0.4 * wave for wave in waves])
    decay.step()
    assert decay.get_wd() == pytest.approx(0.1)


def test_the_decay_that_changed_is_what_the_next_step_uses():
    config = {"name": "Adam", "epsilon": 1.0, "lr": {"learning_rate": 1.0}}
    halfway = {"name": "CosineL2", "factor": 0.5, "end_factor": 0.0}
    ends = []
    for regularizer in ({"name": "L2", "factor": 0.25}, halfway):
        model = paddle.nn.Linear(1, 1)
        model.weight.set_value(np.ones((1, 1), "float32"))
        optimizer, _, decay = built({**config, "regularizer": regularizer}, model)
        if decay is not None:
            for _ in range(STEPS // 2):
                decay.step()
        (0.0 * model.weight.sum()).backward()
        optimizer.step()
        ends.append(model.weight.numpy().item())
    assert ends[0] == pytest.approx(ends[1])
    assert ends[0] < 1


def test_l1_adds_the_sign_of_the_weight_to_the_gradient():
    config = {
        "name": "Momentum",
        "momentum": 0.0,
        "lr": {"learning_rate": 0.1},
        "regularizer": {"name": "L1", "factor": 0.5},
    }
    weight, _ = one_step(config, weight=(2.0, -4.0), gradient=(0.0, 0.0))
    assert weight == pytest.approx([2 - 0.05, -4 + 0.05])


@pytest.mark.parametrize("key", ["clip_norm", "clip_norm_global"])
def test_gradients_are_clipped_to_the_norm(key):
    config = {"name": "Momentum", "momentum": 0.0, "lr": {"learning_rate": 1.0}, key: 1.0}
    weight, _ = one_step(config, gradient=(3.0, 4.0))
    assert weight == pytest.approx([3 - 0.6, 4 - 0.8], rel=1e-4)


def test_one_norm_is_of_each_tensor_and_the_other_of_all():
    def bias(key):
        config = {"name": "Momentum", "momentum": 0.0, "lr": {"learning_rate": 1.0}, key: 1.0}
        return one_step(config, gradient=(3.0, 4.0), bias_gradient=1.0)[1]

    assert bias("clip_norm") == pytest.approx(0.0, abs=1e-6)
    assert bias("clip_norm_global") == pytest.approx(1 - 1 / math.sqrt(26), rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "decayed"),
    [
        ({}, {"weight", "bias"}),
        ({"one_dim_param_no_weight_decay": True}, {"weight"}),
        ({"no_weight_decay_name": "norm bias"}, {"weight"}),
        ({"no_weight_decay_name": "weight", "one_dim_param_no_weight_decay": True}, set()),
    ],
)
def test_adamw_spares_the_parameters_it_is_told_to(settings, decayed):
    config = {"name": "AdamW", "lr": {"learning_rate": 0.1}, "regularizer": {"name": "L2", "factor": 0.5}}
    weight, bias = one_step({**config, **settings}, weight=(2.0, 4.0), gradient=(0.0, 0.0))
    assert weight == pytest.approx(np.array([2.0, 4.0]) * (0.95 if "weight" in decayed else 1))
    assert bias == pytest.approx(0.95 if "bias" in decayed else 1)


def test_adamw_without_a_regularizer_decays_by_a_hundredth():
    weight, _ = one_step({"name": "AdamW", "lr": {"learning_rate": 1.0}}, gradient=(0.0, 0.0))
    assert weight == pytest.approx([3 * 0.99, 4 * 0.99])


@pytest.mark.parametrize(
    ("config", "epsilon"),
    [
        ({"name": "RMSProp"}, 1e-6),
        ({"name": "Adadelta"}, 1e-8),
        ({"name": "Adadelta", "epsilon": 1e-4}, 1e-4),
    ],
)
def test_optimizers_of_older_recipes_keep_their_defaults(config, epsilon):
    optimizer, _, _ = built({**config, "lr": {"learning_rate": 0.1}})
    assert (optimizer._epsilon, optimizer._rho) == (epsilon, 0.95)


def test_frozen_parameters_stay_out():
    model = paddle.nn.Linear(2, 1)
    model.bias.trainable = False
    optimizer, _, _ = built({"name": "Adam", "lr": {}}, model)
    assert [parameter.name for parameter in optimizer._parameter_list] == [model.weight.name]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"name": "SGD"},
            "Optimizer 'SGD' is not known here; there are Adadelta, Adam, AdamW, Momentum, RMSProp",
        ),
        (
            {"name": "Adam", "beta_1": 0.9},
            "Optimizer Adam does not know the key 'beta_1'; did you mean beta1",
        ),
        ({"name": "Adam", "no_weight_decay_name": "norm"}, "does not know the key 'no_weight_decay_name'"),
        (
            {"name": "Adam", "lr": {"name": "Cosin"}},
            "lr 'Cosin' is not known here; there are Const, Cosine, ",
        ),
        ({"name": "Adam", "lr": {"name": "Cosine", "warmup": 2}}, "lr Cosine does not know the key 'warmup'"),
        (
            {"name": "Adam", "lr": {"name": "Piecewise", "values": [1]}},
            "lr Piecewise needs the key 'decay_epochs'",
        ),
        (
            {"name": "Adam", "lr": {"name": "Piecewise", "values": [1], "decay_epochs": [2]}},
            "one of values before the first",
        ),
        ({"name": "Adam", "regularizer": {"name": "L3"}}, "regularizer 'L3' is not known here"),
        (
            {"name": "AdamW", "regularizer": {"name": "L1", "factor": 1}},
            "AdamW decays weights by L2 only",
        ),
        ({"name": "AdamW", "regularizer": {"name": "CosineL2"}}, "AdamW cannot change its decay"),
        ({"name": "Adam", "regularizer": {"name": "CosineL2", "end_facto": 0}}, "did you mean end_factor"),
        ({"name": "Adam", "lr": {"name": "OneCycle"}}, "lr OneCycle needs the key 'max_lr'"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(config, message):
    with pytest.raises(ValueError, match=message):
        built({"lr": {}, **config})


def test_the_configuration_is_left_as_it_is():
    config = {
        "name": "AdamW",
        "lr": {"name": "Cosine", "learning_rate": 0.1, "warmup_epoch": 1},
        "regularizer": {"name": "L2", "factor": 0.1},
        "clip_norm": 5,
        "no_weight_decay_name": "norm",
    }
    before = copy.deepcopy(config)
    built(config)
    assert config == before
