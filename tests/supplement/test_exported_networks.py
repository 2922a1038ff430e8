"""What the release's export makes of the networks, run with oneDNN, which is the default of deployments."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from architectures import crnn, db, multi, svtr
from paddle.static import InputSpec
from trained_networks import folded, parameters

from ppocr_kit.supplement.ppocr.modeling.architectures import build_model

pytestmark = [
    pytest.mark.release,
    # paddle's export warns about its own defaults
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
DET = ([None, 3, -1, -1], [(1, 3, 64, 96), (2, 3, 96, 32)])
# architecture, the input that ppocr/utils/export_model.py of 3.7.0 declares, two sizes to run
CASES = {
    "det": (db(), *DET),
    "rse": (db({"name": "RSEFPN", "out_channels": 32}, {"fix_nan": True}), *DET),
    "paths": (db({"name": "LKPAN", "out_channels": 32, "intracl": True}, {"name": "PFHeadLocal"}), *DET),
    "light paths": (db({"name": "LKPAN", "out_channels": 32, "mode": "lite"}, {"lite_head": True}), *DET),
    "large kernels": (
        {
            **db({"name": "RepLKFPN", "out_channels": 32}, {"aux_in_channels": 32}),
            "Backbone": {"name": "PPLCNetV4", "det": True, "model_size": "tiny"},
        },
        *DET,
    ),
    "large paths": (db({"name": "RepLKPAN", "out_channels": 32, "intracl": True}), *DET),
    "rec": (crnn(small_stride=[1, 2, 2, 2]), [None, 3, 32, -1], [(1, 3, 32, 64), (3, 3, 32, 100)]),
    "svtr": (multi(), [None, 3, 48, -1], [(1, 3, 48, 64), (3, 3, 48, 100)]),
    # the runtime of PyPI hands wider images to an export than it declares
    "straightened": (svtr(), [None, 3, 64, 256], [(1, 3, 64, 256), (3, 3, 64, 261)]),
    "pooled patches": (svtr(patch_merging="Pool"), [None, 3, 64, 256], [(2, 3, 64, 256)]),
    "convolution": (
        multi({"name": "reshape"}, {"use_guide": True, "mid_channels": 8}),
        [None, 3, 48, -1],
        [(1, 3, 48, 64), (3, 3, 48, 100)],
    ),
}


def export(model, declared, folder):
    """Compile, fold and save a network as the release does; return the path without an ending."""
    static = paddle.jit.to_static(model, input_spec=[InputSpec(shape=declared, dtype="float32")])
    for layer in static.sublayers():
        if hasattr(layer, "rep") and not getattr(layer, "is_repped", False):
            layer.rep()
    paddle.jit.save(static, str(folder / "inference"))
    return folder / "inference"


def predictor(path, onednn):
    config = paddle.inference.Config(f"{path}.json", f"{path}.pdiparams")
    config.disable_gpu()
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(1)
    if onednn:
        config.enable_mkldnn()
    else:
        config.disable_mkldnn()
    return paddle.inference.create_predictor(config)


def run(engine, x):
    handle = engine.get_input_handle(engine.get_input_names()[0])
    handle.reshape(x.shape)
    handle.copy_from_cpu(x)
    engine.run()
    return engine.get_output_handle(engine.get_output_names()[0]).copy_to_cpu()


@pytest.mark.parametrize("task", CASES)
def test_export_gives_the_networks_output_with_onednn_and_without(task, tmp_path):
    architecture, declared, shapes = CASES[task]
    model = build_model(architecture)
    model.eval()
    random = np.random.default_rng(0)
    inputs = [random.uniform(-1, 1, shape).astype("float32") for shape in shapes]
    # before the export, which leaves the network compiled
    eager = [model(paddle.to_tensor(x)) for x in inputs]
    path = export(model, declared, tmp_path)
    assert "interp" not in path.with_suffix(".json").read_text(encoding="utf-8")
    for onednn in (True, False):
        engine = predictor(path, onednn)
        for x, output in zip(inputs, eager):
            expected = (output["maps"] if isinstance(output, dict) else output).numpy()
            assert expected.std() > 1e-3
            np.testing.assert_allclose(run(engine, x), expected, rtol=1e-4, atol=1e-5)


def test_export_holds_folded_layers_only_and_no_branch_of_training(tmp_path):
    architecture, declared, _ = CASES["large kernels"]
    model = build_model(architecture)
    model.eval()
    trained = parameters(model)
    small = folded(model)
    used = parameters(small.backbone) + parameters(small.neck) + parameters(small.head.binarize)
    path = export(model, declared, tmp_path)
    assert "batch_norm" not in path.with_suffix(".json").read_text(encoding="utf-8")
    numbers = path.with_suffix(".pdiparams").stat().st_size / 4
    # each tensor has a few bytes of shape beside it
    assert used < numbers < 1.01 * used < 0.95 * trained
