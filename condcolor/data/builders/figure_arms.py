"""Arms, hands and props of drawn figures, in head units below the chin."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from condcolor.data.builders.figure_bodies import Build
from condcolor.data.builders.figure_pen import (
    Pen,
    Tube,
    bend,
    ellipse,
    join,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)

# Where the right hand is, of a build and a head's half width, and which way its elbow points.
POSES: dict[str, tuple[Callable[[Build, float], complex], int]] = {
    "hang": (lambda b, w: complex(b.shoulder * 1.15, b.shoulder_y + b.arm * 0.95), 1),
    "out": (lambda b, w: complex(b.shoulder + b.arm * 0.75, b.shoulder_y + b.arm * 0.55), 1),
    "side": (lambda b, w: complex(b.shoulder + b.arm, b.shoulder_y - 0.05), 1),
    "hip": (lambda b, w: complex(b.waist * 1.02, b.waist_y), 1),
    "wave": (lambda b, w: complex(max(b.shoulder, w) + b.arm * 0.32, -0.7), 1),
    "up": (lambda b, w: complex(max(b.shoulder, w) * 1.1 + 0.2, -2.4), 1),
    "chest": (lambda b, w: complex(-b.shoulder * 0.1, b.collar + b.slope + 0.75), 1),
    "belly": (lambda b, w: complex(b.shoulder * 0.25, b.waist_y), 1),
    "cross": (lambda b, w: complex(-b.shoulder * 0.6, b.waist_y * 0.85), 1),
    "cheek": (lambda b, w: complex(w * 0.75, -0.35), 1),
    "chin": (lambda b, w: complex(w * 0.2, 0.0), 1),
    "mouth": (lambda b, w: complex(w * 0.15, -0.4), 1),
    "point": (lambda b, w: complex(b.shoulder + b.arm * 0.8, b.collar - 0.2), 1),
    "hold": (lambda b, w: complex(b.shoulder * 1.2, b.waist_y * 0.9), 1),
    "behind": (lambda b, w: complex(b.shoulder * 0.5, b.waist_y + 0.2), 1),
}
BOTH = {
    "hang": 8,
    "out": 3,
    "hip": 3,
    "up": 2,
    "belly": 2,
    "cross": 2,
    "chest": 1,
    "cheek": 1,
    "behind": 1,
    "side": 1,
}
ONE = {
    "hang": 6,
    "hip": 3,
    "wave": 4,
    "up": 2,
    "chest": 2,
    "cheek": 1,
    "chin": 2,
    "mouth": 1,
    "point": 2,
    "hold": 4,
    "out": 2,
    "behind": 1,
}
HANDS = {"stump": 3, "circle": 3, "mitten": 5, "fist": 2, "open": 4}


def arm_line(build: Build, pose: str, wide: float) -> list[complex]:
    """Return the middle line of the right arm from the shoulder to the wrist."""
    start = complex(build.shoulder * 0.93, build.shoulder_y)
    target_of, bent = POSES[pose]
    way = target_of(build, wide) - start
    upper = build.arm / 2
    reach = min(abs(way), build.arm * 0.99)
    way = way / (abs(way) or 1) * reach
    high = math.sqrt(max(upper**2 - (reach / 2) ** 2, 0.0))
    side = way / (reach or 1) * 1j * -bent
    # The elbow that is farther from the body, or lower.
    elbow = max(way / 2 + side * high, way / 2 - side * high, key=lambda p: p.real + 0.9 * p.imag)
    if pose in ("cross", "chest", "belly") and high > 0.4 * upper:
        elbow = elbow * 0.9 + 0.1j * upper
    return bend(start, start + elbow * 1.25 - way * 0.1, start + way)


def draw_arm(
    pen: Pen,
    dice: random.Random,
    build: Build,
    line: list[complex],
    hand: str,
    *,
    prop: str = "",
    joint: str = "round",
    loose: bool = False,
) -> None:
    """Draw an arm with its sleeve and hand; what it holds is drawn before the hand."""
    thick, end = build.arm_thick, line[-1]
    way = (end - line[-3]) / (abs(end - line[-3]) or 1)
    if prop:
        draw_prop(pen, dice, prop, end + way * thick * 0.3, thick)
    sleeved = round(build.sleeves * (len(line) - 1))
    bare = line[max(sleeved - 1, 0) :]
    tubes, shapes, marks = _hand(dice, "fist" if prop else hand, end, way, thick)
    pen.union([(bare, thick * 0.82), *tubes], "skin", shapes)
    for mark in marks:
        if thick > 5 * pen.thickness:
            pen.line(mark)
    if sleeved:
        sleeve = line[: sleeved + 1]
        if loose:
            pen.shape(ribbon(sleeve, (thick * 1.1, thick * 1.2, thick * 1.7)), "shirt")
        else:
            pen.tube(sleeve, thick * 1.08, "shirt", is_open=joint == "open")
    if sleeved > 5 and dice.random() < 0.3:
        across = (line[sleeved] - line[sleeved - 1]) * 1j
        across *= thick * 0.5 / (abs(across) or 1)
        at = line[sleeved - 1]
        pen.line(polyline([at - across, at + across]))


def _hand(
    dice: random.Random, kind: str, at: complex, way: complex, thick: float
) -> tuple[list[Tube], list[list[complex]], list[list[complex]]]:
    """Return tubes and shapes of a hand, and lines on it."""
    size = thick * 0.62
    side = dice.choice((-1, 1)) * 1j * way
    middle = at + way * size * 0.5
    if kind == "circle":
        return [], [ellipse(middle, size)], []
    if kind == "mitten":
        thumb = [middle - way * size * 0.3, middle + side * size * 1.15 + way * size * 0.2]
        return [(thumb, size * 0.55)], [ellipse(middle, size * 1.05, size * 0.85, way)], []
    if kind == "fist":
        lines = [
            polyline(
                [
                    middle + way * size * 0.7 + side * size * k,
                    middle + way * size * 0.15 + side * size * k,
                ]
            )
            for k in (-0.4, 0.0, 0.4)
        ]
        return [], [ellipse(middle, size * 0.95, size * 0.9, way)], lines
    if kind == "open":
        palm = ellipse(middle, size * 0.8, size * 0.75, way)
        tubes: list[Tube] = [([middle, middle + side * size * 1.2 + way * size * 0.3], size * 0.4)]
        n = dice.choice((3, 4))
        for i in range(n):
            spread = (i / (n - 1) - 0.5) * 1.3
            finger = way * math.cos(spread) - side * math.sin(spread)
            tubes.append(([middle, middle + finger * size * 1.75], size * 0.42))
        return tubes, [palm], []
    return [], [], []


PROPS = {
    "stick": 3,
    "sword": 2,
    "book": 2,
    "cup": 2,
    "flag": 2,
    "balloon": 2,
    "phone": 2,
    "ball": 2,
    "umbrella": 1,
    "laptop": 1,
    "flower": 2,
    "glass": 2,
    "wrench": 1,
}


def draw_prop(pen: Pen, dice: random.Random, kind: str, at: complex, thick: float) -> None:
    """Draw what a hand at a point holds."""
    size, lean = max(thick * 1.8, 0.5), complex(dice.uniform(-0.4, 0.4), -1)
    lean /= abs(lean)
    across = lean * 1j
    if kind == "stick":
        pen.tube(
            [at - lean * size * dice.uniform(0.5, 3), at + lean * size * 1.6], thick * 0.3, "other"
        )
    elif kind == "sword":
        tip = at + lean * size * 3
        pen.shape(
            polygon(
                [
                    at + across * 0.15 * size,
                    tip + across * 0.1 * size,
                    tip + lean * 0.25 * size,
                    tip - across * 0.1 * size,
                    at - across * 0.15 * size,
                ]
            ),
            "other",
        )
        pen.tube(
            [
                at + lean * 0.35 * size - across * 0.5 * size,
                at + lean * 0.35 * size + across * 0.5 * size,
            ],
            0.18 * size,
            "other",
        )
        pen.tube([at + lean * 0.2 * size, at - lean * 0.5 * size], 0.2 * size, "other")
    elif kind in ("book", "phone", "laptop"):
        w, h = {"book": (1.0, 0.7), "phone": (0.45, 0.8), "laptop": (1.3, 0.8)}[kind]
        box = [at + size * (across * x + lean * y) for x, y in ((-w, -h), (w, -h), (w, h), (-w, h))]
        pen.shape(rounded(box, 0.08 * size), "other")
        pen.line(
            polyline(
                [at + size * lean * h, at - size * lean * h]
                if kind == "book"
                else [
                    at + size * (across * -w * 0.7 + lean * h * 0.7),
                    at + size * (across * w * 0.7 + lean * h * 0.7),
                ]
            )
        )
    elif kind == "cup":
        box = [
            at + size * complex(x, y)
            for x, y in ((-0.5, -0.8), (0.5, -0.8), (0.4, 0.4), (-0.4, 0.4))
        ]
        pen.shape(polygon(box), "other")
        pen.line(polyline([at + size * (-0.5 - 0.55j), at + size * (0.5 - 0.55j)]))
    elif kind == "flag":
        pen.tube([at - lean * size, at + lean * size * 3], thick * 0.22, "other")
        top = at + lean * size * 2.9
        pen.shape(
            join(
                smooth([top, top + size * (0.8 - 0.2j), top + size * 1.7]),
                smooth([top + size * (1.7 + 1j), top + size * (0.8 + 0.9j), top + size * 1.1j]),
                [top],
            ),
            "other",
        )
    elif kind == "balloon":
        top = at + lean * size * 2.6
        pen.line(bend(at, at + lean * size + across * 0.3, top)[:1] + polyline([at, top])[1:])
        pen.shape(ellipse(top, size * 0.75, size * 0.9), "other")
    elif kind == "ball":
        pen.shape(ellipse(at, size * 0.7), "other")
        pen.line(smooth([at + size * p for p in (-0.65 + 0.1j, 0.2j, 0.65 - 0.1j)]))
    elif kind == "umbrella":
        top = at + lean * size * 2.6
        pen.tube([at - lean * size * 0.4, top], thick * 0.2, "other")
        ends = [top + across * size * 1.8 * (i / 4 - 1) for i in range(0, 9, 2)]
        low = scallops(ends[::-1], -0.25)
        pen.shape(
            join(smooth([ends[0], top + lean * size * 1.1, ends[-1]], ease=1.6), low), "other"
        )
    elif kind == "flower":
        top = at + lean * size * 1.4
        pen.line(polyline([at - lean * size * 0.5, top]), pen.width)
        ring = [
            top + size * 0.4 * complex(math.cos(k * 1.2566), math.sin(k * 1.2566)) for k in range(6)
        ]
        pen.shape(scallops(ring, -0.5) if dice.random() < 0 else scallops(ring[::-1], 0.5), "other")
        pen.shape(ellipse(top, size * 0.18), "other", pen.inner)
    elif kind == "glass":
        pen.tube([at - lean * size * 0.4, at + lean * size * 0.8], thick * 0.25, "other")
        pen.shape(ellipse(at + lean * size * 1.4, size * 0.6), "other")
    else:
        pen.tube([at - lean * size * 0.6, at + lean * size * 1.2], thick * 0.35, "other")
        pen.shape(ellipse(at + lean * size * 1.4, size * 0.4), "other")
