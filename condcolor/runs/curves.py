"""The curves of a run: which charts there are, and the points of their lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from condcolor.evaluation.measures import MEASURES, Measure, of_group
from condcolor.runs.folder import points_of, tests_of

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_LINES = 8  # of a chart
MOST_POINTS = 240  # of a line: where there are more, each drawn point is the mean of several
LOSSES = (  # a chart each: group, title, note, whether its axis may be logarithmic
    ("loss", "loss", "Of generator (G) and discriminator (D), as weighted.", True),
    ("loss part", "generator's parts", "Unweighted.", True),
    (
        "discriminator",
        "discriminator accuracy",
        "Share of pictures that D tells right: real or generated.",
        False,
    ),
)


@dataclass(frozen=True)
class Series:
    """A line: its points as columns step, phase, value. It breaks where the phase changes."""

    name: str
    points: DataFrame
    higher_is_better: bool | None = None
    is_reference: bool = False  # for comparison with the line before

    @property
    def last(self) -> str:
        """The last value, as text."""
        return short(self.points.value.iloc[-1])

    @property
    def course(self) -> str:
        """The line as text, for readers who do not see it."""
        steps, values = self.points.step, self.points.value
        facts = [f"{short(values.iloc[i])} at step {steps.iloc[i]}" for i in (0, -1)]
        if self.higher_is_better is None:
            facts += [f"lowest {short(values.min())}", f"highest {short(values.max())}"]
        else:
            best = int(values.argmax() if self.higher_is_better else values.argmin())
            facts.append(f"best {short(values.iloc[best])} at step {steps.iloc[best]}")
        return f"{self.name}: {', '.join(facts)}"


@dataclass(frozen=True)
class Chart:
    """Series on common axes. `low` and `high` bound the possible values; `stars` are (step, value, label)."""

    title: str
    note: str
    series: tuple[Series, ...]
    low: float | None
    high: float | None
    is_log: bool = False
    stars: tuple[tuple[int, float, str], ...] = ()

    @property
    def last_step(self) -> int:
        return max(int(series.points.step.iloc[-1]) for series in self.series)

    @property
    def description(self) -> str:
        return "; ".join(series.course for series in self.series)


@dataclass(frozen=True)
class Steps:
    """The horizontal axis of all charts of a run: `ends` are the phases with their last steps."""

    last: int
    ends: Mapping[str, int]
    kept: int | None = None  # the step whose model was kept

    @classmethod
    def of(cls, frame: DataFrame, kept: int | None = None) -> Steps:
        ends = frame[frame.phase != ""].groupby("phase", sort=False).step.max()
        return cls(max([1, *frame.step]), {str(phase): int(s) for phase, s in ends.items()}, kept)


def loss_charts(frame: DataFrame) -> list[Chart]:
    """Return charts of losses and of the discriminator's accuracy."""
    charts = []
    for group, title, note, is_log in LOSSES:
        lines = [Series(m.label, points_of(frame, m.key)) for m in of_group(group)]
        charts += _chart(title, note, lines, of_group(group)[-1], is_log=is_log)
    return charts


def measure_charts(frame: DataFrame) -> list[Chart]:
    """Return charts of the measures: those of attributes first, since users ask for their colors."""
    charts = []
    for measure in of_group("attribute", "test", "score"):
        names = {measure.key: measure.label}
        if measure.group == "attribute":
            keys = [key for key in frame.columns if key.startswith(f"{measure.key}/")]
            names = {key: key.partition("/")[2] for key in keys}
        lines = [
            Series(name, points_of(frame, key), measure.higher_is_better)
            for key, name in names.items()
        ]
        if measure.reference:
            other = MEASURES[measure.reference]
            lines.append(Series(other.label, points_of(frame, other.key), is_reference=True))
        stars = _stars(frame) if measure.group == "score" else ()
        charts += _chart(measure.label, measure.note, lines, measure, stars=stars)
    return charts


def _chart(
    title: str, note: str, lines: Sequence[Series], measure: Measure, **options: Any
) -> list[Chart]:
    """Return a chart of the lines that have points, or an empty list."""
    series = tuple(line for line in lines if len(line.points))
    left_out = len(series) - MOST_LINES
    note += f" {left_out} more lines are in the table." if left_out > 0 else ""
    chart = Chart(title, note, series[:MOST_LINES], measure.low, measure.high, **options)
    return [chart] if series else []


def _stars(frame: DataFrame) -> tuple[tuple[int, float, str], ...]:
    """Return step, score and label of the best check, and of those that the phases went back to."""
    scored = tests_of(frame).dropna(subset="score")
    if scored.empty:
        return ()
    best = scored.iloc[int(scored.score.argmin())]
    stars = [(int(best.step), float(best.score), f"best: step {best.step}")]
    for end in frame[(frame.kind == "phase") & frame.kept_step.notna()].itertuples():
        kept = scored[(scored.phase == end.phase) & (scored.step == end.kept_step)]
        for step, score in zip(kept.step, kept.score, strict=True):
            stars.append((int(step), float(score), f"{end.phase} kept step {step}"))
    return tuple(stars)


def thinned(points: DataFrame) -> DataFrame:
    """Average successive points so that about MOST_POINTS remain: stretch, step, mean, low, high."""
    size = math.ceil(len(points) / MOST_POINTS)
    stretch = (points.phase != points.phase.shift()).cumsum().rename("stretch")
    bins = points.groupby(stretch).cumcount() // size
    grouped = points.groupby([stretch, bins])
    thin = grouped.value.agg(["mean", "min", "max"]).set_axis(["mean", "low", "high"], axis=1)
    return thin.assign(step=grouped.step.median()).reset_index("stretch")


def short(value: float) -> str:
    """Return a number for an axis or a legend: `0.0123`, `3.1`, `25k`."""
    if abs(value) >= 10_000:
        return f"{value / 1000:.4g}k"
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.3g}"
