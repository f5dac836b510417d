"""The curves of a run: defined once, drawn by matplotlib as a file and as inline SVG for the report."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from condcolor.errors import UsageError
from condcolor.evaluation.measures import MEASURES, of_group
from condcolor.runs.folder import log_frame, tests_of
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import shown_name

if TYPE_CHECKING:
    from pandas import DataFrame

# of the lines, in light pages; report.css has them as --s0 to --s7, for dark ones too. No more are drawn
COLORS = ("#2a78d6", "#e0602a", "#14935f", "#b07a00", "#d0557f", "#4a3aa7", "#0d8a9e", "#7a6a58")
DASHES = ((), (7, 3), (2, 3.5), (9, 3, 2, 3))  # of the first lines, so that colour is not all
REFERENCE = (5, 4)
INK, SOFT, RULE = "#1d1d1b", "#5d5c58", "#e2e1dc"
VARIABLES = {color: f"var(--s{i})" for i, color in enumerate(COLORS)}
VARIABLES |= {INK: "var(--ink)", SOFT: "var(--soft)", RULE: "var(--rule)"}
STYLE = {  # of matplotlib: the same bytes for the same run, texts as texts, and every point there
    "svg.fonttype": "none",
    "svg.hashsalt": "condcolor",
    "path.simplify": False,
    "lines.scale_dashes": False,
}
WIDTH, HEIGHT = 420, 250  # of a chart in the report, in units that are pixels on a wide screen
COLUMNS = 3  # of charts in a file
MOST_POINTS = 240  # of a line: where there are more, each drawn point is the mean of several
FEW = 30  # points of a line up to which each gets a dot
LOG_SPAN = 8  # highest over lowest value, from which a logarithmic axis shows more
LETTER = 0.018  # width of a letter, as a share of the axis
GROUPS = (  # of losses, a chart each: group, title, note, whether the axis may be logarithmic
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
    dashes: tuple[float, ...] = ()
    higher_is_better: bool | None = None

    @property
    def last(self) -> str:
        """The last value, as text."""
        return short(self.points.value.iloc[-1])


@dataclass(frozen=True)
class Chart:
    """Series on common axes. `low` and `high` bound the possible values; `stars` are (step, value, label)."""

    title: str
    note: str
    series: tuple[Series, ...]
    low: float | None = None
    high: float | None = None
    log: bool = False
    stars: tuple[tuple[int, float, str], ...] = ()

    @property
    def last_step(self) -> int:
        return max(int(series.points.step.iloc[-1]) for series in self.series)

    @property
    def description(self) -> str:
        """The course of each line in words, for those who do not see it."""
        return "; ".join(map(_course, self.series))


@dataclass(frozen=True)
class Steps:
    """The horizontal axis of all charts of a run: `ends` are the phases with their last steps."""

    last: int
    ends: Mapping[str, int]
    kept: int | None = None  # the step whose model was kept

    @classmethod
    def of(cls, frame: DataFrame, kept: int | None = None) -> Steps:
        named = frame[frame.phase != ""]
        ends = named.groupby("phase", sort=False).step.max()
        return cls(max(int(frame.step.max()), 1) if len(frame) else 1, ends.to_dict(), kept)


def loss_charts(frame: DataFrame) -> list[Chart]:
    """Return charts of losses and of the discriminator's accuracy."""
    charts = []
    for group, title, note, log in GROUPS:
        measures = of_group(group)
        tables = [
            frame[frame.kind == ("epoch" if m.key.endswith("_test") else "step")] for m in measures
        ]
        lines = [
            (m.label, _points(table, m.key), None)
            for m, table in zip(measures, tables, strict=True)
        ]
        charts += _chart(title, note, lines, low=measures[-1].low, high=measures[-1].high, log=log)
    return charts


def measure_charts(frame: DataFrame) -> list[Chart]:
    """Return charts of what the tests measured: of attributes first, since they are what is asked for."""
    checks, charts = tests_of(frame), []
    for measure in of_group("attribute", "test", "score"):
        keys = [measure.key]
        names = {measure.key: measure.label}
        if measure.group == "attribute":
            keys = [key for key in checks.columns if key.startswith(f"{measure.key}/")]
            names = {key: key.partition("/")[2] for key in keys}
        lines = [(names[key], _points(checks, key), measure.higher_is_better) for key in keys]
        if measure.reference:
            other = MEASURES[measure.reference]
            lines.append((other.label, _points(checks, other.key), None))
        stars = _stars(frame, checks) if measure.group == "score" else ()
        bounds = {"low": measure.low, "high": measure.high}
        charts += _chart(
            measure.label,
            measure.note,
            lines,
            **bounds,
            stars=stars,
            compares=bool(measure.reference),
        )
    return charts


