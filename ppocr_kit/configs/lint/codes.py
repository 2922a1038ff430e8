"""Every finding that checking a configuration can make: code, severity, meaning, what to do.

docs/errors.md lists this table; a test holds the two together. Codes are stable: a retired code is
not given to another finding.
"""

from __future__ import annotations

from dataclasses import dataclass

from ppocr_kit.problems import Problem, Severity


@dataclass(frozen=True)
class LintCode:
    """A kind of finding.

    Attributes:
        code: Stable name.
        severity: An error stops ``ppocr-kit train --config``; a warning is shown; a note is only good
            to know.
        meaning: What it says, one sentence.
        remedy: What to do.
    """

    code: str
    severity: Severity
    meaning: str
    remedy: str


_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_GIT = "`ppocr-kit vendor sync --source git` brings the complete release"

_TABLE = (
    # the text
    LintCode(
        "C001", _ERROR, "the file cannot be read, is not YAML, or is not a mapping of sections",
        "mend the line that is named",
    ),
    LintCode("C002", _ERROR, "a tab where YAML wants spaces", "indent with spaces"),
    LintCode(
        "C003", _ERROR, "a key stands twice in one section; only the last one counts", "remove one"
    ),
    # sections, keys, values
    LintCode(
        "C004", _ERROR, "a section that every training needs is missing or empty",
        "start from a recipe: `ppocr-kit config render`",
    ),
    LintCode(
        "C005", _ERROR, "a key that the release does not look up, so that it would have no effect",
        "write the nearest known key, or remove it",
    ),
    LintCode("C006", _WARNING, "a key that was read once, and is not any more", "remove the key"),
    LintCode(
        "C007", _ERROR, "a value of a type that the key does not take, such as `1e-6`, which is text in YAML",
        "write `1.0e-6`; numbers and true/false without quotes",
    ),
    LintCode(
        "C008", _ERROR, "the text `None`, which is not nothing", "write `null`, or leave the value out"
    ),
    LintCode(
        "C009", _ERROR, "weights that would be fetched from the web: fails offline, and may change unseen",
        "fetch the file once (`ppocr-kit models fetch`) and give its path",
    ),
    # files
    LintCode(
        "C010", _ERROR, "a label list, a data folder, its pictures, or weights that are not there",
        "correct the path; relative paths start from the folder the command runs in",
    ),
    LintCode(
        "C011", _ERROR, "the character dictionary is not there",
        "correct the path; one inside the release is named in full",
    ),
    LintCode(
        "C012", _ERROR, "the same list or LMDB trains and chooses the best model",
        "hold pages back for validation",
    ),
    # the run
    LintCode(
        "C013", _ERROR, "no evaluation falls inside the run, so that there would be no best model",
        "`Global.eval_batch_epoch: 1`; `train --config` does it by itself",
    ),
    LintCode(
        "C014", _ERROR, "a batch larger than the training rows, so that no step would be made",
        "a smaller batch, or more rows",
    ),
    LintCode(
        "C015", _ERROR, "a transform that the release does not have",
        "write the nearest known one, or remove it",
    ),
    LintCode(
        "C016", _WARNING, "a number that is text in YAML, where the release may make a number of it",
        "write `1.0e-6`",
    ),
    LintCode(
        "C017", _ERROR, "a path of Windows: a drive letter or backslashes",
        "write it relative to the current folder, with forward slashes",
    ),
    LintCode(
        "C018", _NOTE, "an absolute path, which another machine does not have",
        "write it relative to the current folder if the file is to be shared",
    ),
    LintCode(
        "C019", _ERROR, "a configuration of PaddleOCR 1.x, which no release since 2.0 can read",
        "start from a recipe of the same model: `ppocr-kit config list`",
    ),
    LintCode(
        "C020", _ERROR, "a key is missing without which the release stops with KeyError",
        "write the key; `ppocr-kit config show` has an example",
    ),
    # text
    LintCode(
        "C021", _WARNING, "labels have spaces, and neither the dictionary nor `use_space_char` has one",
        "`use_space_char: true`, unless spaces do not matter",
    ),
    LintCode(
        "C022", _ERROR, "labels have characters that the dictionary lacks; training would drop them",
        "add them to the dictionary, one per line, or choose another",
    ),
    LintCode(
        "C023", _WARNING, "a number of classes that does not follow from the dictionary",
        "remove the key: the release counts by itself",
    ),
    # data
    LintCode(
        "C024", _ERROR, "`ratio_list` has another length than `label_file_list`, or a share that is none",
        "one share from 0 to 1 for each list"
    ),
    LintCode(
        "C025", _WARNING, "evaluation shuffles or leaves rows out", "`shuffle: false`, `drop_last: false`"
    ),
    # parts that belong together
    LintCode(
        "C026", _ERROR, "`KeepKeys` does not hand the loss or the metric what it reads, in that order",
        "write the keys that are named",
    ),
    LintCode(
        "C027", _ERROR, "MultiHead, MultiLoss and MultiLabelEncode contradict each other",
        "the same pair of heads in all three",
    ),
    LintCode(
        "C028", _WARNING, "a value that differs from the one in `Global`, or that `Global` overrules",
        "write it once, in `Global`",
    ),
    LintCode(
        "C029", _WARNING, "pictures have another size in training than in evaluation",
        "the same `image_shape` in both",
    ),
    LintCode(
        "C030", _WARNING, "a distillation or another part that neither the published archive nor the kit has",
        _GIT,
    ),
    LintCode(
        "C031", _ERROR, "`main_indicator` is no value of the metric", "write one that is named"
    ),
    LintCode(
        "C032", _ERROR, "loss, decoder or label encoder belong to another head", "write the one that is named"
    ),
    LintCode(
        "C033", _ERROR, "a data set, decoder, sampler or collator that the release does not have",
        "write the nearest known one",
    ),
    LintCode(
        "C034", _ERROR, "a list that is empty, or whose rows are not picture, tab, label",
        "write one tab between the two; `ppocr-kit dataset build` writes such lists",
    ),
    LintCode(
        "C035", _WARNING, "rows of the evaluation are trained on too", "hold pages back for validation"
    ),
    LintCode(
        "C036", _NOTE, "a line stands in the dictionary more than once, or a space beside `use_space_char`",
        "keep it for weights that were trained so; else remove one",
    ),
)  # fmt: skip

LINT_CODES: dict[str, LintCode] = {entry.code: entry for entry in _TABLE}

# What `train --config` puts right by itself, and says so.
REPAIRED_BY_TRAINING = ("C013",)


def finding(code: str, message: str, file: str, line: int | None, hint: str | None = None) -> Problem:
    """Make a finding of a known kind.

    Args:
        code: One of ``LINT_CODES``.
        message: What is wrong, one sentence.
        file: The file, as the user named it.
        line: Line from 1, or None for the file as a whole.
        hint: What to do; the remedy of the table by default.
    """
    kind = LINT_CODES[code]
    return Problem(code, kind.severity, message, file, line, hint=hint or kind.remedy.replace("`", ""))
