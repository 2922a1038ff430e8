"""MultiHead and its parts beyond the recorded configurations."""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from architectures import NRTR, SAR, SVTR, multi

from ppocr_kit.supplement.ppocr.modeling.architectures import apply_to_static, build_model
from ppocr_kit.supplement.ppocr.modeling.heads import build_head
from ppocr_kit.supplement.ppocr.modeling.heads.beam_search import search_beams
from ppocr_kit.supplement.ppocr.modeling.necks import build_neck

pytestmark = [
    pytest.mark.release,
    # said by paddle's own BatchNorm2D at every training step
    pytest.mark.filterwarnings("ignore:When training, we now always track:UserWarning"),
]


def noise(*shape: int) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(0).uniform(-1, 1, shape).astype("float32"))


def silenced(model):
    """Return a model whose dropout drops nothing."""
    for layer in model.sublayers():
        if isinstance(layer, paddle.nn.Dropout):
            layer.p = 0.0
    return model


def nrtr_targets(*texts: list[int], length: int = 8):
    """Lay labels out as MultiLabelEncode of the release does: 2, the text, 3, zeros."""
    labels = np.zeros((len(texts), length), "int64")
    for row, text in zip(labels, texts):
        row[: len(text) + 2] = [2, *text, 3]
    lengths = paddle.to_tensor([len(text) for text in texts], dtype="int64")
    labels = paddle.to_tensor(labels)
    return [labels, labels, lengths, paddle.ones([len(texts)], dtype="float64")]


# ---------------------------------------------------------------- sequence encoders


@pytest.mark.parametrize(
    ("keys", "channels"),
    [
        ({"encoder_type": "reshape"}, 16),
        ({"encoder_type": "rnn", "hidden_size": 5}, 10),
        ({"encoder_type": "fc", "hidden_size": 5}, 5),
        ({"encoder_type": "fc"}, 48),
        ({"encoder_type": "cascadernn", "hidden_size": 5, "out_channels": [10, 10]}, 10),
        (
            {
                "encoder_type": "cascadernn",
                "hidden_size": 5,
                "out_channels": [4, 3, 7],
                "num_layers": 3,
                "with_linear": True,
            },
            7,
        ),
        ({"encoder_type": "svtr"}, 64),
        (
            {
                "encoder_type": "svtr",
                "dims": 9,
                "hidden_dims": 6,
                "num_heads": 3,
                "depth": 0,
                "hidden_size": 5,
            },
            9,
        ),
        ({"encoder_type": "svtr", "dims": 9, "kernel_size": [1, 5], "qkv_bias": False, "qk_scale": 0.5}, 9),
        ({"encoder_type": "lightsvtr"}, 64),
        ({"encoder_type": "lightsvtr", "dims": 12, "num_heads": 2, "local_kernel": 3, "drop_path": 0.5}, 12),
    ],
)
def test_every_encoder_keeps_the_width_and_says_its_channels(keys, channels):
    neck = build_neck({"name": "SequenceEncoder", **keys}, in_channels=16)
    assert neck.out_channels == channels
    for mode in (neck.train, neck.eval):
        mode()
        assert tuple(neck(noise(2, 16, 1, 11)).shape) == (2, 11, channels)


@pytest.mark.parametrize("name", ["svtr", "lightsvtr"])
@pytest.mark.parametrize("guided", [True, False])
def test_a_guided_neck_sends_no_gradient_back(name, guided):
    neck = build_neck({"name": "SequenceEncoder", "encoder_type": name, "use_guide": guided}, in_channels=16)
    x = noise(2, 16, 1, 8)
    x.stop_gradient = False
    (neck(x) ** 2).sum().backward()
    assert (x.grad is None) == guided
    learns = [parameter for parameter in neck.parameters() if not parameter.stop_gradient]
    assert all(parameter.grad is not None for parameter in learns)


def test_convolutions_in_front_of_ctc_see_two_steps_to_either_side():
    head = build_head({"name": "CTCHead", "out_channels": 5, "use_guide": True}, in_channels=16)
    head.eval()
    x = noise(1, 12, 16)
    changed = x.clone()
    changed[:, 6] += 1
    differs = (head(x) != head(changed)).any(axis=2).numpy()[0]
    assert np.flatnonzero(differs).tolist() == [4, 5, 6, 7, 8]


# ---------------------------------------------------------------- MultiHead


