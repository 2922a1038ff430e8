"""``ppocr-kit models``: the official training weights, fetched and kept; a small network made here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ppocr_kit.cli.console import print_json
from ppocr_kit.errors import SetupError, UsageError
from ppocr_kit.pretrained.catalogue import LICENCE, PretrainedWeights, find_weights, list_weights
from ppocr_kit.tasks import TEXT_TASKS, Task

if TYPE_CHECKING:
    from ppocr_kit.pretrained.fetch import Fetched

_FETCH_EPILOG = """Examples:

  ppocr-kit models fetch en_PP-OCRv4_mobile_rec

  ppocr-kit models fetch PP-OCRv5_mobile_det PP-OCRv5_mobile_rec --url https://mirror.example.org/paddle

  ppocr-kit models fetch PP-OCRv5_server_rec --from PP-OCRv5_server_rec_pretrained.pdparams
"""

_TINY_EPILOG = """Examples:

  ppocr-kit models tiny layoutxlm --texts train_data/forms --out tiny

  ppocr-kit train ser --dataset train_data/forms --pretrained tiny --lr 0.003 --max-seq-len 128
"""

_cache_option = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    help="Folder that keeps the weights.  [default: $PPOCR_KIT_CACHE, or the user's cache]",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group(epilog="Example: ppocr-kit models fetch rec_en_number_lite_train")
def models() -> None:
    """List and fetch the official training weights, which train --pretrained starts from."""


@models.command(name="list", epilog="Example: ppocr-kit models list --task rec")
@click.option("--task", type=click.Choice([str(task) for task in TEXT_TASKS]), help="Only this task.")
@_cache_option
@_json_option
def list_command(task: str | None, cache: Path | None, as_json: bool) -> None:
    """List the weights: recipe, size, dictionary, whether they are here, and where they come from."""
    from ppocr_kit.pretrained.cache import cache_folder

    folder = cache_folder(cache)
    entries = list_weights(Task(task) if task else None)
    if as_json:
        print_json([_facts(entry, folder) for entry in entries])
        return
    for entry in entries:
        _print_entry(entry, folder)
    click.echo(f"licence of all: {LICENCE}; cache: {folder}")


@models.command(epilog=_FETCH_EPILOG, context_settings={"max_content_width": 100})
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--url", help="A mirror: address of the file, or of a folder that has it under its own name.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="A .pdparams file or tar archive that was brought from another machine.",
)
@click.option("--force", is_flag=True, help="Fetch again what is there.")
@click.option("--repin", is_flag=True, help="Accept another checksum or number of characters than known.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched from where.")
@_cache_option
@_json_option
def fetch(
    names: tuple[str, ...],
    url: str | None,
    source: Path | None,
    force: bool,
    repin: bool,
    dry_run: bool,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Fetch weights into the cache: resumed after a cut, checked, and only then put in place."""
    from ppocr_kit.cli.fetching import dictionary_size, fetch_and_say
    from ppocr_kit.pretrained.cache import cache_folder
    from ppocr_kit.pretrained.download import check_url
    from ppocr_kit.pretrained.fetch import FetchRequest

    entries = [find_weights(name) for name in dict.fromkeys(names)]
    if source is not None and len(entries) > 1:
        raise UsageError("--from brings one file for one NAME", at="--from")
    if url is not None:
        check_url(url)
    answers: list[dict[str, Any]] = []
    for entry in entries:
        request = FetchRequest(cache_folder(cache), url, source, force, repin, dictionary_size(entry))
        if dry_run:
            answers.append({"name": entry.name, "from": request.address(entry), "bytes": entry.about_bytes})
            continue
        answers.append(_fetched_facts(fetch_and_say(entry, request)))
    _print_fetched(answers, dry_run, as_json)


@models.command(epilog="Example: ppocr-kit models path rec_en_number_lite_train")
@click.argument("name")
@_cache_option
@_json_option
def path(name: str, cache: Path | None, as_json: bool) -> None:
    """Print where fetched weights lie; exit code 5 when they are not here."""
    from ppocr_kit.pretrained.cache import cache_folder, find_fetched, weights_file

    entry, folder = find_weights(name), cache_folder(cache)
    record = find_fetched(entry, folder)
    if record is None:
        raise SetupError(
            f"the weights of {name} are not fetched yet, or damaged",
            at=str(weights_file(entry, folder)),
            hint=f"ppocr-kit models fetch {name}",
        )
    file = weights_file(entry, folder)
    if as_json:
        print_json({"name": name, "path": str(file), "sha256": record.sha256, "bytes": record.bytes})
        return
    click.echo(str(file))


