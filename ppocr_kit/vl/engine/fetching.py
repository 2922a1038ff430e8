"""Bring a model folder from the hub into its cache, once. Worker of ``vl/finding.py``."""

from __future__ import annotations

from typing import Any

from ppocr_kit.errors import DataError, SetupError
from ppocr_kit.vl.engine.serving import Put, serve

# The folders on the hub hold a layout model and pictures too.
FILES = ["*.json", "*.jinja", "*.safetensors", "tokenizer.model"]


def work(job: dict[str, Any], put: Put) -> None:
    """Fetch what the cache lacks and answer with the folder.

    Raises:
        DataError: There is no such model.
        SetupError: The hub cannot be reached, or the disk is full.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    name = job["name"]
    put({"fetching": name})
    try:
        folder = snapshot_download(name, allow_patterns=FILES, ignore_patterns=["*/*"])
    except (RepositoryNotFoundError, GatedRepoError, HFValidationError) as error:
        raise DataError(
            "the hub has no such model, or shows it to its owner only",
            at=name,
            hint="check the name; for a private one: hf auth login",
        ) from error
    except (LocalEntryNotFoundError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SetupError(
            f"the model is not on this machine and cannot be fetched: {reason[:200]}",
            at=name,
            hint="check the network (HF_ENDPOINT names a mirror), or bring the folder and give --model DIR",
        ) from error
    put({"folder": folder})


if __name__ == "__main__":
    serve(work)
