"""Every finding that checking a configuration can make: code, severity, meaning, what to do.

docs/errors.md lists this table; a test holds the two together. Codes are stable: a retired code is
not given to another finding.
"""

from __future__ import annotations

from ppocr_kit.problems import FindingKind, Problem, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_GIT = "`ppocr-kit vendor sync --source git` brings the complete release"

_TABLE = (
    # the text
    FindingKind(
        "C001", _ERROR, "the file cannot be read, is not YAML, or is not a mapping of sections",
        "mend the line that is named",
    ),
    FindingKind("C002", _ERROR, "a tab where YAML wants spaces", "indent with spaces"),
    FindingKind(
        "C003", _ERROR, "a key stands twice in one section; only the last one counts", "remove one"
    ),
    # sections, keys, values
    FindingKind(
        "C004", _ERROR, "a section that every training needs is missing or empty",
        "start from a recipe: `ppocr-kit config render`",
    ),
    FindingKind(
        "C005", _ERROR, "a key that the release does not look up, so that it would have no effect",
        "write the nearest known key, or remove it",
    ),
    FindingKind("C006", _WARNING, "a key that was read once, and is not any more", "remove the key"),
    FindingKind(
        "C007", _ERROR, "a value of a type that the key does not take, such as `1e-6`, which is text in YAML",
        "write `1.0e-6`; numbers and true/false without quotes",
    ),
    FindingKind(
        "C008", _ERROR, "the text `None`, which is not nothing", "write `null`, or leave the value out"
    ),
    FindingKind(
        "C009", _ERROR, "weights that would be fetched from the web: fails offline, and may change unseen",
        "fetch the file once (`ppocr-kit models fetch`) and give its path",
    ),
    # files
    FindingKind(
        "C010", _ERROR,
        "a list of labels or classes, a data folder, its pictures, or weights that are not there",
        "correct the path; relative paths start from the folder the command runs in",
    ),
    FindingKind(
        "C011", _ERROR, "the character dictionary is not there",
        "correct the path; one inside the release is named in full",
    ),
    FindingKind(
        "C012", _ERROR, "the same list or LMDB trains and chooses the best model",
        "hold pages back for validation",
    ),
    # the run
    FindingKind(
        "C013", _ERROR, "no evaluation falls inside the run, so that there would be no best model",
        "`Global.eval_batch_epoch: 1`; `train --config` does it by itself",
    ),
    FindingKind(
        "C014", _ERROR, "a batch larger than the training rows, so that no step would be made",
        "a smaller batch, or more rows",
    ),
    FindingKind(
        "C015", _ERROR, "a transform that the release does not have",
        "write the nearest known one, or remove it",
    ),
    FindingKind(
        "C016", _WARNING, "a number that is text in YAML, where the release may make a number of it",
        "write `1.0e-6`",
    ),
    FindingKind(
        "C017", _ERROR, "a path of Windows: a drive letter or backslashes",
        "write it relative to the current folder, with forward slashes",
    ),
    FindingKind(
        "C018", _NOTE, "an absolute path, which another machine does not have",
        "write it relative to the current folder if the file is to be shared",
    ),
    FindingKind(
        "C019", _ERROR, "a configuration of PaddleOCR 1.x, which no release since 2.0 can read",
        "start from a recipe of the same model: `ppocr-kit config list`",
    ),
    FindingKind(
        "C020", _ERROR, "a key is missing without which the release stops with KeyError",
        "write the key; `ppocr-kit config show` has an example",
    ),
    # text
    FindingKind(
        "C021", _WARNING, "labels have spaces, and neither the dictionary nor `use_space_char` has one",
        "`use_space_char: true`, unless spaces do not matter",
    ),
    FindingKind(
        "C022", _ERROR, "labels have characters that the dictionary lacks; training would drop them",
        "add them to the dictionary, one per line, or choose another",
    ),
    FindingKind(
        "C023", _WARNING, "a number of classes that does not follow from the dictionary",
        "remove the key: the release counts by itself",
    ),
    # data
    FindingKind(
        "C024", _ERROR, "`ratio_list` has another length than `label_file_list`, or a share that is none",
        "one share from 0 to 1 for each list"
    ),
    FindingKind(
        "C025", _WARNING, "evaluation shuffles or leaves rows out", "`shuffle: false`, `drop_last: false`"
    ),
    # parts that belong together
    FindingKind(
        "C026", _ERROR, "`KeepKeys` does not hand the loss or the metric what it reads, in that order",
        "write the keys that are named",
    ),
    FindingKind(
        "C027", _ERROR, "MultiHead, MultiLoss and MultiLabelEncode contradict each other",
        "the same pair of heads in all three",
    ),
    FindingKind(
        "C028", _WARNING, "a value that differs from the one in `Global`, or that `Global` overrules",
        "write it once, in `Global`",
    ),
    FindingKind(
        "C029", _WARNING, "pictures have another size in training than in evaluation",
        "the same `image_shape` in both",
    ),
    FindingKind(
        "C030", _WARNING, "a distillation or another part that neither the published archive nor the kit has",
        _GIT,
    ),
    FindingKind(
        "C031", _ERROR, "`main_indicator` is no value of the metric", "write one that is named"
    ),
    FindingKind(
        "C032", _ERROR, "loss, decoder or label encoder belong to another head", "write the one that is named"
    ),
    FindingKind(
        "C033", _ERROR, "a data set, decoder, sampler or collator that the release does not have",
        "write the nearest known one",
    ),
    FindingKind(
        "C034", _ERROR, "a list that is empty, or whose rows are not picture, tab, label",
        "write one tab between the two; `ppocr-kit dataset build` writes such lists",
    ),
    FindingKind(
        "C035", _WARNING, "rows of the evaluation are trained on too", "hold pages back for validation"
    ),
    FindingKind(
        "C036", _NOTE, "a line stands in the dictionary more than once, or a space beside `use_space_char`",
        "keep it for weights that were trained so; else remove one",
    ),
    # key information
    FindingKind(
        "C037", _ERROR, "a list of classes that has a blank line, names a class twice, or cannot be read",
        "one class per line in UTF-8, no line blank, each once whatever its letter case",
    ),
    FindingKind(
        "C038", _NOTE, "OTHER is not the first line of the list of classes",
        "put it there, as PaddleOCR's own lists have it; what has no class is OTHER all the same",
    ),
    FindingKind(
        "C039", _ERROR, "rows have labels that the list of classes lacks, or that RE does not know",
        "add the class or correct the rows; `dataset build --tasks ser,re` writes lists that fit",
    ),
    FindingKind(
        "C040", _ERROR, "`max_seq_len` is longer than the network's window, or differs between transforms",
        "the same number in all, at most 512",
    ),
    FindingKind(
        "C041", _ERROR, "training, evaluation and PostProcess read different lists of classes",
        "the same `class_path` in all",
    ),
    FindingKind(
        "C042", _WARNING, "the folder of the network has no tokenizer; it would be fetched from the web",
        "put its sentencepiece.bpe.model there, or name a folder of it as PPOCR_KIT_KIE_TOKENIZER",
    ),
)  # fmt: skip

LINT_CODES: dict[str, FindingKind] = {entry.code: entry for entry in _TABLE}

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
