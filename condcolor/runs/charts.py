"""Line charts as inline SVG: they follow the page's colours, light and dark, and its width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from condcolor.runs.html import Html, data, element, joined

WIDTH, HEIGHT = 420, 250  # of the drawing, in units that are pixels on a wide screen
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 24, 34  # margins, for the labels
COLORS = 8  # series that have a colour of their own; a chart shows no more lines
MOST_POINTS = 240  # of a line: what is denser than two units a point is averaged
FEW = 30  # points up to which each gets a dot
LOG_SPAN = 8  # highest over lowest, from which a logarithmic axis shows more


@dataclass(frozen=True)
class Series:
    """A line: its stretches of (step, value), one a phase, since it breaks between phases."""

    name: str
    stretches: tuple[tuple[tuple[float, float], ...], ...]
    reference: bool = False  # drawn dashed: what the others are compared with

    @property
    def points(self) -> list[tuple[float, float]]:
        return [point for stretch in self.stretches for point in stretch]


@dataclass(frozen=True)
class Chart:
    """Series on common axes. `low` and `high` bound the values that can be; `log` allows that axis."""

    title: str
    note: str
    series: tuple[Series, ...]
    low: float | None = None
    high: float | None = None
    log: bool = False


@dataclass(frozen=True)
class Steps:
    """The axis that all charts of a run share: its phases, as (name, first step, last step)."""

    last: int
    phases: tuple[tuple[str, int, int], ...] = ()
    kept: int | None = None  # the step whose model was kept


class _Axes:
    """Steps and values -> places in the drawing."""

    def __init__(self, chart: Chart, steps: Steps):
        values = [value for series in chart.series for _, value in series.points]
        low, high = min(values), max(values)
        self.log = chart.log and low > 0 and high / low >= LOG_SPAN
        if self.log:
            air = (high / low) ** 0.05
            low, high = low / air, high * air
        else:
            low, high = _wider(low, high, chart)
        self.low, self.high, self.last = low, high, max(steps.last, 1)
        self.span = (math.log(high / low) if self.log else high - low) or 1.0

    def x(self, step: float) -> float:
        return LEFT + step / self.last * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        part = math.log(value / self.low) if self.log else value - self.low
        return HEIGHT - BOTTOM - part / self.span * (HEIGHT - TOP - BOTTOM)

    def ticks(self) -> list[float]:
        return log_ticks(self.low, self.high) if self.log else ticks(self.low, self.high)


def draw(chart: Chart, steps: Steps) -> Html:
    """A `figure`: title, drawing, and a legend that says the last value of each line."""
    shown = [series for series in chart.series if series.points]
    lines, left_out = shown[:COLORS], len(shown) - COLORS
    axes = _Axes(
        Chart(chart.title, chart.note, tuple(lines), chart.low, chart.high, chart.log), steps
    )
    thinned = [thinned_line(series.stretches) for series in lines]
    drawing = element(
        "svg",
        *_background(axes, steps),
        *(
            _line(axes, i, s, parts)
            for i, (s, parts) in enumerate(zip(lines, thinned, strict=True))
        ),
        element("line", class_="cursor", y1=TOP, y2=HEIGHT - BOTTOM),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=_told(chart.title, lines),
        data_axis=data([LEFT, WIDTH - RIGHT, axes.last]),
        data_points=data([_readings(parts) for parts in thinned]),
    )
    items = [_legend(i, series) for i, series in enumerate(lines)]
    note = chart.note + (f" {left_out} more lines are in the table." if left_out > 0 else "")
    caption = element("figcaption", element("h3", chart.title), element("p", note))
    at = element("span", f"step {max(s.points[-1][0] for s in lines):,.0f}", class_="at")
    legend = element("div", at, element("ul", *items), class_="legend")
    return element("figure", caption, drawing, legend, class_="chart")


def thinned_line(stretches: Sequence[Sequence[tuple]]) -> list[list[tuple]]:
    """Every stretch in about MOST_POINTS points for all, as dense in each."""
    size = math.ceil(sum(map(len, stretches)) / MOST_POINTS)
    return [thin(stretch, size) for stretch in stretches if stretch]


def thin(stretch: Sequence[tuple[float, float]], size: int) -> list[tuple]:
    """(step, mean, lowest, highest) of each `size` points in a row."""
    bins = [stretch[i : i + size] for i in range(0, len(stretch), size)]
    return [
        (
            b[len(b) // 2][0],
            sum(value for _, value in b) / len(b),
            min(value for _, value in b),
            max(value for _, value in b),
        )
        for b in bins
    ]


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / (most - 1)
    if rough <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 ..., or powers of ten alone where those are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, len(powers) // 6)
    factors = (1, 2, 5) if len(powers) <= 3 else (1,)
    found = [factor * 10.0**p for p in powers[::every] for factor in factors]
    return [tick for tick in found if low * 0.999 <= tick <= high * 1.001]


def short(value: float) -> str:
    """A number for an axis or a legend: `0.0123`, `3.1`, `25k`."""
    if abs(value) >= 10_000:
        return f"{value / 1000:.4g}k"
    return f"{value:.4g}" if abs(value) >= 1 else f"{value:.3g}"


def _wider(low: float, high: float, chart: Chart) -> tuple[float, float]:
    """The range with some air, within what is possible; at least as much as one pixel tells apart."""
    if chart.low is not None and chart.high is not None:
        air = 0.03 * (chart.high - chart.low)
        return chart.low - air, chart.high + air
    if chart.low is not None and low < 2 * (high - low):
        low = chart.low  # close enough to the least that can be: begin there
    air = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return (low if low == chart.low else low - air), high + air


def _background(axes: _Axes, steps: Steps) -> list[Html]:
    """Phases, grid, labels, and the step that was kept."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for i, (name, first, last) in enumerate(steps.phases):
        x, width = axes.x(first), axes.x(last) - axes.x(first)
        box = {"x": f"{x:.1f}", "y": TOP, "width": f"{width:.1f}", "height": bottom - TOP}
        kind = "phase odd" if i % 2 else "phase"
        parts.append(element("rect", element("title", f"phase {name}"), class_=kind, **box))
        if len(steps.phases) > 1 and 6.2 * len(name) < width:
            parts.append(element("text", name, x=f"{x + width / 2:.1f}", y=TOP - 7, class_="name"))
    for tick in axes.ticks():
        y = f"{axes.y(tick):.1f}"
        parts.append(element("line", x1=LEFT, x2=right, y1=y, y2=y, class_="grid"))
        label = element("text", short(tick), x=LEFT - 6, y=y, dy="0.33em", class_="value")
        parts.append(label)
    for tick in ticks(0, axes.last):
        if tick == int(tick):
            x = f"{axes.x(tick):.1f}"
            parts.append(element("text", short(tick), x=x, y=bottom + 16, class_="step"))
    middle = (LEFT + right) / 2
    parts.append(element("text", "step", x=middle, y=HEIGHT - 4, class_="step"))
    if steps.kept is not None and steps.kept <= axes.last:
        x = f"{axes.x(steps.kept):.1f}"
        said = element("title", f"the model that was kept: step {steps.kept}")
        parts.append(element("line", said, x1=x, x2=x, y1=TOP, y2=bottom, class_="kept"))
        parts.append(element("text", "★", x=x, y=TOP + 4, class_="kept"))
    return parts


