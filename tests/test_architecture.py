"""The rules of the architecture that a reader relies on, held by looking at the source."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ppocr_kit"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Imports point to the same floor or down, never up.
FLOORS = (
    {"__init__", "errors", "tasks", "problems", "progress", "storage", "run_folders"}
    | {"geometry", "fingerprint", "text", "metrics"},
    {"labels", "datasets", "synth", "linking"},
    {"configs", "vendor", "supplement", "pretrained"},
    {"runs", "vl"},
    {"reports"},
    {"cli", "__main__"},
)
FRAMEWORKS = {"paddle", "paddleocr", "paddlenlp", "paddlex", "torch", "transformers", "ppocr", "tools"} | {
    *("accelerate", "peft", "safetensors", "tokenizers", "sentencepiece"),
    "onnx",
    "onnxruntime",
    "openvino",
    "paddle2onnx",
    "PyQt5",
}
HEAVY = FRAMEWORKS | {"cv2", "numpy", "PIL", "shapely", "scipy", "skimage", "rapidfuzz", "matplotlib"}
# What runs in a process of its own lane and may therefore import its frameworks.
TOOL_SIDE = (
    "vl/engine/",
    *("supplement/", "vendor/launch.py", "vendor/compat.py", "runs/workers/"),
    *("vendor/label_compat.py", "vendor/label_window.py"),
)
LONGEST_MODULE = 500
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools_common", "base_utils"}

# Python 3.9 cannot say what belongs to its library
STDLIB: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
needs_stdlib_names = pytest.mark.skipif(not STDLIB, reason="sys.stdlib_module_names came with Python 3.10")


class Import(NamedTuple):
    """One imported module, by its absolute dotted name."""

    path: str
    line: int
    target: str
    at_import: bool

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"

    @property
    def root(self) -> str:
        return self.target.split(".")[0]


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def unit_of(dotted: str) -> str:
    """Return the top-level module or package of ``ppocr_kit`` that a dotted name lies in."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def floor_of(unit: str) -> int:
    return next(number for number, units in enumerate(FLOORS) if unit in units)


def package_of(path: Path) -> list[str]:
    return ["ppocr_kit", *path.relative_to(PACKAGE).parent.parts]


def nodes_with_level(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Yield every node, and whether it runs when the module is imported."""
    waiting: list[tuple[ast.AST, bool]] = [(tree, True)]
    while waiting:
        node, at_import = waiting.pop()
        yield node, at_import
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        waiting += [
            (child, at_import and not inside and not typing_only) for child in ast.iter_child_nodes(node)
        ]


def imports_of(path: Path) -> list[Import]:
    found = []
    for node, at_import in nodes_with_level(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)
            origin = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(origin + ([node.module] if node.module else []))
            # "from ppocr_kit import errors" names a module, "from ppocr_kit import __version__" does not
            whole = module == "ppocr_kit"
            targets = [f"{module}.{alias.name}" if whole else module for alias in node.names]
            targets = ["ppocr_kit" if target == "ppocr_kit.__version__" else target for target in targets]
        else:
            continue
        found += [Import(relative(path), node.lineno, target, at_import) for target in targets]
    return found


IMPORTS = [found for path in SOURCES for found in imports_of(path)]
INTERNAL = [found for found in IMPORTS if found.root == "ppocr_kit"]


def own_unit(found: Import) -> str:
    return found.path.split("/")[0].removesuffix(".py") if "/" not in found.path else found.path.split("/")[0]


def test_every_module_has_its_floor():
    units = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    assert units - set().union(*FLOORS) == set()


def test_imports_point_down():
    upward = [
        found.where for found in INTERNAL if floor_of(unit_of(found.target)) > floor_of(own_unit(found))
    ]
    assert upward == []


def test_the_lanes_do_not_know_each_other():
    lanes = {"runs", "vl"}
    across = [
        found.where
        for found in INTERNAL
        if own_unit(found) in lanes and unit_of(found.target) in lanes - {own_unit(found)}
    ]
    assert across == []


def test_packages_do_not_import_each_other_in_circles():
    needs: dict[str, set[str]] = {}
    for found in INTERNAL:
        needs.setdefault(own_unit(found), set()).add(unit_of(found.target))
    needs = {unit: targets - {unit} for unit, targets in needs.items()}
    while True:
        # take away what needs nothing that is left; a circle stays over
        resting = {unit for unit, targets in needs.items() if not targets & needs.keys()}
        if not resting:
            break
        needs = {unit: targets for unit, targets in needs.items() if unit not in resting}
    assert needs == {}


@needs_stdlib_names
def test_metrics_need_only_numpy_shapely_and_rapidfuzz():
    allowed = {"numpy", "shapely", "rapidfuzz", "ppocr_kit"} | STDLIB
    strange = [
        found.where for found in IMPORTS if found.path.startswith("metrics/") and found.root not in allowed
    ]
    assert strange == []


@needs_stdlib_names
def test_supplement_needs_only_what_the_release_has():
    allowed = {"numpy", "paddle", "ppocr"} | STDLIB
    ours = {"ppocr_kit.metrics", "ppocr_kit.errors"}
    # networks for key information are paddlenlp's, which only the environment of that lane has
    lanes = {("supplement/ppocr/modeling/backbones/kie_layoutxlm.py", "paddlenlp")}
    strange = [
        found.where
        for found in IMPORTS
        if found.path.startswith("supplement/")
        and found.root not in allowed
        and not found.target.startswith("ppocr_kit.supplement")
        and not any(found.target.startswith(name) for name in ours)
        and (found.path, found.root) not in lanes
    ]
    assert strange == []


def test_frameworks_stay_on_the_side_of_the_tools():
    strange = [
        found.where
        for found in IMPORTS
        if found.root in FRAMEWORKS and not any(found.path.startswith(part) for part in TOOL_SIDE)
    ]
    assert strange == []


def test_only_one_module_starts_processes():
    starters = {found.path for found in IMPORTS if found.root in ("subprocess", "pexpect", "pty")}
    assert starters <= {"vendor/process.py"}


def test_modules_are_named_by_what_they_hold():
    assert [relative(path) for path in SOURCES if path.stem in EMPTY_NAMES] == []


def test_modules_are_short():
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_source_is_python_3_9():
    for path in SOURCES:
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 9))


def test_annotations_are_never_evaluated():
    """Without the future import, ``X | Y`` in an annotation stops Python 3.9."""
    lacking = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        annotated = any(isinstance(node, (ast.FunctionDef, ast.AnnAssign)) for node in ast.walk(tree))
        future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        if annotated and not future:
            lacking.append(relative(path))
    assert lacking == []


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a statement."""
    code = (
        f"import sys, json\n{statement}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_entry_of_the_command_line_loads_nothing_heavy():
    assert loaded_after("import ppocr_kit.cli.main") & HEAVY == set()


def test_commands_load_no_framework():
    modules = [f"ppocr_kit.cli.{path.stem}" for path in sorted((PACKAGE / "cli").glob("[!_]*.py"))]
    assert loaded_after("\n".join(f"import {module}" for module in modules)) & FRAMEWORKS == set()


def test_test_files_have_names_of_their_own():
    # pytest imports them by these names alone
    tests = Path(__file__).parent
    names = [path.name for path in tests.rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
