"""Scribbles of scenes: shapes, letters, speech bubbles, lines and frames, which are no part of a person."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from condcolor.data.builders.cutouts import GROUND
from condcolor.data.builders.scene_canvas import Canvas

_FINE = 2  # pixels of a scribble to one of the canvas, each way
_SEE_THROUGH, _BLACK = 0.12, 0.08  # shares of the shapes


@dataclass
class _Sheet:
    """What a scribble is drawn on, and its size and place there, in pixels."""

    side: int
    x: float
    y: float
    rx: float
    ry: float
    width: int  # of lines

    def __post_init__(self) -> None:
        self.lines, self.area = (Image.new("L", (self.side, self.side), 0) for _ in range(2))
        self.line_pen, self.area_pen = ImageDraw.Draw(self.lines), ImageDraw.Draw(self.area)

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x - self.rx, self.y - self.ry, self.x + self.rx, self.y + self.ry

    def stroke(self, points: list[tuple[float, float]], width: int | None = None) -> None:
        self.line_pen.line(points, fill=255, width=width or self.width, joint="curve")


def _ellipse(rng: np.random.Generator, sheet: _Sheet) -> None:
    sheet.area_pen.ellipse(sheet.box, fill=255)
    sheet.line_pen.ellipse(sheet.box, outline=255, width=sheet.width)


def _box(rng: np.random.Generator, sheet: _Sheet) -> None:
    radius = rng.uniform(0, 0.5) * min(sheet.rx, sheet.ry)
    sheet.area_pen.rounded_rectangle(sheet.box, radius, fill=255)
    sheet.line_pen.rounded_rectangle(sheet.box, radius, outline=255, width=sheet.width)


def _polygon(rng: np.random.Generator, sheet: _Sheet) -> None:
    angles = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(3, 8)))
    points = [
        (
            sheet.x + sheet.rx * math.cos(angle) * rng.uniform(0.5, 1),
            sheet.y + sheet.ry * math.sin(angle) * rng.uniform(0.5, 1),
        )
        for angle in angles
    ]
    sheet.area_pen.polygon(points, fill=255)
    sheet.stroke(points + points[:2])


def _wave(rng: np.random.Generator, sheet: _Sheet) -> None:
    x, y, angle = sheet.x, sheet.y, rng.uniform(0, 2 * math.pi)
    points = [(x, y)]
    for _ in range(12):
        angle += rng.normal(0, 0.4)
        x, y = x + sheet.rx / 6 * math.cos(angle), y + sheet.rx / 6 * math.sin(angle)
        points.append((x, y))
    sheet.stroke(points)


def _letters(rng: np.random.Generator, sheet: _Sheet) -> None:
    height = rng.uniform(0.02, 0.07) * sheet.side
    for nth in range(rng.integers(3, 14)):
        corners = rng.uniform(0, height, (4, 2)) + np.array((sheet.x + nth * height * 1.1, sheet.y))
        sheet.stroke([(x, y) for x, y in corners], max(2, sheet.width // 2))


def _bubble(rng: np.random.Generator, sheet: _Sheet) -> None:
    x, y, rx, ry = sheet.x, sheet.y, sheet.rx, sheet.ry
    tip = (x + rng.uniform(-1, 1) * rx, y + ry * 1.6)
    tail = [(x - 0.2 * rx, y + 0.7 * ry), (x + 0.15 * rx, y + 0.8 * ry), tip]
    sheet.area_pen.polygon(tail, fill=255)
    sheet.stroke([*tail, tail[0]])
    _ellipse(rng, sheet)
    inside_x, inside_y = max(rx - sheet.width, 0), max(ry - sheet.width, 0)
    inside = (x - inside_x, y - inside_y, x + inside_x, y + inside_y)
    sheet.line_pen.ellipse(inside, fill=0)


def _parallels(rng: np.random.Generator, sheet: _Sheet) -> None:
    angle = rng.choice((0, math.pi / 2, rng.uniform(0, math.pi)))
    cos, sin = math.cos(angle) * sheet.rx, math.sin(angle) * sheet.rx
    step = rng.uniform(0.03, 0.15) * sheet.side
    for nth in range(rng.integers(2, 9)):
        x = sheet.x - math.sin(angle) * nth * step
        y = sheet.y + math.cos(angle) * nth * step
        sheet.stroke([(x - cos, y - sin), (x + cos, y + sin)])


def _horizon(rng: np.random.Generator, sheet: _Sheet) -> None:
    end = sheet.y + rng.normal(0, 0.06) * sheet.side
    sheet.stroke([(-9, sheet.y), (sheet.side + 9, end)])


_Scribble = Callable[[np.random.Generator, _Sheet], None]
_SCRIBBLES: tuple[_Scribble, ...] = (
    *(_ellipse, _box, _polygon, _bubble),
    *(_wave, _wave, _letters, _parallels, _horizon),
)


def scribble(rng: np.random.Generator, canvas: Canvas) -> None:
    """Draw a random scribble onto the canvas; a closed shape covers what is below."""
    side = canvas.size * _FINE
    kind = _SCRIBBLES[rng.integers(len(_SCRIBBLES))]
    x, y = rng.uniform(-0.1, 1.1, 2) * side
    rx = _log_uniform(rng, 0.03, 0.5) * side
    ry = rx * rng.uniform(0.3, 1.2)
    width = round(_log_uniform(rng, 0.8, 7.0) * canvas.size / 256 * _FINE)
    width = max(1, min(width, int(ry)))
    sheet = _Sheet(side, x, y, rx, ry, width)
    kind(rng, sheet)
    area = np.asarray(sheet.area.reduce(_FINE)) > 127
    if area.any() and rng.random() >= _SEE_THROUGH:
        canvas.clear(area)
        if rng.random() < _BLACK:
            canvas.grey[area] = 0
    canvas.ink(np.asarray(sheet.lines.reduce(_FINE), np.float32) / 255)


def frame(rng: np.random.Generator, canvas: Canvas) -> None:
    """Draw a frame; half of them cut off what is outside."""
    size = canvas.size
    margin = rng.uniform(0, 0.09) * size
    top, bottom = margin * rng.uniform(0.5, 1.5, 2)
    width = max(1, round(_log_uniform(rng, 1, 8) * size / 256))
    box = (margin, top, size - 1 - margin, size - 1 - bottom)
    lines, inside = (Image.new("1", (size, size), 0) for _ in range(2))
    line_pen, inside_pen = ImageDraw.Draw(lines), ImageDraw.Draw(inside)
    shape = rng.choice(("ellipse", "rounded", "box", "box"))
    if shape == "ellipse":
        line_pen.ellipse(box, outline=1, width=width)
        inside_pen.ellipse(box, fill=1)
    else:
        radius = rng.uniform(0, 0.3) * size if shape == "rounded" else 0
        line_pen.rounded_rectangle(box, radius, outline=1, width=width)
        inside_pen.rounded_rectangle(box, radius, fill=1)
    if rng.random() < 0.5:
        canvas.clear(~np.asarray(inside), GROUND)
    canvas.grey[np.asarray(lines)] = 0


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high)))
