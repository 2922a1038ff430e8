from __future__ import annotations

import pytest

from ppocr_kit.errors import ConfigError
from ppocr_kit.supplement.ppocr.losses import build_loss
from ppocr_kit.supplement.ppocr.metrics import build_metric
from ppocr_kit.supplement.ppocr.modeling.architectures import build_model

pytestmark = pytest.mark.release
WHERE = "KD, CML, DML.*vendor sync --source git"


@pytest.mark.parametrize(
    ("build", "config", "name", "error"),
    [
        (build_model, {"name": "DistillationModel", "Models": {}}, "DistillationModel", ValueError),
        (build_model, {"algorithm": "Distillation", "model_type": "rec"}, "Distillation", ValueError),
        (build_loss, {"name": "CombinedLoss", "loss_config_list": []}, "CombinedLoss", ValueError),
        (build_loss, {"name": "DistillationDMLLoss"}, "DistillationDMLLoss", ValueError),
        (build_loss, {"name": "DistillationVQADistanceLoss"}, "DistillationVQADistanceLoss", ValueError),
        (build_metric, {"name": "DistillationMetric", "key": "Student"}, "DistillationMetric", ConfigError),
    ],
)
def test_distillation_is_refused_by_name_with_where_it_is(build, config, name, error):
    with pytest.raises(error, match=f"'{name}' is for training several networks .*{WHERE}"):
        build(config)
