"""Options about key information (SER and RE) that ``dataset build`` and ``labels check`` share."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ppocr_kit.datasets.kie_request import KieRequest

Command = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--pair",
        "pairs",
        multiple=True,
        metavar="Q=A",
        help="re: classes of questions and answers that belong together whatever they are called; may be "
        "repeated.",
    ),
    click.option(
        "--classes",
        type=click.Path(dir_okay=False, path_type=Path),
        help="ser, re: file with the classes that count, one per line; others become OTHER, and are told. "
        "Default: those of the labels.",
    ),
    click.option(
        "--tokenizer",
        metavar="FOLDER",
        type=click.Path(file_okay=False, path_type=Path),
        help="ser, re: folder of the network's sentencepiece.bpe.model, to count tokens exactly (in the "
        "lane kie). Default: estimate them, rather too many.",
    ),
    click.option(
        "--max-seq-len",
        type=int,
        default=512,
        show_default=True,
        help="ser, re: tokens of the network's window; a longer page is cut into several.",
    ),
    click.option(
        "--window-overlap",
        type=click.IntRange(min=0),
        default=128,
        show_default=True,
        help="ser, re: tokens that neighbouring windows have in common.",
    ),
)


def kie_options(command: Command) -> Command:
    """Add the options to a command, which gets them as one argument ``kie: KieRequest``."""

    @functools.wraps(command)
    def with_kie(
        *args: Any,
        pairs: tuple[str, ...],
        classes: Path | None,
        tokenizer: Path | None,
        max_seq_len: int,
        window_overlap: int,
        **rest: Any,
    ) -> Any:
        from ppocr_kit.datasets.kie_request import KieRequest
        from ppocr_kit.labels.kie_window_plan import WindowOptions
        from ppocr_kit.labels.link_naming import parse_class_pairs

        tokens = None
        if tokenizer is not None:
            from ppocr_kit.runs.token_counts import LaneTokens

            tokens = LaneTokens(tokenizer)
        windows = WindowOptions(max_seq_len, window_overlap)
        return command(*args, kie=KieRequest(parse_class_pairs(pairs), classes, tokens, windows), **rest)

    for option in reversed(_OPTIONS):
        with_kie = option(with_kie)
    return with_kie


def spell_kie_options(request: KieRequest) -> str:
    """Return a request as it is written on a command line, with a space before; nothing for the defaults."""
    from ppocr_kit.datasets.kie_request import KieRequest
    from ppocr_kit.runs.token_counts import LaneTokens

    default, windows = KieRequest().windows, request.windows
    words = [word for question, answer in request.pairs for word in ("--pair", f"{question}={answer}")]
    if request.classes is not None:
        words += ["--classes", str(request.classes)]
    if isinstance(request.tokens, LaneTokens):
        words += ["--tokenizer", str(request.tokens.folder)]
    if windows.tokens != default.tokens:
        words += ["--max-seq-len", str(windows.tokens)]
    if windows.overlap != default.overlap:
        words += ["--window-overlap", str(windows.overlap)]
    return "".join(f" {shlex.quote(word)}" for word in words)
