"""Every known fault is recognised in the output that people really get."""

# Outputs are quoted with their lines unbroken.
# ruff: noqa: E501

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ppocr_kit.vendor.diagnose import diagnose, find_fault
from ppocr_kit.vendor.faults import FAULTS

_LOG = "[2026/11/21 03:12:53] ppocr"
_FILE = '  File "/project/vendor/PaddleOCR-3.7.0/ppocr/utils/save_load.py", line 113, in load_model'

# name of the fault -> outputs that show it; lines as a terminal shows them
EXCERPTS: dict[str, list[str]] = {
    "shared-memory": [
        "ERROR: Unexpected BUS error encountered in DataLoader worker. This might be caused by insufficient "
        "shared memory (shm), please check whether use_shared_memory is set and storage space in /dev/shm "
        "is enough\nSystemError: (Fatal) DataLoader process (pid   1. If run DataLoader by DataLoader.from_"
        "generator(...), queue capacity is set by from_generator(..., capacity=xx, ...).",
        "FatalError: `Access to an undefined portion of a memory object` is detected by the operating system."
        "\n  [TimeInfo: *** Aborted at 1763694773 (unix time) ***]\n  [SignalInfo: *** SIGBUS (@0x7f) ***]",
    ],
    "disk-full": [
        "Traceback (most recent call last):\nOSError: [Errno 28] No space left on device",
        "OSError: [Errno 122] Disk quota exceeded: 'output/rec/checkpoints/latest.pdopt'",
    ],
    "gpu-memory": [
        "ResourceExhaustedError: \n\nOut of memory error on GPU 0. Cannot allocate 1.171875GB memory on GPU 0, "
        "7.512268GB memory has been allocated and available memory is only 408.687500MB.",
        "OSError: (External) CUDA error(2), out of memory. \n  [Hint: 'cudaErrorMemoryAllocation'. The API "
        "call failed because it was unable to allocate enough memory]",
    ],
    "memory": [
        "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 27.5 GiB for an array with shape "
        "(64, 3, 6400, 6400) and data type float32",
        "SystemError: (Fatal) ResourceExhaustedError: Fail to alloc memory of 4294967296 size, error code "
        "is 12.",
    ],
    "killed": [
        "Killed",
        f"{_LOG} INFO: save model in output/det/latest\nthe process was ended by signal 9",
        "LAUNCH INFO Exit code -9\nERROR: process 1 exit code: -9",
    ],
    "no-images": [
        f"{_LOG} ERROR: No Images in train dataset, please ensure\n\t1. The images num in the train "
        "label_file_list should be larger than or equal with batch size.",
    ],
    "all-rows-bad": [
        f"{_LOG} ERROR: When parsing line wire_1.jpg\t[], error happened with msg: Traceback (most recent call "
        "last):\nException: 'NoneType' object is not iterable\nRecursionError: maximum recursion depth "
        "exceeded while calling a Python object",
    ],
    "unusable-rows": [
        "ppocr_kit.vendor.compat_rows.RowError: 200 rows one after the other cannot be used for training, the last one because Exception: gone/a.jpg does not exist!: a.jpg\tword",
    ],
    "unusable-evaluation-row": [
        "RowError: this row of the evaluation set cannot be scored, because Exception: gone/a.jpg does not exist!: a.jpg\tword; mend it or take it out",
    ],
    "no-gpu-build": [
        "AttributeError: 'ParallelEnv' object has no attribute '_device_id'. Did you mean: 'device_id'?",
        "Config use_gpu cannot be set as true while your paddle is not compiled with cuda ! \nPlease try: \n"
        "\t1. Install paddlepaddle to run model on gpu",
        "ValueError: The device should not be 'gpu', since PaddlePaddle is not compiled with CUDA",
    ],
    "gpu-driver": [
        "OSError: (External) CUDA error(35), CUDA driver version is insufficient for CUDA runtime version.",
        "OSError: (External) CUDA error(100), no CUDA-capable device is detected.",
    ],
    "gpu-number": ["OSError: (External) CUDA error(101), invalid device ordinal."],
    "gpu-architecture": [
        "Mismatched GPU Architecture: The installed PaddlePaddle package was compiled for 80 86, but your "
        "current GPU is 120.",
    ],
    "cudnn": [
        "PreconditionNotMetError: Cannot load cudnn shared library. Cannot invoke method cudnnGetVersion.",
        "ExternalError: CUDNN error(4), CUDNN_STATUS_INTERNAL_ERROR.",
    ],
    "libgl": ["ImportError: libGL.so.1: cannot open shared object file: No such file or directory"],
    "two-opencv": [
        "AttributeError: partially initialized module 'cv2' has no attribute '_registerMatType' (most likely "
        "due to a circular import)",
    ],
    "shared-library": [
        "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"
    ],
    "glibc": [
        "ImportError: /lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.29' not found (required by libpaddle.so)",
    ],
    "illegal-instruction": [
        "FatalError: `Illegal instruction` is detected by the operating system.\n  [SignalInfo: *** SIGILL ***]",
    ],
    "onednn-attribute": [
        "NotImplementedError: (Unimplemented) ConvertPirAttribute2RuntimeAttribute not support "
        "[pir::ArrayAttribute<pir::DoubleAttribute>]",
    ],
    "numpy-abi": [
        "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, "
        "got 88 from PyObject",
    ],
    "numpy-opencv-version": [
        f"{_LOG} ERROR: When parsing line a.jpg\t[], error happened with msg: Traceback (most recent call "
        "last):\nTypeError: only 0-dimensional arrays can be converted to Python scalars",
        "cv2.error: OpenCV(5.0.0) :-1: error: (-5:Bad argument) in function 'fillPoly'",
        "AttributeError: `np.sctypes` was removed in the NumPy 2.0 release.",
    ],
    "protobuf": ["TypeError: Descriptors cannot be created directly."],
    "missing-network": ["ModuleNotFoundError: No module named 'ppocr.modeling.backbones.rec_svtrnet'"],
    "not-supplied": [
        "ValueError: Backbone 'ResNet' is not known here; there are MobileNetV3 (what else upstream has comes with its git tree: ppocr-kit vendor sync --source git)",
    ],
    "broken-release": ["ModuleNotFoundError: No module named 'ppocr.data.imaug'"],
    "missing-module": ["Traceback (most recent call last):\nModuleNotFoundError: No module named 'lmdb'"],
    "import-clash": [
        "ImportError: cannot import name 'preserve_channel_dim' from 'albucore.utils' (/env/albucore/utils.py)",
    ],
    "port-in-use": [
        "RuntimeError: [enforce fail at gloo/transport/tcp/device.cc:83] Address already in use",
        "OSError: [Errno 98] Address already in use",
    ],
    "no-connection": [
        "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
        "RuntimeError: Downloading from https://paddleocr.bj.bcebos.com/x.pdparams failed. Retry limit reached",
    ],
    "checkpoint-absent": [f"{_FILE}\nAssertionError: The output/rec/best.pdparams does not exists!"],
    "checkpoint-damaged": [
        "_pickle.UnpicklingError: invalid load key, '<'.",
        "_pickle.UnpicklingError: pickle data was truncated",
        "EOFError: Ran out of input",
    ],
    "checkpoint-shape": [
        f"{_LOG} WARNING: The shape of model params head.fc.weight [96, 97] not matched with loaded params "
        "head.fc.weight [96, 6625] !",
    ],
    "optimizer-state": ["AssertionError: Optimizer set error, conv2d_0.w_0_moment1_0 should in state dict"],
    "not-a-number": [
        f"{_LOG} INFO: epoch: [1/12], global_step: 40, lr: 0.001000, loss: nanxxx, avg_reader_cost: 0.1 s",
    ],
    "dictionary-absent": [
        "FileNotFoundError: [Errno 2] No such file or directory: 'ppocr/utils/my_dict.txt'"
    ],
    "dictionary-character": [f"{_LOG} WARNING: 中 is not in dict"],
    "image-absent": [
        f"{_LOG} ERROR: When parsing line a\nException: train_data/x/det/images/页 1.jpg does not exist!",
    ],
    "list-absent": ["FileNotFoundError: [Errno 2] No such file or directory: 'train_data/x/rec/train.txt'"],
    "file-absent": [
        "FileNotFoundError: [Errno 2] No such file or directory: './inference/rec/inference.yml'"
    ],
    "permission": [
        "PermissionError: [Errno 13] Permission denied: 'output/rec/checkpoints'",
        "OSError: [Errno 30] Read-only file system: 'output'",
    ],
    "open-files": ["OSError: [Errno 24] Too many open files"],
    "number-as-text": [
        "TypeError: '<=' not supported between instances of 'float' and 'str'",
        "TypeError: unsupported operand type(s) for *: 'float' and 'str'",
        "ValueError: could not convert string to float: '1e-3x'",
    ],
    "yaml": [
        "yaml.scanner.ScannerError: while scanning for the next token\nfound character '\\t' that cannot start "
        "any token",
    ],
    "unknown-part": [
        "AssertionError: when model typs is rec, backbone only support ['MobileNetV3', 'ResNet']",
    ],
    "unexpected-argument": [
        "TypeError: MobileNetV3.__init__() got an unexpected keyword argument 'scael'",
    ],
    "unknown-setting": [
        "ValueError: Backbone MobileNetV3 does not know the key 'scael'; did you mean scale?",
    ],
    "wrong-shape": [
        "ValueError: (InvalidArgument) The input of Op(Conv) should be a 4-D or 5-D Tensor. But received: "
        "input's dimension is 3, input's shape is [3, 32, 320].",
        "ValueError: could not broadcast input array from shape (3,48,321) into shape (3,48,320)",
    ],
    "absent-key": ["Traceback (most recent call last):\nKeyError: 'QUESTION'"],
    "arithmetic": [
        "FatalError: `Erroneous arithmetic operation` is detected by the operating system.",
        "Floating point exception (core dumped)",
    ],
    "segmentation": [
        "FatalError: `Segmentation fault` is detected by the operating system.\n  [SignalInfo: *** SIGSEGV ***]",
    ],
    "loader-died": ["RuntimeError: DataLoader worker(s) (pid(s) 4711) exited unexpectedly"],
    "terminated": [
        "FatalError: `Termination signal` is detected by the operating system.\n  [SignalInfo: *** SIGTERM ***]",
    ],
}