def _points(table: DataFrame, key: str) -> DataFrame:
    return table[["step", "phase", key]].dropna().set_axis(["step", "phase", "value"], axis=1)


def _chart(title: str, note: str, lines: Sequence, *, compares=False, **options) -> list[Chart]:
    """Return a chart of the lines that have points, none where none has."""
    series = []
    for name, points, higher_is_better in lines:
        if len(points):
            is_reference = compares and bool(series)
            dashes = REFERENCE if is_reference else dict(enumerate(DASHES)).get(len(series), ())
            series.append(Series(name, points, dashes, higher_is_better))
    left_out = len(series) - len(COLORS)
    note += f" {left_out} more lines are in the table." if left_out > 0 else ""
    return [Chart(title, note, tuple(series[: len(COLORS)]), **options)] if series else []


def _stars(frame: DataFrame, checks: DataFrame) -> tuple[tuple[int, float, str], ...]:
    """Return the best score of all checks, and those that the phases went back to."""
    scored = checks.dropna(subset="score")
    if scored.empty:
        return ()
    best = scored.loc[scored.score.idxmin()]
    stars = [(best, f"best: step {best.step}")]
    ends = frame[(frame.kind == "phase") & frame.kept_step.notna()]
    for end in ends.itertuples():
        same = scored[(scored.phase == end.phase) & (scored.step == end.kept_step)]
        stars += [(check, f"{end.phase} kept step {check.step}") for check in same.itertuples()]
    return tuple((int(check.step), float(check.score), label) for check, label in stars)


def thinned(points: DataFrame) -> DataFrame:
    """Return at most about MOST_POINTS points: stretch, step, mean, low, high of some in a row each."""
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


def _course(series: Series) -> str:
    points = series.points
    first, last = points.iloc[0], points.iloc[-1]
    text = f"{series.name}: {short(first.value)} at step {first.step}, "
    text += f"{short(last.value)} at step {last.step}, "
    if series.higher_is_better is None:
        return text + f"lowest {short(points.value.min())}, highest {short(points.value.max())}"
    values = points.value
    best = points.loc[values.idxmax() if series.higher_is_better else values.idxmin()]
    return text + f"best {short(best.value)} at step {best.step}"


# -- drawn -----------------------------------------------------------------------------------------


def plot_run(log: Sequence[dict], path: Path, *, title: str = "") -> None:
    """Draw losses, measures and the score that chooses, against steps, from a run's log.jsonl entries.

    Each phase's end is a dotted line; the best check, and the one that each phase went back to, a star.

    Raises:
        UsageError: the suffix of `path` is no format of a plot.
        DataError: it cannot be written there.
    """
    from matplotlib.figure import Figure  # not pyplot: no display, no global state

    frame = log_frame(log)
    charts, steps = [*loss_charts(frame), *measure_charts(frame)], Steps.of(frame)
    rows = max(math.ceil(len(charts) / COLUMNS), 1)
    with _style():
        figure = Figure(figsize=(4.4 * COLUMNS, 3.3 * rows), layout="constrained")
        axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
        for axis, chart in zip(axes, charts, strict=False):
            _draw(axis, chart, steps)
            axis.set_title(chart.title, pad=18, size=11)
            axis.set_xlabel("step", color=SOFT, size=9)
            for text in axis.legend(fontsize=8).get_texts():
                text.set_parse_math(False)
        for axis in axes[len(charts) :]:
            axis.set_axis_off()
        figure.suptitle(title, parse_math=False)
        format = Path(path).suffix.lower().removeprefix(".")
        formats = figure.canvas.get_supported_filetypes()
        if format not in formats:
            known = ", .".join(sorted(formats))
            raise UsageError(f"{path}: a plot ends in .png or one of .{known}")
        metadata = {"Date": None} if format == "svg" else None
        content = io.BytesIO()
        figure.savefig(content, format=format, dpi=100, metadata=metadata)
    write_whole(path, content.getvalue(), overwrite=True)


def svg_shapes(chart: Chart, steps: Steps) -> str:
    """Return what stands inside the `svg` of a chart, in WIDTH x HEIGHT units and the page's colours."""
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        _draw(figure.add_axes((0.12, 0.13, 0.84, 0.78)), chart, steps)
        content = io.StringIO()
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
    return "".join(_shapes(ElementTree.fromstring(content.getvalue())))


