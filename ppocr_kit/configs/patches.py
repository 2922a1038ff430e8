"""Pure changes of a configuration: each takes one and returns a changed copy.

The key names are PaddleOCR's; what they do was read in tools/program.py, tools/train.py and
ppocr/data/__init__.py of release 3.7.0.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ppocr_kit.configs.device import Device
from ppocr_kit.configs.key_information import with_classes, with_network
from ppocr_kit.datasets.lmdb_reading import LMDB_DATA_SET
from ppocr_kit.datasets.manifest import Dataset, SplitData, TaskData
from ppocr_kit.errors import ConfigError, DataError
from ppocr_kit.tasks import KIE_TASKS, Split, Task

Config = dict[str, Any]

# A run is evaluated about this often, and always after its last epoch.
_EVALUATIONS_PER_RUN = 20
_LOG_LINES_PER_EPOCH = 4
# A page is left at its own size unless it is gigantic; the deployed runtime does the same.
_OWN_SIZE = {"limit_side_len": 4000, "limit_type": "max"}
# Training transforms that cut the page to the size that the network sees.
_CROPPING = ("EastRandomCropData", "RandomCrop", "RandomCropImgMask")
_USUAL_CROP = 640
# The backbones of models of the type ``kie`` that the kit trains.
KIE = "kie"
KIE_BACKBONES = {"LayoutXLMForSer": Task.SER, "LayoutXLMForRe": Task.RE}
# Training sets that read plain lists; any other recipe is pointed at one that does.
_LISTED = ("SimpleDataSet", "MultiScaleDataSet")


def with_dataset(config: Mapping[str, Any], dataset: Dataset) -> Config:
    """Train on the train split, choose the best model on the val split.

    A recogniser also takes the data set's dictionary, key information its classes.

    Raises:
        DataError: The data set was built without the task or without one of the splits.
    """
    task = task_of(config)
    changed = with_split(config, dataset, Split.VAL)
    data = _task_data(dataset, task)
    _point(changed, "Train", data, _split_data(dataset, data, Split.TRAIN))
    if task is Task.REC and data.dictionary is not None:
        settings = changed["Global"]
        settings["character_dict_path"] = _absolute(data.dictionary)
        settings["use_space_char"] = data.use_space_char
    return with_classes(changed, data) if task in KIE_TASKS else changed


def with_split(config: Mapping[str, Any], dataset: Dataset, split: Split) -> Config:
    """Point ``Eval`` at a split of a data set; dictionary and everything else stay.

    Raises:
        DataError: The data set was built without the task or without the split.
    """
    changed = _copy(config)
    data = _task_data(dataset, task_of(config))
    _point(changed, "Eval", data, _split_data(dataset, data, split))
    return changed


def with_epoch_number(config: Mapping[str, Any], epochs: int) -> Config:
    """Set the length of the run alone; see :func:`with_epochs` for what has to follow it."""
    changed = _copy(config)
    changed["Global"]["epoch_num"] = epochs
    return changed


def with_epochs(config: Mapping[str, Any], epochs: int, every: int | None = None) -> Config:
    """Train for ``epochs`` in all; warm-up, growing targets, evaluations and kept checkpoints follow.

    The warm-up takes at most a tenth of the run. ``save_epoch_step`` goes beyond the last epoch:
    ``best_accuracy`` and ``latest`` are always kept, and one copy of the weights and the
    optimizer every few epochs fills disks.

    Args:
        config: The configuration.
        epochs: Length of the run.
        every: Wanted number of epochs between two evaluations; by default as often as it says.
    """
    changed = with_epoch_number(config, epochs)
    changed["Global"]["save_epoch_step"] = epochs + 1
    schedule = changed["Optimizer"]["lr"]
    if "warmup_epoch" in schedule:
        tenth = epochs / 10
        schedule["warmup_epoch"] = min(schedule["warmup_epoch"], int(tenth) if tenth >= 1 else tenth)
    for step in changed["Train"]["dataset"]["transforms"]:
        for settings in step.values():
            if isinstance(settings, dict) and "total_epoch" in settings:
                settings["total_epoch"] = epochs
    return with_evaluation(changed, every or changed["Global"].get("eval_batch_epoch"))


def with_evaluation(config: Mapping[str, Any], every: int | None) -> Config:
    """Evaluate in epochs, so that an evaluation, and with it a best model, falls inside the run.

    Upstream counts in steps, and a small data set ends before the first 2,000
    (PaddleOCR#9157, #1818).

    Args:
        config: The configuration; its ``epoch_num`` is the length of the run.
        every: Wanted number of epochs between two evaluations; None for about 20 evaluations.
            Taken is the nearest number that divides the epochs, so that the last one counts.
    """
    changed = _copy(config)
    epochs = max(1, int(changed["Global"]["epoch_num"]))
    wanted = every if every is not None else max(1, round(epochs / _EVALUATIONS_PER_RUN))
    divisors = [number for number in range(1, epochs + 1) if epochs % number == 0]
    nearest = min(divisors, key=lambda number: (abs(number - wanted), number))
    changed["Global"]["eval_batch_epoch"] = nearest
    # read before eval_batch_epoch is looked at: it has to be a list of two
    changed["Global"]["eval_batch_step"] = [0, 2000]
    return changed


def with_image_size(config: Mapping[str, Any], size: int) -> Config:
    """Train a detector on crops of ``size`` x ``size``, and measure pages at their own size.

    Recipes cut crops for full pages; small pictures enlarged to those cost many times the work and
    look unlike what is measured and deployed.

    Args:
        config: The configuration of a detector.
        size: Pixels, a multiple of 32 as the network halves the image five times.

    Raises:
        ConfigError: Not a detector, or no such multiple.
    """
    if task_of(config) is not Task.DET:
        raise ConfigError("an image size can be chosen for det only", at="--image-size")
    if size < 32 or size % 32:
        near = max(32, round(size / 32) * 32)
        raise ConfigError(f"{size} is not a multiple of 32", at="--image-size", hint=f"--image-size {near}")
    changed = _copy(config)
    for transform in changed["Train"]["dataset"]["transforms"]:
        for name, settings in transform.items():
            if name in _CROPPING:
                settings["size"] = [size, size]
    for transform in changed["Eval"]["dataset"]["transforms"]:
        if "DetResizeForTest" in transform:
            transform["DetResizeForTest"] = dict(_OWN_SIZE)
    return changed


def crop_size(config: Mapping[str, Any]) -> int:
    """Return the side of a detector's training crops, pixels."""
    for step in config["Train"]["dataset"]["transforms"]:
        for name, settings in step.items():
            if name in _CROPPING and settings and "size" in settings:
                return int(settings["size"][0])
    return _USUAL_CROP


def with_learning_rate(config: Mapping[str, Any], learning_rate: float) -> Config:
    """Set the peak learning rate; the shape of the schedule stays."""
    changed = _copy(config)
    changed["Optimizer"]["lr"]["learning_rate"] = learning_rate
    return changed


def with_device(config: Mapping[str, Any], device: Device) -> Config:
    """Run on a device, with loaders that suit it.

    On the CPU the network takes all the time (the loader 0.3 % of a step): one worker is
    enough to train and none to evaluate. Shared memory is off there because containers give
    64 MiB of it and a loader that runs out dies of a bus error.
    """
    changed = _copy(config)
    changed["Global"]["use_gpu"] = device.is_gpu
    changed["Global"]["distributed"] = device.processes > 1
    for mode, workers in (("Train", 4 if device.is_gpu else 1), ("Eval", 2 if device.is_gpu else 0)):
        changed[mode]["loader"]["num_workers"] = workers
        changed[mode]["loader"]["use_shared_memory"] = device.is_gpu
    return changed


def with_run_folder(config: Mapping[str, Any], folder: Path) -> Config:
    """Write checkpoints to ``checkpoints/`` of a run folder."""
    changed = _copy(config)
    changed["Global"]["save_model_dir"] = _absolute(folder / "checkpoints")
    if "save_res_path" in changed["Global"]:
        changed["Global"]["save_res_path"] = _absolute(folder / "predictions" / "predicts.txt")
    return changed


def with_pretrained(config: Mapping[str, Any], weights: Path) -> Config:
    """Start from training weights; the optimizer starts fresh."""
    changed = _copy(config)
    changed["Global"]["pretrained_model"] = _absolute(_prefix(weights))
    return changed


def with_checkpoint(config: Mapping[str, Any], prefix: Path) -> Config:
    """Load a checkpoint: to go on training with its optimizer, to evaluate, or to export.

    ``pretrained_model`` stays as the record of where the run came from; upstream's loader does
    not look at it when ``checkpoints`` is set. Of key information a checkpoint is a folder, and the
    backbone loads it.
    """
    if task_of(config) in KIE_TASKS:
        return with_network(config, prefix)
    changed = _copy(config)
    changed["Global"]["checkpoints"] = _absolute(_prefix(prefix))
    return changed


def with_model_name(config: Mapping[str, Any], name: str) -> Config:
    """Set the name that an export carries in ``inference.yml``."""
    changed = _copy(config)
    changed["Global"]["model_name"] = name
    return changed


def with_seed(config: Mapping[str, Any], seed: int) -> Config:
    """Set the tool's random seed."""
    changed = _copy(config)
    changed["Global"]["seed"] = seed
    return changed


def with_logging(config: Mapping[str, Any], steps_per_epoch: int) -> Config:
    """Log a few times per epoch, also when an epoch is short; never less often than the recipe."""
    changed = _copy(config)
    often = max(1, steps_per_epoch // _LOG_LINES_PER_EPOCH)
    changed["Global"]["print_batch_step"] = min(int(changed["Global"]["print_batch_step"]), often)
    return changed


def task_of(config: Mapping[str, Any]) -> Task:
    """Return the task of a configuration: by its ``model_type``, and of ``kie`` by its backbone."""
    architecture = config["Architecture"]
    kind = architecture["model_type"]
    return KIE_BACKBONES[architecture["Backbone"]["name"]] if kind == KIE else Task(kind)


def rows_of(config: Mapping[str, Any], dataset: Dataset) -> int:
    """Return the number of rows that a configuration trains on."""
    return _split_data(dataset, _task_data(dataset, task_of(config)), Split.TRAIN).samples


def _copy(config: Mapping[str, Any]) -> Config:
    return copy.deepcopy(dict(config))


def _absolute(path: Path) -> str:
    """Return the path as the tool takes it from any folder, with forward slashes."""
    return path.absolute().as_posix()


def _prefix(weights: Path) -> Path:
    """Strip ``.pdparams``; a dot elsewhere in the name is no suffix."""
    return weights.with_name(weights.name[: -len(".pdparams")]) if weights.suffix == ".pdparams" else weights


def _task_data(dataset: Dataset, task: Task) -> TaskData:
    if task not in dataset.tasks:
        raise DataError(
            f"the data set '{dataset.name}' was built without {task}",
            at=str(dataset.root),
            hint=f"ppocr-kit dataset build SRC --name {dataset.name} --tasks det,rec",
        )
    return dataset.tasks[task]


def _split_data(dataset: Dataset, data: TaskData, split: Split) -> SplitData:
    if split not in data.splits:
        raise DataError(
            f"the data set '{dataset.name}' has no {split} split",
            at=str(dataset.root),
            hint=f"ppocr-kit dataset build SRC --name {dataset.name} --ratio 8:1:1",
        )
    return data.splits[split]


def _point(config: Config, mode: str, data: TaskData, split: SplitData) -> None:
    """Let a mode read one list, in place; its pictures are files or lie in an LMDB."""
    source = config[mode]["dataset"]
    if split.lmdb is not None:
        source["name"] = LMDB_DATA_SET
    elif source["name"] not in _LISTED:
        source["name"] = "SimpleDataSet"
    source["data_dir"] = _absolute(data.data_dir if split.lmdb is None else split.lmdb)
    source["label_file_list"] = [_absolute(split.list_path)]
    if "ratio_list" in source:
        source["ratio_list"] = [1.0]