@pytest.mark.parametrize(
    "neck", [SVTR, {"name": "lightsvtr"}, {"name": "reshape"}, {"name": "rnn", "hidden_size": 8}]
)
@pytest.mark.parametrize("height", [32, 48])
def test_multi_head_gives_ctc_alone_but_while_training(neck, height):
    model = build_model(multi(neck))
    model.eval()
    likelihoods = model(noise(3, 3, height, 64))
    assert tuple(likelihoods.shape) == (3, 16, 7)
    np.testing.assert_allclose(likelihoods.sum(axis=2).numpy(), 1, rtol=1e-5)
    model.train()
    outputs = model(noise(3, 3, height, 64), data=nrtr_targets([4, 5], [9], [5, 5, 5]))
    assert {key: tuple(value.shape) for key, value in outputs.items()} == {
        "ctc": (3, 16, 7),
        "ctc_neck": (3, 16, model.head.ctc_encoder.out_channels),
        "gtc": (3, 4, 11),
    }


@pytest.mark.parametrize("characters", [97, 6625, 18385])
def test_heads_have_a_place_for_every_character(characters):
    model = build_model(multi(characters=characters))
    state = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    assert state["head.ctc_head.fc.weight"] == (16, characters)
    # padding is counted once more than the release's tools do, as in upstream's weights
    assert state["head.gtc_head.embedding.embedding.weight"] == (characters + 4, 32)
    assert state["head.gtc_head.tgt_word_prj.weight"] == (32, characters + 4)


def test_sar_head_has_a_place_for_every_character():
    state = build_model(multi(guide=SAR, characters=97)).state_dict()
    assert tuple(state["head.sar_head.decoder.embedding.weight"].shape) == (99, 16)
    # padding is never predicted
    assert tuple(state["head.sar_head.decoder.prediction.bias"].shape) == (98,)


@pytest.mark.parametrize(
    ("texts", "length", "steps"),
    [
        ([[]], 8, 1),
        ([[], [5]], 8, 2),
        ([[4, 5, 6, 7, 8, 9]], 8, 7),
        ([[4] * 38, [5]], 40, 39),
    ],
    ids=["one empty text", "an empty text beside another", "as long as can be", "longer labels"],
)
def test_guide_reads_texts_of_every_length(texts, length, steps):
    model = build_model(multi(guide={"NRTRHead": {"nrtr_dim": 32, "max_text_length": length}}))
    outputs = model(noise(len(texts), 3, 48, 64), data=nrtr_targets(*texts, length=length))
    assert tuple(outputs["gtc"].shape) == (len(texts), steps, 11)
    assert np.isfinite(outputs["gtc"].numpy()).all()


def test_all_features_of_a_multi_head_model_are_named_for_distillation():
    model = build_model({**multi(), "return_all_feats": True})
    outputs = model(noise(1, 3, 48, 32), data=nrtr_targets([4]))
    assert set(outputs) == {"backbone_out", "neck_out", "head_out"}
    assert outputs["neck_out"] is outputs["head_out"]["ctc_neck"]
    assert set(outputs["head_out"]) == {"ctc", "ctc_neck", "gtc"}
    model.eval()
    (likelihoods,) = model(noise(1, 3, 48, 32)).values()
    assert tuple(likelihoods.shape) == (1, 8, 7)


