"""Small tokenizers of three kinds, trained on the texts at hand: for models that are made, not fetched.

``byte`` splits into bytes (GPT-2's alphabet), ``unigram`` and ``llama`` mark a space as part of the word
that follows it and fall back to bytes; both put a space before a text, as Llama's tokenizer does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ppocr_kit.vl.engine.loading import IMAGE_END, IMAGE_START, IMAGE_TOKEN, PICTURE_TOKENS

PAD, BEGIN, END = "<unk>", "<s>", "</s>"
SENTENCE = "<|begin_of_sentence|>"
CONTROL_TOKENS = (PAD, BEGIN, END, SENTENCE, *PICTURE_TOKENS)
_SPACE = "▁"
_BYTES = tuple(f"<0x{value:02X}>" for value in range(256))
_PIECES = 256


def make_tokenizer(kind: str, texts: Sequence[str]) -> Any:
    """Return a tokenizer as transformers has it, with the control tokens of PaddleOCR-VL.

    Args:
        kind: ``byte``, ``unigram`` or ``llama``.
        texts: What its pieces are learned from. Every other text can be said too, in bytes.
    """
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=KINDS[kind](list(texts)),
        unk_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        cls_token=SENTENCE,
        extra_special_tokens={"image_token": IMAGE_TOKEN},
        clean_up_tokenization_spaces=False,
    )
    made.add_special_tokens({"additional_special_tokens": [IMAGE_START, IMAGE_END]})
    return made


def _byte(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*CONTROL_TOKENS, *letters])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=PAD))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    return _with_control_tokens(made)


def _unigram(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, models, trainers

    trainer = trainers.UnigramTrainer(
        vocab_size=_PIECES, unk_token=PAD, special_tokens=[PAD], show_progress=False
    )
    learner = _learned(Tokenizer(models.Unigram()), trainer, texts)
    pieces = sorted(set(learner.get_vocab()) - {*CONTROL_TOKENS, *_BYTES})
    # longer pieces first; bytes only where nothing else says it; control tokens are no pieces at all,
    # because any text that spells one would become it
    scores = [(PAD, -1e6)]
    scores += [(token, -20.0) for token in _BYTES]
    scores += [(piece, -8.0 / len(piece)) for piece in pieces]
    made = _spaced(Tokenizer(models.Unigram(scores, unk_id=0, byte_fallback=True)))
    made.pre_tokenizer = _words()
    return made


def _llama(texts: list[str]) -> Any:
    from tokenizers import Tokenizer, models, trainers

    trainer = trainers.BpeTrainer(vocab_size=_PIECES, special_tokens=[PAD], show_progress=False)
    learned = json.loads(_learned(Tokenizer(models.BPE(unk_token=PAD)), trainer, texts).to_str())["model"]
    pieces = [piece for piece in learned["vocab"] if piece not in {*CONTROL_TOKENS, *_BYTES}]
    vocabulary = {token: number for number, token in enumerate([*CONTROL_TOKENS, *_BYTES, *pieces])}
    merges = [tuple(pair) for pair in learned["merges"]]
    return _spaced(
        Tokenizer(
            models.BPE(vocab=vocabulary, merges=merges, unk_token=PAD, fuse_unk=True, byte_fallback=True)
        )
    )


KINDS: dict[str, Callable[[list[str]], Any]] = {"byte": _byte, "unigram": _unigram, "llama": _llama}


def _learned(learner: Any, trainer: Any, texts: list[str]) -> Any:
    """Train on the texts and on the words of the chat; trainers fail on nothing at all."""
    learner.normalizer, learner.pre_tokenizer = _mark_spaces(), _words()
    chat = ["User: OCR:\nAssistant: ", "Table Recognition: Chart Formula"]
    learner.train_from_iterator([*texts, *chat] * 2, trainer)
    return learner


def _mark_spaces() -> Any:
    from tokenizers import normalizers

    return normalizers.Sequence([normalizers.Prepend(_SPACE), normalizers.Replace(" ", _SPACE)])


def _words() -> Any:
    from tokenizers import pre_tokenizers

    return pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="never", split=True)


def _spaced(made: Any) -> Any:
    """Give a tokenizer the treatment of spaces that SentencePiece has."""
    from tokenizers import decoders

    made.normalizer = _mark_spaces()
    made.decoder = decoders.Sequence(
        [
            decoders.Replace(_SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    return _with_control_tokens(made)


def _with_control_tokens(made: Any) -> Any:
    from tokenizers import AddedToken

    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in CONTROL_TOKENS])
    return made
