"""``--keep-test DATASET``: the test pages of an older data set stay the test pages of the new one.

Then scores of models before and after are scores on the same pages. A page is known again by the bytes
of its image, whatever became of its name and its labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ppocr_kit.datasets.manifest import Dataset, read_dataset
from ppocr_kit.datasets.page_facts import read_page_facts
from ppocr_kit.errors import DataError
from ppocr_kit.storage import sha256_of
from ppocr_kit.tasks import Split, Task


@dataclass(frozen=True)
class KeptTest:
    """A test set that is kept.

    Attributes:
        name: Name of the data set it comes from.
        checksum: Of that data set.
        split_of: ``Split.TEST`` by the hash of each of its test pages' images.
    """

    name: str
    checksum: str
    split_of: Mapping[str, Split]


def read_kept_test(folder: Path) -> KeptTest:
    """Read which pages a data set tests on.

    Raises:
        DataError: The folder is no data set, is damaged, or has no test page.
    """
    dataset = read_dataset(folder)
    facts = read_page_facts(folder)
    if facts is not None:
        images = {fact.image_sha256 for fact in facts if fact.split is Split.TEST}
    else:
        images = set(_test_images(dataset))
    if not images:
        raise DataError(
            "the data set has no test page to keep", at=str(folder), hint="name one that was built with some"
        )
    return KeptTest(dataset.name, dataset.checksum, dict.fromkeys(sorted(images), Split.TEST))


def _test_images(dataset: Dataset) -> Iterator[str]:
    """Hash the test images of a data set that an older version of the kit built."""
    det = dataset.tasks.get(Task.DET)
    if det is None:
        raise DataError(
            "the data set was built by an older version of the kit and without detection, so it does not say "
            "which pages its test crops come from",
            at=str(dataset.root),
            hint="build it again from the same labels, ratio and seed, then keep its test set",
        )
    for row in det.splits[Split.TEST].list_path.read_bytes().splitlines():
        yield sha256_of(det.data_dir / row.partition(b"\t")[0].decode("utf-8"))
