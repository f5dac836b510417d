"""The registry of measures knows every figure that is saved, and is the only table of them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import condcolor
from condcolor.evaluation.measures import MEASURES, REGISTRY, Measure, of_group

PACKAGE = Path(condcolor.__file__).parent
PINNED = Path(__file__).parents[1] / "pinned"
COUNTS = {"inputs", "pictures", "rows"}  # of a test: how much was measured
PROGRESS = {"kind", "step", "epoch", "phase", "index", "seconds", "kept_step", "stopped", "test"}
COLORS = {"name", "values", "confusion", "attributes"}


def saved_figures(source: Path) -> set[str]:
    """Return the keys of the figures in a log or a model's config.json."""
    if source.suffix == ".jsonl":
        entries = [json.loads(line) for line in source.read_text().splitlines()]
    else:
        entries = [json.loads(source.read_text()).get("metrics") or {}]
    tests = [entry["test"] for entry in entries if entry.get("test")]
    scores = [s for test in (*entries, *tests) for s in test.get("attributes", ())]
    return {key for figures in (*entries, *tests, *scores) for key in figures}


SAVED = [
    *PINNED.glob("runs/*/log.jsonl"),
    *PINNED.glob("runs/*/model*/config.json"),
    *PACKAGE.glob("pretrained/*/config.json"),
]


@pytest.mark.parametrize("source", SAVED, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_figure_of_a_run_and_a_model_is_registered(source):
    assert saved_figures(source) - COUNTS - PROGRESS - COLORS <= set(MEASURES)


def test_the_saved_figures_are_of_sketches_and_photographs():
    figures = set().union(*map(saved_figures, SAVED))
    assert figures >= {"generator", "accuracy", "score", "mse", "obeyed", "ab_error", "auc"}


def test_keys_are_unique_and_references_exist():
    assert len(MEASURES) == len(REGISTRY)
    for measure in REGISTRY:
        assert measure.reference is None or MEASURES[measure.reference].group == "reference"
        assert measure.low is None or measure.high is None or measure.low < measure.high


def test_columns_have_names_of_their_own():
    groups = ("loss", "loss part", "discriminator", "attribute", "test", "detail", "score")
    names = [measure.name for measure in of_group(*groups)]
    assert len(names) == len(set(names))


def test_a_figure_has_the_digits_of_its_measure():
    assert MEASURES["mse"].text(0.0125) == "0.01250"
    assert MEASURES["haze"].text(None) == "not measured"
    assert MEASURES["obeyed"].name == "accuracy"
    assert isinstance(MEASURES["psnr"], Measure)
    assert MEASURES["psnr"].text(1234.5) == "1,234.50"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_nobody_else_holds_a_table_of_measures(path):
    """A table: a literal dict that gives two measures or more a label, or a number of digits."""
    if path == PACKAGE / "evaluation/measures.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            keys = [
                key.value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and is_constant(value)
            ]
            assert len(set(keys) & set(MEASURES)) < 2, f"{path}:{node.lineno}"


def is_constant(node: ast.expr) -> bool:
    """Whether it is a label or digits, or a tuple of such."""
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.Tuple) and all(map(is_constant, node.elts))
    )