def _line(axes: _Axes, index: int, series: Series, parts: Sequence[Sequence[tuple]]) -> Html:
    """The band from lowest to highest where points were averaged, the line, dots where they are few."""
    kind = f"s{index}" + (" reference" if series.reference else "")
    drawn = []
    for part in parts:
        if any(low < high for _, _, low, high in part):
            over = [f"{axes.x(x):.1f},{axes.y(high):.1f}" for x, _, _, high in part]
            under = [f"{axes.x(x):.1f},{axes.y(low):.1f}" for x, _, low, _ in reversed(part)]
            drawn.append(element("polygon", points=Html(" ".join(over + under)), class_="band"))
    for part in parts:
        places = [f"{axes.x(x):.1f},{axes.y(mean):.1f}" for x, mean, _, _ in part]
        if len(places) > 1:
            drawn.append(element("polyline", points=Html(" ".join(places)), class_="line"))
        if len(series.points) <= FEW or len(places) == 1:
            dots = (place.split(",") for place in places)
            drawn += [element("circle", cx=x, cy=y, r=2.6) for x, y in dots]
    return element("g", *drawn, class_=kind)


def _legend(index: int, series: Series) -> Html:
    line = element("line", x1=0, x2=22, y1=5, y2=5, class_="line")
    kind = f"s{index}" + (" reference" if series.reference else "")
    swatch = element(
        "svg", element("g", line, class_=kind), viewBox="0 0 22 10", aria_hidden="true"
    )
    last = element("b", short(series.points[-1][1]))
    return element("li", joined((swatch, element("span", series.name), last)))


def _readings(parts: Sequence[Sequence[tuple]]) -> list[list]:
    """(step, value as text) of all points of a line, for the page's cursor."""
    return [[step, short(mean)] for part in parts for step, mean, _, _ in part]


def _told(title: str, lines: Sequence[Series]) -> str:
    said = []
    for series in lines:
        (first, began), (last, ended) = series.points[0], series.points[-1]
        values = [value for _, value in series.points]
        said.append(
            f"{series.name}: {short(began)} at step {first}, {short(ended)} at step {last}, "
            f"lowest {short(min(values))}, highest {short(max(values))}"
        )
    return f"{title}, against steps. " + "; ".join(said)
