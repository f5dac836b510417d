"""Curves of drawn figures, as chains of cubic curves: smooth lines, ellipses, bumps, spikes, bands.

A chain is a start and three control points a curve, as complex numbers with y downwards.
"""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Sequence

_KAPPA = 0.5523  # of a cubic curve's handle, for a quarter of a circle of radius 1
Points = Sequence[complex]
Chain = list[complex]
Tube = tuple[Points, float]  # middle line, diameter


def polyline(points: Points) -> Chain:
    """Return straight lines through points."""
    chain = [points[0]]
    for a, b in itertools.pairwise(points):
        chain += [a + (b - a) / 3, a + (b - a) * 2 / 3, b]
    return chain


def polygon(points: Points) -> Chain:
    """Return straight lines through points and back to the first."""
    return polyline([*points, points[0]])


def corners(x0: float, y0: float, x1: float, y1: float) -> list[complex]:
    """Return the corners of a box, clockwise from the first."""
    return [complex(x0, y0), complex(x1, y0), complex(x1, y1), complex(x0, y1)]


def band(half: float, y0: float, y1: float) -> list[complex]:
    """Return the corners of a box about x = 0."""
    return corners(-half, y0, half, y1)


def moved(points: Points, at: complex, size: complex = 1.0) -> list[complex]:
    """Return points scaled, turned by the angle of `size`, and moved to `at`."""
    return [at + size * p for p in points]


def smooth(points: Points, *, closed: bool = False, ease: float = 1.0) -> Chain:
    """Return a smooth curve through points (Catmull-Rom)."""
    n = len(points)
    chain = [points[0]]
    for i in range(n if closed else n - 1):
        b, c = points[i], points[(i + 1) % n]
        a = points[i - 1] if i or closed else b
        d = points[(i + 2) % n] if i + 2 < n or closed else c
        chain += [b + (c - a) * ease / 6, c - (d - b) * ease / 6, c]
    return chain


def join(*chains: Points) -> Chain:
    """Return chains one after another, with straight lines between them."""
    whole = list(chains[0])
    for chain in chains[1:]:
        a, b = whole[-1], chain[0]
        if abs(a - b) > 1e-9:
            whole += [a + (b - a) / 3, a + (b - a) * 2 / 3, b]
        whole += chain[1:]
    return whole


def ellipse(at: complex, rx: float, ry: float | None = None, turn: complex = 1.0) -> Chain:
    """Return an ellipse, turned by the angle of `turn`."""
    ry = rx if ry is None else ry
    turn /= abs(turn)
    k, j = _KAPPA, 1j
    unit = [
        1,
        1 + k * j,
        k + j,
        j,
        -k + j,
        -1 + k * j,
        -1,
        -1 - k * j,
        -k - j,
        -j,
        k - j,
        1 - k * j,
        1,
    ]
    return [at + turn * complex(p.real * rx, p.imag * ry) for p in map(complex, unit)]


def rounded(points: Points, radius: float) -> Chain:
    """Return a polygon with round corners, of half of a side at most."""
    n = len(points)
    chain: Chain = []
    for i, p in enumerate(points):
        a, b = points[i - 1] - p, points[(i + 1) % n] - p
        ra, rb = (min(radius, abs(side) * 0.5) for side in (a, b))
        start = p + a * (ra / (abs(a) or 1))
        end = p + b * (rb / (abs(b) or 1))
        corner = [start, start + (p - start) * 0.6, end + (p - end) * 0.6, end]
        chain = join(chain, corner) if chain else corner
    return join(chain, chain[:1])


def scallops(points: Points, bulge: float) -> Chain:
    """Return a round bump over each stretch between points, to the left of the way if positive."""
    chain = [points[0]]
    for a, b in itertools.pairwise(points):
        out = (b - a) * -1j * bulge
        chain += [a + out, b + out, b]
    return chain


def spikes(points: Points, height: float, lean: float = 0.5, curve: float = 0.1) -> Chain:
    """Return a pointed tip over each stretch between points, to the left of the way if positive."""
    chain = [points[0]]
    for a, b in itertools.pairwise(points):
        tip = a + (b - a) * lean + (b - a) * -1j * height
        bow_a, bow_b = (tip - a) * 1j * curve, (b - tip) * 1j * curve
        chain += [a + (tip - a) / 3 + bow_a, a + (tip - a) * 2 / 3 + bow_a, tip]
        chain += [tip + (b - tip) / 3 + bow_b, tip + (b - tip) * 2 / 3 + bow_b, b]
    return chain


def tufts(
    points: Points, heights: Sequence[float], lean: float = 0.5, curve: float = 0.12
) -> Chain:
    """Return pointed tips of given heights over the stretches between points."""
    stretches = itertools.pairwise(points)
    parts = [spikes(ends, high, lean, curve) for ends, high in zip(stretches, heights, strict=True)]
    return join(*parts)


def bend(a: complex, middle: complex, b: complex, steps: int = 8) -> list[complex]:
    """Return points along a curve from a to b, drawn towards `middle`."""
    return [
        a * (1 - t) ** 2 + 2 * middle * t * (1 - t) + b * t**2
        for t in (i / steps for i in range(steps + 1))
    ]


def ribbon(points: Points, widths: Sequence[float]) -> Chain:
    """Return the closed band around a line, as wide as `widths`, spread evenly over its points."""
    n, left, right = len(points), [], []
    for i, p in enumerate(points):
        way = points[min(i + 1, n - 1)] - points[max(i - 1, 0)]
        out = way / (abs(way) or 1) * 1j
        at = i / (n - 1) * (len(widths) - 1)
        low = min(int(at), len(widths) - 2)
        half = (widths[low] + (widths[low + 1] - widths[low]) * (at - low)) / 2
        left.append(p + out * half)
        right.append(p - out * half)
    return join(smooth(left), smooth(right[::-1]))


def mirrored(points: Points) -> list[complex]:
    """Return points mirrored in x, in the reverse order."""
    return [complex(-p.real, p.imag) for p in reversed(points)]


def polar(radius: float, degrees: float) -> complex:
    """Return the point at an angle, counted from +x towards the top."""
    return cmath.rect(radius, -math.radians(degrees))