def test_positions_and_pooling_of_svtr_backbones():
    config = multi({"name": "reshape"}, use_pool=True, use_pos=True)["Head"]
    head = build_head(config, in_channels=16)
    assert tuple(head.state_dict()["before_gtc.2.dec_pos_embed"].shape) == (1, 80, 32)
    # three rows of 20 columns, one after the other
    outputs = head(noise(2, 60, 16), nrtr_targets([4], [5]))
    assert tuple(outputs["ctc"].shape) == (2, 10, 7)
    rows = noise(2, 60, 16).reshape([2, 3, 20, 16]).mean(axis=1)
    np.testing.assert_allclose(
        outputs["ctc_neck"].numpy(), rows.reshape([2, 10, 2, 16]).mean(axis=2).numpy(), atol=1e-6
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_compiled_multi_head_trains_like_the_plain_one():
    class Log:
        def info(self, line: str) -> None:
            assert line == "the model is compiled for inputs of [None, 3, 48, -1]"

    model = silenced(build_model(multi({"name": "reshape"})))
    settings = {"Global": {"to_static": True, "d2s_train_image_shape": [3, 48, -1]}}
    images, targets = noise(2, 3, 48, 32), nrtr_targets([4, 5], [6])
    plain = {key: value.numpy() for key, value in model(images, data=targets).items()}
    compiled = apply_to_static(model, {**settings, "Architecture": {"algorithm": "SVTR_LCNet"}}, Log())
    for key, value in compiled(images, data=targets).items():
        np.testing.assert_allclose(value.numpy(), plain[key], rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- NRTR


def nrtr(**keys):
    config = {"name": "Transformer", "d_model": 16, "nhead": 4, "dim_feedforward": 32, "out_channels": 10}
    head = build_head({**config, "num_encoder_layers": 1, "num_decoder_layers": 2, **keys}, in_channels=16)
    return silenced(head)


def test_a_character_is_predicted_from_those_before_it():
    head = nrtr()
    labels, _, lengths, _ = nrtr_targets([4, 5, 6, 7])
    changed = labels.clone()
    changed[0, 3] = 9
    memory = noise(1, 6, 16)
    before, after = head(memory, [labels, lengths]), head(memory, [changed, lengths])
    assert tuple(before.shape) == (1, 5, 11)
    # the third character of the text is read from the fourth step on
    np.testing.assert_allclose(before[:, :3].numpy(), after[:, :3].numpy(), atol=1e-6)
    assert (before[:, 3:] != after[:, 3:]).any(axis=2).all()


@pytest.mark.parametrize("layers", [0, 2])
@pytest.mark.parametrize("max_len", [2, 7, 30])
def test_greedy_decoding_agrees_with_training_on_what_it_wrote(layers, max_len):
    head = nrtr(num_encoder_layers=layers, max_len=max_len)
    memory = noise(2, 6, 16)
    head.eval()
    text, likelihood = head(memory)
    assert text.shape == likelihood.shape
    assert text.shape[1] <= max_len
    assert text[:, 0].tolist() == [2, 2]
    head.train()
    lengths = paddle.to_tensor([text.shape[1] - 1] * 2)
    scores = paddle.nn.functional.softmax(head(memory, [text, lengths]), axis=2)[:, : text.shape[1] - 1]
    assert scores.argmax(axis=2).tolist() == text[:, 1:].tolist()
    np.testing.assert_allclose(scores.max(axis=2).numpy(), likelihood[:, 1:].numpy(), rtol=1e-4)


def test_greedy_decoding_stops_when_every_text_ends():
    head = nrtr()
    head.eval()
    # nothing but the end is likely
    head.tgt_word_prj.weight.set_value(paddle.zeros([16, 11]))
    head.decoder[1].norm3.bias.set_value(paddle.ones([16]) * 10)
    weight = head.tgt_word_prj.weight.numpy()
    weight[:, 3] = 1
    head.tgt_word_prj.weight.set_value(weight)
    text, likelihood = head(noise(3, 6, 16))
    assert (text.tolist(), likelihood.tolist()) == ([[2]] * 3, [[1.0]] * 3)


# likelihoods of the next character by the last one: greedy takes 4 and can only end badly
CHAIN = {2: {4: 0.5, 5: 0.4, 3: 0.1}, 4: {3: 0.1, 4: 0.05}, 5: {3: 0.9, 5: 0.1}}


def chain(texts, memory):
    likelihoods = np.zeros((texts.shape[0], 6), "float32")
    for row, last in zip(likelihoods, texts[:, -1].numpy()):
        for character, likelihood in CHAIN.get(int(last), {3: 1.0}).items():
            row[character] = likelihood
    return paddle.to_tensor(likelihoods)


def test_beam_search_finds_a_text_that_greedy_decoding_misses():
    texts, likelihoods = search_beams(chain, noise(2, 3, 4), beam_size=2, max_len=6)
    assert texts.tolist() == [[5, 3, 3, 3, 3, 3]] * 2
    np.testing.assert_allclose(likelihoods.numpy(), (0.4 + 0.9) / 2, rtol=1e-6)


def test_a_beam_of_one_is_greedy_and_rows_do_not_mix():
    greedy, single = nrtr(max_len=9), nrtr(max_len=9, beam_size=1)
    single.set_state_dict(greedy.state_dict())
    greedy.eval(), single.eval()
    memory = noise(3, 6, 16)
    text = greedy(memory)[0][:, 1:].numpy()
    beam = single(memory)[0].numpy()
    assert beam.shape == (3, 9)
    for row, (left, right) in enumerate(zip(text, beam)):
        end = [*left, 3].index(3)
        assert left[:end].tolist() == right[:end].tolist(), row
    wide = nrtr(max_len=9, beam_size=3)
    wide.set_state_dict(greedy.state_dict())
    wide.eval()
    apart = [wide(memory[row : row + 1])[0][0].tolist() for row in range(3)]
    assert wide(memory)[0].tolist() == apart


# ---------------------------------------------------------------- SAR


def sar(**keys):
    config = {"name": "SARHead", "out_channels": 9, "enc_dim": 8, "d_k": 8, "max_text_length": 5}
    return silenced(build_head({**config, "enc_drop_rnn": 0.0, **keys}, in_channels=16))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"enc_gru": True, "dec_gru": True},
        {"enc_bi_rnn": True},
        {"dec_bi_rnn": True},
        {"pred_concat": False},
        {"max_text_length": 11},
    ],
)
def test_sar_reads_maps_of_every_size(keys):
    head = sar(**keys)
    labels = paddle.to_tensor([[7, 1, 7, 8], [7, 7, 8, 8]])
    for size in ((1, 10), (3, 7)):
        head.train()
        scores = head(noise(2, 16, *size), [labels, paddle.to_tensor([1, 0]), paddle.to_tensor([1.0, 0.4])])
        assert tuple(scores.shape) == (2, 4, 8)
        head.eval()
        likelihoods = head(noise(2, 16, *size))
        assert tuple(likelihoods.shape) == (2, keys.get("max_text_length", 5), 8)
        np.testing.assert_allclose(likelihoods.sum(axis=2).numpy(), 1, rtol=1e-5)


