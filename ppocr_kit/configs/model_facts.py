"""How large each recipe's network is, and when to choose it: ``configs/models.yml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from ppocr_kit.configs.base import recipes_folder
from ppocr_kit.errors import SetupError

FACTS_FILE = "models.yml"
_BYTES_PER_NUMBER = 4


@dataclass(frozen=True)
class ModelFacts:
    """The size of a recipe's network, with its own dictionary, and its purpose.

    Attributes:
        parameters: Numbers that a checkpoint holds.
        exported: Numbers in the inference model: branches folded, heads that only guide the
            training left out.
        choose: When to take it, one sentence.
    """

    parameters: int
    exported: int
    choose: str

    @property
    def export_mb(self) -> float:
        """Size of the inference model's weights, megabytes."""
        return self.exported * _BYTES_PER_NUMBER / 1e6


def read_model_facts() -> dict[str, ModelFacts]:
    """Read the facts of all recipes, by name.

    Raises:
        SetupError: The file is missing or damaged.
    """
    path = recipes_folder() / FACTS_FILE
    try:
        body: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {
            str(name): ModelFacts(int(entry["parameters"]), int(entry["exported"]), str(entry["choose"]))
            for name, entry in body.items()
        }
    except (
        OSError,
        UnicodeDecodeError,
        yaml.YAMLError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as e:
        raise SetupError(f"cannot read the list of models ({e})", at=str(path), hint="reinstall") from e
