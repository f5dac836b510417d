"""Evaluate a model on a data set, beside baselines: a pandas table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from condcolor.data.table import safe_cell
from condcolor.errors import UsageError, did_you_mean
from condcolor.evaluation.evaluator import MeasuredColorizer, OnProgress, OnSkip, Tables
from condcolor.evaluation.photos import PhotoEvaluator
from condcolor.evaluation.sketches import SketchEvaluator
from condcolor.recipes import PHOTOGRAPHS, SKETCHES, find_recipe

if TYPE_CHECKING:
    from pandas import DataFrame

EVALUATORS: dict[str, type[SketchEvaluator] | type[PhotoEvaluator]] = {
    SKETCHES.name: SketchEvaluator,
    PHOTOGRAPHS.name: PhotoEvaluator,
}


def evaluate(
    colorizer: MeasuredColorizer,
    data: Path | str,
    *,
    max_inputs: int | None = None,
    on_progress: OnProgress | None = None,
    on_skip: OnSkip | None = None,
    **options: object,
) -> DataFrame:
    """Measure a model and baselines on each split of a data set, as `condcolor evaluate` does.

        import condcolor

        colorizer = condcolor.Colorizer.load("icons")
        table = condcolor.evaluate(colorizer, "data/icons")
        table[table.split == "test"].set_index("method")["hair accuracy"]

    Args:
        colorizer: from a model folder; for photographs an exported .onnx file will do.
        data: sketches with their colorings, or photographs; see docs/format.md.
        max_inputs: at most this many inputs of a split, spread evenly over it.
        on_progress: called with the numbers of inputs measured so far and in all.
        on_skip: called with the reason why a photograph is left out.
        options: fields of `SketchEvaluator` (`network_only`, `ignore`, `labels`) or of `PhotoEvaluator`
            (`vivid`, `short_side`, `keep_grey`, `fid_weights`, `lpips_weights`).

    Returns:
        A row for each split and method (the model, then the baselines), with the columns `split`,
        `method` and the measures; docs/format.md lists them with their units. NaN is not measured.

    Raises:
        DataError: the data cannot be used, or nothing of it can be measured.
        UsageError: no colorizer, or an option that does not fit the model; a file that is missing.
        CheckpointError: the file of an option is no suitable network.
    """
    if isinstance(colorizer, str | Path):
        raise UsageError(
            f"evaluate takes a Colorizer, not a name: Colorizer.load({str(colorizer)!r})"
        )
    evaluator = make_evaluator(colorizer.recipe, options)
    tables = evaluator.compare(
        colorizer, Path(data), max_inputs=max_inputs, on_progress=on_progress, on_skip=on_skip
    )
    return to_frame(tables)


def to_frame(tables: Tables) -> DataFrame:
    """Return the measures as a table, a row for each split and method."""
    from pandas import DataFrame

    return DataFrame(
        {"split": split, "method": method, **scores.to_row()}
        for split, table in tables.items()
        for method, scores in table.items()
    )


def encode_csv(frame: DataFrame) -> bytes:
    """Encode a table as a csv: UTF-8, an empty cell for NaN, and no text that is run as a formula."""
    safe = frame.rename(columns=safe_cell)
    texts = safe.select_dtypes(exclude="number").columns
    safe[texts] = safe[texts].map(safe_cell)
    return safe.to_csv(index=False, lineterminator="\n").encode("utf-8")


def make_evaluator(
    recipe: str, options: Mapping[str, Any] | None = None, labels: Mapping[str, str] | None = None
) -> SketchEvaluator | PhotoEvaluator:
    """Return the evaluator of a recipe's task.

    Args:
        options: fields of the evaluator.
        labels: the names of the options in messages; default: those of the fields.

    Raises:
        UsageError: no such recipe, or an option that the task's evaluator does not have.
    """
    task, options, labels = find_recipe(recipe).task, options or {}, labels or {}
    known = {name: {field.name for field in fields(cls)} for name, cls in EVALUATORS.items()}
    if odd := [name for name in options if name not in known[task.name]]:
        others = [name for name, names in known.items() if names.issuperset(odd)]
        listed = " and ".join(labels.get(name, name) for name in odd)
        if others:
            verb = "is" if len(odd) == 1 else "are"
            raise UsageError(
                f"{listed} {verb} for models of {' or '.join(others)}; this is one of {task.name}"
            )
        every = sorted(known[task.name])
        raise UsageError(f"no option {listed} of {task.name}{did_you_mean(odd[0], every)}")
    return EVALUATORS[task.name](**options)
