"""The curves of a run drawn by matplotlib, as PNG and as SVG."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from condcolor.errors import UsageError
from condcolor.runs.curves import Chart, Series, Steps, loss_charts, measure_charts, short, thinned
from condcolor.runs.folder import log_frame
from condcolor.runs.log import Entry
from condcolor.runtime.files import write_whole
from condcolor.runtime.messages import shown_name

# of the lines on a light page; report.css has them as --s0 to --s7, and others for dark pages
COLORS = ("#2a78d6", "#e0602a", "#14935f", "#b07a00", "#d0557f", "#4a3aa7", "#0d8a9e", "#7a6a58")
# of the first lines, which differ by more than color
DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 3.5), (9, 3, 2, 3))
REFERENCE = (5, 4)
INK, SOFT, RULE = "#1d1d1b", "#5d5c58", "#e2e1dc"
VARIABLES = {color: f"var(--s{i})" for i, color in enumerate(COLORS)}
VARIABLES |= {INK: "var(--ink)", SOFT: "var(--soft)", RULE: "var(--rule)"}
WIDTH, HEIGHT = 420, 250  # of a chart in the report, in units that are pixels on a wide screen
COLUMNS = 3  # of charts in a file
FEW = 30  # points of a line up to which each gets a dot
LOG_SPAN = 8  # highest over lowest value, from which a logarithmic axis shows more
LETTER = 0.018  # width of a letter, as a share of the axis


def plot_run(log: Sequence[Entry], path: Path, *, title: str = "") -> None:
    """Draw losses, measures and the score against steps, from the entries of a run's log.jsonl.

    A dotted line marks the end of a phase; a star the best check, and the one that a phase went back to.

    Raises:
        UsageError: the suffix of `path` is no format of a plot.
        DataError: the file cannot be written.
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
        figure.suptitle(shown_name(title), parse_math=False)
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
    """Return the elements of a chart's `svg`, in WIDTH x HEIGHT units and the page's colors."""
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        _draw(figure.add_axes((0.12, 0.13, 0.84, 0.78)), chart, steps)
        content = io.StringIO()
        figure.savefig(content, format="svg", transparent=True, metadata={"Date": None})
    return "".join(_shapes(ElementTree.fromstring(content.getvalue())))


def dashes(series: Series, index: int) -> tuple[float, ...]:
    """Return the lengths of dashes and gaps of a chart's line; empty for a solid one."""
    if series.is_reference:
        return REFERENCE
    return DASHES[index] if index < len(DASHES) else ()


@contextmanager
def _style() -> Iterator[None]:
    """Style what is drawn within: the same bytes for the same run, text as text, every point kept."""
    from matplotlib import rc_context

    with (
        rc_context(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "condcolor",
                "path.simplify": False,
                "lines.scale_dashes": False,
            }
        ),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def _draw(axis, chart: Chart, steps: Steps) -> None:
    lines = [thinned(series.points) for series in chart.series]
    _scale(
        axis, chart, min(line.low.min() for line in lines), max(line.high.max() for line in lines)
    )
    for i, (series, line) in enumerate(zip(chart.series, lines, strict=True)):
        x: list[float] = []
        y: list[float] = []
        for _, stretch in line.groupby("stretch"):
            if (stretch.low < stretch.high).any():
                band = (stretch.step, stretch.low, stretch.high)
                axis.fill_between(*band, color=COLORS[i], alpha=0.18, lw=0)
            x += [stretch.step.iloc[0], *stretch.step] if x else [*stretch.step]
            y += [math.nan, *stretch["mean"]] if y else [*stretch["mean"]]  # broken by a NaN
        has_dots = len(series.points) <= FEW or line.stretch.value_counts().min() == 1
        style = {"color": COLORS[i], "lw": 2, "marker": "." if has_dots else None, "ms": 7}
        style["ls"] = (0, dashes(series, i)) if dashes(series, i) else "-"
        axis.plot(x, y, label=f" {series.name} {series.last}", **style)
    for i, (step, value, label) in enumerate(chart.stars):
        style = {"ms": 15 - 2 * i, "ls": "", "label": label, "zorder": 3}
        axis.plot(step, value, "*", color=COLORS[(i + 3) % len(COLORS)], **style)
    _mark(axis, steps)


def _scale(axis, chart: Chart, low: float, high: float) -> None:
    """Set limits, ticks and grid: logarithmic for a wide range, from the least possible value if near."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    if chart.is_log and low > 0 and high / low >= LOG_SPAN:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 1000 else (1,)))
        axis.minorticks_off()
    elif chart.low is not None and chart.high is not None:
        margin = 0.03 * (chart.high - chart.low)
        axis.set_ylim(min(chart.low, low) - margin, max(chart.high, high) + margin)
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
    """Mark the ends of phases, with their names if they fit, and the step of the kept model."""
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

    outlines: dict[
        str, str
    ] = {}  # of markers and bands, which are defined once and used by reference
    for node in root.iter():
        kind = node.tag.rpartition("}")[2]
        styles = dict(part.split(": ", 1) for part in node.get("style", "").split("; ") if part)
        kept = {k: VARIABLES.get(v, v) for k, v in styles.items() if k in KEPT_STYLES}
        style = "".join(f' {name}="{value}"' for name, value in kept.items())
        x, y = (round(float(node.get(name, 0)), 1) for name in "xy")
        outline = _rounded(node.get("d", ""))
        if kind == "path" and (name := node.get("id")):
            outlines[name] = outline
        elif kind == "path" and outline and (styles.get("fill") != "none" or "stroke" in styles):
            yield f'<path d="{outline}"{style}/>'
        elif kind == "use":
            outline = outlines[node.get("{http://www.w3.org/1999/xlink}href", "").removeprefix("#")]
            if "C" in outline:  # the only marker that is round
                yield f'<circle cx="{x}" cy="{y}" r="2.3"{style}/>'
            else:
                yield f'<path d="{outline}" transform="translate({x} {y})"{style}/>'
        elif kind == "text":
            yield f'<text x="{x}" y="{y}"{style}>{escape(node.text)}</text>'


def _rounded(outline: str) -> str:
    """Return a path with one decimal place and no spaces around its commands."""
    outline = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}", outline)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", outline).strip()
