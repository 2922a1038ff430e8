"""The loss of answers alone: scores of the vocabulary are made only where a token is to be learnt.

The head of PaddleOCR-VL has 103,424 rows. Of a row's tokens most stand for the picture and the question,
whose scores nobody asks for; plain training computes and keeps them all, in float32 and again for their
gradients. Here the states of the supervised places are taken out first, and where there are many of
these, their scores are made in portions that are computed again on the way back instead of kept.

Source: transformers/models/paddleocr_vl/modeling_paddleocr_vl.py @5.23.0, whose ``logits_to_keep`` can
leave out places for all rows of a batch at once only.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers.modeling_outputs import CausalLMOutputWithPast

IGNORED = -100
# Of 103,424 float32 scores each: 0.4 GB, and as much for their gradients.
PLACES_AT_ONCE = 1024


def supervise_only(model: Any) -> Any:
    """Let a model compute its loss from supervised places alone when it is given labels.

    Without labels (generation) it does what it did. The class and the names of the weights stay, so that
    what is saved is the model that everybody knows.

    Args:
        model: ``PaddleOCRVLForConditionalGeneration``, not yet wrapped for LoRA or several GPUs.

    Returns:
        The same model.
    """
    plain = model.forward

    @functools.wraps(plain)
    def forward(self: Any, *args: Any, labels: Any = None, **inputs: Any) -> Any:
        if labels is None:
            return plain(*args, **inputs)
        items = inputs.pop("num_items_in_batch", None)
        inputs.pop("logits_to_keep", None)
        outputs = self.model(*args, use_cache=False, **inputs)
        loss = answer_loss(outputs.last_hidden_state, labels, self.lm_head, items)
        return CausalLMOutputWithPast(loss=loss)

    model.forward = types.MethodType(forward, model)
    return model


def answer_loss(
    states: torch.Tensor, labels: torch.Tensor, head: Any, items: torch.Tensor | int | None = None
) -> torch.Tensor:
    """Return the cross-entropy of the supervised places.

    Args:
        states: Last hidden states, ``(rows, tokens, width)``.
        labels: Token ids, ``(rows, tokens)``; ``-100`` where nothing is to be learnt. The state of a place
            answers for the label of the next one.
        head: The layer that makes scores of states.
        items: What the sum is divided by; by default the number of supervised places. Gradient
            accumulation and several GPUs divide by the places of all their batches.

    Returns:
        A float32 scalar; 0 when no place is supervised.
    """
    wanted = labels[:, 1:] != IGNORED
    chosen = states[:, :-1][wanted]
    targets = labels[:, 1:][wanted]
    total = states.new_zeros((), dtype=torch.float32) + chosen.sum() * 0.0
    many = chosen.shape[0] > PLACES_AT_ONCE and torch.is_grad_enabled()
    for part, target in zip(chosen.split(PLACES_AT_ONCE), targets.split(PLACES_AT_ONCE)):
        if many:
            total = total + checkpoint(_summed_loss, part, target, head, use_reentrant=False)
        else:
            total = total + _summed_loss(part, target, head)
    return total / (max(1, targets.numel()) if items is None else items)


def _summed_loss(states: torch.Tensor, targets: torch.Tensor, head: Any) -> torch.Tensor:
    return functional.cross_entropy(head(states).float(), targets, reduction="sum")
