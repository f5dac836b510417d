"""The curves of a run, defined once, and drawn by matplotlib."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from condcolor.errors import UsageError
from condcolor.evaluation.measures import MEASURES, Measure, number, of_attribute, of_group
from condcolor.runs.charts import Chart, Series, Steps
from condcolor.runs.folder import RunFolder
from condcolor.runtime.files import write_whole

Value = Callable[[dict], float | None]
LOSSES = (  # title, note, readings
    (
        "loss",
        "Of generator (G) and discriminator (D), as weighted.",
        ("generator", "discriminator"),
    ),
    ("generator's parts", "Unweighted.", ("pixel", "gan", "feature")),
)
ACCURACY = "Share of pictures that D tells right: real or generated."


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
    charts.append(_chart("discriminator accuracy", ACCURACY, right, low=0.0, high=1.0))
    return [chart for chart in charts if chart is not None]


def measure_charts(run: RunFolder) -> list[Chart]:
    """What the tests gave against steps: attributes first, since they are what is asked for."""
    checks, charts = run.checks, []
    for measure in of_group("attribute"):
        lines = [
            _series(name, checks, lambda e, k=measure.key, n=name: of_attribute(e["test"], n, k))
            for name in run.plan.schema.names
        ]
        charts.append(_of_measure(measure, lines))
    for measure in of_group("test"):
        lines = [_tested(measure.label, checks, measure.key)]
        if measure.reference:
            other = MEASURES[measure.reference]
            lines.append(_tested(other.label, checks, other.key, reference=True))
        charts.append(_of_measure(measure, lines))
    for measure in of_group("score"):
        lines = [_series(measure.label, checks, lambda e, k=measure.key: number(e.get(k)))]
        charts.append(_of_measure(measure, lines))
    return [chart for chart in charts if chart is not None]


def _tested(name: str, checks: Sequence[dict], key: str, *, reference: bool = False) -> Series:
    return _series(name, checks, lambda e: number(e["test"].get(key)), reference=reference)


def _of_measure(measure: Measure, lines: Sequence[Series]) -> Chart | None:
    return _chart(measure.label, measure.note, lines, low=measure.low, high=measure.high)


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


ERRORS = {"mse": "test MSE", "ab_error": "test ab error", "drift": "drift of the mean colour"}
LEVELS = {"ab_error_grey": "ab error of grey"}
COLORS = {"cf_abs": "colourfulness", "cf_abs_truth": "of the truth"}
FEW = 10  # points of a curve up to which each gets a dot: a line of one point is not seen


def plot_run(log: Sequence[dict], path: Path, *, title: str = "") -> None:
    """Losses, test measures and the score that chooses, against steps, from a run's log.jsonl entries.

    Each phase's end is a dotted line; the check that was kept of it, a star.

    Raises:
        UsageError: the suffix of `path` is no format of a plot.
        DataError: it cannot be written there.
    """
    from matplotlib.figure import Figure  # not pyplot: no display, no global state

    steps = [entry for entry in log if entry["kind"] == "step"]
    phases = [entry for entry in log if entry["kind"] == "phase"]
    # a run has checks of its own, or, from before there were any, epochs that hold a test
    checks = {e["step"]: e for e in log if e["kind"] == "epoch" and e.get("test")}
    checks = [checks[step] for step in checks.keys() - {e["step"] for e in log if _is_check(e)}]
    checks = sorted([*checks, *filter(_is_check, log)], key=lambda e: e["step"])
    scored = [entry for entry in checks if entry.get("score") is not None]
    judged = [entry for entry in steps if "accuracy" in entry]
    rows = 1 + bool(checks) + bool(scored or judged)
    figure = Figure(figsize=(10, 3.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False, sharex=True)
    for axis, names, heading in (
        (axes[0][0], ("generator", "discriminator"), "loss"),
        (axes[0][1], ("pixel", "gan", "feature"), "generator's parts (unweighted)"),
    ):
        axis.set(title=heading)
        for name in names:
            # 0: one that was not computed, as runs logged them before
            _curve(axis, steps, lambda e, name=name: e.get(name) or None, name, lw=1)
        if axis.has_data():
            axis.set_yscale("log")
    if checks:
        _measures(axes[1][0], axes[1][1], checks)
    if scored or judged:
        _scores(axes[-1][0], scored, phases)
        _accuracy(axes[-1][1], judged, [e for e in log if "accuracy_test" in e])
    for axis in axes.flat:
        _finish(axis, phases)
    for axis in axes[-1]:
        axis.set_xlabel("step")
    figure.suptitle(title, parse_math=False)
    format = Path(path).suffix.lower().removeprefix(".")
    formats = figure.canvas.get_supported_filetypes()
    if format not in formats:
        raise UsageError(f"{path}: a plot ends in .png or one of .{', .'.join(sorted(formats))}")
    drawn = io.BytesIO()
    figure.savefig(drawn, format=format, dpi=110)
    write_whole(path, drawn.getvalue(), overwrite=True)


def _is_check(entry: dict) -> bool:
    return entry["kind"] == "check"


def _measures(errors, colors, checks: Sequence[dict]) -> None:
    """What the tests gave, on two axes: how far off, and how well coloured."""
    for axis, labels in ((errors, ERRORS | LEVELS), (colors, COLORS)):
        for name, label in labels.items():
            _curve(axis, checks, lambda e, name=name: e["test"].get(name), label)
    for i, score in enumerate(checks[0]["test"].get("attributes", ())):
        label = f"obeyed: {score['name']}"
        _curve(colors, checks, lambda e, i=i: e["test"]["attributes"][i]["obeyed"], label)
        colors.set_ylim(-0.02, 1.02)


def _scores(axis, checks: Sequence[dict], phases: Sequence[dict]) -> None:
    """The score of each check, a star on the best, and one on what each phase went back to."""
    axis.set_title("score of the tests, the lower the better")
    _curve(axis, checks, lambda e: e["score"], "score")
    if not checks:
        return
    best = min(checks, key=lambda e: e["score"])
    stars = [(best, f"best: step {best['step']}")]
    for end in phases:
        place = (end["phase"], end.get("kept_step"))
        stars += [
            (check, f"{end['phase']} kept step {check['step']}")
            for check in checks
            if (check.get("phase"), check["step"]) == place
        ]
    for i, (check, label) in enumerate(stars):
        axis.plot(check["step"], check["score"], "*", ms=16 - 2 * i, label=label, zorder=3)


def _accuracy(axis, steps: Sequence[dict], tested: Sequence[dict]) -> None:
    axis.set_title("share of pictures that D tells right")
    _curve(axis, steps, lambda e: e["accuracy"], "training", lw=1)
    _curve(axis, tested, lambda e: e["accuracy_test"], "test, D alone")
    axis.set_ylim(-0.02, 1.02)


def _finish(axis, phases: Sequence[dict]) -> None:
    axis.grid(alpha=0.3)
    axis.xaxis.get_major_locator().set_params(integer=True)
    for end in phases:
        axis.axvline(end["step"], color="0.6", ls=":")
        axis.annotate(
            end["phase"],
            (end["step"], 1),
            xycoords=("data", "axes fraction"),
            xytext=(-3, -3),
            textcoords="offset points",
            rotation=90,
            ha="right",
            va="top",
            size=8,
            color="0.4",
        )
    if axis.get_legend_handles_labels()[0]:
        axis.legend()


def _curve(axis, entries: Sequence[dict], value: Callable, label: str, **style) -> None:
    """A line through the entries that have a value, which breaks where a phase does."""
    points: list[tuple[int, float]] = []
    known = [entry for entry in entries if value(entry) is not None]
    for before, entry in zip([None, *known], known, strict=False):
        if before is not None and before.get("phase") != entry.get("phase"):
            points.append((entry["step"], math.nan))
        points.append((entry["step"], value(entry)))
    if known:
        marker = "." if len(known) <= FEW else None
        axis.plot(*zip(*points, strict=True), label=label, marker=marker, **style)
