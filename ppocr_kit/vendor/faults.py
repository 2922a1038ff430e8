"""The table of known faults: what a tool prints when it dies of one, its cause and its cure.

Read from the top, so the origin of a failure stands above what follows from it (a full shared memory
above the dead loader, a killed worker above the launcher that noticed). Texts are those of PaddleOCR
3.7.0 (``tools/``, ``ppocr/``), Paddle 3.3.1, the kit's own supplement, CPython, glibc and Linux.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One known fault.

    Attributes:
        name: Short name, unique in the table; tests and docs/errors.md refer to it.
        pattern: Searched in the output, ``^`` and ``$`` at line ends; its named groups fill the texts.
        cause: What it means, a template.
        cure: What to do, a template.
    """

    name: str
    pattern: str
    cause: str
    cure: str


_SYNC = "ppocr-kit env sync paddle"
_SMALLER = "use a smaller --batch-size, or smaller training images (-o of the crop or image shape)"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "shared-memory",
        r"Unexpected BUS error|insufficient shared memory|\bSIGBUS\b|signal: Bus error|^Bus error"
        r"|unable to (?:open|write|mmap).{0,60}shared memory|/dev/shm.{0,80}No space left",
        "the data loader ran out of shared memory (/dev/shm)",
        "give the container more (docker run --shm-size=8g), or train with "
        "-o Train.loader.num_workers=0 -o Eval.loader.num_workers=0",
    ),
    Fault(
        "disk-full",
        r"No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]",
        "the disk is full",
        "free some space (df -h) and go on with --resume",
    ),
    Fault(
        "gpu-memory",
        r"Out of memory error on GPU|CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation"
        r"|CUDA error\(2\)|ResourceExhaustedError[^\n]{0,200}\bGPU\b",
        "the GPU has not enough memory for this batch",
        f"{_SMALLER}; nvidia-smi shows whether another program holds the memory",
    ),
    Fault(
        "memory",
        r"std::bad_alloc|\bMemoryError\b|Unable to allocate [0-9.]+ .iB|Cannot allocate memory"
        r"|Fail to alloc memory of|ResourceExhaustedError",
        "the machine has not enough memory",
        f"{_SMALLER}, or fewer loader workers (-o Train.loader.num_workers=0)",
    ),
    Fault(
        "killed",
        r"^\s*Killed\s*$|\bSIGKILL\b|killed by signal:? (?:9|Killed)\b|\bsignal:? 9\b|exit ?code:? -9\b"
        r"|Out of memory: Killed process",
        "the system killed the tool, most likely because memory ran out",
        f"{_SMALLER}; dmesg shows whether the kernel's memory guard did it",
    ),
    Fault(
        "no-images",
        r"No Images in train dataset",
        "the training list has fewer usable rows than one batch",
        "use a smaller --batch-size, or build the data set from more pages",
    ),
    Fault(
        "all-rows-bad",
        r"RecursionError: maximum recursion depth exceeded",
        "the data loader could not use any row of a list and went round in circles",
        "look for 'When parsing line' in the log: it names the row and the error; then "
        "ppocr-kit labels check on the source folder and build the data set again",
    ),
    Fault(
        "unusable-rows",
        r"\d+ rows one after the other cannot be used for training, the last one because "
        r"(?P<why>[^\n]{1,300})",
        "the data loader found hardly a row that can train; the last one: {why}",
        "ppocr-kit labels check on the source folder, then build the data set again",
    ),
    Fault(
        "unusable-evaluation-row",
        r"this row of the evaluation set cannot be scored, because (?P<why>[^\n;]{1,300})",
        "a row of the evaluation set cannot be scored: {why}",
        "mend the image or the label and build the data set again",
    ),
    Fault(
        "no-gpu-build",
        r"Config use_\w+ cannot be set as true while your paddle is not compiled with"
        r"|(?i:not compiled with CUDA)|'ParallelEnv' object has no attribute '_device_id'",
        "the installed Paddle has no support for the chosen device",
        "train with --device cpu, or install the GPU build (the README says from which index)",
    ),
    Fault(
        "gpu-driver",
        r"CUDA driver version is insufficient|CUDA error\(35\)|libcuda\.so[.0-9]*: cannot open"
        r"|no CUDA-capable device|CUDA error\(100\)|cudaErrorNoDevice|cudaErrorInsufficientDriver",
        "no NVIDIA driver that this Paddle can use was found",
        "run nvidia-smi: if it fails, install the driver (in a container: --gpus all); if its CUDA version "
        "is below Paddle's, install a Paddle build for that CUDA version; or use --device cpu",
    ),
    Fault(
        "gpu-number",
        r"invalid device ordinal|CUDA error\(101\)|cudaErrorInvalidDevice|GPU id .{0,40}out of range",
        "a GPU of that number does not exist",
        "name one that nvidia-smi lists: --device gpu:0",
    ),
    Fault(
        "gpu-architecture",
        r"no kernel image is available|Mismatched GPU Architecture|CUDA error\(209\)",
        "this Paddle build was not made for this GPU's architecture",
        "install the Paddle build for a newer CUDA version, or use --device cpu",
    ),
    Fault(
        "cudnn",
        r"CUDNN_STATUS_\w+|libcudnn\S*: cannot open|Cannot load cudnn shared library|CUDNN error",
        "cuDNN is missing, of another version than Paddle needs, or out of GPU memory",
        "install the cuDNN that belongs to the Paddle build; if it is there, use a smaller --batch-size",
    ),
    Fault(
        "libgl",
        r"libGL\.so\.1: cannot open|libgthread-2\.0\.so\.0: cannot open|libglib-2\.0\.so\.0: cannot open",
        "OpenCV wants graphics libraries that this machine lacks",
        f"keep only opencv-python-headless in the environment ({_SYNC}), or apt install libgl1 libglib2.0-0",
    ),
    Fault(
        "two-opencv",
        r"partially initialized module 'cv2'|module 'cv2(?:\.\w+)*' has no attribute",
        "the environment has several OpenCV packages, which overwrite each other",
        f"keep one of them: {_SYNC} makes an environment that has exactly one",
    ),
    Fault(
        "shared-library",
        r"ImportError: (?P<lib>[\w.+-]{1,80}\.so[.0-9]*): cannot open shared object file",
        "the system library {lib} is missing",
        "install the package that has it (apt-file search {lib})",
    ),
    Fault(
        "glibc",
        r"version `(?P<version>(?:GLIBC|GLIBCXX)_[0-9.]+)' not found",
        "the system's C library is too old for the installed packages: {version} is wanted",
        "use a newer system or container image (Debian 11, Ubuntu 20.04 or later)",
    ),
    Fault(
        "illegal-instruction",
        r"\bSIGILL\b|Illegal instruction",
        "the processor lacks instructions that Paddle uses (AVX)",
        "run on a processor with AVX; a virtual machine may hide it (CPU type 'host')",
    ),
    Fault(
        "onednn-attribute",
        r"ConvertPirAttribute2RuntimeAttribute",
        "Paddle 3.3's oneDNN cannot run this exported model (a float64 scale in it)",
        "export the run again with ppocr-kit export, or run it without oneDNN (--enable_mkldnn=False)",
    ),
    Fault(
        "numpy-abi",
        r"numpy\.dtype size changed|compiled using NumPy 1\.x cannot be run|_ARRAY_API not found"
        r"|numpy\.core\.multiarray failed to import",
        "numpy has another version than the packages were built for",
        f"{_SYNC} (numpy 2.2.6 belongs to Paddle 3.3.1)",
    ),
    Fault(
        "numpy-opencv-version",
        r"only (?:0-dimensional|length-1|size-1) arrays can be converted to Python scalars"
        r"|module 'numpy' has no attribute|`np\.\w+` was removed in|OpenCV\(5\.[^)]{0,20}\)",
        "numpy or OpenCV is newer than PaddleOCR 3.7.0 works with",
        f"{_SYNC} (numpy 2.2.6 and OpenCV 4.12 are the versions that work together)",
    ),
    Fault(
        "protobuf",
        r"Descriptors cannot (?:not )?be created directly",
        "protobuf is newer than the packages that use it",
        _SYNC,
    ),
    Fault(
        "missing-network",
        r"No module named '?(?P<module>ppocr\.(?:modeling|losses|metrics|optimizer)[\w.]*)",
        "{module} is not in the published archive, and the kit does not supply it",
        "choose a model that ppocr-kit config list shows, or bring the complete release: "
        "ppocr-kit vendor sync --source git",
    ),
    Fault(
        "not-supplied",
        r"(?P<part>\w{1,40}) '(?P<name>[^'\n]{1,80})' is not known here",
        "{part} {name} is neither in the published archive nor supplied by the kit",
        "choose a model that ppocr-kit config list shows, or bring the complete release: "
        "ppocr-kit vendor sync --source git",
    ),
    Fault(
        "broken-release",
        r"No module named '?(?P<module>(?:ppocr|tools)(?:\.[\w.]*)?)'?",
        "the PaddleOCR release lacks {module}",
        "ppocr-kit vendor verify, then ppocr-kit vendor sync",
    ),
    Fault(
        "missing-module",
        r"No module named '?(?P<module>[\w.]{1,80})'?",
        "the environment lacks the Python package {module}",
        _SYNC,
    ),
    Fault(
        "import-clash",
        r"ImportError: cannot import name '(?P<name>\w{1,80})' from '(?P<module>[\w.]{1,80})'",
        "the installed {module} has no {name}: two packages of the environment do not fit together",
        _SYNC,
    ),
    Fault(
        "port-in-use",
        r"Address already in use|\[Errno 98\]|port \d+ (?:has been occupied|is (?:already )?in use)",
        "a network port that distributed training needs is in use",
        "wait for the other training to end, or end it (ps aux | grep paddle.distributed), and try again",
    ),
    Fault(
        "no-connection",
        r"URLError|Max retries exceeded|Temporary failure in name resolution|Name or service not known"
        r"|Retry limit reached|Network is unreachable",
        "the tool tried to download something and could not reach it",
        "bring the file yourself and give its path: --pretrained FILE, or -o Global.pretrained_model=null",
    ),
    Fault(
        "checkpoint-absent",
        r"The (?P<file>[^\n]{1,300}\.pdparams) does not exists?!",
        "there is no checkpoint {file}",
        "name an existing .pdparams file; ls output/<run>/checkpoints shows those of a run",
    ),
    Fault(
        "checkpoint-damaged",
        r"UnpicklingError|pickle data was truncated|EOFError: Ran out of input|unpickling stack underflow"
        r"|invalid load key",
        "a checkpoint file is damaged or is not a Paddle checkpoint",
        "fetch or copy the .pdparams again (compare its size); an interrupted run has another one: "
        "--checkpoint latest or best",
    ),
    Fault(
        "checkpoint-shape",
        r"The shape of model params (?P<name>[\w.]{1,120})[^\n]{0,80}not matched with loaded params"
        r"|Variable Shape not match, Variable \[ ?(?P<variable>[\w.]{1,120})",
        "the checkpoint is of another model or another dictionary: its shapes do not fit",
        "give weights of the same model and dictionary, or another --model",
    ),
    Fault(
        "optimizer-state",
        r"Optimizer set error|should in state dict",
        "the optimizer's saved state does not fit the model or the optimizer",
        "start a new run from the weights: --name NEW --pretrained output/<run>/checkpoints/latest.pdparams",
    ),
    Fault(
        "not-a-number",
        r"\bloss: -?(?:nan|inf)|There are NAN or INF|contains (?:nan|inf)",
        "the loss is not a number any more: the training has diverged",
        "lower the learning rate (--lr), and look for empty or absurd labels with ppocr-kit labels check",
    ),
    Fault(
        "dictionary-absent",
        r"No such file or directory: '(?P<file>[^'\n]{0,300}dict[^'\n/]{0,80}\.txt)'",
        "the character dictionary {file} is missing",
        "ppocr-kit dataset verify, or build the data set again",
    ),
    Fault(
        "dictionary-character",
        r"(?P<character>'[^'\n]{1,4}'|[^\s\[\]:]) is not in dict\b",
        "a label has the character {character}, which the dictionary lacks",
        "build the data set again with its own dictionary, or add the character to the given one",
    ),
    Fault(
        "image-absent",
        r"(?P<file>[^\n:]{1,300}\.(?:jpe?g|png|bmp|tiff?|webp|gif)) does not exist!",
        "an image of the data set is missing: {file}",
        "build the data set again",
    ),
    Fault(
        "list-absent",
        r"No such file or directory: '(?P<file>[^'\n]{0,300}(?:train|val|test|label)[^'\n/]{0,80}"
        r"\.(?:txt|json))'",
        "the label list {file} is missing",
        "build the data set again, and train from the folder that train_data/ lies in",
    ),
    Fault(
        "file-absent",
        r"No such file or directory: '(?P<file>[^'\n]{1,300})'",
        "the tool did not find {file}",
        "relative paths count from the folder the command runs in: run it where train_data/ and output/ lie",
    ),
    Fault(
        "permission",
        r"Permission denied(?:: '(?P<file>[^'\n]{1,300})')?|Read-only file system|\[Errno (?:13|30)\]",
        "the tool may not read or write a file",
        "check the owner and the permissions of the project folder (ls -l), or run in a folder you own",
    ),
    Fault(
        "open-files",
        r"Too many open files|\[Errno 24\]",
        "the tool has too many files open",
        "raise the limit (ulimit -n 4096), or use fewer loader workers",
    ),
    Fault(
        "number-as-text",
        r"TypeError: [^\n]{0,200}(?:'str' and '(?:float|int)'|'(?:float|int)' and 'str')"
        r"|TypeError: can't multiply sequence by non-int of type 'float'"
        r"|ValueError: could not convert string to float",
        "a number in the configuration is a text: YAML reads 1e-6 as text",
        "write it with a point (1.0e-6); ppocr-kit config lint FILE finds them",
    ),
    Fault(
        "yaml",
        r"yaml\.(?:scanner|parser|constructor|composer)\.\w+Error",
        "the configuration is not valid YAML",
        "ppocr-kit config lint FILE names the line",
    ),
    Fault(
        "unknown-part",
        r"(?P<what>[^\n:]{0,120}) only support \[",
        "the configuration names a part that this release does not have ({what})",
        "ppocr-kit config lint FILE; ppocr-kit config list shows the models that work",
    ),
    Fault(
        "unexpected-argument",
        r"TypeError: (?P<call>[\w.]{1,80}\(\)) got an unexpected keyword argument '(?P<key>\w{1,80})'",
        "the configuration gives {call} the setting {key}, which it does not have",
        "remove the key; ppocr-kit config lint FILE names the nearest known one",
    ),
    Fault(
        "unknown-setting",
        r"(?P<part>\w[\w ]{0,80}) does not know the key '(?P<key>[^'\n]{1,80})'",
        "the configuration gives {part} the setting {key}, which it does not have",
        "remove the key; ppocr-kit config lint FILE names the nearest known one",
    ),
    Fault(
        "wrong-shape",
        r"(?:InvalidArgument|ValueError)[^\n]{0,300}(?:dimension|shape)s?\b[^\n]{0,300}"
        r"|Mismatch in shape|could not broadcast input array",
        "two arrays or layers do not fit together in shape",
        "check the image shape and the model's sizes in the configuration (ppocr-kit config show RECIPE)",
    ),
    Fault(
        "absent-key",
        r"^KeyError: '?(?P<key>[^'\n]{1,80})'?",
        "the tool looked for '{key}' in the configuration, the class list or a label and did not find it",
        "ppocr-kit config lint FILE; if it is a class name, add it to the class list or correct the label",
    ),
    Fault(
        "arithmetic",
        r"\bSIGFPE\b|Erroneous arithmetic operation|Floating point exception",
        "Paddle divided by zero, as it does on a batch with nothing to score in it",
        "look for empty images or labels with ppocr-kit labels check",
    ),
    Fault(
        "segmentation",
        r"\bSIGSEGV\b|Segmentation fault|\bsignal:? 11\b|exit ?code:? -11\b",
        "Paddle crashed in its own code",
        f"{_SYNC}, to be sure of the versions; then try --device cpu and -o Train.loader.num_workers=0",
    ),
    Fault(
        "loader-died",
        r"DataLoader (?:worker|process)[^\n]{0,200}(?:exited unexpectedly|is killed by|exit)",
        "a process of the data loader died",
        "train with -o Train.loader.num_workers=0 -o Eval.loader.num_workers=0 to see its error",
    ),
    Fault(
        "terminated",
        r"\bSIGTERM\b|`Termination signal` is detected|\bsignal:? 15\b|exit ?code:? -15\b",
        "something outside ended the tool",
        "a batch system's time limit or another user may have; go on with --resume",
    ),
)
