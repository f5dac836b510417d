"""The shape of the package: imports point one way, and the engine never asks which recipe it runs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "condcolor"
LAYERS = (
    {
        "errors",
        "version",
        "color",
        "losses",
        "filetypes",
        "fills",
        "geometry",
        "upsampling",
        "progress",
        "feeding",
        "heap",
        "joining",
        "choosing",
        "cores",
        "bands",
    },
    {"lineart", "regions", "markup"},
    {"charts"},
    {"vision", "efficientnet"},
    {"resnet"},
    {"encoders"},
    {
        "networks",
        "averaging",
        "features",
        "watch",
        "keeping",
        "attributes",
        "devices",
        "memory",
        "distributed",
        "signals",
        "streams",
        "pixels",
        "saving",
        "paths",
        "csvfile",
        "vocabulary",
        "transparency",
        "folders",
        "stores",
        "waiting",
        "vividness",
        "onnxfile",
        "augmentation",
    },
    {"colornames"},
    {"wishes"},
    {"palettefile"},
    {"images", "modelfolder", "records", "inference"},
    {"metadata", "codecs"},
    {
        "recipes",
        "palette",
        "balance",
        "jobs",
        "photographs",
        "squares",
        "recoloring",
        "layers",
    },
    {
        "layering",
        "layerfiles",
        "anycolor",
        "locking",
        "spritesheet",
        "doubt",
    },
    {"colorsheet"},
    {"dataset", "checkpoint", "manifest", "metrics", "perceptual", "photometrics", "plots"},
    {"blocks"},
    {"shards"},
    {"evaluation", "inspection", "state", "runlog", "schedule"},
    {"photoevaluation", "coloring"},
    {"samples", "measuring", "adversaries", "plan"},
    {"readings", "runwriter"},
    {"trainer", "colorizer", "onnxcolorizer"},
    {"onnxgraphs", "painting"},
    {"assessment", "flow", "sources", "exporting", "benchmarking"},
    {"batch"},
    {"runfolder"},
    {"curves", "sampleviews"},
    {"runtables", "events"},
    {"runsummary"},
    {"report"},
    {"training"},
    {"sheets", "workers"},
    {"clusters"},
    {"web"},
    {"cli"},
    {"__main__"},
)
NO_TORCH = (
    "attributes",
    "metadata",
    "records",
    "modelfolder",
    "errors",
    "images",
    "jobs",
    "manifest",
    "flow",
    "batch",
    "clusters",
    "heap",
    "waiting",
    "wishes",
    "palettefile",
    "locking",
    "spritesheet",
    "doubt",
    "painting",
    "colorsheet",
    "layering",
    "layerfiles",
    "bands",
    "coloring",
    "onnxcolorizer",
    "cli",
)


# imported by a function, which picks one of them
LATE = {("coloring", "colorizer"), ("coloring", "onnxcolorizer")}


def layer_of(module: str) -> int:
    for number, names in enumerate(LAYERS):
        if module in names:
            return number
    raise AssertionError(f"condcolor.{module} has no layer: add it to LAYERS")


def imports(path: Path) -> list[str]:
    """Modules of condcolor that a file imports, by their first name below the package."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "condcolor":
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("condcolor."):
            found.append(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found += [a.name.split(".")[1] for a in node.names if a.name.startswith("condcolor.")]
    return [
        name for name in found if (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()
    ]


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_from_rows_above_only(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        if name != own and (own, name) not in LATE:
            assert layer_of(name) < layer_of(own), f"{own} imports {name}"


def test_no_code_asks_which_recipe_it_runs():
    asks = re.compile(r'recipe *==|== *"(icons|photo|pets)"|isinstance\(.*[Cc]odec')
    for path in FILES:
        if path.name != "recipes.py":
            assert not asks.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("module", NO_TORCH)
def test_light_modules_do_not_import_torch(module):
    code = f"import sys, condcolor.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
