from __future__ import annotations

import numpy as np
import paddle
import pytest
from architectures import SAR, crnn, db, multi

from ppocr_kit.supplement.ppocr.losses import build_loss
from ppocr_kit.supplement.ppocr.modeling.architectures import build_model
from ppocr_kit.supplement.ppocr.optimizer import build_optimizer

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
STEPS = 12
LOCAL = {"name": "PFHeadLocal", "mode": "large", "fix_nan": True}
LARGE_KERNELS = {
    **db({"name": "RepLKFPN", "out_channels": 32, "dilated_kernel_size": 5}, {"aux_in_channels": 32}),
    "Backbone": {"name": "PPLCNetV4", "det": True, "model_size": "tiny"},
}
LARGE_PATHS = db({"name": "RepLKPAN", "out_channels": 32, "intracl": True}, {"aux_in_channels": 32})
AUXILIARY = {
    "name": "DBLoss",
    "main_loss_type": "DiceFocalLoss",
    "focal_gamma": 2.5,
    "aux_weight_p4": 0.2,
    "aux_weight_p3": 0.3,
    "aux_weight_p2": 0.4,
}


def page_batch():
    """Two pages of noise with a bright bar, and DB's targets for it."""
    shrink = np.zeros((2, 64, 64), "float32")
    shrink[:, 20:36, 8:56] = 1
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, (2, 3, 64, 64))
    images = (noise + shrink[:, None]).astype("float32")
    targets = (0.3 + 0.4 * shrink, shrink, shrink, np.ones_like(shrink))
    return [paddle.to_tensor(array) for array in (images, *targets)]


def crop_batch():
    """Four crops of noise, which two words can only be learnt from by heart."""
    images = np.random.default_rng(0).uniform(-1, 1, (4, 3, 32, 64)).astype("float32")
    labels = np.array([[1, 2, 3], [4, 5, 0], [6, 1, 0], [2, 2, 4]], "int32")
    return [paddle.to_tensor(array) for array in (images, labels, np.array([3, 2, 2, 3]))]


def guided_batch(text_of, start, end, padding):
    """Turn the crops into what MultiLabelEncode of the release makes: labels for CTC and for its guide."""
    images, labels, lengths = crop_batch()
    guide = np.full((4, 8), padding)
    for row, text, length in zip(guide, labels.numpy(), lengths.numpy()):
        row[: length + 2] = [start, *(text_of(number) for number in text[:length]), end]
    return [images, labels, paddle.to_tensor(guide), lengths, paddle.ones([4], dtype="float64")]


def nrtr_batch():
    # blank, unknown, start and end come before the characters, which CTC counts from 1
    return guided_batch(lambda number: number + 3, 2, 3, 0)


def sar_batch():
    # unknown, start or end, and padding come behind the characters
    return guided_batch(lambda number: number - 1, 7, 7, 8)


CTC_AND_NRTR = {"name": "MultiLoss", "loss_config_list": [{"CTCLoss": None}, {"NRTRLoss": None}]}
CTC_AND_SAR = {
    "name": "MultiLoss",
    "loss_config_list": [{"CTCLoss": None}, {"SARLoss": {"ignore_index": 8}}],
}


@pytest.mark.parametrize(
    ("architecture", "loss", "batch"),
    [
        (db(), {"name": "DBLoss"}, page_batch),
        (db({"name": "RSEFPN", "out_channels": 32}, {"fix_nan": True}), {"name": "DBLoss"}, page_batch),
        (db({"name": "LKPAN", "out_channels": 32, "intracl": True}, LOCAL), {"name": "DBLoss"}, page_batch),
        (db({"name": "LKPAN", "out_channels": 32, "mode": "lite"}), {"name": "DBLoss"}, page_batch),
        (LARGE_KERNELS, AUXILIARY, page_batch),
        (LARGE_PATHS, AUXILIARY, page_batch),
        (crnn(small_stride=[1, 2, 2, 2]), {"name": "CTCLoss"}, crop_batch),
        (multi(), CTC_AND_NRTR, nrtr_batch),
        (multi({"name": "reshape"}, {"use_guide": True}), CTC_AND_NRTR, nrtr_batch),
        (multi({"name": "lightsvtr", "dims": 16}, guide=SAR), CTC_AND_SAR, sar_batch),
    ],
    ids=[
        "det",
        "rse",
        "paths",
        "light paths",
        "large kernels",
        "large paths",
        "rec",
        "svtr and nrtr",
        "convolution and nrtr",
        "lightsvtr and sar",
    ],
)
def test_the_loss_falls_by_steps_of_the_release_training_loop(architecture, loss, batch):
    model, compare, batch = build_model(architecture), build_loss(loss), batch()
    config = {
        "name": "Adam",
        "lr": {"name": "Cosine", "learning_rate": 0.01, "warmup_epoch": 1},
        "regularizer": {"name": "L2", "factor": 1e-5},
    }
    optimizer, schedule, _ = build_optimizer(config, epochs=STEPS, step_each_epoch=1, model=model)
    model.train()
    losses = []
    for _ in range(STEPS):
        values = compare(model(batch[0], data=batch[1:]), batch)
        assert all(value.shape == [] for value in values.values())
        values["loss"].backward()
        assert all(parameter.grad is not None for parameter in optimizer._parameter_list)
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()
        losses.append(float(values["loss"]))
    assert losses[-1] < 0.75 * losses[0]
