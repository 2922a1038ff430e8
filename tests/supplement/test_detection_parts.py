"""Necks and heads of the detectors, beyond the recorded configurations."""

from __future__ import annotations

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from architectures import db

from ppocr_kit.supplement.ppocr.modeling.architectures import apply_to_static, build_model
from ppocr_kit.supplement.ppocr.modeling.heads import build_head
from ppocr_kit.supplement.ppocr.modeling.heads.det_db_head import DBHead, Head, LiteHead, three_maps
from ppocr_kit.supplement.ppocr.modeling.heads.det_pf_head import PFHeadLocal
from ppocr_kit.supplement.ppocr.modeling.necks import build_neck
from ppocr_kit.supplement.ppocr.modeling.necks.intra_cl import IntraCLBlock
from ppocr_kit.supplement.ppocr.modeling.necks.lk_pan import LKPAN, DSConv
from ppocr_kit.supplement.ppocr.modeling.necks.pyramid import bottom_up, join, top_down
from ppocr_kit.supplement.ppocr.modeling.necks.rse_fpn import RSELayer

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]
NECKS = {
    "DBFPN": {},
    "RSEFPN": {},
    "RSEFPN without shortcut": {"shortcut": False},
    "RSEFPN with relations": {"intracl": True},
    "LKPAN": {},
    "LKPAN lite": {"mode": "lite"},
    "LKPAN with relations": {"mode": "Large", "intracl": True},
    "RepLKFPN": {},
    "RepLKFPN 13": {"dilated_kernel_size": 13, "shortcut": False},
    "RepLKFPN with relations": {"dilated_kernel_size": 5, "intracl": True},
    "RepLKPAN": {},
    "RepLKPAN with relations": {"mode": "large", "intracl": True},
}