def test_sar_writes_what_training_on_its_text_predicts():
    head = sar()
    x, ratio = noise(2, 16, 2, 9), paddle.to_tensor([1.0, 0.5])
    head.eval()
    likelihoods = head(x, [paddle.zeros([2]), ratio])
    start = paddle.full([2, 1], 7, dtype="int64")
    head.train()
    scores = head(x, [paddle.concat([start, likelihoods.argmax(axis=2)], axis=1)[:, :5], ratio])
    np.testing.assert_allclose(
        paddle.nn.functional.softmax(scores, axis=2).numpy(), likelihoods.numpy(), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(("ratio", "shown"), [(0.01, 1), (0.31, 4), (0.5, 5), (1.0, 10)])
def test_sar_does_not_look_at_padding(ratio, shown):
    head = sar()
    head.eval()
    x = noise(1, 16, 2, 10)
    ratios = paddle.to_tensor([ratio], dtype="float64")
    # the 3x3 convolution of the keys reaches one column further
    changed = x.clone()
    changed[:, :, :, shown + 1 :] += 1
    np.testing.assert_allclose(
        head(x, [None, ratios]).numpy(), head(changed, [None, ratios]).numpy(), atol=1e-6
    )
    changed[:, :, :, :shown] += 1
    assert (head(x, [None, ratios]) != head(changed, [None, ratios])).any()


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            multi(head={"mid_chanels": 8}),
            "Head CTCHead does not know the key 'mid_chanels'; did you mean mid_",
        ),
        (multi({"name": "svtr", "dim": 8}), "SequenceEncoder of type svtr does not know the key 'dim'"),
        (multi({"name": "tps"}), "encoder_type 'tps' is not known here"),
        (multi({"dims": 8}), "SequenceEncoder encoder_type has no name"),
        (multi({"name": "svtr", "hidden_dims": 20}), "8 heads cannot share 20 channels"),
        (multi(guide={"NRTRHead": {"nrtr_dim": 40, "layers": 3}}), "NRTRHead does not know the key 'layers'"),
        (multi(guide={"NRTRHead": {"nrtr_dim": 100}}), "3 attention heads cannot share 100 channels"),
        (multi(guide={"NRTRHead": {"nrtr_dim": 8}}), "0 attention heads cannot share 8 channels"),
        (
            multi(guide={"SARHead": {"encdim": 3}}),
            "SARHead does not know the key 'encdim'; did you mean enc_dim",
        ),
        (multi(guide={"AttentionHead": {}}), "head of MultiHead 'AttentionHead' is not known here"),
        (multi(guide={"CTCHead": {}}), "has CTCHead twice"),
        (multi(guide={**NRTR, **SAR}), "names one head, not"),
        (multi(head_list=[NRTR, SAR]), "wants CTCHead, and NRTRHead or SARHead, not NRTRHead, SARHead"),
        (multi(head_list=[]), "not no head"),
        (multi(head_list=[{"CTCHead": {"Head": {}}}, NRTR]), "CTCHead of MultiHead needs the key 'Neck'"),
        (multi(head_list=[{"CTCHead": {"neck": {}, "Neck": SVTR}}, NRTR]), "does not know the key 'neck'"),
        (multi(out_channels_list={"CTCLabelDecode": 7}), "no NRTRLabelDecode for NRTRHead; it has CTCLabel"),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(config, message):
    with pytest.raises(ValueError, match=message):
        build_model(config)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"out_channels": [4]}, "out_channels for each of its 2 layers"),
        ({"out_channels": [4, 4]}, "gives 10 channels, twice its hidden_size"),
        ({}, "of type cascadernn needs the key 'out_channels'"),
    ],
)
def test_cascaded_layers_that_do_not_fit_are_refused(keys, message):
    config = {"name": "SequenceEncoder", "encoder_type": "cascadernn", "hidden_size": 5, **keys}
    with pytest.raises(ValueError, match=message):
        build_neck(config, in_channels=16)


@pytest.mark.parametrize(
    ("make", "features", "message"),
    [
        (lambda: build_model(multi()), (1, 3, 48, 32), "is Architecture.algorithm one of these"),
        (sar, (1, 16, 1, 8), "SARHead learns from targets"),
        (nrtr, (1, 6, 16), "Transformer learns from targets"),
    ],
)
def test_training_without_targets_is_refused(make, features, message):
    with pytest.raises(ValueError, match=message):
        make()(noise(*features))
