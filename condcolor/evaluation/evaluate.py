"""`make_evaluator`: the evaluator of a recipe's task, looked up by the task's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from condcolor.errors import UsageError, did_you_mean
from condcolor.evaluation.photos import PhotoEvaluator
from condcolor.evaluation.sketches import SketchEvaluator
from condcolor.recipes import PHOTOGRAPHS, SKETCHES, find_recipe

EVALUATORS: dict[str, type[SketchEvaluator] | type[PhotoEvaluator]] = {
    SKETCHES.name: SketchEvaluator,
    PHOTOGRAPHS.name: PhotoEvaluator,
}


def make_evaluator(
    recipe: str,
    options: Mapping[str, object] | None = None,
    labels: Mapping[str, str] | None = None,
) -> SketchEvaluator | PhotoEvaluator:
    """Return the evaluator of a recipe's task.

    Args:
        options: fields of the evaluator.
        labels: what messages call the options; their own names where it has none.

    Raises:
        UsageError: no such recipe, or an option that the task's evaluator has not.
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
