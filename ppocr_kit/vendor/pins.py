"""The releases that the kit knows by content: checksums that decide what is let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_VERSION = "3.7.0"
GITHUB = "https://github.com/PaddlePaddle/PaddleOCR.git"
GITEE = "https://gitee.com/paddlepaddle/PaddleOCR.git"


@dataclass(frozen=True)
class ReleasePin:
    """What is recorded about a published release.

    Attributes:
        version: Its version.
        sdist_sha256: Checksum of the package index's source archive.
        commit: Commit of its git tag, or None where nobody has recorded it yet: then the commit
            of the first clone is kept in ``vendor/release.json`` and held from there on.
        key_files: Checksums of the files that ``launch.py`` and ``compat.py`` rely on; the archive
            and the git tree hold the same bytes, so they tell a wrong tree whatever its source.
    """

    version: str
    sdist_sha256: str
    commit: str | None
    key_files: Mapping[str, str]


PINS: dict[str, ReleasePin] = {
    "3.7.0": ReleasePin(
        version="3.7.0",
        sdist_sha256="9b81eb62cf37e590d4873e60262ff56f968ff9de6ce1f565749760ceb1c422e2",
        commit=None,
        key_files={
            "tools/train.py": "f9b5b9d211080df94f0e30b66116514a2cf0aacd1de0de5a1376ff4b35872be2",
            "tools/eval.py": "15b501e98fabdbce779bf66ea929c78f5b6917ca16be6a18ac95fbea82702a06",
            "tools/export_model.py": "2547e3119dcc709c652863f822f386e4c7f395295d6dbc623b6d5320c3dd1561",
            "tools/program.py": "ff2852ace32a7f82542d68c6256d27771d5bb0f7f4aa9259e40f9d5dad57d919",
            "ppocr/data/__init__.py": "452c568125581b514f06bdd9fce3dae4c38bfc426fa7243e6efbc0fbfe119054",
            "ppocr/data/simple_dataset.py": (
                "f876a3aa926743e76ecddb995e7fee5cc252a4b88fe1a2d4076b30fb6947f86d"
            ),
            "ppocr/utils/save_load.py": "1e12094eb580711fb53abb852607f605307524074102edb97d15ebdd679a6ca8",
            "ppocr/utils/export_model.py": "1b6958d2d4a8101645b647140b30d597ac25684c670c9e45dca1c3a231a5d67f",
        },
    ),
}
