"""Things that drawn figures hold, in head units."""

from __future__ import annotations

import random
from collections.abc import Callable

from condcolor.data.builders.figure_curves import (
    bend,
    corners,
    ellipse,
    join,
    moved,
    polar,
    polygon,
    polyline,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_pen import Pen

Draw = Callable[[Pen, random.Random, complex, complex], None]  # where the hand is; a unit upwards


def _stick(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    pen.tube([at - up * dice.uniform(0.5, 3), at + up * 1.6], 0.18 * abs(up), "other")


def _sword(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    blade = (0.15, 0.1 + 3j, 3.25j, -0.1 + 3j, -0.15)
    pen.shape(polygon([at + up * complex(p.imag, p.real) for p in map(complex, blade)]), "other")
    guard = at + up * 0.35
    pen.tube([guard - up * 0.5j, guard + up * 0.5j], 0.18 * abs(up), "other")
    pen.tube([at + up * 0.2, at - up * 0.5], 0.2 * abs(up), "other")


def _panel(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    """Draw a book, a telephone, a sheet, a picture."""
    w, h = dice.choice(((1.0, 0.7), (0.45, 0.8), (1.3, 0.8), (0.7, 0.9), (1.5, 1.1)))
    box = [at + up * complex(y, x) for x, y in ((-w, -h), (w, -h), (w, h), (-w, h))]
    pen.shape(rounded(box, 0.1 * abs(up)), "other")
    look = dice.choice(("book", "lines", "frame", "plain"))
    if look == "book":
        pen.line(polyline([at + up * h, at - up * h]))
    elif look == "lines":
        for y in (-0.4, 0.0, 0.4):
            pen.line(
                polyline([at + up * complex(y * h, -w * 0.7), at + up * complex(y * h, w * 0.7)])
            )
    elif look == "frame":
        pen.line(polygon([at + (p - at) * 0.78 for p in box]))


def _cup(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    size = abs(up)
    pen.line(ellipse(at + size * (0.6 - 0.2j), size * 0.25), pen.width)
    pen.shape(polygon(moved((-0.5 - 0.8j, 0.5 - 0.8j, 0.4 + 0.4j, -0.4 + 0.4j), at, size)), "other")
    pen.line(polyline(moved((-0.5 - 0.55j, 0.5 - 0.55j), at, size)))


def _flag(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    size, top = abs(up), at + up * 2.9
    pen.tube([at - up, at + up * 3], 0.13 * size, "other")
    upper = smooth(moved((0j, 0.8 - 0.2j, 1.7 + 0j), top, size))
    pen.shape(join(upper, smooth(moved((1.7 + 1j, 0.8 + 0.9j, 1.1j), top, size)), [top]), "other")


def _balloon(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    top = at + up * 2.6
    pen.line(smooth(bend(at, at + up + up * 0.3j, top, 3)))
    pen.shape(ellipse(top, abs(up) * 0.75, abs(up) * 0.9), "other")


def _ball(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    size = abs(up) * dice.uniform(0.6, 1.0)
    pen.shape(ellipse(at, size), "other")
    pen.line(smooth(moved((-0.95 + 0.1j, 0.25j, 0.95 - 0.1j), at, size)))


def _umbrella(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    top = at + up * 2.6
    pen.tube([at - up * 0.4, top], 0.12 * abs(up), "other")
    ends = [top + up * 1j * 1.8 * (i / 2 - 1) for i in range(5)]
    pen.shape(
        join(smooth([ends[0], top + up * 1.1, ends[-1]], ease=1.6), scallops(ends[::-1], -0.25)),
        "other",
    )


def _flower(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    top, size = at + up * 1.4, abs(up)
    pen.line(polyline([at - up * 0.5, top]), pen.width)
    pen.shape(scallops([top + polar(0.4 * size, -72 * k) for k in range(6)], 0.5), "other")
    pen.shape(ellipse(top, size * 0.18), "other", pen.inner)


def _magnifier(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    pen.tube([at - up * 0.4, at + up * 0.8], 0.2 * abs(up), "other")
    pen.shape(ellipse(at + up * 1.4, abs(up) * dice.uniform(0.5, 0.8)), "other")


def _tool(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    """Draw a hammer, a spanner, a brush, a microphone, a lolly."""
    size, head = abs(up), at + up * 1.3
    pen.tube([at - up * 0.6, head], 0.18 * size, "other")
    kind = dice.choice(("hammer", "spanner", "brush", "round"))
    if kind == "hammer":
        pen.tube([head - up * 0.5j, head + up * 0.5j], 0.42 * size, "other")
    elif kind == "spanner":
        jaw = [
            head + up * p for p in (-0.1 - 0.4j, 0.5 - 0.45j, 0.25 + 0j, 0.5 + 0.45j, -0.1 + 0.4j)
        ]
        pen.shape(polygon(jaw), "other")
    elif kind == "brush":
        pen.shape(
            rounded([head + up * p for p in (-0.3j, 0.7 - 0.15j, 0.7 + 0.15j, 0.3j)], 0.1), "other"
        )
    else:
        pen.shape(ellipse(head, 0.38 * size), "other")


def _bag(pen: Pen, dice: random.Random, at: complex, up: complex) -> None:
    size = abs(up)
    pen.line(smooth(moved((-0.5 + 0.5j, -0.2j, 0.5 + 0.5j), at, size)), pen.width)
    pen.shape(
        rounded(moved(corners(-0.8, 0.5, 0.8, dice.uniform(1.4, 2)), at, size), 0.15), "other"
    )


PROPS: dict[str, tuple[float, Draw]] = {
    "stick": (3, _stick),
    "sword": (2, _sword),
    "panel": (5, _panel),
    "cup": (2, _cup),
    "flag": (1.5, _flag),
    "balloon": (2, _balloon),
    "ball": (2, _ball),
    "umbrella": (1, _umbrella),
    "flower": (2, _flower),
    "magnifier": (1.5, _magnifier),
    "tool": (4, _tool),
    "bag": (2, _bag),
}


def draw_prop(pen: Pen, dice: random.Random, kind: str, at: complex, thick: float) -> None:
    """Draw what a hand at a point holds, of an arm `thick` wide."""
    up = complex(dice.uniform(-0.4, 0.4), -1)
    PROPS[kind][1](pen, dice, at, up / abs(up) * max(thick * 1.8, 0.5))
