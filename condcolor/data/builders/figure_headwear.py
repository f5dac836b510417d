"""Bows, flowers, headbands, headscarves, hoods and veils of drawn figures, in head units."""

from __future__ import annotations

import random
from collections.abc import Callable

from condcolor.data.builders.figure_curves import (
    ellipse,
    join,
    mirrored,
    moved,
    polar,
    ribbon,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Pen,
    pick,
)


def _bow(pen: Pen, dice: random.Random, head: Head) -> None:
    at, size = head.at(dice.choice((90, 55, 125)), 0.08), dice.uniform(0.22, 0.55)
    turn = complex(1, dice.uniform(-0.5, 0.5)) * size
    for side in (-1, 1):
        loop = [0, complex(side, -0.6), complex(side * 1.15, 0), complex(side, 0.6)]
        pen.shape(smooth(moved(loop, at, turn), closed=True, ease=0.7), "hat")
    pen.shape(ellipse(at, size * 0.28), "hat")


def _flowers(pen: Pen, dice: random.Random, head: Head) -> None:
    angles = dice.choice(((50,), (130,), (50, 72), (35, 62, 90, 118, 145)))
    n, size = dice.choice((5, 6, 7)), dice.uniform(0.18, 0.32)
    for degrees in angles:
        at = head.at(degrees, -0.05)
        ring = [at + polar(size * 0.75, -360 * i / n) for i in range(n + 1)]
        pen.shape(scallops(ring, 0.5), "hat")
        pen.shape(ellipse(at, size * 0.35), "other", pen.inner)


def _headband(pen: Pen, dice: random.Random, head: Head) -> None:
    y, thick = dice.uniform(-0.75, -0.45), dice.uniform(0.12, 0.24)
    half, rise = head.half_width(y) + 0.1, dice.uniform(0.0, 0.2)
    line = [complex(-half, y + 0.05), complex(0, y - rise), complex(half, y + 0.05)]
    pen.shape(ribbon(line, (thick, thick)), "hat")
    if dice.random() < 0.3:
        pen.shape(ellipse(complex(0, y - rise), thick * 0.6), "other", pen.inner)


