"""The supplement against what was recorded from the complete upstream tree."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import paddle
import pytest

from ppocr_kit.supplement.ppocr.modeling.architectures import build_model

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]

MODELS = sorted(
    path.stem for path in Path(__file__).resolve().parents[2].parent.glob("shared/parity/models/*.json")
)
WEIGHTS = {
    "ch_det_mv3_db_v2.0": "train_ch_ppocr_mobile_v2.0_det",
    "rec_en_number_lite_train": "train_en_number_mobile_v2.0_rec",
}


# The LSTM of PP-OCRv3's guide drops values by chance even here: what it gives holds as long as the fresh
# weights before it take as many random numbers as upstream's.
@pytest.mark.spread
@pytest.mark.parametrize("name", MODELS)
def test_network_has_upstreams_parameters_and_gives_upstreams_output(name, parity, recorded):
    case = recorded(f"models/{name}")
    facts = json.loads(json.dumps(parity.model_facts(case)))
    assert facts["state"] == case["facts"]["state"]
    assert facts["trainable"] == case["facts"]["trainable"]
    assert parity.close(case["facts"], facts), parity.first_difference(case["facts"], facts)


def test_losses_give_upstreams_values(parity, recorded):
    facts, expected = json.loads(json.dumps(parity.loss_facts())), recorded("losses")
    assert parity.close(expected, facts), parity.first_difference(expected, facts)


def test_optimizers_give_upstreams_rates_and_weights(parity, recorded):
    facts, expected = json.loads(json.dumps(parity.optimizer_facts())), recorded("optimizer")
    assert parity.close(expected, facts), parity.first_difference(expected, facts)


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_tensor_of_an_official_checkpoint_has_its_place(name, shared, recorded):
    model = build_model(copy.deepcopy(recorded(f"models/{name}")["architecture"]))
    weights = paddle.load(str(shared / "weights" / WEIGHTS[name] / "best_accuracy.pdparams"))
    ours = {key: list(value.shape) for key, value in model.state_dict().items()}
    assert ours == {key: list(value.shape) for key, value in weights.items()}
    assert model.set_state_dict(weights) == ([], [])
