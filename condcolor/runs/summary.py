"""The top of a run's report: what was trained on what, how it stands, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from condcolor.evaluation.measures import MEASURES, number, of_attribute, of_group
from condcolor.models.checkpoint import NoInit
from condcolor.models.config import ModelConfig
from condcolor.models.networks import PatchGAN, count_parameters, make_generator
from condcolor.recipes import find_recipe
from condcolor.runs.folder import FINISHED, RunFolder
from condcolor.runs.html import Html, element, joined
from condcolor.runs.tables import shown_attributes


def head(run: RunFolder) -> Html:
    """The run's name, what it trains, and how it stands."""
    recipe = find_recipe(run.plan.recipe)
    names = ", ".join(shown_attributes(run))
    listed = f" ({names})" if names else ""
    lead = f"{recipe.name}: {recipe.task.description}{listed}, {run.plan.config.image_size} px"
    state = run.state[0].upper() + run.state[1:]
    if run.state != FINISHED:
        epochs = sum(phase.epochs for phase in run.plan.phases)
        state += f": epoch {run.epoch} of {epochs}, step {run.step:,}"
    kind = "state good" if run.state == FINISHED else "state warn"
    parts = (element("h1", run.name), element("p", lead, class_="lead"))
    return element("header", *parts, element("span", state, class_=kind))


def summary(run: RunFolder, notes: Sequence[str]) -> Html:
    """The kept model's figures, the facts of the run, and what there is to note."""
    plan, trained = run.plan, {**run.kept.get("training", {}), **run.last.get("training", {})}
    pictures, test = number(trained.get("pictures")), run.kept_test
    rows = "not said yet" if pictures is None else f"{pictures:,.0f} rows to train on"
    if (tested := number(test.get("rows", test.get("pictures")))) is not None:
        rows += f", {tested:,.0f} {'rows' if 'rows' in test else 'pictures'} measured in each test"
    generator, discriminator = parameters(plan.model)
    precision = trained.get("precision", plan.config.precision)
    device = f"{trained.get('device', 'device not said yet')}, {precision}"
    facts = {
        "run folder": element("code", run.path),
        "data": element("code", plan.data),
        "rows": rows,
        "device": device,
        "training": f"{_time(run.minutes)}, {run.epoch} epochs, {run.step:,} steps",
        "parameters": f"generator {generator:,}, discriminator {discriminator:,}",
        "kept model": _kept_said(run),
    }
    listed = element("dl", *_pairs(facts), class_="facts")
    said = [*_missing(run), *notes]
    warned = (
        element("ul", *(element("li", note) for note in said), class_="notes") if said else None
    )
    return joined((_headline(run), listed, warned))


def _time(minutes: float | None) -> str:
    if minutes is None:
        return "time not said yet"
    return f"{minutes:.1f} minutes" if minutes < 100 else f"{minutes / 60:,.1f} hours"


def _pairs(facts: Mapping[str, object]) -> Iterator[Html]:
    for name, value in facts.items():
        yield element("dt", name)
        yield element("dd", value)


def _kept_said(run: RunFolder) -> str:
    if run.kept_step is None:
        return "none yet"
    chosen = (
        "the best of all tests" if run.kept.get("metrics") else "the last: no pictures to test on"
    )
    return f"step {run.kept_step:,}, {chosen}"


def _missing(run: RunFolder) -> Iterator[str]:
    """What a reader would look for in vain."""
    if not run.log:
        yield "Nothing is logged yet: the run has only begun, or was stopped before its first reading."
    elif not run.checks:
        yield "No test so far: measures come with the first one, if the data has pictures to test on."
    if run.log and not run.sheets:
        yield "There are no sample sheets in the run's folder samples/."


def _headline(run: RunFolder) -> Html | None:
    """The kept model's main figures, large."""
    test = run.kept_test
    found = []
    for name in shown_attributes(run, most=4):
        if (obeyed := of_attribute(test, name, "obeyed")) is not None:
            off = of_attribute(test, name, "delta_e")
            more = None if off is None else f"dE {off:.1f}"
            found.append((f"{name} {MEASURES['obeyed'].name}", f"{100 * obeyed:.0f} %", more))
    error, grey = number(test.get("ab_error")), number(test.get("ab_error_grey"))
    if error is not None and grey:
        more = f"{error:.2f}; left grey {grey:.2f}"
        found.append(("ab error to grey's", f"{100 * (error / grey - 1):+.1f} %", more))
    color, truth = number(test.get("cf_abs")), number(test.get("cf_abs_truth"))
    if color is not None and truth:
        more = f"{color:.1f} of {truth:.1f}"
        found.append(("colourfulness of the truth's", f"{100 * color / truth:.0f} %", more))
    for measure in of_group("test"):
        value = number(test.get(measure.key))
        if measure.main and not measure.reference and value is not None:
            found.append((measure.name, measure.text(value), None))
    if not found:
        return None
    cards = (
        element(
            "div",
            element("dt", name),
            element("dd", value, element("small", more) if more else None),
        )
        for name, value, more in found
    )
    return element("dl", *cards, class_="figures", aria_label="The kept model's figures")


def parameters(config: ModelConfig) -> tuple[int, int]:
    """How many numbers the generator and the discriminator learn; none of them is drawn for it."""
    with torch.device("meta"), NoInit():
        return count_parameters(make_generator(config)), count_parameters(PatchGAN(config))
