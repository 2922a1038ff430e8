"""Every row is looked at before the first step: what would end a training after hours ends it now."""

from __future__ import annotations

from collections.abc import Iterator

from ppocr_kit.errors import DataError
from ppocr_kit.problems import Severity
from ppocr_kit.vl.codes import VL_CODES
from ppocr_kit.vl.engine.checking import Finding, batch_findings, row_findings, template_findings
from ppocr_kit.vl.engine.collating import Collator
from ppocr_kit.vl.engine.examples import Examples
from ppocr_kit.vl.engine.templates import versions_of
from ppocr_kit.vl.pictures import BadPicture, measure_picture
from ppocr_kit.vl.rows import VlRow

_SHOWN = 5


def check_model(examples: Examples, version: str | None, version_from: str) -> None:
    """Refuse a chat template of another version, and one under which nothing would be learnt.

    Args:
        examples: Rows; the first is encoded as training does it.
        version: Of the model, or None where nothing tells it.
        version_from: What tells it.

    Raises:
        DataError: The model would be trained on questions or answers that it will never meet.
    """
    encoder = examples.encoder
    findings = list(template_findings(versions_of(encoder.processor), version, version_from))
    batch = Collator(int(encoder.processor.tokenizer.pad_token_id or 0))([examples[0]])
    findings += batch_findings(batch, encoder.end_id)
    wrong = [f"{_meaning(found)}: {found['detail']}" for found in findings if _is_error(found)]
    if wrong:
        raise DataError(
            "; ".join(wrong), at="--model", hint="ppocr-kit vl check shows what the model would read"
        )


def checked_lengths(examples: Examples) -> list[int]:
    """Return the tokens of every row.

    Raises:
        DataError: Rows cannot be trained with; all of them are counted, the first are named.
    """
    lengths: list[int] = []
    wrong = [
        f"{row.image}: {_meaning(found)} ({found['detail']})"
        for row in examples.rows
        for found in _row_findings(examples, row, lengths)
        if _is_error(found)
    ]
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise DataError(
            f"{len(wrong)} of {len(examples)} rows cannot be used: {'; '.join(wrong[:_SHOWN])}{more}",
            at=str(examples.root),
            hint="ppocr-kit vl check names each; raise --max-length, lower --max-pixels, or leave rows out",
        )
    return lengths


def _row_findings(examples: Examples, row: VlRow, lengths: list[int]) -> Iterator[Finding]:
    yield from row_findings(examples.encoder, row, lengths)
    if not row.completion.strip():
        yield {"code": "V020", "detail": repr(row.completion)}
    try:
        size = measure_picture(examples.root / row.image)
    except BadPicture as error:
        yield {"code": "V005", "detail": error.message}
        return
    if size != (row.width, row.height):
        yield {"code": "V005", "detail": f"it is {size} pixels large, and was {(row.width, row.height)}"}


def _is_error(found: Finding) -> bool:
    return VL_CODES[found["code"]].severity is Severity.ERROR


def _meaning(found: Finding) -> str:
    return VL_CODES[found["code"]].meaning
