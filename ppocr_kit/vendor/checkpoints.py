"""Reading Paddle's checkpoint files without trusting them, and writing weights that Paddle reads.

``.pdparams``, ``.pdopt``, ``.pdema`` and ``.states`` are pickles; a pickle from the net can run any code
when Paddle loads it. What Paddle's ``paddle.save`` writes needs a few harmless constructors only,
so anything else is refused before a tool of the release sees the file.

Source: paddle/framework/io.py@3.3.1 (``_pickle_save``), ppocr/utils/save_load.py@3.7.0.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ppocr_kit.errors import DataError
from ppocr_kit.storage import write_bytes_atomic

# Names that numpy arrays and scalars pickle to, in numpy 1 and numpy 2 spelling.
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
    # a tensor inside a table, as in the .pdema file of moving averages, is a pair (name, array)
    ("builtins", "tuple"),
    ("__builtin__", "tuple"),
}
# Paddle stores the mapping of structured names to parameter names beside the tensors.
_NAME_TABLE = "StructuredToParameterName@@"


class _NumpyOnlyUnpickler(pickle.Unpickler):
    """An unpickler that can build numpy arrays and plain containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Resolve an allowed constructor, whichever numpy wrote it."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        if module.startswith("numpy._core.") and not hasattr(np, "_core"):
            module = module.replace("numpy._core.", "numpy.core.")
        elif module.startswith("numpy.core.") and hasattr(np, "_core"):
            module = module.replace("numpy.core.", "numpy._core.")
        return super().find_class(module, name)


def read_checkpoint_file(path: Path) -> Any:
    """Read one checkpoint file that holds numpy arrays and plain values only.

    Args:
        path: A ``.pdparams``, ``.pdopt``, ``.pdema`` or ``.states`` file.

    Returns:
        The pickled object, arrays as numpy arrays.

    Raises:
        DataError: The file is absent, damaged, or asks for code to be run.
    """
    try:
        with path.open("rb") as handle:
            # official files were written by Python 2 compatible protocol 2: bytes are latin-1
            return _NumpyOnlyUnpickler(handle, encoding="latin1").load()
    except OSError as error:
        raise DataError(f"cannot read the checkpoint ({error.strerror})", at=str(path)) from error
    except pickle.UnpicklingError as error:
        hint = "get the file again from where it came; a checkpoint holds arrays and nothing else"
        raise DataError(
            f"not a PaddleOCR checkpoint: damaged, or it asks to run code ({error})", at=str(path), hint=hint
        ) from error
    except Exception as error:
        # a truncated or random file makes pickle and numpy raise almost anything
        raise DataError(
            f"not a PaddleOCR checkpoint, or damaged ({type(error).__name__}: {error})",
            at=str(path),
            hint="give a .pdparams file of training weights (not inference.pdiparams)",
        ) from error


def read_weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read the weights of a ``.pdparams`` file by parameter name.

    Raises:
        DataError: The file is not a table of arrays.
    """
    content = read_checkpoint_file(path)
    if not isinstance(content, Mapping):
        raise DataError("the checkpoint does not hold a table of weights", at=str(path))
    weights = {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and name != _NAME_TABLE and isinstance(value, np.ndarray)
    }
    if not weights:
        raise DataError(
            "the checkpoint holds no weights",
            at=str(path),
            hint="give the .pdparams file of a training checkpoint",
        )
    return weights


def write_weights(path: Path, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write weights as a ``.pdparams`` file that ``paddle.load`` turns into tensors.

    The table of names beside the arrays is what tells ``paddle.load`` that they are parameters.

    Raises:
        SetupError: The disk is full or the folder cannot be written.
    """
    table = {name: name for name in weights}
    # protocol 4 pickles arrays with the constructors of _ALLOWED, 5 and later need not
    write_bytes_atomic(path, pickle.dumps({**weights, _NAME_TABLE: table}, protocol=4))
