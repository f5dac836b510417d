"""`Pen`: outlined shapes, tubes and lines of a drawn figure, collected as SVG in the fills of its parts.

Geometry is a chain of cubic curves: a start and three control points a curve, as complex numbers with y
downwards. Coordinates are those of the pen's frame; line widths are those of the drawing.
"""

from __future__ import annotations

import cmath
import contextlib
import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

PART_FILL = {
    "hair": "#ff0000",
    "shirt": "#00ff00",
    "skin": "#0000ff",
    "trousers": "#ffff00",
    "hat": "#ff00ff",
    "shoes": "#00ffff",
    "other": "#808080",
}
SOLID_FILL = {
    "hair": "#fe0000",
    "shirt": "#00fe00",
    "trousers": "#fefe00",
}  # solid black in a sketch
INK = "#000000"
_KAPPA = 0.5523  # of a cubic curve's handle, for a quarter of a circle of radius 1

Points = Sequence[complex]
Chain = list[complex]
Tube = tuple[Points, float]  # middle line, diameter


@dataclass(frozen=True)
class Frame:
    """An affine map: (x, y) -> (a x + c y + e, b x + d y + f)."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def inside(self, outer: Frame) -> Frame:
        """Return the map that applies this frame, then `outer`."""
        return Frame(
            outer.a * self.a + outer.c * self.b,
            outer.b * self.a + outer.d * self.b,
            outer.a * self.c + outer.c * self.d,
            outer.b * self.c + outer.d * self.d,
            outer.a * self.e + outer.c * self.f + outer.e,
            outer.b * self.e + outer.d * self.f + outer.f,
        )

    @property
    def scale(self) -> float:
        """Return the length of a unit, by the root of the area."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))


def place(at: complex, scale: float = 1.0, turn: complex = 1.0, *, mirrored: bool = False) -> Frame:
    """Return the frame at a point, scaled, turned by the angle of `turn` and mirrored in x first."""
    turn = turn / abs(turn) * scale
    side = -1 if mirrored else 1
    return Frame(side * turn.real, side * turn.imag, -turn.imag, turn.real, at.real, at.imag)


@dataclass(frozen=True)
class Wobble:
    """A smooth bend of the whole drawing, as by an unsteady hand; lengths in units of the drawing."""

    size: float = 0.0
    length: float = 60.0
    phase: float = 0.0

    def bend(self, x: float, y: float) -> tuple[float, float]:
        """Return where the point (x, y) of a drawing goes."""
        return (
            x + self.size * math.sin(y / self.length + x / self.length / 3 + self.phase),
            y + self.size * math.sin(x / self.length - y / self.length / 4 + 2 * self.phase),
        )


class Pen:
    """What draws: a line width, a look, the frame that is drawn in, and the SVG so far."""

    def __init__(
        self,
        width: float,
        *,
        inner: float = 0.7,
        join: str = "round",
        solid: frozenset[str] = frozenset(),
        wobble: Wobble | None = None,
    ) -> None:
        self.width = width  # of an outline
        self.inner = width * inner  # of a line inside
        self.join = join
        self.solid = solid  # parts that a sketch shows in black
        self.wobble = wobble
        self.map = Frame()
        self._svg: list[str] = []
        self._x0 = self._y0 = math.inf
        self._x1 = self._y1 = -math.inf

    @contextlib.contextmanager
    def frame(self, frame: Frame) -> Iterator[None]:
        """Draw in a frame, given in the present one."""
        before, self.map = self.map, frame.inside(self.map)
        try:
            yield
        finally:
            self.map = before

    @property
    def thickness(self) -> float:
        """Return the width of an outline in units of the frame."""
        return self.width / self.map.scale

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return (x0, y0, x1, y1) around all that is drawn."""
        return self._x0, self._y0, self._x1, self._y1

    def take(self) -> str:
        """Return the SVG so far and begin anew; the box goes on."""
        svg = "".join(self._svg)
        self._svg.clear()
        return svg

    def fill_of(self, part: str) -> str:
        """Return the fill of a part in this drawing."""
        return SOLID_FILL[part] if part in self.solid else PART_FILL[part]

    def shape(self, chain: Points, part: str, width: float | None = None) -> None:
        """Draw a closed shape with its outline."""
        width = self.width if width is None else width
        self._path(chain, self.fill_of(part), INK, width, closed=True)

    def fill(self, chain: Points, part: str) -> None:
        """Draw a closed shape without an outline."""
        self._path(chain, self.fill_of(part), "", 0, closed=True)

    def ink(self, chain: Points) -> None:
        """Draw a closed shape in solid black."""
        self._path(chain, INK, "", 0, closed=True)

    def line(self, chain: Points, width: float | None = None) -> None:
        """Draw an open line."""
        self._path(chain, "none", INK, self.inner if width is None else width, closed=False)

    def tube(
        self,
        points: Points,
        diameter: float,
        part: str,
        *,
        is_open: bool = False,
        width: float | None = None,
    ) -> None:
        """Draw a limb around a line; one that is open has no line at its ends."""
        self.union([(points, diameter)], part, is_open=is_open, width=width)

    def union(
        self,
        tubes: Sequence[Tube],
        part: str,
        shapes: Sequence[Points] = (),
        *,
        is_open: bool = False,
        width: float | None = None,
    ) -> None:
        """Draw tubes and shapes with one outline around them all."""
        width = self.width if width is None else width
        scale = self.map.scale
        chains = [(smooth(points), diameter * scale) for points, diameter in tubes]
        cap = "butt" if is_open else "round"
        fill = self.fill_of(part)
        for chain, diameter in chains:
            self._path(chain, "none", INK, diameter + width, closed=False, cap=cap)
        for shape in shapes:
            self._path(shape, INK, INK, width, closed=True)
        for chain, diameter in chains:
            self._path(chain, "none", fill, max(diameter - width, 0.3), closed=False, cap=cap)
        for shape in shapes:
            self._path(shape, fill, "", 0, closed=True)

    def _path(
        self,
        chain: Points,
        fill: str,
        stroke: str,
        width: float,
        *,
        closed: bool,
        cap: str = "round",
    ) -> None:
        m = self.map
        points = [
            (m.a * p.real + m.c * p.imag + m.e, m.b * p.real + m.d * p.imag + m.f) for p in chain
        ]
        if self.wobble:
            points = [self.wobble.bend(x, y) for x, y in points]
        pad = width if self.join == "miter" else width / 2
        xs, ys = [x for x, _ in points], [y for _, y in points]
        self._x0, self._x1 = min(self._x0, min(xs) - pad), max(self._x1, max(xs) + pad)
        self._y0, self._y1 = min(self._y0, min(ys) - pad), max(self._y1, max(ys) + pad)
        numbers = " ".join([f"{x:.1f} {y:.1f}" for x, y in points])
        first, rest = numbers.split(" ", 2)[:2], numbers.split(" ", 2)[2:]
        d = f"M{' '.join(first)}C{' '.join(rest)}" + ("Z" if closed else "")
        look = ""
        if stroke:
            look = f' stroke="{stroke}" stroke-width="{width:.2f}" stroke-linejoin="{self.join}"'
            look += ' stroke-miterlimit="2"' if self.join == "miter" else ""
            look += f' stroke-linecap="{cap}"' if not closed else ""
        self._svg.append(f'<path d="{d}" fill="{fill}"{look}/>')


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


def pick(dice: random.Random, weights: Mapping[str, float]) -> str:
    """Draw one of the names by their weights."""
    return dice.choices(tuple(weights), tuple(weights.values()))[0]
