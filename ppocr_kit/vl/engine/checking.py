"""What training would make of a data set: one row token by token, and the lengths and texts of all rows.

Worker of ``vl/checking.py``. Its answers are ``{"done"}``, rows looked at since the last one; at the end
``{"rows", "lengths", "prompts", "row", "findings"}``. A finding is ``{"code", "split", "line", "detail"}``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from ppocr_kit.errors import DataError
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.encoding import IGNORED, Encoder
from ppocr_kit.vl.engine.loading import load_processor
from ppocr_kit.vl.engine.serving import Put, serve
from ppocr_kit.vl.engine.templates import render_question, versions_of
from ppocr_kit.vl.pictures import read_picture
from ppocr_kit.vl.prompts import NEWER_PROMPTS, PROMPTS
from ppocr_kit.vl.rows import VlRow, read_rows

Finding = dict[str, Any]
_TOLD_TOGETHER = 500
_SHOWN_TEXT = 40


def work(job: dict[str, Any], put: Put) -> None:
    """Check the model's way of asking, then every row, then show one.

    Raises:
        DataError: The processor cannot be loaded, a file of rows cannot be read, or there is no such row.
    """
    processor = load_processor(job["model"])
    limits = {name: job[name] for name in ("max_length", "min_pixels", "max_pixels")}
    encoder = Encoder(processor, **limits)
    findings = [*template_findings(versions_of(processor), job["version"], job["version_from"])]
    lengths: list[int] = []
    prompts: Counter[str] = Counter()
    shown = None
    for split, name in job["splits"].items():
        for line, row in enumerate(read_rows(Path(job["root"]) / name), 1):
            prompts[row.prompt] += 1
            findings += [
                {"split": split, "line": line, **found} for found in row_findings(encoder, row, lengths)
            ]
            if (split, line) == (job["split"], job["row"]):
                shown = row
            if line % _TOLD_TOGETHER == 0:
                put({"done": _TOLD_TOGETHER})
    answer: dict[str, Any] = {
        "versions": versions_of(processor),
        "questions": {
            name: {"prompt": prompt, "rendered": render_question(processor, prompt)}
            for name, prompt in PROMPTS.items()
        },
        "rows": len(lengths),
        "lengths": _spread(lengths),
        "prompts": dict(prompts.most_common()),
        "row": None,
    }
    if shown is not None:
        found, answer["row"] = look_at_row(
            Encoder(processor, **{**limits, "max_length": None}), shown, job["root"]
        )
        findings += [{"split": job["split"], "line": job["row"], **entry} for entry in found]
    elif job["splits"]:
        raise DataError(
            f"split {job['split']} has no row {job['row']}", at="--row", hint="rows are counted from 1"
        )
    put({**answer, "findings": findings})


def template_findings(
    template_versions: tuple[str, ...], version: str | None, version_from: str
) -> Iterator[Finding]:
    """Yield a finding when the chat template does not belong to the version of the model.

    Args:
        template_versions: Versions whose answers begin as the template lets them.
        version: Of the model, or None where nothing tells it.
        version_from: What tells it.
    """
    ours = " or ".join(template_versions) or "no version that is known"
    if not template_versions:
        yield {"code": "V043", "detail": "answers begin in another way than in 1.0, 1.5 and 1.6"}
    elif version is not None and version not in template_versions:
        yield {
            "code": "V043",
            "detail": f"the template is of {ours}, the model of {version} (by {version_from})",
        }


def row_findings(encoder: Encoder, row: VlRow, lengths: list[int]) -> Iterator[Finding]:
    """Yield what is wrong with a row, without opening its picture; append its length in tokens."""
    try:
        answer = encoder.answer_ids(row.completion)
    except DataError as error:
        yield {"code": "V044", "detail": error.message}
        return
    try:
        length = encoder.count_tokens(row.width, row.height, row.prompt) + len(answer)
    except DataError as error:
        yield {"code": "V005", "detail": error.message}
        return
    lengths.append(length)
    if encoder.max_length is not None and length > encoder.max_length:
        yield {"code": "V042", "detail": f"{length} tokens, --max-length is {encoder.max_length}"}
    back = encoder.processor.tokenizer.decode(answer[:-1], clean_up_tokenization_spaces=False)
    if back != row.completion:
        detail = f"{row.completion[:_SHOWN_TEXT]!r} becomes {back[:_SHOWN_TEXT]!r}"
        yield {"code": "V045", "detail": detail}
    if row.prompt not in {*PROMPTS.values(), *NEWER_PROMPTS.values()}:
        yield {"code": "V011", "detail": repr(row.prompt[:_SHOWN_TEXT])}


def look_at_row(encoder: Encoder, row: VlRow, root: str) -> tuple[list[Finding], dict[str, Any]]:
    """Make a batch of a row as training does, and return what is wrong with it and its tokens.

    Raises:
        DataError: Its picture cannot be used.
    """
    tokenizer = encoder.processor.tokenizer
    encoded = encoder.encode(read_picture(Path(root) / row.image).image, row.prompt, row.completion)
    batch = Collator(int(tokenizer.pad_token_id or 0))([encoded])
    tokens = list(_tokens(tokenizer, encoder.image_id, batch))
    answer = tokenizer.decode(supervised_ids(batch), skip_special_tokens=True)
    described = {
        "image": row.image,
        "prompt": row.prompt,
        "completion": row.completion,
        "supervised_text": answer,
        "supervised": encoded.supervised,
        "length": encoded.length,
        "patches": [int(number) for number in encoded.image_grid_thw[0, 1:]],
        "tokens": tokens,
    }
    return list(batch_findings(batch, encoder.end_id)), described


def supervised_ids(batch: Mapping[str, torch.Tensor]) -> list[int]:
    """Return the tokens of the first row that the loss counts."""
    labels = batch["labels"][0]
    return [int(token) for token in labels[labels != IGNORED]]


def batch_findings(batch: Mapping[str, torch.Tensor], end_id: int) -> Iterator[Finding]:
    """Yield what would keep a batch of one row from teaching anything.

    Args:
        batch: What the model is given.
        end_id: The token that ends an answer.
    """
    learned = supervised_ids(batch)
    if not learned:
        yield {"code": "V040", "detail": f"0 of {int(batch['attention_mask'].sum())} tokens"}
    elif learned[-1] != end_id:
        yield {"code": "V041", "detail": f"the last one is token {learned[-1]}, not {end_id}"}


def _tokens(tokenizer: Any, image_id: int, batch: Mapping[str, torch.Tensor]) -> Iterator[dict[str, Any]]:
    """Yield runs of the picture's token once, and every other token of the first row."""
    real = batch["attention_mask"][0].bool()
    ids = [int(token) for token in batch["input_ids"][0][real]]
    learned = [bool(label != IGNORED) for label in batch["labels"][0][real]]
    read: list[int] = []
    said = ""
    for place, token in enumerate(ids):
        if token == image_id and place and ids[place - 1] == image_id:
            continue
        read.append(token)
        now = str(tokenizer.decode(read, clean_up_tokenization_spaces=False))
        # several tokens may make one character: the last of them shows it, the others their own names
        whole = now.startswith(said) and not now.endswith("\ufffd")
        yield {
            "id": token,
            "text": now[len(said) :] if whole else str(tokenizer.convert_ids_to_tokens(token)),
            "times": ids.count(image_id) if token == image_id else 1,
            "supervised": learned[place],
        }
        said = now if whole else said


def _spread(lengths: list[int]) -> dict[str, int]:
    """Return the least, middle and greatest of lengths."""
    if not lengths:
        return {}
    ordered = sorted(lengths)
    return {"least": ordered[0], "median": ordered[len(ordered) // 2], "most": ordered[-1]}


if __name__ == "__main__":
    serve(work)