@models.command(epilog=_TINY_EPILOG, context_settings={"max_content_width": 100})
@click.argument("kind", type=click.Choice(["layoutxlm"]))
@click.option(
    "--texts",
    metavar="DATASET|FILE",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="What the tokenizer is learnt from: a data set for ser or re (its training pages), or a file with "
    "one text a line.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the network.")
@click.option(
    "--pieces", type=click.IntRange(min=16), default=800, show_default=True, help="Of the tokenizer, at most."
)
@click.option("--hidden", type=click.IntRange(min=12), default=48, show_default=True, help="Width.")
@click.option(
    "--layers", type=click.IntRange(min=1), default=2, show_default=True, help="Layers of attention."
)
@click.option("--heads", type=click.IntRange(min=1), default=4, show_default=True, help="Heads of a layer.")
@click.option(
    "--visual", is_flag=True, help="With the visual backbone, for --model layoutxlm (90 M numbers more)."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random weights."
)
@click.option("--overwrite", is_flag=True, help="Replace a network in that folder.")
@_json_option
def tiny(kind: str, texts: Path, out: Path, overwrite: bool, as_json: bool, **sizes: Any) -> None:
    """Make a small LayoutXLM of random weights and its tokenizer, to try ser and re.

    It starts both tasks: train ser --pretrained OUT, train re --pretrained OUT. A trained ser run is the
    better start of re (--from-ser RUN).
    """
    from ppocr_kit.runs.tiny_network import TinySizes, make_tiny_layoutxlm

    made = make_tiny_layoutxlm(out, texts, TinySizes(**sizes), overwrite=overwrite)
    if as_json:
        print_json(made.to_json())
        return
    click.echo(
        f"made a {kind} of {made.parameters:,} random numbers in {out}; "
        f"its tokenizer has {made.pieces} pieces from {made.texts} texts"
    )
    click.echo(f"next: ppocr-kit train ser --dataset DATASET --pretrained {out} --lr 0.003")


def _fetched_facts(fetched: Fetched) -> dict[str, Any]:
    record = fetched.record
    return {
        "name": record.name,
        "path": str(fetched.path),
        "brought": fetched.brought,
        "resumed_at": fetched.resumed_at,
        "sha256": record.sha256,
        "bytes": record.bytes,
        "checksum": "recorded" if record.known else "pinned on first use",
    }


def _print_fetched(answers: list[dict[str, Any]], dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(answers)
        return
    for answer in answers:
        if dry_run:
            click.echo(f"would fetch {answer['name']} (about {_megabytes(answer['bytes'])}) {answer['from']}")
        else:
            verb = "fetched" if answer["brought"] else "already there, whole:"
            click.echo(f"{verb} {answer['name']}: {answer['path']}")


def _print_entry(entry: PretrainedWeights, cache: Path) -> None:
    from ppocr_kit.pretrained.cache import find_fetched

    here = "here" if find_fetched(entry, cache) else "not fetched"
    about = "" if entry.bytes is not None else "about "
    recipe = f" for {entry.model}" if entry.model != entry.name else ""
    click.echo(f"{entry.name}{recipe}  ({entry.task}, {about}{_megabytes(entry.about_bytes)}, {here})")
    if entry.dictionary is not None:
        space = " and space" if entry.dictionary.use_space_char else ""
        click.echo(f"    dictionary  {entry.dictionary.path or 'digits and small letters'}{space}")
    click.echo(f"    sha256      {entry.sha256 or 'not recorded: pinned on first use'}")
    click.echo(f"    from        {entry.url}")


def _facts(entry: PretrainedWeights, cache: Path) -> dict[str, Any]:
    from ppocr_kit.pretrained.cache import find_fetched, weights_file

    record, dictionary = find_fetched(entry, cache), entry.dictionary
    return {
        "name": entry.name,
        "task": str(entry.task),
        "model": entry.model,
        "url": entry.url,
        "parameters": entry.parameters,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "recorded": entry.recorded,
        "pinned": record.sha256 if record else None,
        "licence": LICENCE,
        "dictionary": None
        if dictionary is None
        else {"path": dictionary.path, "use_space_char": dictionary.use_space_char},
        "path": str(weights_file(entry, cache)) if record else None,
    }


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
