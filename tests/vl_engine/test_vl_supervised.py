"""The loss from supervised places alone equals the plain one, and so do its gradients."""

from __future__ import annotations

import copy

import pytest
import torch
from string_rows import TEXTS, draw

from ppocr_kit.vl.engine import supervised
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import Encoder
from ppocr_kit.vl.engine.loading import load_model
from ppocr_kit.vl.engine.supervised import answer_loss, supervise_only
from ppocr_kit.vl.engine.tiny import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    torch.set_num_threads(1)
    return load_model(make_tiny(tmp_path_factory.mktemp("tiny") / "model"))


@pytest.fixture(scope="module")
def batch(tiny):
    encoder = Encoder(tiny[1])
    rows = [encoder.encode(draw(text, 150 + 20 * len(text)), "OCR:", text) for text in TEXTS[:3]]
    return Collator(int(tiny[1].tokenizer.pad_token_id))(rows)


def gradients(model, batch, **more):
    model.zero_grad()
    loss = model(**batch, **more).loss
    loss.backward()
    return loss.item(), {
        name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None
    }


@pytest.mark.parametrize("items", [None, 7])
@pytest.mark.parametrize("at_once", [1, 5, 1000])
def test_loss_and_gradients_are_those_of_the_plain_way(tiny, batch, items, at_once, monkeypatch):
    monkeypatch.setattr(supervised, "PLACES_AT_ONCE", at_once)
    more = {} if items is None else {"num_items_in_batch": torch.tensor(items)}
    plain, expected = gradients(copy.deepcopy(tiny[0]), batch, **more)
    ours, found = gradients(supervise_only(copy.deepcopy(tiny[0])), batch, **more)
    assert ours == pytest.approx(plain, rel=1e-5)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-5)


def test_without_labels_the_model_answers_as_before(tiny, batch):
    asked = {name: tensor for name, tensor in batch.items() if name != "labels"}
    changed = supervise_only(copy.deepcopy(tiny[0]))
    with torch.inference_mode():
        assert torch.equal(changed(**asked).logits, tiny[0](**asked).logits)


def test_scores_are_made_only_where_there_are_labels():
    seen = []

    def head(states):
        seen.append(states.shape[0])
        return states @ torch.ones(4, 10)

    labels = torch.tensor([[-100, -100, 3, 5], [-100, 2, -100, -100]])
    answer_loss(torch.ones(2, 4, 4), labels, head)
    assert seen == [3]


def test_a_batch_without_labels_has_no_loss_and_can_be_gone_back_through():
    states = torch.ones(1, 3, 4, requires_grad=True)
    loss = answer_loss(states, torch.full((1, 3), -100), torch.nn.Linear(4, 10))
    loss.backward()
    assert loss.item() == 0.0
    assert not states.grad.any()