def noise(*shape, seed=0):
    return paddle.to_tensor(np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32"))


def levels(channels, height=64, width=96, rows=1):
    """Give four maps as a backbone does for an image of this size."""
    return [noise(rows, c, height >> i, width >> i, seed=i) for c, i in zip(channels, (2, 3, 4, 5))]


def neck_of(case, channels, out_channels):
    return build_neck({"name": case.split()[0], "out_channels": out_channels, **NECKS[case]}, list(channels))


# ---------------------------------------------------------------- necks


@pytest.mark.parametrize("case", NECKS)
@pytest.mark.parametrize(
    ("channels", "out_channels", "height", "width"),
    [((16, 24, 56, 480), 96, 64, 96), ((3, 1, 7, 5), 16, 96, 32), ((8, 8, 8, 8), 64, 32, 32)],
)
def test_neck_joins_four_maps_at_a_quarter_of_the_image(case, channels, out_channels, height, width):
    neck = neck_of(case, channels, out_channels)
    assert neck.out_channels == out_channels
    neck.eval()
    joined = neck(levels(channels, height, width, rows=2))
    assert tuple(joined.shape) == (2, out_channels, height // 4, width // 4)
    assert joined.numpy().std() > 0


@pytest.mark.parametrize("case", [case for case in NECKS if case.startswith("Rep")])
def test_neck_of_the_sixth_version_hands_out_its_levels_while_training(case):
    given = neck_of(case, (8, 12, 16, 20), 32)(levels((8, 12, 16, 20)))
    assert {key: tuple(value.shape) for key, value in given.items()} == {
        "fuse": (1, 32, 16, 24),
        "aux_p2": (1, 32, 16, 24),
        "aux_p3": (1, 32, 8, 12),
        "aux_p4": (1, 32, 4, 6),
    }


@pytest.mark.parametrize("case", NECKS)
def test_every_level_counts_in_every_quarter_that_it_may_reach(case):
    neck = neck_of(case, (4, 4, 4, 4), 16)
    neck.eval()
    maps = levels((4, 4, 4, 4))
    before = neck(maps).numpy()
    paths_go_up = case.startswith(("LKPAN", "RepLKPAN"))
    for changed in range(4):
        after = neck([level + 1 if i == changed else level for i, level in enumerate(maps)]).numpy()
        moved = [bool(np.abs(after - before)[:, 4 * q : 4 * q + 4].max() > 1e-6) for q in range(4)]
        # quarters come coarsest first; sums flow down to finer levels, and up again in a path aggregation
        assert moved == [paths_go_up or level <= changed for level in (3, 2, 1, 0)]


def test_sums_flow_down_and_up_and_join_coarsest_first():
    maps = [paddle.full([1, 1, 8 >> i, 8 >> i], 10.0**i) for i in range(4)]
    down = top_down(maps)
    assert [float(level.mean()) for level in down] == [1111, 1110, 1100, 1000]
    halve = lambda x: F.avg_pool2d(x, 2)  # noqa: E731
    up = bottom_up(maps, [halve] * 3)
    assert [float(level.mean()) for level in up] == [1, 11, 111, 1111]
    assert join(maps).numpy()[0, :, 5, 2].tolist() == [1000, 100, 10, 1]


def test_relations_sum_a_square_a_column_and_a_row_at_every_step():
    block = IntraCLBlock(4)
    block.eval()
    for name, weight in block.state_dict().items():
        if "layer" in name and name.endswith("weight"):
            weight.set_value(paddle.zeros(weight.shape))
        elif "layer" in name:
            weight.set_value(paddle.ones(weight.shape))
    x = noise(1, 4, 5, 6)
    # three ones a step; nothing of the step before gets through zero kernels
    relation = block.conv1x1_return_channel(paddle.full([1, 2, 5, 6], 3.0))
    expected = x + F.relu(block.bn(relation))
    np.testing.assert_allclose(block(x).numpy(), expected.numpy(), rtol=1e-5)


def test_relations_reach_six_pixels_in_every_direction():
    block = IntraCLBlock(2)
    block.eval()
    seen = np.zeros((17, 17), bool)
    for seed in range(3):
        x = noise(1, 2, 17, 17, seed=seed)
        changed = x.numpy()
        changed[:, :, 8, 8] += 5
        seen |= np.abs(block(paddle.to_tensor(changed)).numpy() - block(x).numpy()).max((0, 1)) > 0
    rows, columns = np.nonzero(seen)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 14, 2, 14)


def test_excited_layer_adds_or_replaces():
    layer = RSELayer(3, 8, 3)
    x = noise(1, 3, 6, 6)
    filtered = layer.in_conv(x)
    np.testing.assert_allclose(layer(x).numpy(), (filtered + layer.se_block(filtered)).numpy(), rtol=1e-6)
    layer.shortcut = False
    np.testing.assert_allclose(layer(x).numpy(), layer.se_block(filtered).numpy(), rtol=1e-6)


def test_lite_paths_are_much_smaller_and_project_where_channels_change():
    def size(mode):
        return sum(int(np.prod(p.shape)) for p in LKPAN([8] * 4, 64, mode=mode).parameters())

    assert size("lite") < size("large") / 2
    assert DSConv(8, 8, 9).conv_end is None
    assert tuple(DSConv(8, 4, 9)(noise(1, 8, 5, 7)).shape) == (1, 4, 5, 7)


# ---------------------------------------------------------------- heads


@pytest.mark.parametrize("lite", [False, True])
@pytest.mark.parametrize("name", ["DBHead", "PFHeadLocal"])
@pytest.mark.parametrize(("channels", "size"), [(8, (3, 5)), (24, (8, 8)), (96, (1, 1))])
def test_head_gives_probabilities_at_the_images_size(name, lite, channels, size):
    head = build_head({"name": name, "lite_head": lite}, channels)
    head.eval()
    given = head(noise(2, channels, *size))
    assert list(given) == ["maps"]
    assert tuple(given["maps"].shape) == (2, 1, 4 * size[0], 4 * size[1])
    assert 0 < float(given["maps"].min()) <= float(given["maps"].max()) < 1


@pytest.mark.parametrize("k", [1, 50])
def test_binary_map_is_a_steep_step_between_probability_and_threshold(k):
    shrink, threshold = noise(1, 1, 4, 4).abs(), noise(1, 1, 4, 4, seed=1).abs()
    maps = three_maps(shrink, threshold, k).numpy()
    expected = 1 / (1 + np.exp(-k * (maps[:, 0] - maps[:, 1]).astype("float64")))
    np.testing.assert_allclose(maps[:, 2], expected, rtol=1e-3, atol=1e-6)


def test_kernels_of_a_branch_can_be_chosen():
    head = build_head({"name": "DBHead", "kernel_list": [5, 2, 2]}, 16)
    assert list(head.binarize.conv1.weight.shape) == [4, 16, 5, 5]
    assert tuple(head(noise(1, 16, 4, 4))["maps"].shape) == (1, 3, 16, 16)


def neck_output(channels, inner, size=(8, 12)):
    height, width = size
    shapes = {"aux_p4": 4, "aux_p3": 2, "aux_p2": 1}
    return {
        "fuse": noise(1, channels, height, width),
        **{key: noise(1, inner, height // f, width // f, seed=f) for key, f in shapes.items()},
    }


@pytest.mark.parametrize("lite", [False, True])
@pytest.mark.parametrize(("channels", "inner"), [(64, 64), (16, 8)])
def test_auxiliary_maps_have_the_images_size_while_training_only(channels, inner, lite):
    head = DBHead(channels, aux_in_channels=inner, lite_head=lite)
    given = head(neck_output(channels, inner))
    assert {key: tuple(value.shape) for key, value in given.items()} == dict.fromkeys(
        ("maps", "aux_maps_p4", "aux_maps_p3", "aux_maps_p2"), (1, 3, 32, 48)
    )
    head.eval()
    assert list(head(neck_output(channels, inner))) == ["maps"]


def test_auxiliary_levels_are_enlarged_smoothly_before_their_branches():
    head = DBHead(8, aux_in_channels=8)
    features = neck_output(8, 8)
    for layer in head.sublayers():
        if isinstance(layer, Head):
            layer.eval()
    for level, factor in (("p4", 4), ("p3", 2), ("p2", 1)):
        large = F.interpolate(features[f"aux_{level}"], scale_factor=factor, mode="bilinear")
        expected = getattr(head, f"aux_binarize_{level}")(large).numpy()
        np.testing.assert_allclose(
            head(features)[f"aux_maps_{level}"].numpy()[:, :1], expected, rtol=1e-5, atol=1e-6
        )


def test_head_without_auxiliary_channels_leaves_the_levels_out():
    assert list(DBHead(8)(neck_output(8, 8))) == ["maps"]
    assert not any("aux" in key for key in DBHead(8).state_dict())


def test_head_with_auxiliary_channels_takes_a_neck_that_has_no_levels():
    assert list(DBHead(8, aux_in_channels=8)(noise(1, 8, 4, 4))) == ["maps"]


@pytest.mark.parametrize("fix_nan", [False, True])
def test_values_that_are_no_number_stay_out_while_training_if_asked(fix_nan, monkeypatch):
    # on the CPU relu makes them 0 itself; not every device's does
    monkeypatch.setattr(F, "relu", lambda x: x)
    branch = Head(8, fix_nan=fix_nan)
    x = noise(1, 8, 4, 4).numpy()
    x[0, 0, 0, 0] = np.nan
    assert np.isnan(branch(paddle.to_tensor(x)).numpy()).any() == (not fix_nan)
    branch.eval()
    # evaluation hides nothing
    assert np.isnan(branch(paddle.to_tensor(x)).numpy()).any()


def test_local_head_averages_two_maps_and_trains_the_second():
    head = PFHeadLocal(16, k=3, mode="small")
    assert list(head.cbn_layer.last_3.conv.weight.shape) == [2, 5, 3, 3]
    x = noise(1, 16, 4, 6)
    for layer in head.sublayers():
        layer.eval()
    training = head(x)
    local, threshold, binary = (training["maps"].numpy()[:, i : i + 1] for i in range(3))
    first = head.binarize(x).numpy()
    np.testing.assert_allclose(threshold, head.thresh(x).numpy(), rtol=1e-5)
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-3 * (first - threshold))), rtol=1e-4)
    np.testing.assert_array_equal(training["distance_maps"].numpy(), local)
    np.testing.assert_array_equal(training["cbn_maps"].numpy(), binary)
    head.eval()
    np.testing.assert_allclose(head(x)["maps"].numpy(), (first + local) / 2, rtol=1e-5)