def _ears(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw an animal's ears on a hoop."""
    long, wide, kind = dice.uniform(0.35, 1.0), dice.uniform(0.15, 0.25), dice.choice((0, 1))
    for side in (-1, 1):
        root = head.at(90 - side * 38, 0.0)
        tip = root + complex(side * 0.2, -long)
        ear = [root - wide, tip - wide * kind, tip, tip + wide * kind, root + wide]
        pen.shape(smooth(ear, closed=True, ease=0.6 + 0.4 * kind), "hat")
        pen.line(smooth([root - wide * 0.4 - 0.1j, tip + 0.2j, root + wide * 0.4 - 0.1j]))


def _halo(pen: Pen, dice: random.Random, head: Head) -> None:
    ring, at = [polar(1, 30 * i) for i in range(13)], complex(0, -1.35 - dice.uniform(0, 0.25))
    wide, high = dice.uniform(0.4, 0.65), dice.uniform(0.1, 0.18)
    pen.tube([at + complex(p.real * wide, p.imag * high) for p in ring], 0.1, "other")


def _headphones(pen: Pen, dice: random.Random, head: Head) -> None:
    gap = dice.uniform(0.14, 0.22)
    pen.tube([head.at(d, gap) for d in range(0, 181, 15)], 0.12, "other")
    for side in (-1, 1):
        pen.shape(ellipse(complex(side * (head.wide + gap * 0.5), 0.05), 0.18, 0.28), "other")


def _goggles(pen: Pen, dice: random.Random, head: Head) -> None:
    y = dice.uniform(-0.7, -0.5)
    pen.line(
        smooth(
            [
                complex(-head.half_width(y) - 0.05, y),
                complex(0, y),
                complex(head.half_width(y) + 0.05, y),
            ]
        ),
        pen.width,
    )
    for side in (-1, 1):
        pen.shape(ellipse(complex(side * 0.27, y), 0.24, 0.2), "other")


def _side_wings(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw feathers that stand out beside the head, some in two rows."""
    n, long = dice.randint(3, 7), dice.uniform(0.5, 1.1)
    rows = dice.choice((1, 1, 2))
    low, high = dice.uniform(-50, -20), dice.uniform(20, 60)
    for side in (-1, 1):
        for row in range(rows):
            for i in range(n):
                degrees = low + (high - low) * i / (n - 1)
                turn = polar(1, degrees)
                root = head.at(degrees * 0.6, 0.02)
                reach = long * (1 - 0.35 * row) * dice.uniform(0.85, 1.1)
                feather = ribbon(
                    [root, root + turn * reach * 0.6, root + turn * reach], (0.1, 0.25, 0.04)
                )
                pen.shape([complex(side * p.real, p.imag) for p in feather], "other")


TRIMS: dict[str, tuple[float, Callable[[Pen, random.Random, Head], None]]] = {
    "bow": (4, _bow),
    "flowers": (3, _flowers),
    "headband": (3, _headband),
    "ears": (1, _ears),
    "halo": (1, _halo),
    "wings": (1.5, _side_wings),
    "headphones": (1, _headphones),
    "goggles": (0.5, _goggles),
}


def draw_trim(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a bow, flowers, a band or what else is worn on the hair."""
    kind = pick(dice, {name: weight for name, (weight, _) in TRIMS.items()})
    if head.view == "side" and kind in ("headphones", "goggles"):
        kind = "headband"
    TRIMS[kind][1](pen, dice, head)


SCARVES = {"scarf": 3, "hood": 2, "veil": 1.5}
_GAPS = {"scarf": 0.14, "hood": 0.24, "veil": 0.2}


def draw_scarf_behind(pen: Pen, dice: random.Random, head: Head, kind: str, low: float) -> None:
    """Draw the part of a headscarf, hood or veil that is behind the head and the shoulders."""
    gap = _GAPS[kind]
    if kind == "veil":
        wide = head.wide * dice.uniform(1.2, 1.8)
        right = [head.at(45, gap), head.at(5, gap), complex(wide, low)]
        edge = smooth([complex(wide, low), complex(0, low + 0.15), complex(-wide, low)])
        pen.shape(join(smooth([*mirrored(right), head.at(90, gap), *right]), edge), "hat")
        return
    ring = [head.at(d, gap) for d in range(0, 360, 30)]
    if kind == "hood":
        ring[3] -= 0.15j
    pen.shape(smooth(ring, closed=True), "hat")


def draw_drape(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw the end of a headscarf over the shoulders; it goes before the head."""
    half, low = head.wide * dice.uniform(0.85, 1.25), dice.uniform(1.4, 2.0)
    right = [complex(head.wide * 0.9, 0.2), complex(half, 1.1), complex(half * 0.8, low - 0.15)]
    tip = complex(dice.uniform(-0.3, 0.3), low)
    pen.shape(smooth([*right, tip, *mirrored(right)], closed=True), "hat")
    for _ in range(dice.randint(0, 2)):
        fold = [complex(-half * 0.6, dice.uniform(0.9, 1.1)), complex(0, dice.uniform(1.1, 1.4))]
        pen.line(smooth([*fold, complex(half * 0.5, low - 0.3)]))


def draw_scarf_front(pen: Pen, dice: random.Random, head: Head, kind: str) -> None:
    """Draw the part of a headscarf or hood around the face, or the band of a veil."""
    if kind == "veil":
        _headband(pen, dice, head)
        return
    ring = [head.at(d, _GAPS[kind]) for d in range(270, -90, -20)]
    if kind == "hood":
        ring[9] -= 0.15j
    wide, high = dice.uniform(0.7, 0.82), dice.uniform(0.75, 0.88)
    face = [head.at(d) for d in range(270, -90, -20)]
    hole = [complex(p.real * wide + head.turn * 0.1, p.imag * high + 0.06) for p in face]
    outer, inner = smooth(ring, closed=True), smooth(hole, closed=True)
    pen.fill(join(outer, inner[::-1]), "hat")
    # A scarf has no line below the chin, where it goes on; nor has a hood that ends in the collar.
    pen.line(smooth(ring[3:-2]) if dice.random() < 0.7 else outer, pen.width)
    pen.line(inner, pen.width)
    if dice.random() < 0.3 and pen.thickness < 0.08:
        pen.line(smooth([hole[5] - 0.08j, ring[9] * 0.95, hole[13] - 0.08j]))
