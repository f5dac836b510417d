"""The summary of a run: what was trained on what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch

from condcolor.evaluation.measures import MEASURES, number, of_attribute, of_group
from condcolor.models.checkpoint import NoInit
from condcolor.models.config import ModelConfig
from condcolor.models.networks import PatchGAN, count_parameters, make_generator
from condcolor.recipes import find_recipe
from condcolor.runs.folder import FINISHED, RunFolder
from condcolor.runs.tables import shown_attributes


class Card(NamedTuple):
    """A figure in large type, with a short text below."""

    name: str
    value: str
    more: str = ""


def subject(run: RunFolder) -> str:
    """Return the recipe, its task, the attributes and the size of the pictures."""
    recipe = find_recipe(run.plan.recipe)
    names = ", ".join(shown_attributes(run))
    listed = f" ({names})" if names else ""
    return f"{recipe.name}: {recipe.task.description}{listed}, {run.plan.config.image_size} px"


def state_text(run: RunFolder) -> str:
    """Return the state of the run, with epoch and step before the end."""
    state = run.state[0].upper() + run.state[1:]
    if run.state == FINISHED:
        return state
    epochs = sum(phase.epochs for phase in run.plan.phases)
    return f"{state}: epoch {run.epoch} of {epochs}, step {run.step:,}"


def facts(run: RunFolder) -> dict[str, str]:
    """Return folder, data, device, time, parameters and kept model of the run."""
    plan, trained = run.plan, {**run.kept.get("training", {}), **run.last.get("training", {})}
    generator, discriminator = parameters(plan.model)
    precision = trained.get("precision", plan.config.precision)
    minutes = "time not said yet" if run.minutes is None else _duration(run.minutes)
    return {
        "run folder": str(run.path),
        "data": str(plan.data),
        "rows": _rows(trained, run.kept_test),
        "device": f"{trained.get('device', 'device not said yet')}, {precision}",
        "training": f"{minutes}, {run.epoch} epochs, {run.step:,} steps",
        "parameters": f"generator {generator:,}, discriminator {discriminator:,}",
        "kept model": _kept_model(run),
    }


def _rows(trained: Mapping[str, Any], test: Mapping[str, Any]) -> str:
    pictures = number(trained.get("pictures"))
    rows = "not said yet" if pictures is None else f"{pictures:,.0f} rows to train on"
    unit = "rows" if "rows" in test else "pictures"
    if (tested := number(test.get(unit))) is not None:
        rows += f", {tested:,.0f} {unit} measured in each test"
    return rows


def _duration(minutes: float) -> str:
    return f"{minutes:.1f} minutes" if minutes < 100 else f"{minutes / 60:,.1f} hours"


def _kept_model(run: RunFolder) -> str:
    if run.kept_step is None:
        return "none yet"
    is_best = bool(run.kept.get("metrics"))
    why = "the best of all tests" if is_best else "the last: no pictures to test on"
    return f"step {run.kept_step:,}, {why}"


def missing(run: RunFolder) -> Iterator[str]:
    """Yield notes on sections of the report that are empty."""
    if not run.log:
        yield "Nothing is logged yet: the run has only begun, or was stopped before its first reading."
    elif not run.checks:
        yield "No test so far: measures come with the first one, if the data has pictures to test on."
    if run.log and not run.sheets:
        yield "There are no sample sheets in the run's folder samples/."


def cards(run: RunFolder) -> Iterator[Card]:
    """Yield the main measures of the kept model."""
    test = run.kept_test
    for name in shown_attributes(run, most=4):
        if (accuracy := of_attribute(test, name, "obeyed")) is not None:
            delta_e = of_attribute(test, name, "delta_e")
            more = "" if delta_e is None else f"dE {delta_e:.1f}"
            yield Card(f"{name} {MEASURES['obeyed'].name}", f"{100 * accuracy:.0f} %", more)
    error, grey = number(test.get("ab_error")), number(test.get("ab_error_grey"))
    if error is not None and grey:
        more = f"{error:.2f}; left grey {grey:.2f}"
        yield Card("ab error to grey's", f"{100 * (error / grey - 1):+.1f} %", more)
    color, truth = number(test.get("cf_abs")), number(test.get("cf_abs_truth"))
    if color is not None and truth:
        more = f"{color:.1f} of {truth:.1f}"
        yield Card("colourfulness of the truth's", f"{100 * color / truth:.0f} %", more)
    for measure in of_group("test"):
        value = number(test.get(measure.key))
        if measure.main and not measure.reference and value is not None:
            yield Card(measure.name, measure.text(value))


def parameters(config: ModelConfig) -> tuple[int, int]:
    """Return the numbers of parameters of generator and discriminator, without allocating them."""
    with torch.device("meta"), NoInit():
        return count_parameters(make_generator(config)), count_parameters(PatchGAN(config))