def test_large_local_head_has_twice_the_channels():
    wide = PFHeadLocal(16, mode="large").cbn_layer.last_3.conv.weight
    assert list(wide.shape) == [4, 5, 3, 3]


def test_local_head_takes_the_joined_map_of_a_neck_with_levels():
    assert tuple(PFHeadLocal(8)(neck_output(8, 8))["maps"].shape) == (1, 3, 32, 48)


def test_lighter_branch_repeats_its_last_pixels():
    branch = LiteHead(8)
    branch.eval()
    pixels = branch(noise(1, 8, 3, 3)).numpy()[0, 0]
    assert np.array_equal(pixels[::2, ::2], pixels[1::2, 1::2])


# ---------------------------------------------------------------- compiled training


class Log:
    """Takes what a logger is told."""

    def info(self, line):
        pass


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_a_compiled_detector_with_auxiliary_maps_trains_like_the_plain_one():
    neck = {"name": "RepLKPAN", "out_channels": 16, "intracl": True}
    config = db(neck, {"aux_in_channels": 16, "fix_nan": True})
    plain, compiled = build_model(config), build_model(config)
    compiled.set_state_dict(plain.state_dict())
    settings = {"Global": {"to_static": True, "d2s_train_image_shape": [3, 64, 64]}}
    compiled = apply_to_static(compiled, settings, Log())
    expected, got = (model(noise(2, 3, 64, 64)) for model in (plain, compiled))
    assert sorted(got) == ["aux_maps_p2", "aux_maps_p3", "aux_maps_p4", "maps"]
    for key, maps in expected.items():
        np.testing.assert_allclose(got[key].numpy()[:, :2], maps.numpy()[:, :2], rtol=1e-3, atol=1e-4)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("build", "config", "channels", "message"),
    [
        (
            build_neck,
            {"name": "RSEFPN", "out_channels": 96},
            [1, 2, 3],
            "RSEFPN joins four maps .* not 3 maps",
        ),
        (build_neck, {"name": "LKPAN", "out_channels": 30}, [8] * 4, "multiple of 4, .* not 4 maps into 30"),
        (build_neck, {"name": "RSEFPN", "out_channels": 12}, [8] * 4, "at least 16, not 4 maps into 12"),
        (build_neck, {"name": "LKPAN", "out_channels": 4, "intracl": True}, [8] * 4, "at least 8, not"),
        (build_head, {"name": "PFHeadLocal"}, 6, "'small' wants at least 8 channels, not 6"),
        (build_neck, {"name": "RepLKPAN", "out_channels": 0}, [8] * 4, "multiple of 4"),
        (build_neck, {"name": "RepLKFPN"}, [8] * 4, "RepLKFPN needs the key 'out_channels'"),
        (
            build_neck,
            {"name": "LKPAN", "out_channels": 16, "mode": "huge"},
            [8] * 4,
            "LKPAN mode 'huge' is not known here; there are large, lite",
        ),
        (build_neck, {"name": "RepLKPAN", "out_channels": 16, "mode": "lite"}, [8] * 4, "there are large "),
        (
            build_neck,
            {"name": "RepLKFPN", "out_channels": 16, "dilated_kernel_size": 6},
            [8] * 4,
            "one of 5, 7, 9, 11, 13, not 6",
        ),
        (
            build_neck,
            {"name": "RSEFPN", "out_channels": 96, "shortcuts": True},
            [8] * 4,
            "RSEFPN does not know the key 'shortcuts'; did you mean shortcut",
        ),
        (build_head, {"name": "PFHeadLocal", "mode": "tiny"}, 8, "mode 'tiny' .* there are large, small"),
        (build_head, {"name": "PFHeadLocal", "aux_in_channels": 8}, 8, "does not know the key"),
        (build_head, {"name": "DBHead", "aux_channels": 8}, 8, "did you mean aux_in_channels"),
        (build_head, {"name": "DBHead"}, 3, "at least four channels"),
        (build_head, {"name": "DBHead", "kernel_list": [3, 2]}, 8, r"three kernels, not .* \[3, 2\]"),
    ],
)
def test_what_is_not_known_is_refused(build, config, channels, message):
    with pytest.raises(ValueError, match=message):
        build(config, channels)
