"""Which curves a run has: rows of a table for the losses and measures, filled from its log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from condcolor.charts import Chart, Series, Steps
from condcolor.runfolder import RunFolder, number

Value = Callable[[dict], float | None]


@dataclass(frozen=True)
class Measure:
    """A figure of the tests: what it is called, how many digits are said, its chart's note."""

    name: str
    digits: int
    note: str = ""
    reference: tuple[str, str] | None = None  # (key, name) of what it is compared with
    low: float | None = 0.0
    high: float | None = None


MEASURES = {  # keys of what a test gave, in the order in which they are shown
    "mse": Measure("MSE", 5, "Squared error of pixels in [-1, 1]; the lower the better."),
    "haze": Measure("haze", 2, "Colour where the truth is white, CIEDE2000; 0 is clean."),
    "line_f1": Measure("line F1", 3, "Dark lines kept from the sketch; 1 is all.", high=1.0),
    "ab_error": Measure(
        "ab error",
        2,
        "Distance to the truth in ab of CIE Lab; the lower the better.",
        ("ab_error_grey", "left grey"),
    ),
    "cf_abs": Measure(
        "colourfulness",
        1,
        "Strength of colour, beside the truth's.",
        ("cf_abs_truth", "of the truth"),
    ),
    "psnr": Measure("PSNR", 2, "On RGB, in dB; rewards grey, too.", low=None),
    "ssim": Measure("SSIM", 4, "On RGB; rewards grey, too.", low=None),
    "drift": Measure("drift", 2, "How far the mean colour is off, in ab; 0 is no cast."),
    "imagenet_mse": Measure("nMSE", 4, "Squared error in ImageNet's units; the lower the better."),
    "auc": Measure("AuC", 2, "Area under the curve of ab errors, in percent.", low=None),
}
OF_ATTRIBUTES = {
    "obeyed": Measure(
        "obeyed", 3, "Share of colourings that are nearest to the colour asked.", high=1.0
    ),
    "delta_e": Measure("dE", 2, "CIEDE2000 to the colour asked, median; 0 is the very colour."),
    "leakage": Measure(
        "leakage", 4, "What changes elsewhere when one attribute changes; 0 is best."
    ),
}
LOSSES = (  # title, note, readings
    (
        "loss",
        "Of generator (G) and discriminator (D), as weighted.",
        ("generator", "discriminator"),
    ),
    ("generator's parts", "Unweighted.", ("pixel", "gan", "feature")),
)
SCORE = "What the best model is chosen by; the lower the better."
TOLD_RIGHT = "Share of pictures that D tells right: real or generated."


def axis_of(run: RunFolder) -> Steps:
    """The steps of a run with its phases, those in progress too."""
    begun = {entry.get("phase") for entry in run.log}
    phases, first = [], 0
    for i, phase in enumerate(run.plan.phases):
        if phase.epochs and phase.name in begun:
            end = run.phase_ends.get(i)
            last = end["step"] if end else run.step
            phases.append((phase.name, first, last))
            first = last
    return Steps(run.step, tuple(phases), run.kept_step)


def loss_charts(run: RunFolder) -> list[Chart]:
    """Losses, and how well the discriminator tells, against steps."""
    steps = [entry for entry in run.log if entry["kind"] == "step"]
    charts = []
    for title, note, names in LOSSES:
        # 0: one that was not computed, as runs logged them before
        lines = [_series(n, steps, lambda e, n=n: number(e.get(n)) or None) for n in names]
        charts.append(_chart(title, note, lines, log=True))
    right = [_series("in training", steps, lambda e: number(e.get("accuracy")))]
    tested = [entry for entry in run.log if entry["kind"] == "epoch"]
    right.append(_series("in test", tested, lambda e: number(e.get("accuracy_test"))))
    charts.append(_chart("told right", TOLD_RIGHT, right, low=0.0, high=1.0))
    return [chart for chart in charts if chart is not None]


def measure_charts(run: RunFolder) -> list[Chart]:
    """What the tests gave against steps: attributes first, since they are what is asked for."""
    checks, charts = run.checks, []
    for key, measure in OF_ATTRIBUTES.items():
        lines = [
            _series(name, checks, lambda e, k=key, n=name: of_attribute(e["test"], n, k))
            for name in run.plan.schema.names
        ]
        charts.append(_of_measure(measure, lines))
    for key, measure in MEASURES.items():
        lines = [_tested(measure.name, checks, key)]
        if measure.reference:
            other, name = measure.reference
            lines.append(_tested(name, checks, other, reference=True))
        charts.append(_of_measure(measure, lines))
    scores = [_series("score", checks, lambda e: number(e.get("score")))]
    charts.append(_chart("score", SCORE, scores, low=0.0))
    return [chart for chart in charts if chart is not None]


def of_attribute(test: dict, name: str, key: str) -> float | None:
    """A figure of one attribute in what a test gave."""
    found = (a for a in test.get("attributes") or () if a.get("name") == name)
    return next((number(a.get(key)) for a in found), None)


def _tested(name: str, checks: Sequence[dict], key: str, *, reference: bool = False) -> Series:
    return _series(name, checks, lambda e: number(e["test"].get(key)), reference=reference)


def _of_measure(measure: Measure, lines: Sequence[Series]) -> Chart | None:
    return _chart(measure.name, measure.note, lines, low=measure.low, high=measure.high)


def _series(name: str, entries: Iterable[dict], value: Value, *, reference: bool = False) -> Series:
    stretches: list[list[tuple[float, float]]] = []
    before: object = stretches  # no phase is that
    for entry in entries:
        if (found := value(entry)) is not None:
            if entry.get("phase") != before:
                stretches.append([])
                before = entry.get("phase")
            stretches[-1].append((entry["step"], found))
    return Series(name, tuple(tuple(stretch) for stretch in stretches), reference)


def _chart(title: str, note: str, series: Sequence[Series], **options) -> Chart | None:
    """A chart of the series that have points; None where none has."""
    filled = tuple(one for one in series if one.stretches)
    return Chart(title, note, filled, **options) if filled else None
