"""Time the character error rate beside jiwer in one run, and check that both give the same value.

    python benchmarks/vl_cer.py [--rows 10000] [--rounds 5]

jiwer is no dependency of the kit: ``pip install jiwer==4.0.0`` into the environment that runs this (it brings
its own rapidfuzz, so best into a copy). Without it the script says so and ends with 1.

Rows are drawn texts of 4 to 41 characters, at three error rates: a tuned model, a poor one, a base model that
knows nothing of the domain. Timed are

* ``cer``: the corpus CER alone, ``corpus_cer`` beside ``jiwer.cer``;
* ``counts``: all that ``score_edits`` says but the intervals (two forms of the texts, kinds of edits, mean,
  exact match) beside ``jiwer.process_characters`` of the same two forms;
* ``report``: the same with intervals of 1,000 draws, which jiwer does not have.

It ends with 1 when a value differs by more than 1e-12 or ``cer`` is less than 50 times as fast.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ppocr_kit.metrics.edits import corpus_cer, score_edits  # noqa: E402

ERROR_RATES = (0.02, 0.1, 0.6)
WANTED = 50
TOLERANCE = 1e-12
LETTERS = string.ascii_letters + string.digits + "äöüß漫画の吹き出し "
Pairs = list[tuple[str, str]]


def draw_text(source: random.Random) -> str:
    """Draw 4 to 41 characters; the ends are no spaces, which jiwer would take off."""
    return "x" + "".join(source.choices(LETTERS, k=source.randrange(2, 40))) + "x"


def misread(text: str, rate: float, source: random.Random) -> str:
    """Substitute, delete and insert characters between the ends, each kind for a third of the errors."""
    written = [text[0]]
    for letter in text[1:-1]:
        drawn = source.random()
        if drawn > rate:
            written.append(letter)
        elif drawn < rate / 3:
            written.append(source.choice(LETTERS))
        elif drawn < 2 * rate / 3:
            written += [letter, source.choice(LETTERS)]
    return "".join([*written, text[-1]])


def seconds_of(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the least CPU seconds of a piece of work, and what it answered last."""
    least, answer = float("inf"), None
    for _ in range(rounds):
        start = time.process_time()
        answer = work()
        least = min(least, time.process_time() - start)
    return least, answer


def measure(jiwer: Any, pairs: Pairs, rounds: int) -> tuple[float, float]:
    """Time one set of rows and print a line of the table.

    Returns:
        How many times as fast the CER is, and the largest difference of a value.
    """
    expected, predicted = (list(texts) for texts in zip(*pairs))
    bare = [["".join(text.split()) for text in texts] for texts in (expected, predicted)]
    # milliseconds need more tries than tenths of a second to meet a quiet moment
    ours, cer = seconds_of(lambda: corpus_cer(pairs), 20 * rounds)
    theirs, wanted = seconds_of(lambda: jiwer.cer(expected, predicted), rounds)
    counts, report = seconds_of(lambda: score_edits(pairs, resamples=0), rounds)
    both, forms = seconds_of(
        lambda: [jiwer.process_characters(*texts) for texts in ((expected, predicted), bare)], rounds
    )
    whole, _ = seconds_of(lambda: score_edits(pairs), rounds)
    difference = abs(cer - wanted)
    for view, form in zip(report.views.values(), forms):
        kinds = (view.substitutions, view.deletions, view.insertions)
        difference = max(difference, abs(view.cer - form.cer))
        difference += kinds != (form.substitutions, form.deletions, form.insertions)
    print(
        f"{cer:6.3f} | cer {ours * 1e3:6.1f} ms, jiwer {theirs * 1e3:7.1f} ms: {theirs / ours:5.0f} x"
        f" | counts {counts * 1e3:6.1f} ms, jiwer {both * 1e3:7.1f} ms: {both / counts:4.0f} x"
        f" | report {whole * 1e3:6.1f} ms"
    )
    return theirs / ours, difference


def main() -> int:
    """Measure all error rates; see the module's docstring."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    try:
        import jiwer
    except ImportError:
        print("jiwer is not here: pip install jiwer==4.0.0", file=sys.stderr)
        return 1
    source = random.Random(0)
    texts = [draw_text(source) for _ in range(options.rows)]
    slowest, differing = float("inf"), 0.0
    for rate in ERROR_RATES:
        pairs = [(text, misread(text, rate, source)) for text in texts]
        factor, difference = measure(jiwer, pairs, options.rounds)
        slowest, differing = min(slowest, factor), max(differing, difference)
    print(
        f"{options.rows} rows; CER at least {slowest:.0f} times as fast; largest difference {differing:.1e}"
    )
    return int(slowest < WANTED or differing > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
