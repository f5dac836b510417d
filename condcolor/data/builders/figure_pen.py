"""`Pen`: outlined shapes, tubes and lines of a drawn figure, collected as SVG in the fills of its parts.

Coordinates are those of the pen's frame; line widths are those of the drawing.
"""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from condcolor.conditions.colors import format_hex
from condcolor.conditions.parts import PARTS
from condcolor.data.builders.figure_curves import (
    Points,
    Tube,
    smooth,
)

PART_FILL = {part.name: format_hex(part.label) for part in PARTS if part.name != "ground"}
SOLID_FILL = {
    "hair": "#fe0000",
    "shirt": "#00fe00",
    "trousers": "#fefe00",
}  # solid black in a sketch
INK = "#000000"
PALE_INK = {"#000001": "#555555", "#000002": "#8a8a8a", "#000003": "#b4b4b4"}  # -> in a sketch
PALE_INKS = tuple(PALE_INK)


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
        around: float = 0.0,
        gaps: float = 0.0,
    ) -> None:
        self.width = width  # of an outline
        self.inner = width * inner  # of a line inside
        self.join = join
        self.cap = "round" if join == "round" else "butt"  # of a line's ends
        self.solid = solid  # parts that a sketch shows in black
        self.wobble = wobble
        self.around = around  # width of a line more around the whole drawing
        self.gaps = gaps  # length of the gaps of lines, as a quick hand leaves them
        self.stroke = INK
        self.map = Frame()
        self._svg: list[str] = []
        self._under: list[str] = []
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

    @contextlib.contextmanager
    def pale(self, ink: str) -> Iterator[None]:
        """Draw lines in one of PALE_INKS, or as before if `ink` is empty."""
        before, self.stroke = self.stroke, ink or self.stroke
        try:
            yield
        finally:
            self.stroke = before

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
        svg = "".join([*self._under, *self._svg])
        self._svg.clear()
        self._under.clear()
        return svg

    def fill_of(self, part: str) -> str:
        """Return the fill of a part in this drawing."""
        return SOLID_FILL[part] if part in self.solid else PART_FILL[part]

    def shape(self, chain: Points, part: str, width: float | None = None) -> None:
        """Draw a closed shape with its outline."""
        width = self.width if width is None else width
        self._path(chain, self.fill_of(part), self.stroke, width, closed=True)

    def fill(self, chain: Points, part: str) -> None:
        """Draw a closed shape without an outline."""
        self._path(chain, self.fill_of(part), "", 0, closed=True)

    def ink(self, chain: Points) -> None:
        """Draw a closed shape in solid black."""
        self._path(chain, INK, "", 0, closed=True)

    def line(self, chain: Points, width: float | None = None) -> None:
        """Draw an open line."""
        self._path(chain, "none", self.stroke, self.inner if width is None else width, closed=False)

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
        cap: str = "",
    ) -> None:
        m = self.map
        points = [
            (m.a * p.real + m.c * p.imag + m.e, m.b * p.real + m.d * p.imag + m.f) for p in chain
        ]
        if self.wobble:
            points = [self.wobble.bend(x, y) for x, y in points]
        pad = width + self.around if self.join == "miter" else width / 2 + self.around
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
            look += f' stroke-linecap="{cap or self.cap}"' if not closed else ""
            if self.around and width > self.inner:
                wide = f'stroke="{INK}" stroke-width="{width + 2 * self.around:.2f}"'
                inside = INK if closed else "none"
                self._under.append(
                    f'<path d="{d}" fill="{inside}" {wide} stroke-linejoin="round"/>'
                )
            if self.gaps and stroke == INK and width <= self.width:
                look += f' stroke-dasharray="{30 * self.gaps:.1f} {self.gaps:.1f}"'
        self._svg.append(f'<path d="{d}" fill="{fill}"{look}/>')


def pick(dice: random.Random, weights: Mapping[str, float]) -> str:
    """Draw one of the names by their weights."""
    return dice.choices(tuple(weights), tuple(weights.values()))[0]
