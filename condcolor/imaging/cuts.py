"""Pieces of a drawing divided along a line that a person draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from condcolor.conditions.points import Point

REACH = 1 / 24  # of the longer side; an end so near to the border of its piece is led on to it
WIDTH = 2  # pixels of a cut, so that no pixel joins its sides
LEAST_SHARE = 0.002  # of its piece; what a cut leaves on one side is at least so large


def cut_pieces(
    labels: np.ndarray, count: int, line: Sequence[Point]
) -> tuple[np.ndarray, list[int]]:
    """Divide the pieces that a line crosses. What lies on the line goes to the nearer side.

    Args:
        labels: `[H, W]` int, the piece of each pixel, below `count`.
        line: two points or more in the picture.

    Returns:
        The labels, in which the largest side of each piece keeps its number; and for each new number, from
        `count` on, the number of the piece that it was a part of.
    """
    labels = labels.copy()
    halves: list[int] = []
    crossed = _drawn(labels, line)
    for number in np.unique(labels[crossed]).tolist():
        stroke = crossed | _drawn(labels, _led_on(labels, line, number))
        made = _divide(labels, number, stroke, count + len(halves))
        halves += [number] * made
    return labels, halves


def _drawn(labels: np.ndarray, line: Sequence[Point]) -> np.ndarray:
    """Return a line as `[H, W]` bool."""
    image = Image.new("1", labels.shape[::-1])
    ImageDraw.Draw(image).line(list(line), fill=1, width=WIDTH)
    return np.array(image)


def _led_on(labels: np.ndarray, line: Sequence[Point], number: int) -> list[Point]:
    """Return the line with its ends led on, as far as they go, to the border of their piece."""
    height, width = labels.shape
    points = list(line)
    for end, rest, place in ((line[0], line[1:], 0), (line[-1], line[-2::-1], len(line))):
        before = next((point for point in rest if point != end), None)
        if before is None or labels[int(end[1]), int(end[0])] != number:
            continue
        step = np.subtract(end, before) / np.hypot(*np.subtract(end, before))
        for far in np.arange(1, REACH * max(labels.shape) + 1):
            x, y = np.array(end) + far * step
            if not (0 <= x < width and 0 <= y < height):
                break
            if labels[int(y), int(x)] != number:
                points.insert(len(points) if place else 0, (float(x), float(y)))
                break
    return points


def _divide(labels: np.ndarray, number: int, stroke: np.ndarray, first: int) -> int:
    """Divide a piece along a stroke `[H, W]` bool into sides that are not too small, in place.

    Returns:
        How many new pieces there are, numbered from `first`.
    """
    own = labels == number
    areas, count = ndimage.label(own & ~stroke)
    sizes = np.bincount(areas.ravel(), minlength=count + 1)
    sizes[0] = 0
    large = np.flatnonzero(sizes >= max(1, LEAST_SHARE * own.sum()))
    if len(large) < 2:
        return 0
    seeds = np.where(np.isin(areas, large), areas, 0)
    nearest = ndimage.distance_transform_edt(
        seeds == 0, return_distances=False, return_indices=True
    )
    order = large[np.argsort(-sizes[large])]
    numbers = np.zeros(count + 1, labels.dtype)
    numbers[order] = [number, *range(first, first + len(order) - 1)]
    labels[own] = numbers[seeds[tuple(nearest)]][own]
    return len(order) - 1
