"""LayoutXLM for key information: which class each token has (SER), which entities belong together (RE).

The networks are paddlenlp's. Here they get the batch that the release's KIE loader makes, and give what
its losses, decoders and checkpoints expect: the network is ``backbone.model``, which ``save_model``
saves as a folder (``model_state.pdparams``, ``config.json``).

Source: Xu et al., "LayoutXLM: Multimodal Pre-training for Multilingual Visually-rich Document
Understanding", arXiv:2104.08836; Li et al., "PP-StructureV2", arXiv:2210.05391, section 3.3
(VI-LayoutXLM: the same without its visual backbone); paddlenlp 2.8.1, transformers/layoutxlm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle import nn

from ..choice import known_name

# Pretrained weights on paddlenlp's hub, by ``mode``.
PRETRAINED = {"base": "layoutxlm-base-uncased", "vi": "vi-layoutxlm-base-uncased"}
# The hub's names, or a folder in place of them, are loaded without dropout.
_FROM_HUB = {"dropout": 0}


class LayoutXLM(nn.Layer):
    """A paddlenlp network as a backbone without head.

    Args:
        network: Name of the network's class in ``paddlenlp.transformers``.
        checkpoints: Folder of a trained network, or None to start from pretrained weights.
        mode: Which pretrained weights, a key of ``PRETRAINED``.
        settings: What the network's configuration gets with pretrained weights, such as ``num_classes``.

    Raises:
        ValueError: The mode is unknown.
    """

    out_channels = 1

    def __init__(self, network: str, checkpoints: str | None, mode: str, **settings: Any) -> None:
        super().__init__()
        from paddlenlp import transformers

        kind = getattr(transformers, network)
        if checkpoints:
            self.model = kind.from_pretrained(checkpoints)
        else:
            name = PRETRAINED[known_name("mode", mode, list(PRETRAINED))]
            # paddlenlp 2.8.1 leaves the visual backbone out unless it is asked for
            self.model = kind.from_pretrained(
                name, **_FROM_HUB, use_visual_backbone=mode == "base", **settings
            )
        self.use_visual_backbone = bool(self.model.layoutxlm.use_visual_backbone)

    def _inputs(self, batch: Sequence[Any]) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the network's inputs by name, and what the batch holds behind them.

        Args:
            batch: ``input_ids`` (N, T), ``bbox`` (N, T, 4) from 0 to 1000, ``attention_mask`` (N, T),
                ``token_type_ids`` (N, T), with a visual backbone ``image`` (N, 3, 224, 224), then the rest.
        """
        names = ["input_ids", "bbox", "attention_mask", "token_type_ids"]
        if self.use_visual_backbone:
            names.append("image")
        return dict(zip(names, batch)), batch[len(names) :]


class LayoutXLMForSer(LayoutXLM):
    """Classes of tokens.

    Args:
        num_classes: Classes of a token: twice the entity classes, and one for all else.
        pretrained: As upstream without effect: weights are always loaded.
        checkpoints: Folder of a trained network.
        mode: ``base`` (with the visual backbone) or ``vi``.
        in_channels: Of the image; always 3.
    """

    def __init__(
        self,
        num_classes: int,
        pretrained: bool = True,
        checkpoints: str | None = None,
        mode: str = "base",
        in_channels: int = 3,
    ) -> None:
        super().__init__("LayoutXLMForTokenClassification", checkpoints, mode, num_classes=num_classes)

    def forward(self, x: Sequence[Any]) -> Any:
        """Return scores (N, T, num_classes).

        Returns:
            While training a dict of ``backbone_out``, the scores, and the layers' ``hidden_states_<n>``;
            otherwise a tuple of the scores alone.
        """
        inputs, _ = self._inputs(x)
        outputs = self.model(**inputs)
        return {"backbone_out": outputs[0], **outputs[1]} if self.training else outputs


class LayoutXLMForRe(LayoutXLM):
    """Links between entities.

    Args:
        pretrained: As upstream without effect: weights are always loaded.
        checkpoints: Folder of a trained network.
        mode: ``base`` (with the visual backbone) or ``vi``.
        in_channels: Of the image; always 3.
    """

    def __init__(
        self,
        pretrained: bool = True,
        checkpoints: str | None = None,
        mode: str = "base",
        in_channels: int = 3,
    ) -> None:
        super().__init__("LayoutXLMForRelationExtraction", checkpoints, mode)

    def forward(self, x: Sequence[Any]) -> Any:
        """Return ``loss``, ``pred_relations`` and ``hidden_states``.

        Args:
            x: The inputs, then ``entities`` and ``relations`` as the release's
                ``TensorizeEntitiesRelations`` lays them out, whether or not there is an ``image``.
        """
        inputs, rest = self._inputs(x)
        entities, relations = rest[-2:]
        return self.model(**inputs, entities=entities, relations=relations)
