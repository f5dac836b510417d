"""Pictures about pictures: loss curves, sample sheets and labelled contact sheets."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from condcolor.errors import UsageError
from condcolor.saving import write_whole

GAP = 4  # pixels of white between the pictures of a sheet
INK = (40, 40, 40)
ERRORS = {"mse": "test MSE", "ab_error": "test ab error", "drift": "drift of the mean colour"}
LEVELS = {"ab_error_grey": "ab error of grey"}
COLORS = {"cf_abs": "colourfulness", "cf_abs_truth": "of the truth"}
FEW = 10  # points of a curve up to which each gets a dot: a line of one point is not seen


def sheet(
    rows: Sequence[Sequence[np.ndarray]],
    *,
    columns: Sequence[str] = (),
    labels: Sequence[str] = (),
    cell: int | None = None,
) -> np.ndarray:
    """Pictures `[H, W, 3]` uint8 in a grid, with column headings and row labels -> `[H, W, 3]` uint8.

    Args:
        rows: the grid; every picture is fitted into a square of `cell` pixels (default: the largest side).
    """
    cell = cell or max((max(p.shape[:2]) for row in rows for p in row), default=1)
    font = ImageFont.load_default(size=max(11, cell // 14))
    line = round(font.size * 1.6)
    across = GAP + max([cell, *(round(font.getlength(text)) for text in columns)])
    down = GAP + max(cell, line if labels else 0)
    left = max((round(font.getlength(text)) + 2 * GAP for text in labels), default=0)
    top = line if columns else 0
    width = left + max(len(columns), *map(len, rows), 0) * across + GAP
    page = Image.new("RGB", (width, top + len(rows) * down + GAP), "white")
    draw = ImageDraw.Draw(page)
    for j, text in enumerate(columns):
        draw.text((left + j * across + (across + GAP) / 2, top / 2), text, INK, font, anchor="mm")
    for i, row in enumerate(rows):
        middle = top + i * down + (down + GAP) / 2
        if i < len(labels):
            draw.text((left - GAP, middle), labels[i], INK, font, anchor="rm")
        for j, picture in enumerate(row):
            tile = _fitted(Image.fromarray(picture), cell)
            centre = left + j * across + (across + GAP) / 2
            page.paste(tile, (round(centre - tile.width / 2), round(middle - tile.height / 2)))
    return np.array(page)


def _fitted(picture: Image.Image, cell: int) -> Image.Image:
    """The picture with its longer side brought to `cell` pixels."""
    if max(picture.size) == cell:
        return picture
    scale = cell / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


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
