"""A whole model folder of PaddleOCR-VL, made in a second: the real classes, small and untrained.

It has every file that a fetched folder has, so that whatever works with it works with the real one.
It can learn some strings by heart and nothing more. Also the worker of ``ppocr-kit vl tiny``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ppocr_kit.errors import UsageError
from ppocr_kit.storage import atomic_folder
from ppocr_kit.vl.engine.loading import IMAGE_END, IMAGE_START
from ppocr_kit.vl.engine.serving import Put, serve
from ppocr_kit.vl.engine.templates import TEMPLATES
from ppocr_kit.vl.engine.tiny_tokenizers import BEGIN, END, KINDS, PAD, make_tokenizer
from ppocr_kit.vl.model_folder import MODEL_VERSION_KEY

# A crop of 28 x 28 pixels is one token; the largest has 64.
MIN_PIXELS, MAX_PIXELS = 4 * 28 * 28, 64 * 28 * 28
_HEAD = 16
_WIDTH = 64
# The start that suits a thousand channels is too faint for 64: pictures would look the same to it, and of
# eight short texts it learned none in the 60 steps in which it now learns all.
_SEES, _SAYS = 5.0, 3.0
# Times the spread that transformers begins with, which is meant for layers some 16 times as wide: with it
# layers this narrow hand on so little of a picture that the model cannot tell similar ones apart.
_SPREAD = 5.0


def make_tiny(
    folder: Path | str,
    *,
    version: str = "1.5",
    texts: Sequence[str] = (),
    tokenizer: str = "byte",
    seed: int = 0,
) -> Path:
    """Write a model folder with random weights, about 280,000 of them.

    Args:
        folder: Where; a folder that is there is replaced.
        version: Version of PaddleOCR-VL whose chat template it gets.
        texts: What the tokenizer's pieces are learned from; ``byte`` needs none.
        tokenizer: ``byte``, ``unigram`` or ``llama``.
        seed: Of the weights; the same seed gives the same folder.

    Returns:
        The folder.

    Raises:
        UsageError: There is no such version or tokenizer.
    """
    from transformers import PaddleOCRVLProcessor
    from transformers.models.paddleocr_vl.image_processing_pil_paddleocr_vl import (
        PaddleOCRVLImageProcessorPil,
    )

    if version not in TEMPLATES:
        raise UsageError(f"there is no version '{version}'", at="--version", hint=", ".join(TEMPLATES))
    if tokenizer not in KINDS:
        raise UsageError(f"there is no tokenizer '{tokenizer}'", at="--tokenizer", hint=", ".join(KINDS))
    words = make_tokenizer(tokenizer, texts)
    processor = PaddleOCRVLProcessor(
        image_processor=PaddleOCRVLImageProcessorPil(min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS),
        tokenizer=words,
        chat_template=TEMPLATES[version],
    )
    model = _network(words, version, seed)
    with atomic_folder(Path(folder)) as unfinished:
        model.save_pretrained(unfinished)
        processor.save_pretrained(unfinished)
    return Path(folder)


def _network(words: Any, version: str, seed: int) -> Any:
    """Return the network in the sizes of a toy."""
    import torch
    from transformers import (
        GenerationConfig,
        PaddleOCRVLConfig,
        PaddleOCRVLForConditionalGeneration,
    )

    tokens = {name: int(words.convert_tokens_to_ids(name)) for name in (PAD, BEGIN, END)}
    config = PaddleOCRVLConfig(
        text_config={
            "vocab_size": len(words),
            "hidden_size": _WIDTH,
            "intermediate_size": 2 * _WIDTH,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": _HEAD,
            "max_position_embeddings": 2048,
            "pad_token_id": tokens[PAD],
            "bos_token_id": tokens[BEGIN],
            "eos_token_id": tokens[END],
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [2, 3, 3],
            },
        },
        vision_config={
            "hidden_size": _WIDTH,
            "intermediate_size": 2 * _WIDTH,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 56,
        },
        image_token_id=int(words.image_token_id),
        vision_start_token_id=int(words.convert_tokens_to_ids(IMAGE_START)),
        vision_end_token_id=int(words.convert_tokens_to_ids(IMAGE_END)),
        # no token of this model stands for a video
        video_token_id=len(words),
        **{MODEL_VERSION_KEY: version},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = PaddleOCRVLForConditionalGeneration(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(_SPREAD)
    model.generation_config = GenerationConfig(
        pad_token_id=tokens[PAD], bos_token_id=tokens[BEGIN], eos_token_id=tokens[END]
    )
    return model


def work(job: dict[str, Any], put: Put) -> None:
    """Make the folder that ``ppocr-kit vl tiny`` asks for."""
    folder = make_tiny(
        job["folder"],
        version=job["version"],
        texts=job["texts"],
        tokenizer=job["tokenizer"],
        seed=job["seed"],
    )
    put({"folder": str(folder), "files": sorted(path.name for path in folder.iterdir())})


if __name__ == "__main__":
    serve(work)
