"""LoRA on PaddleOCR-VL: which layers get an adapter, putting it on, taking it into the weights.

Adapters sit on every linear layer of the language model and on the projector that hands pictures over to
it. The vision tower stays as it is unless asked for: it has learnt shapes from far more than a few
thousand crops, and what the model reads wrong in a new domain is mostly what it expects to read.
Source: Hu et al. 2021, arXiv 2106.09685; Dettmers et al. 2023, arXiv 2305.14314 (adapters on all linear
layers); peft @0.19.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.vl.merging import ADAPTER_FILE, ADAPTER_FOLDER

_LANGUAGE = r"language_model\.layers\.\d+\.(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj)"
_PROJECTOR = r"projector\.linear_[12]"
_VISION = r"visual\..*\.layers\.\d+\.(?:self_attn\.(?:[qkv]|out)_proj|mlp\.fc[12])"


@dataclass(frozen=True)
class LoraChoice:
    """How large the adapters are, and where.

    Attributes:
        rank: Width of an adapter.
        alpha: Its output is scaled by ``alpha / rank``.
        dropout: Share of its inputs that training leaves out.
        vision: Whether the vision tower gets adapters too.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    vision: bool = False

    @property
    def targets(self) -> str:
        """Return the regular expression that the names of adapted layers match as a whole."""
        parts = [_LANGUAGE, _PROJECTOR, *([_VISION] if self.vision else [])]
        return rf".*(?:{'|'.join(parts)})"


def with_adapters(model: Any, choice: LoraChoice, base: str) -> Any:
    """Put adapters on a model whose own weights are frozen; their effect is nothing until they are trained.

    Args:
        model: ``PaddleOCRVLForConditionalGeneration``.
        choice: Size and place.
        base: Folder of the model, for the adapter's configuration.

    Raises:
        SetupError: The lane has no peft.
    """
    peft = _peft()
    config = peft.LoraConfig(
        r=choice.rank,
        lora_alpha=choice.alpha,
        lora_dropout=choice.dropout,
        target_modules=choice.targets,
        task_type="CAUSAL_LM",
        base_model_name_or_path=base,
    )
    adapted = peft.get_peft_model(model, config)
    # peft writes what the model was loaded from, which may be a relative path
    adapted.peft_config["default"].base_model_name_or_path = base
    return adapted


def find_adapters(checkpoint: Path) -> Path | None:
    """Return the folder of a checkpoint's adapters: itself or the one in it; None where it has none."""
    places = (checkpoint, checkpoint / ADAPTER_FOLDER)
    return next((place for place in places if (place / ADAPTER_FILE).is_file()), None)


def is_adapted(model: Any) -> bool:
    """Tell whether a model in memory has adapters."""
    return hasattr(model, "peft_config") and hasattr(model, "get_base_model")


def merged_weights(adapted: Any) -> dict[str, Any]:
    """Return the weights of a model with its adapters taken into them; the model stays as it is.

    Taking them in and out again in place would leave rounding in the frozen weights, and a training that
    goes on would not be the same.

    Args:
        adapted: A model of :func:`with_adapters`.

    Returns:
        Tensors on the CPU by the names that the model had before, in the type of its weights.
    """
    network = adapted.get_base_model()
    layers = {name: layer for name, layer in network.named_modules() if hasattr(layer, "base_layer")}
    weights: dict[str, Any] = {}
    # tied weights stay one tensor, so that they are written once
    copies: dict[int, Any] = {}
    for name, tensor in network.state_dict().items():
        if ".lora_" in name:
            continue
        layer = layers.get(name.rpartition(".base_layer.")[0])
        if layer is not None and name.endswith(".weight"):
            change = layer.get_delta_weight(layer.active_adapters[0]).float()
            value = (tensor.float() + change).to(tensor.dtype).detach().cpu()
        else:
            value = copies.setdefault(tensor.data_ptr(), tensor.detach().to("cpu", copy=True))
        weights[name.replace(".base_layer.", ".")] = value
    return weights


def load_adapters(model: Any, folder: Path, *, train: bool = False) -> Any:
    """Put the adapters of a folder on their base model.

    Args:
        model: The base model.
        folder: A folder with ``adapter_config.json``.
        train: Whether the adapters are trained on.

    Raises:
        DataError: The adapters are not of this model, or cannot be read.
        SetupError: The lane has no peft.
    """
    peft = _peft()
    try:
        adapted = peft.PeftModel.from_pretrained(model, str(folder), is_trainable=train)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"the adapters do not fit the base model: {first[:300]}",
            at=str(folder),
            hint="name the folder of the base model that the run started from",
        ) from error
    return adapted.train(train)


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise SetupError(
            "LoRA needs the package peft, which this environment lacks",
            at="--lora",
            hint="ppocr-kit env sync vl, or pip install 'ppocr-kit[vl-lora]' into it",
        ) from error
    return peft
