"""The release's classes as they are written, without importing them."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path


def read_classes(folder: Path) -> dict[str, ast.ClassDef]:
    """Read the classes of all modules below a folder, by name."""
    with warnings.catch_warnings():
        # an escape that upstream wrote carelessly is none of our concern
        warnings.simplefilter("ignore")
        trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))]
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def constructor_settings(classes: dict[str, ast.ClassDef], name: str) -> tuple[list[str], set[str]]:
    """Return a constructor's named parameters, and every text it or a base's mentions."""
    if name not in classes:
        return [], set()
    node = classes[name]
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    inherited = [constructor_settings(classes, base) for base in bases]
    init = next((part for part in node.body if getattr(part, "name", None) == "__init__"), None)
    if not isinstance(init, ast.FunctionDef):
        return inherited[0] if inherited else ([], set())
    texts = {
        part.value
        for part in ast.walk(init)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }
    for named, more in inherited:
        texts |= {*named, *more}
    return [argument.arg for argument in (*init.args.args[1:], *init.args.kwonlyargs)], texts
