"""The shape of the package: every module is in a room, rooms import from the rows above them alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "condcolor"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))
ROWS = (
    {"version", "errors"},
    {"runtime"},
    {"conditions"},
    {"imaging"},
    {"models", "data"},
    {"recipes"},
    {"evaluation", "inference"},
    {"runs"},
    {"training", "batch", "web"},
    {"cli"},
    {"__init__", "__main__"},
)
TORCH_FREE = (
    *("errors", "version"),
    *("runtime.files", "runtime.json_files", "runtime.messages", "runtime.process"),
    *("runtime.config_fields", "runtime.extras"),
    *("conditions.color_spec", "conditions.colors", "conditions.palette_file", "conditions.schema"),
    *("imaging.formats", "imaging.geometry", "imaging.layer_files", "imaging.layers"),
    *("imaging.line_art", "imaging.open", "imaging.paper", "imaging.pixels", "imaging.regions"),
    *("imaging.picture_kind", "imaging.save", "imaging.sheets"),
    *("models.model_folder", "models.onnx_file"),
    *("data.metadata", "data.paths", "data.records", "data.table", "data.vocabulary"),
    "evaluation.measures",
    *("inference.colorizer", "inference.engine", "inference.framing", "inference.onnx_colorizer"),
    *("batch.cluster.blocks", "batch.cluster.colorize", "batch.cluster.storage"),
    *("batch.color_report", "batch.colorize", "batch.jobs", "batch.manifest", "batch.model_choice"),
    *("batch.pipeline", "batch.rendering", "batch.variants"),
    "training.callbacks",
    *(f"cli.{path.stem}" for path in PACKAGE.glob("cli/*.py") if path.stem != "__init__"),
    "cli",
)


def room_of(path: Path) -> str:
    """The first folder below the package, or the module's own name where it lies in none."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def row_of(room: str) -> int:
    for number, rooms in enumerate(ROWS):
        if room in rooms:
            return number
    raise AssertionError(f"condcolor/{room} is in no row: give it a room, or add it to ROWS")


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of what is imported from the package, `condcolor` itself left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "condcolor")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "condcolor":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str | None:
    """The module, dotted and below the package, that an imported name is, or lies in."""
    parts = name.split(".")[1:]
    while parts:
        path = PACKAGE.joinpath(*parts)
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return ".".join(parts)
        parts.pop()
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_room_imports_from_rows_above_only(path):
    own = room_of(path)
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        module = module_of(name)
        room = module.split(".")[0] if module else "__init__"
        assert room == own or row_of(room) < row_of(own), f"{own} imports {name}"


def graph() -> dict[str, set[str]]:
    """Each module's imports at module level, those for type checkers left out."""
    edges = {}
    for path in FILES:
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        own = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        top = ast.Module([n for n in ast.parse(path.read_text()).body if is_import(n)], [])
        edges[own] = {module_of(name) for name in imported(top)} - {None, own}
    return edges


def is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_no_modules_import_each_other_in_a_circle():
    edges = graph()
    while leaves := [module for module, needed in edges.items() if not needed & set(edges)]:
        for leaf in leaves:
            del edges[leaf]
    assert not edges, f"in a circle, or below one: {', '.join(sorted(edges))}"


def test_no_code_asks_which_recipe_it_runs():
    asks = re.compile(r'recipe *==|== *"(icons|photo|pets)"|isinstance\(.*[Cc]odec')
    for path in FILES:
        if path.name != "recipes.py":
            assert not asks.search(path.read_text(encoding="utf-8")), path


def test_only_the_room_of_models_asks_how_a_model_is_stored():
    for path in FILES:
        if room_of(path) != "models":
            assert not re.search(r"\bis_onnx\b", path.read_text(encoding="utf-8")), path


def test_what_differs_between_tasks_is_looked_up():
    pairs = r"\.pairs\b|\bpairs and\b|\bif pairs( else\b| and\b|:)"
    asks = re.compile(rf'{pairs}|\.task\b.* (==|is) |== *"(sketches|photographs)"')
    for path in FILES:
        if room_of(path) not in ("models", "recipes"):
            assert not asks.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("module", TORCH_FREE)
def test_light_modules_do_not_import_torch(module):
    code = f"import sys, condcolor.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
