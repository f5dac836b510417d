"""Outlines of an area as smooth closed curves, at sub-pixel accuracy, corners kept, as SVG path data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

ACCURATE_SIDE = 1024  # pixels of the longer side up to which an area is traced at twice its size
LARGEST_SIDE = 2048  # pixels of the longer side above which an area is traced smaller
STEP = 0.5  # pixels between points of an outline
REACH = 1.0  # pixels before and after a point, over which its turn is measured
CORNER = 35.0  # degrees of a turn from which a point is a corner
SPECK = 1.0  # square pixels; smaller pieces and holes are left out
STRAIGHT = 2.0  # tolerances between a straight line and the points of a section that it stands for
END_WEIGHT = 50.0  # of the ends of a section, which meet the next one
MOST_POINTS = 500  # of a section that is fitted at once
MOST_IN_ALL = 60_000  # points of an area; noise is traced coarsely, so that it takes seconds
MOST_PIECES = 5_000  # of an area; the largest are kept


@dataclass(frozen=True)
class Outlines:
    """The outlines of an area.

    paths: SVG path data, one string for each connected piece, its holes included; outer outlines and holes
        turn in opposite directions, so that every fill rule gives the same.
    width: usual width of the area in pixels, as that of a line: twice its size by the length of its outlines.
    """

    paths: tuple[str, ...]
    width: float


def trace(
    area: np.ndarray, level: float, *, tolerance: float | None = None, detail: float = 1 / 60
) -> Outlines:
    """Trace where an area is at least `level`.

    Args:
        area: `[H, W]` uint8 or float, such as an alpha channel.
        level: of the area's values; where they pass it, between pixel centers, the outline runs.
        tolerance: root mean square distance in pixels between curve and outline; default `detail` times the
            usual width of the area, 0.05 to 0.2.
    """
    polygons = _polygons(area.astype(np.float32), level)
    size = sum(_area(lines[0]) - sum(map(_area, lines[1:])) for lines in polygons)
    length = sum(_lengths(line)[-1] for lines in polygons for line in lines)
    width = 2 * size / length if length else 0.0
    if tolerance is None:
        tolerance = float(np.clip(width * detail, 0.05, 0.2))
    step = max(STEP, 2 * tolerance, length / MOST_IN_ALL)
    tolerance = max(tolerance, step / 8)
    paths = (" ".join(_curve(line, tolerance, step) for line in lines) for lines in polygons)
    return Outlines(tuple(paths), width)


def _polygons(area: np.ndarray, level: float) -> list[list[np.ndarray]]:
    """Return the pieces of an area as their outlines, `[N, 2]` closed, the outer one first.

    Along the border of the picture, the outlines run exactly on it.
    """
    import contourpy
    from PIL import Image

    height, width = area.shape
    side = max(area.shape)
    scale = 2.0 if side <= ACCURATE_SIDE else min(1.0, LARGEST_SIDE / side)
    if scale != 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        area = np.asarray(Image.fromarray(area).resize(size, Image.Resampling.BICUBIC))
    padded = np.pad(area, 1, mode="edge")
    rows, columns = area.shape
    x, y = (
        np.concatenate(([0.0], (np.arange(n) + 0.5) * whole / n, [whole]))
        for n, whole in ((columns, width), (rows, height))
    )
    generator = contourpy.contour_generator(
        x, y, padded, fill_type=contourpy.FillType.OuterOffset, corner_mask=False
    )
    filled: Any = generator.filled(level, np.inf)  # as its fill_type says
    points, offsets = filled
    pieces = []
    for all_points, starts in zip(points, offsets, strict=True):
        lines = [all_points[a:b] for a, b in pairwise(starts)]
        if _area(lines[0]) >= SPECK:
            pieces.append([lines[0], *(line for line in lines[1:] if _area(line) >= SPECK)])
    if len(pieces) > MOST_PIECES:
        pieces.sort(key=lambda lines: -_area(lines[0]))
    return pieces[:MOST_PIECES]


def _area(line: np.ndarray) -> float:
    x, y = line.T
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1])) / 2


def _lengths(line: np.ndarray) -> np.ndarray:
    """Return the length of a line up to each of its points, `[N]`."""
    return np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))


def _curve(line: np.ndarray, tolerance: float, step: float) -> str:
    """Return a closed line `[N, 2]` as path data: corners kept, curves between them."""
    along = _lengths(line)
    count = max(8, round(along[-1] / step))
    at = np.linspace(0, along[-1], count + 1)[:-1]
    points = np.column_stack([np.interp(at, along, values) for values in line.T])  # not closed
    corners = _corners(points, max(1, round(REACH / (along[-1] / count))))
    closed = not len(corners) and count <= MOST_POINTS
    if closed:
        beziers = _beziers(np.vstack((points, points[:1])), tolerance, closed=True)
    else:
        beziers = np.concatenate(
            [_beziers(section, tolerance, closed=False) for section in _sections(points, corners)]
        )
    text = "M" + _numbers(beziers[:1, 0])
    for bezier in beziers:
        if _is_straight(bezier, tolerance):
            text += "L" + _numbers(bezier[3:])
        else:
            text += "C" + _numbers(bezier[1:])
    return text + "Z"


def _corners(points: np.ndarray, reach: int) -> np.ndarray:
    """Return the indices of the corners of a closed line `[N, 2]`."""
    before = points - np.roll(points, reach, axis=0)
    after = np.roll(points, -reach, axis=0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turns = np.abs(np.degrees(np.arctan2(cross, (before * after).sum(axis=1))))
    from scipy import ndimage

    sharpest = ndimage.maximum_filter1d(turns, 2 * reach + 1, mode="wrap")
    return np.flatnonzero((turns >= CORNER) & (turns == sharpest))


def _sections(points: np.ndarray, corners: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the parts of a closed line between its corners, both ends included, at most MOST_POINTS each."""
    start = corners[0] if len(corners) else 0
    points = np.roll(points, -start, axis=0)
    points = np.vstack((points, points[:1]))
    ends = [*(corners - start), len(points) - 1] if len(corners) else [0, len(points) - 1]
    for first, last in pairwise(ends):
        pieces = -(-(last - first) // MOST_POINTS)
        cuts = np.linspace(first, last, pieces + 1).round().astype(int)
        for a, b in pairwise(cuts):
            yield points[a : b + 1]


def _beziers(points: np.ndarray, tolerance: float, *, closed: bool) -> np.ndarray:
    """Fit cubic Bézier curves `[K, 4, 2]` to points `[N, 2]`, through both ends, as a smoothing spline."""
    from scipy.interpolate import BSpline, splprep

    straight = points[0] + (points[-1] - points[0]) * np.linspace(0, 1, 4)[:, None]
    if len(points) <= 4 or (not closed and _away(points, straight).max() <= STRAIGHT * tolerance):
        return straight[None]
    weights = np.ones(len(points))
    if not closed:
        weights[[0, -1]] = END_WEIGHT
    (knots, coefficients, degree), _ = splprep(
        points.T, w=weights, s=len(points) * tolerance**2, k=3, per=closed, quiet=2
    )
    spline = BSpline(knots, np.column_stack(coefficients), degree)
    at = np.unique(knots[(knots >= 0) & (knots <= 1)])
    ends, slopes, third = spline(at), spline.derivative()(at), np.diff(at)[:, None] / 3
    ends[-1] = points[-1] if not closed else ends[0]
    ends[0] = points[0] if not closed else ends[0]
    return np.stack(
        (ends[:-1], ends[:-1] + slopes[:-1] * third, ends[1:] - slopes[1:] * third, ends[1:]), 1
    )


def _is_straight(bezier: np.ndarray, tolerance: float) -> bool:
    """Return whether a curve `[4, 2]` is a straight line within a third of the tolerance."""
    chord = bezier[3] - bezier[0]
    length = np.hypot(*chord)
    if length == 0:
        return False
    along = (bezier[1:3] - bezier[0]) @ chord / length
    inside = bool((along >= -tolerance).all() and (along <= length + tolerance).all())
    return inside and bool(_away(bezier, bezier).max() <= tolerance / 3)


def _away(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the distances `[N]` of points from the straight line between the ends of another one."""
    chord, own = line[-1] - line[0], points - line[0]
    length = np.hypot(*chord)
    if length == 0:
        return np.hypot(*own.T)
    return np.abs(own[:, 0] * chord[1] - own[:, 1] * chord[0]) / length


_ZEROS = re.compile(r"\.?0+(?= |$)")


def _numbers(points: np.ndarray) -> str:
    return " ".join(_ZEROS.sub("", f"{value:.2f}") or "0" for value in points.ravel())
