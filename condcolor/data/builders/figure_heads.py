"""Heads of drawn figures: the outline of the skull, seen from four sides, and ears.

Units are half a head's height, about the middle of the head.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from condcolor.data.builders.figure_curves import (
    Chain,
    ellipse,
    smooth,
)
from condcolor.data.builders.figure_pen import (
    Pen,
    pick,
)

VIEWS = {"front": 70, "turned": 14, "side": 9, "back": 7}
_SIDE_NOSES = {
    "bump": (-0.86 + 0.0j, -1.0 + 0.1j, -1.02 + 0.22j, -0.88 + 0.3j),
    "pointed": (-0.86 + 0.0j, -1.12 + 0.2j, -1.1 + 0.25j, -0.86 + 0.31j),
    "small": (-0.88 + 0.02j, -0.95 + 0.14j, -0.96 + 0.2j, -0.87 + 0.26j),
    "big": (-0.84 - 0.1j, -1.18 + 0.12j, -1.16 + 0.28j, -0.84 + 0.34j),
}


@dataclass(frozen=True)
class Head:
    """A head of height 2 about the origin; seen from the side it looks to the left."""

    view: str
    wide: float  # half width
    top: float  # exponent of the outline: 2 is an ellipse, more is squarer
    bottom: float
    taper: float  # how much narrower the chin is
    turn: float  # shift of the features to a side
    eyes_y: float
    ears: bool
    nose: str  # of a head seen from the side

    def half_width(self, y: float) -> float:
        """Return the half width of the outline at a height."""
        y = max(-1.0, min(1.0, y))
        n = self.top if y < 0 else self.bottom
        half = self.wide * (1 - abs(y) ** n) ** (1 / n)
        return half * (1 - self.taper * max(y, 0.0) ** 1.5)

    def at(self, degrees: float, gap: float = 0.0) -> complex:
        """Return the point of the outline at an angle counted from +x towards the top, `gap` outside."""
        c, s = math.cos(math.radians(degrees)), -math.sin(math.radians(degrees))
        n = self.top if s < 0 else self.bottom
        y = math.copysign(abs(s) ** (2 / n), s)
        x = math.copysign(abs(c) ** (2 / n), c) * self.wide * (1 - self.taper * max(y, 0.0) ** 1.5)
        return complex(x + c * gap, y + s * gap)


@dataclass(frozen=True)
class Face:
    """Where the features of a face are, and how large."""

    middle: float
    eyes_y: float
    apart: float  # half of the distance of the eyes
    eye: float  # half height of an eye
    nose_y: float
    mouth_y: float


def draw_head_shape(dice: random.Random) -> Head:
    """Draw the proportions of a head at random."""
    view = pick(dice, VIEWS)
    kind = pick(dice, {"circle": 3, "oval": 4, "square": 2, "egg": 2, "anime": 3, "wide": 2})
    wide, top, bottom, taper = {
        "circle": (dice.uniform(0.95, 1.05), 2.0, 2.0, 0.0),
        "oval": (dice.uniform(0.7, 0.88), 2.1, 2.0, dice.uniform(0, 0.1)),
        "square": (dice.uniform(0.78, 1.05), 2.8, dice.uniform(2.6, 3.6), 0.0),
        "egg": (dice.uniform(0.78, 0.95), 2.2, 2.0, dice.uniform(0.1, 0.3)),
        "anime": (dice.uniform(0.8, 1.0), 2.2, dice.uniform(1.7, 2.0), dice.uniform(0.1, 0.35)),
        "wide": (dice.uniform(1.05, 1.3), 2.2, dice.uniform(2.0, 2.4), 0.0),
    }[kind]
    return Head(
        view=view,
        wide=wide,
        top=top,
        bottom=bottom,
        taper=taper,
        turn=dice.choice((-1, 1)) * dice.uniform(0.12, 0.35) if view == "turned" else 0.0,
        eyes_y=dice.uniform(-0.1, 0.3),
        ears=dice.random() < 0.6,
        nose=pick(dice, dict.fromkeys(_SIDE_NOSES, 1)),
    )


def outline(head: Head) -> Chain:
    """Return the outline of a head."""
    if head.view == "side":
        profile = [
            -0.35 - 0.96j,
            -0.78 - 0.55j,
            *_SIDE_NOSES[head.nose],
            -0.88 + 0.42j,
            -0.84 + 0.55j,
            -0.84 + 0.78j,
            -0.62 + 0.98j,
            -0.2 + 0.94j,
            0.3 + 0.72j,
            0.72 + 0.45j,
            0.98 - 0.1j,
            0.72 - 0.68j,
            0.15 - 1.0j,
        ]
        return smooth([complex(p.real * head.wide, p.imag) for p in profile], closed=True)
    return smooth([head.at(degrees) for degrees in range(0, 360, 20)], closed=True)


def draw_skull(pen: Pen, dice: random.Random, head: Head, *, open_chin: bool) -> None:
    """Draw ears and the head without its face; one with an open chin has no line to the neck."""
    y = head.eyes_y + 0.12
    if head.ears and head.view in ("front", "back", "turned"):
        size = dice.uniform(0.13, 0.26)
        for side in (-1, 1):
            if side * head.turn > 0.2:
                continue
            at = complex(side * (head.half_width(y) + size * 0.2), y)
            pen.shape(ellipse(at, size * 0.75, size), "skin")
            if head.view != "back" and size > 4 * pen.thickness:
                inside = [at + side * size * 0.3 * p for p in (-0.4 - 0.8j, 0.8 - 0.3j, 0.3 + 0.9j)]
                pen.line(smooth(inside))
    chain = outline(head)
    if open_chin and head.view != "side":
        pen.fill(chain, "skin")
        gap = dice.uniform(15, 30)
        degrees = [270 + gap + (360 - 2 * gap) * i / 18 for i in range(19)]
        pen.line(smooth([head.at(d) for d in degrees]), pen.width)
    else:
        pen.shape(chain, "skin")
    if head.view == "side" and head.ears:
        at = complex(0.15 * head.wide, y)
        pen.shape(ellipse(at, 0.16, 0.24), "skin")
        pen.line(smooth([at - 0.06 - 0.1j, at + 0.07, at - 0.04 + 0.1j]))
