"""The official training weights of the recipes: where they are, and what they were trained with.

Sources: the URLs stand in PaddleOCR 3.7.0's documentation (docs/version3.x/module_usage/text_detection
and text_recognition, docs/version2.x/ppocr/model_list) and in PaddleX's module configurations; the
dictionaries in the training configurations of the same names; the licence in the repository that
publishes them. Parameters are those of the model as upstream 3.7.0 builds it for that dictionary.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from urllib.parse import urlsplit

from ppocr_kit.errors import UsageError
from ppocr_kit.tasks import Task

LICENCE = "Apache-2.0"
_PADDLEX = "https://paddle-model-ecology.bj.bcebos.com/paddlex/official_pretrained_model/"
_PADDLEOCR = "https://paddleocr.bj.bcebos.com/"
_UTILS = "ppocr/utils/"
_KEYS_V1 = f"{_UTILS}ppocr_keys_v1.txt"
_EN = f"{_UTILS}en_dict.txt"
_BYTES_PER_PARAMETER = 4


@dataclass(frozen=True)
class WeightsDictionary:
    """The characters that a recogniser's weights were trained with.

    Attributes:
        path: Dictionary file in the release, or None for upstream's default: digits and small letters.
        use_space_char: Whether the space is one class more.
    """

    path: str | None
    use_space_char: bool


@dataclass(frozen=True)
class PretrainedWeights:
    """Weights that can be fetched.

    Attributes:
        name: What ``models fetch`` and ``train --pretrained`` call them.
        task: Task of the model.
        model: Recipe that builds the model.
        url: Where they are published: a ``.pdparams`` file or a tar archive that holds one.
        dictionary: What the recogniser reads; None for detection.
        parameters: Numbers in the model.
        bytes: Size of the ``.pdparams`` file, where somebody has recorded it.
        sha256: Its checksum, where somebody has recorded it; else it is pinned on first use.
        recorded: Who recorded size and checksum.
    """

    name: str
    task: Task
    model: str
    url: str
    dictionary: WeightsDictionary | None
    parameters: int
    bytes: int | None = None
    sha256: str | None = None
    recorded: str | None = None

    @property
    def file_name(self) -> str:
        """Last part of the URL: what the download is called everywhere."""
        return urlsplit(self.url).path.rsplit("/", 1)[-1]

    @property
    def about_bytes(self) -> int:
        """Size of the weights: as recorded, else of their numbers as float32."""
        return self.bytes if self.bytes is not None else self.parameters * _BYTES_PER_PARAMETER


def _det(name: str, parameters: int) -> PretrainedWeights:
    return PretrainedWeights(name, Task.DET, name, f"{_PADDLEX}{name}_pretrained.pdparams", None, parameters)


def _rec(name: str, model: str, dictionary: str, parameters: int) -> PretrainedWeights:
    characters = WeightsDictionary(dictionary, use_space_char=True)
    url = f"{_PADDLEX}{name}_pretrained.pdparams"
    return PretrainedWeights(name, Task.REC, model, url, characters, parameters)


def _v3(language: str, parameters: int) -> PretrainedWeights:
    """PP-OCRv3 in another language: the English model with another dictionary."""
    name = f"{language}_PP-OCRv3_mobile_rec"
    return _rec(name, "en_PP-OCRv3_mobile_rec", f"{_UTILS}dict/{language}_dict.txt", parameters)


def _v5(language: str, parameters: int) -> PretrainedWeights:
    """PP-OCRv5 in another language: the mobile model with another dictionary."""
    name = f"{language}_PP-OCRv5_mobile_rec"
    return _rec(name, "PP-OCRv5_mobile_rec", f"{_UTILS}dict/ppocrv5_{language}_dict.txt", parameters)


_DEFAULT_CHARACTERS = WeightsDictionary(None, use_space_char=False)

CATALOGUE: tuple[PretrainedWeights, ...] = (
    PretrainedWeights(
        "ch_det_mv3_db_v2.0",
        Task.DET,
        "ch_det_mv3_db_v2.0",
        f"{_PADDLEOCR}dygraph_v2.0/ch/ch_ppocr_mobile_v2.0_det_train.tar",
        None,
        595_794,
        bytes=3_613_233,
        sha256="6613324b2ecbc60b44f8ea80516978805553feeb4f42eec994e807649ae4579e",
        recorded="hashed by ppocr-kit: best_accuracy.pdparams of the archive",
    ),
    PretrainedWeights(
        "det_mv3_db",
        Task.DET,
        "det_mv3_db",
        f"{_PADDLEOCR}dygraph_v2.0/en/det_mv3_db_v2.0_train.tar",
        None,
        1_857_016,
    ),
    PretrainedWeights(
        "det_r50_vd_db",
        Task.DET,
        "det_r50_vd_db",
        f"{_PADDLEOCR}dygraph_v2.0/en/det_r50_vd_db_v2.0_train.tar",
        None,
        25_482_722,
    ),
    _det("PP-OCRv3_mobile_det", 615_978),
    _det("PP-OCRv4_server_det", 28_486_083),
    _det("PP-OCRv5_mobile_det", 3_570_810),
    _det("PP-OCRv5_server_det", 26_338_659),
    _det("PP-OCRv6_tiny_det", 523_972),
    _det("PP-OCRv6_small_det", 2_675_708),
    _det("PP-OCRv6_medium_det", 16_846_856),
    PretrainedWeights(
        "rec_en_number_lite_train",
        Task.REC,
        "rec_en_number_lite_train",
        f"{_PADDLEOCR}dygraph_v2.0/multilingual/en_number_mobile_v2.0_rec_train.tar",
        WeightsDictionary(_EN, use_space_char=True),
        640_177,
        bytes=3_875_414,
        sha256="1d2d6289794c5c2ca7145ad4adf4f1b11421734796dbf006a982c7a2925ec991",
        recorded="hashed by ppocr-kit: best_accuracy.pdparams of the archive",
    ),
    PretrainedWeights(
        "rec_chinese_lite_train_v2.0",
        Task.REC,
        "rec_chinese_lite_train_v2.0",
        f"{_PADDLEOCR}dygraph_v2.0/ch/ch_ppocr_mobile_v2.0_rec_train.tar",
        WeightsDictionary(_KEYS_V1, use_space_char=True),
        1_273_393,
    ),
    PretrainedWeights(
        "rec_mv3_none_bilstm_ctc",
        Task.REC,
        "rec_mv3_none_bilstm_ctc",
        f"{_PADDLEOCR}dygraph_v2.0/en/rec_mv3_none_bilstm_ctc_v2.0_train.tar",
        _DEFAULT_CHARACTERS,
        2_130_779,
    ),
    PretrainedWeights(
        "rec_r34_vd_none_bilstm_ctc",
        Task.REC,
        "rec_r34_vd_none_bilstm_ctc",
        f"{_PADDLEOCR}dygraph_v2.0/en/rec_r34_vd_none_bilstm_ctc_v2.0_train.tar",
        _DEFAULT_CHARACTERS,
        27_652_229,
    ),
    PretrainedWeights(
        "rec_svtrnet",
        Task.REC,
        "rec_svtrnet",
        f"{_PADDLEOCR}PP-OCRv3/chinese/rec_svtr_tiny_none_ctc_en_train.tar",
        _DEFAULT_CHARACTERS,
        6_025_805,
    ),
    _rec("en_PP-OCRv3_mobile_rec", "en_PP-OCRv3_mobile_rec", _EN, 22_124_868),
    _rec("PP-OCRv3_mobile_rec", "en_PP-OCRv3_mobile_rec", _KEYS_V1, 35_925_060),
    _v3("arabic", 22_264_392),
    _v3("chinese_cht", 39_726_032),
    _v3("cyrillic", 22_268_620),
    _v3("devanagari", 22_277_076),
    _v3("japan", 31_223_524),
    _v3("ka", 22_247_480),
    _v3("korean", 29_720_470),
    _v3("latin", 22_315_128),
    _v3("ta", 22_194_630),
    _v3("te", 22_243_252),
    _rec("en_PP-OCRv4_mobile_rec", "en_PP-OCRv4_mobile_rec", _EN, 17_187_997),
    _rec("PP-OCRv4_mobile_rec", "PP-OCRv4_mobile_rec", _KEYS_V1, 22_991_389),
    _rec("PP-OCRv4_server_rec", "PP-OCRv4_server_rec", _KEYS_V1, 39_482_265),
    _rec("PP-OCRv4_server_rec_doc", "PP-OCRv4_server_rec", f"{_UTILS}dict/ppocrv4_doc_dict.txt", 47_488_599),
    _rec("PP-OCRv5_mobile_rec", "PP-OCRv5_mobile_rec", f"{_UTILS}dict/ppocrv5_dict.txt", 33_446_029),
    _v5("arabic", 17_767_625),
    _v5("cyrillic", 17_859_192),
    _v5("devanagari", 17_608_494),
    _v5("el", 17_418_248),
    _v5("en", 17_491_146),
    _v5("eslav", 17_563_155),
    _v5("korean", 27_722_647),
    _v5("latin", 17_846_746),
    _v5("ta", 17_559_599),
    _v5("te", 17_583_602),
    _v5("th", 17_569_378),
    _rec("PP-OCRv5_server_rec", "PP-OCRv5_server_rec", f"{_UTILS}dict/ppocrv5_dict.txt", 53_633_409),
    PretrainedWeights(
        "PP-OCRv6_tiny_rec",
        Task.REC,
        "PP-OCRv6_tiny_rec",
        f"{_PADDLEX}PP-OCRv6_tiny_rec_pretrained.pdparams",
        WeightsDictionary(f"{_UTILS}dict/ppocrv6_tiny_dict.txt", use_space_char=True),
        17_874_302,
        bytes=71_528_759,
        sha256="960cb4aa5276e3ac235b7f671fb8c9a7c1c1423617da0f96da66a33d0ed53f84",
        recorded="pinned by a public project that fine-tunes them; not downloaded by ppocr-kit's tests",
    ),
    _rec("PP-OCRv6_small_rec", "PP-OCRv6_small_rec", f"{_UTILS}dict/ppocrv6_dict.txt", 31_216_454),
    _rec("PP-OCRv6_medium_rec", "PP-OCRv6_medium_rec", f"{_UTILS}dict/ppocrv6_dict.txt", 58_150_582),
)

_BY_NAME = {entry.name: entry for entry in CATALOGUE}


def list_weights(task: Task | None = None) -> list[PretrainedWeights]:
    """List the weights of one task, or all."""
    return [entry for entry in CATALOGUE if task is None or entry.task is task]


def find_weights(name: str) -> PretrainedWeights:
    """Find weights by name.

    Raises:
        UsageError: There are none of that name; the nearest one is named.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(name, _BY_NAME, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    raise UsageError(f"there are no weights '{name}'{meant}", at="NAME", hint="ppocr-kit models list")


def is_known(name: str) -> bool:
    """Tell whether the catalogue has weights of that name."""
    return name in _BY_NAME
