"""BaseModel: backbone, neck and head in a row.

Source: the ``Architecture`` section of PaddleOCR 3.7.0's configurations and what
``tools/program.py`` and ``ppocr/utils/export_model.py`` do with the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddle import nn

from ..backbones import build_backbone
from ..heads import build_head
from ..necks import build_neck
from ..transforms import build_transform


class BaseModel(nn.Layer):
    """A model as its ``Architecture`` section describes it.

    Args:
        config: ``model_type``, ``in_channels`` (3), ``Transform``, ``Backbone``, ``Neck``, ``Head``
            (each but the backbone may be absent or null) and ``return_all_feats``; left as it is.

    Raises:
        ValueError: A part is missing, or its name or one of its keys is unknown.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        for key in ("model_type", "Backbone"):
            if not config.get(key):
                raise ValueError(f"Architecture needs the key '{key}'")
        channels: Any = config.get("in_channels", 3)
        self.return_all_feats = bool(config.get("return_all_feats", False))
        self.transform = build_transform(config["Transform"], channels) if config.get("Transform") else None
        if self.transform is not None:
            channels = self.transform.out_channels
        self.backbone = build_backbone(config["Backbone"], config["model_type"], channels)
        channels = self.backbone.out_channels
        self.neck = build_neck(config["Neck"], channels) if config.get("Neck") else None
        if self.neck is not None:
            channels = self.neck.out_channels
        self.head = build_head(config["Head"], channels) if config.get("Head") else None

    def forward(self, x: Any, data: Any = None) -> Any:
        """Run the parts one after the other.

        Args:
            x: Images (N, C, H, W).
            data: Targets for heads that read them while training.

        Returns:
            The last part's output. With ``return_all_feats`` a dict: while training every part's
            output by name (``backbone_out``, ``neck_out``, ``head_out``, or the keys of a part that
            gives a dict itself; MultiHead's dict is ``head_out`` and its ``ctc_neck`` is
            ``neck_out``), otherwise the last one only.
        """
        if self.transform is not None:
            x = self.transform(x)
        outputs: dict[str, Any] = {}
        for name, part in (("backbone", self.backbone), ("neck", self.neck), ("head", self.head)):
            if part is None:
                continue
            x = part(x, targets=data) if name == "head" else part(x)
            last = f"{name}_out"
            if isinstance(x, dict) and "ctc_neck" in x:
                outputs.update({"neck_out": x["ctc_neck"], last: x})
            else:
                outputs.update(x if isinstance(x, dict) else {last: x})
        if not self.return_all_feats:
            return x
        if self.training:
            return outputs
        return x if isinstance(x, dict) else {last: x}
