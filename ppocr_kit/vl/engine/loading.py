"""From a model folder to model and processor, as every worker of the lane loads them.

The processor is put together from its parts: folders of the hub name classes that transformers 5
replaced, and the tokenizer alone does not know which of its tokens stands for the picture.
Source: transformers/models/paddleocr_vl @5.23.0.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ppocr_kit.errors import DataError, SetupError, UsageError
from ppocr_kit.vl.model_folder import MODEL_VERSION_KEY, read_model_folder

IMAGE_TOKEN = "<|IMAGE_PLACEHOLDER|>"
IMAGE_START, IMAGE_END = "<|IMAGE_START|>", "<|IMAGE_END|>"
PICTURE_TOKENS = (IMAGE_START, IMAGE_TOKEN, IMAGE_END)
ATTENTIONS = ("auto", "sdpa", "eager", "flash_attention_2")
_DTYPES = ("auto", "float32", "bfloat16", "float16")


def load_model(
    folder: Path | str, device: str = "cpu", dtype: str = "float32", attention: str = "auto"
) -> tuple[Any, Any]:
    """Load a model folder.

    Args:
        folder: The folder.
        device: ``cpu`` or ``cuda``, also with a number.
        dtype: ``float32``, ``bfloat16``, ``float16``, or ``auto`` for what the weights are stored in.
        attention: ``auto`` takes flash attention where its package and a GPU are there, else sdpa.

    Returns:
        The model in evaluation mode on the device, and its processor.

    Raises:
        DataError: The folder lacks files, the weights do not fit the configuration, or a file cannot be read.
        SetupError: The device or the attention is not there.
        UsageError: There is no such dtype or attention.
    """
    import torch
    from transformers import PaddleOCRVLForConditionalGeneration

    if dtype not in _DTYPES:
        raise UsageError(f"there is no dtype '{dtype}'", at="--dtype", hint=", ".join(_DTYPES))
    target = checked_device(device)
    version = read_model_folder(Path(folder)).version
    processor = load_processor(folder)
    try:
        model, info = PaddleOCRVLForConditionalGeneration.from_pretrained(
            str(folder),
            dtype="auto" if dtype == "auto" else getattr(torch, dtype),
            attn_implementation=chosen_attention(attention, target.type),
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise DataError(
            f"the model cannot be loaded: {_first_line(error)}",
            at=str(folder),
            hint="ppocr-kit vl check --model names what the folder lacks",
        ) from error
    _refuse_gaps(info, folder)
    _refuse_other_vocabulary(model, processor, folder)
    if version is not None:
        # a name that tells it is lost when the model is saved elsewhere
        setattr(model.config, MODEL_VERSION_KEY, version)
    return model.to(target).eval(), processor


def load_processor(folder: Path | str) -> Any:
    """Load tokenizer, image processor and chat template of a model folder.

    Raises:
        DataError: One of them is missing or cannot be read.
    """
    from transformers import PaddleOCRVLProcessor
    from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import (
        PaddleOCRVLImageProcessorPil,
    )

    tokenizer = load_tokenizer(folder)
    try:
        images = PaddleOCRVLImageProcessorPil.from_pretrained(str(folder), local_files_only=True)
        template = tokenizer.chat_template or _template_of(Path(folder))
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable("the image processor", folder, error) from error
    if not template:
        raise DataError(
            "the model folder has no chat template",
            at=str(folder),
            hint="copy chat_template.jinja from the folder of the base model",
        )
    return PaddleOCRVLProcessor(image_processor=images, tokenizer=tokenizer, chat_template=template)


def load_tokenizer(folder: Path | str) -> Any:
    """Load the tokenizer of a model folder, with the token that stands for the picture named.

    Raises:
        DataError: It cannot be read, or has no such token.
    """
    from transformers import AutoTokenizer

    # several processes of a data loader would each warn of it
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, extra_special_tokens={"image_token": IMAGE_TOKEN}
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable("the tokenizer", folder, error) from error
    if tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) in (None, tokenizer.unk_token_id):
        raise DataError(
            f"the tokenizer has no {IMAGE_TOKEN}, the token that stands for the picture",
            at=str(folder),
            hint="take tokenizer.json and tokenizer_config.json from the folder of the base model",
        )
    return tokenizer


def checked_device(device: str) -> Any:
    """Return a torch device that is there.

    Raises:
        SetupError: There is no such GPU.
        UsageError: It is no name of a device.
    """
    import torch

    try:
        target = torch.device(device.replace("gpu", "cuda"))
    except RuntimeError as error:
        raise UsageError(f"'{device}' is not a device", at="--device", hint="cpu, gpu or gpu:0") from error
    if target.type == "cuda":
        count = torch.cuda.device_count()
        if not torch.cuda.is_available() or (target.index or 0) >= count:
            raise SetupError(
                f"there is no GPU {target.index or 0}: torch {torch.__version__} sees {count}",
                at=f"--device {device}",
                hint="check nvidia-smi; the lane's lock brings torch for the CPU (docs/install.md)",
            )
    return target


def chosen_attention(attention: str, kind: str) -> str:
    """Return transformers' name of the attention to compute with.

    Args:
        attention: The value of ``--attn``.
        kind: ``cpu`` or ``cuda``.

    Raises:
        SetupError: Flash attention was asked for and is not there.
        UsageError: There is no such attention.
    """
    from transformers.utils import is_flash_attn_2_available

    if attention not in ATTENTIONS:
        raise UsageError(f"there is no attention '{attention}'", at="--attn", hint=", ".join(ATTENTIONS))
    flash = kind == "cuda" and bool(is_flash_attn_2_available())
    if attention == "auto":
        return "flash_attention_2" if flash else "sdpa"
    if attention == "flash_attention_2" and not flash:
        raise SetupError(
            "flash attention needs a GPU and the package flash-attn",
            at="--attn flash_attention_2",
            hint="--attn sdpa computes the same without it",
        )
    return attention


def _template_of(folder: Path) -> str | None:
    """Read ``chat_template.jinja``, which hub folders have beside the tokenizer."""
    file = folder / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _refuse_gaps(info: dict[str, Any], folder: Path | str) -> None:
    """Refuse weights that leave parts of the network at random; transformers only warns."""
    missing = sorted(str(name) for name in info.get("missing_keys", ()))
    other = sorted(str(entry[0]) for entry in info.get("mismatched_keys", ()))
    if missing or other:
        names = ", ".join((missing + other)[:3])
        raise DataError(
            f"the weights leave {len(missing)} parameters at random and have another shape for {len(other)}: "
            f"{names}",
            at=str(folder),
            hint="take weights and config.json from the same model",
        )


def _refuse_other_vocabulary(model: Any, processor: Any, folder: Path | str) -> None:
    """Refuse a tokenizer whose ids the network does not have."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    image_id = int(processor.tokenizer.image_token_id)
    if len(processor.tokenizer) > rows or image_id != int(model.config.image_token_id):
        raise DataError(
            f"the tokenizer is another model's: it has {len(processor.tokenizer)} tokens and pictures are "
            f"token {image_id}, the network has {rows} and {model.config.image_token_id}",
            at=str(folder),
            hint="take the tokenizer's files from the folder of the base model",
        )


def _unreadable(part: str, folder: Path | str, error: Exception) -> DataError:
    return DataError(
        f"{part} cannot be loaded: {_first_line(error)}",
        at=str(folder),
        hint="ppocr-kit vl check --model names what the folder lacks",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