def test_every_fault_has_an_excerpt_and_a_name_of_its_own() -> None:
    names = [fault.name for fault in FAULTS]
    assert sorted(names) == sorted(EXCERPTS)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "excerpt"), [(name, text) for name, texts in EXCERPTS.items() for text in texts]
)
def test_excerpt_is_recognised_with_complete_texts(name: str, excerpt: str) -> None:
    before = [f"{_LOG} INFO: train with paddle 3.3.1 and device Place(cpu)", _FILE]
    found = find_fault([*before, *excerpt.splitlines(), ""])
    assert found is not None
    fault, diagnosis = found
    assert fault.name == name
    for text in (diagnosis.cause, diagnosis.cure):
        assert text and "{" not in text and "  " not in text
    assert not diagnosis.cause.endswith(".")


@pytest.mark.parametrize(
    ("excerpt", "named"),
    [
        ("ModuleNotFoundError: No module named 'lmdb'", "lmdb"),
        ("AssertionError: The output/rec/best.pdparams does not exists!", "output/rec/best.pdparams"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'a b/词.txt'", "a b/词.txt"),
        ("KeyError: 'QUESTION'", "QUESTION"),
        ("Exception: x/页 1.jpg does not exist!", "x/页 1.jpg"),
    ],
)
def test_cause_names_the_thing(excerpt: str, named: str) -> None:
    diagnosis = diagnose([excerpt])
    assert diagnosis is not None
    assert named in diagnosis.cause


def test_origin_wins_over_what_follows_from_it() -> None:
    lines = [
        "ERROR: Unexpected BUS error encountered in DataLoader worker.",
        "RuntimeError: DataLoader worker(s) (pid(s) 4711) exited unexpectedly",
        "LAUNCH INFO Exit code -15",
    ]
    found = find_fault(lines)
    assert found is not None
    assert found[0].name == "shared-memory"


def test_row_that_was_passed_over_is_not_the_reason_of_a_later_failure() -> None:
    passed = f"{_LOG} WARNING: row left out of training, a random one takes its place (1 so far), because Exception: a.jpg does not exist!: a.jpg"
    assert diagnose([passed]) is None
    found = find_fault([passed, "KeyError: 'Head'"])
    assert found is not None
    assert found[0].name == "absent-key"


def test_only_the_end_of_a_long_output_counts() -> None:
    assert diagnose(["No space left on device", *["fine"] * 1000]) is None


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        [
            f"{_LOG} INFO: epoch: [1/12], global_step: 40, lr: 0.000500, loss: 0.7, ips: 75.0 samples/s",
            f"{_LOG} INFO: cur metric, precision: 0.9, recall: 0.9, hmean: 0.9, fps: 30.1",
            f"{_LOG} INFO: load pretrain successful from weights/best_accuracy",
            "I1121 03:12:53 program_interpreter.cc:243] New Executor is Running.",
        ],
    ],
)
def test_healthy_output_has_no_diagnosis(lines: list[str]) -> None:
    assert diagnose(lines) is None


def test_braces_in_the_output_do_no_harm() -> None:
    diagnosis = diagnose(["KeyError: '{0} {key} {{'"])
    assert diagnosis is not None
    assert "{0} {key} {{" in diagnosis.cause


@given(st.lists(st.text(max_size=200), max_size=20))
def test_any_text_is_taken(lines: list[str]) -> None:
    diagnose(lines)


def test_patterns_name_only_groups_that_the_texts_use() -> None:
    for fault in FAULTS:
        groups = set(re.compile(fault.pattern).groupindex)
        used = set(re.findall(r"\{(\w+)\}", fault.cause + fault.cure))
        assert used <= groups, fault.name
