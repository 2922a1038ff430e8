"""The metrics that ``tools/train.py`` and ``tools/eval.py`` build by name from ``Metric``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ppocr_kit.errors import ConfigError

from ..modeling.choice import known_name
from .det_metric import DetMetric
from .rec_metric import RecMetric
from .vqa_token_re_metric import VQAReTokenMetric
from .vqa_token_ser_metric import VQASerTokenMetric

__all__ = ["build_metric"]

METRICS: dict[str, type] = {
    "DetMetric": DetMetric,
    "RecMetric": RecMetric,
    "VQASerTokenMetric": VQASerTokenMetric,
    "VQAReTokenMetric": VQAReTokenMetric,
}


def build_metric(config: Mapping[str, Any]) -> Any:
    """Build the metric of a configuration's ``Metric`` section.

    Args:
        config: ``name`` and the metric's options; not changed.

    Raises:
        ConfigError: ``name`` is missing or is none of ``METRICS``.
    """
    options = dict(config)
    name = options.pop("name", None)
    try:
        known_name("Metric", name, list(METRICS))
    except ValueError as error:
        raise ConfigError(str(error), at="Metric.name") from None
    return METRICS[name](**options)