@contextmanager
def _style() -> Iterator[None]:
    from matplotlib import rc_context

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def _draw(axis, chart: Chart, steps: Steps) -> None:
    lines = [thinned(series.points) for series in chart.series]
    _scale(
        axis, chart, min(line.low.min() for line in lines), max(line.high.max() for line in lines)
    )
    for series, line, color in zip(chart.series, lines, COLORS, strict=False):
        stretches = [stretch for _, stretch in line.groupby("stretch")]
        for stretch in stretches:
            if (stretch.low < stretch.high).any():
                band = (stretch.step, stretch.low, stretch.high)
                axis.fill_between(*band, color=color, alpha=0.18, lw=0)
        steps_of, values = [], []
        for stretch in stretches:  # broken by a NaN
            steps_of += [*([stretch.step.iloc[0]] if values else []), *stretch.step]
            values += [*([math.nan] if values else []), *stretch["mean"]]
        few = len(series.points) <= FEW or any(len(stretch) == 1 for stretch in stretches)
        style = {"ls": (0, series.dashes) if series.dashes else "-", "lw": 2, "color": color}
        style |= {"marker": "." if few else None, "ms": 7}
        axis.plot(steps_of, values, label=f" {series.name} {series.last}", **style)
    for i, (step, value, label) in enumerate(chart.stars):
        style = {"ms": 15 - 2 * i, "ls": "", "label": label, "zorder": 3}
        axis.plot(step, value, "*", color=COLORS[(i + 3) % len(COLORS)], **style)
    _mark(axis, steps)


def _scale(axis, chart: Chart, low: float, high: float) -> None:
    """Set limits, ticks and grid: logarithmic where values span much, from the least possible where near."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if chart.log and low > 0 and high / low >= LOG_SPAN:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 1000 else (1,)))
        axis.minorticks_off()
    elif chart.low is not None and chart.high is not None:
        air = 0.03 * (chart.high - chart.low)
        axis.set_ylim(min(chart.low, low) - air, max(chart.high, high) + air)
    elif chart.low is not None and chart.low <= low < 2 * (high - low):
        axis.set_ylim(chart.low, high + 0.06 * (high - chart.low))
    axis.yaxis.set_major_formatter(lambda value, _: short(value))
    axis.xaxis.set_major_formatter(lambda value, _: short(value))
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.tick_params(length=0, pad=6, labelcolor=SOFT)
    axis.grid(axis="y", color=RULE)
    axis.set_axisbelow(True)
    axis.spines[:].set_visible(False)


def _mark(axis, steps: Steps) -> None:
    """Mark where phases end, their names where there is room, and the step whose model was kept."""
    axis.set_xlim(0, 1.01 * steps.last)  # with room for the last dot
    above = {"transform": axis.get_xaxis_transform(), "parse_math": False, "ha": "center"}
    first = 0
    for name, last in steps.ends.items():
        name = shown_name(name)
        if len(steps.ends) > 1 and LETTER * len(name) * steps.last < last - first:
            axis.text((first + last) / 2, 1.03, name, color=SOFT, size=9, **above)
        first = last
    if steps.kept is not None:
        axis.axvline(steps.kept, color=INK, ls=(0, (1, 3)), lw=1)
        axis.text(steps.kept, 1.03, "★", color=INK, **above)
    for last in steps.ends.values():
        axis.axvline(last, color=SOFT, ls=":", lw=1)


KEPT_STYLES = {"fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "text-anchor"}


def _shapes(root: ElementTree.Element) -> Iterator[str]:
    """Yield matplotlib's paths and texts without ids and style attributes, which a page's policy forbids."""
    from markupsafe import escape

    outlines: dict[str, str] = {}  # of markers and bands: defined once, and used at places
    for node in root.iter():
        kind = node.tag.rpartition("}")[2]
        styles = dict(part.split(": ", 1) for part in node.get("style", "").split("; ") if part)
        kept = {k: VARIABLES.get(v, v) for k, v in styles.items() if k in KEPT_STYLES}
        style = "".join(f' {name}="{value}"' for name, value in kept.items())
        x, y = (round(float(node.get(name, 0)), 1) for name in "xy")
        outline = _rounded(node.get("d", ""))
        if kind == "path" and node.get("id"):
            outlines[node.get("id")] = outline
        elif kind == "path" and outline and (styles.get("fill") != "none" or "stroke" in styles):
            yield f'<path d="{outline}"{style}/>'
        elif kind == "use":
            outline = outlines[node.get("{http://www.w3.org/1999/xlink}href").removeprefix("#")]
            if "C" in outline:  # the only marker that is round
                yield f'<circle cx="{x}" cy="{y}" r="2.3"{style}/>'
            else:
                yield f'<path d="{outline}" transform="translate({x} {y})"{style}/>'
        elif kind == "text":
            yield f'<text x="{x}" y="{y}"{style}>{escape(node.text)}</text>'


def _rounded(outline: str) -> str:
    """Return a path with a decimal place, as short as can be."""
    outline = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}", outline)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", outline).strip()
