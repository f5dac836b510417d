"""Pictures about pictures: loss curves, sample sheets and labelled contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4  # pixels of white between the pictures of a sheet
INK = (40, 40, 40)


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
    cell = cell or max(max(p.shape[:2]) for row in rows for p in row)
    font = ImageFont.load_default(size=max(11, cell // 14))
    measure = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left = 2 * GAP + max((round(measure.textlength(t, font)) for t in labels), default=-2 * GAP)
    top = round(font.size * 1.6) if columns else 0
    width = left + max(len(row) for row in rows) * (cell + GAP) + GAP
    height = top + len(rows) * (cell + GAP) + GAP
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)
    for j, text in enumerate(columns):
        centre = left + GAP + j * (cell + GAP) + cell / 2
        draw.text((centre, top / 2), text, INK, font, anchor="mm")
    for i, row in enumerate(rows):
        y = top + GAP + i * (cell + GAP)
        if i < len(labels):
            draw.text((left - GAP, y + cell / 2), labels[i], INK, font, anchor="rm")
        for j, picture in enumerate(row):
            tile = Image.fromarray(picture)
            if max(tile.size) != cell:
                scale = cell / max(tile.size)
                size = (max(1, round(tile.width * scale)), max(1, round(tile.height * scale)))
                tile = tile.resize(size, Image.Resampling.LANCZOS)
            x = left + GAP + j * (cell + GAP)
            page.paste(tile, (x + (cell - tile.width) // 2, y + (cell - tile.height) // 2))
    return np.asarray(page)


def plot_run(log: Sequence[dict], path: Path, *, title: str = "") -> None:
    """Losses against steps, and test measures against epochs, from a run's log.jsonl entries."""
    from matplotlib.figure import Figure  # not pyplot: no display, no global state

    steps = [entry for entry in log if entry["kind"] == "step"]
    epochs = [entry for entry in log if entry["kind"] == "epoch" and entry.get("test")]
    figure = Figure(figsize=(10, 3.6 if not epochs else 7.2), layout="constrained")
    rows = 2 if epochs else 1
    axes = figure.subplots(rows, 2, squeeze=False)
    _losses(axes[0][0], steps, ("generator", "discriminator"), "loss")
    _losses(axes[0][1], steps, ("pixel", "gan"), "generator's parts (unweighted)")
    if epochs:
        at = [e["epoch"] for e in epochs]
        axes[1][0].plot(at, [e["test"]["mse"] for e in epochs], label="test MSE")
        best = min(epochs, key=lambda e: e["test"]["mse"])
        axes[1][0].axvline(best["epoch"], color="0.6", ls=":", label=f"best: {best['epoch']}")
        for i, score in enumerate(epochs[0]["test"]["attributes"]):
            obeyed = [e["test"]["attributes"][i]["obeyed"] for e in epochs]
            axes[1][1].plot(at, obeyed, label=f"{score['name']} obeyed")
        axes[1][1].set_ylim(-0.02, 1.02)
        for axis in axes[1]:
            axis.set_xlabel("epoch")
    for axis in axes.flat:
        axis.grid(alpha=0.3)
        if axis.has_data():
            axis.legend()
    axes[0][0].set_yscale("log")
    figure.suptitle(title)
    figure.savefig(path, dpi=110)


def _losses(axis, steps: Sequence[dict], names: Sequence[str], title: str) -> None:
    axis.set_title(title)
    axis.set_xlabel("step")
    for name in names:
        points = [(e["step"], e[name]) for e in steps if e.get(name) is not None]
        if points:
            axis.plot(*zip(*points, strict=True), label=name, lw=1)
