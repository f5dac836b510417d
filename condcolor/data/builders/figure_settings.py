"""What is behind and before drawn figures: wings, capes, desks, water, vehicles, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_bodies import Build
from condcolor.data.builders.figure_curves import (
    band,
    ellipse,
    join,
    moved,
    polar,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_pen import Pen, pick

BACKS = {"none": 84, "wings": 4, "cape": 5, "tail": 2, "backpack": 3, "chair": 2}
FRONTS = {
    "none": 78,
    "desk": 6,
    "wheel": 1,
    "bubble": 2,
    "water": 3,
    "boat": 3,
    "bicycle": 2,
    "wheelchair": 2,
    "balls": 2,
    "marks": 2,
}


def draw_back_thing(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw wings, a cape, a tail, a backpack or a chair's back behind the body, or nothing."""
    kind = pick(dice, BACKS)
    y, s = build.collar + build.slope, build.shoulder
    low = min(build.bottom, build.hip_y + 1.2)
    if build.crop != "full":
        low -= 2 * pen.thickness
    if kind == "wings":
        feathers = [
            complex(s + 1.5 - 0.45 * i, y + 0.2 + (low - y - 0.3) * 0.3 * i) for i in range(4)
        ]
        wing = smooth([complex(s * 0.4, y + 0.4), complex(s + 0.9, y - 0.9), feathers[0]])
        chain = join(wing, scallops(feathers, 0.35), wing[:1])
        for side in (-1, 1):
            pen.shape([complex(side * p.real, p.imag) for p in chain], "other")
    elif kind == "cape":
        wide = dice.uniform(1.3, 2.0) * s
        hem = smooth([complex(wide, low), complex(0, low - 0.1), complex(-wide, low)])
        pen.shape(
            join([complex(-s * 0.9, y)], [complex(s * 0.9, y)], hem, [complex(-s * 0.9, y)]),
            "other",
        )
    elif kind == "tail" and build.crop == "full":
        root = complex(build.hip * 0.5, build.hip_y)
        tail = moved((0j, 0.9 + 0.4j, 1.4 - 0.3j, 1.2 - 1.0j), root)
        pen.shape(ribbon(tail, (0.3, 0.4, 0.1)), "other")
    elif kind in ("backpack", "chair"):
        half, top = (s * 1.15, y + 0.1) if kind == "backpack" else (s * 1.4, y + 0.5)
        pen.shape(
            rounded(band(half, top, low if kind == "chair" else min(build.hip_y * 0.95, low)), 0.3),
            "other",
        )


def draw_front_thing(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw a desk, water, a vehicle or what else is before the body or around the head, or nothing."""
    kind = pick(dice, FRONTS)
    if kind == "desk":
        y, half = build.waist_y * dice.uniform(0.85, 1.2), build.shoulder * dice.uniform(1.5, 2.6)
        y = min(y, build.bottom - 0.3)
        if dice.random() < 0.4:
            lid = [complex(-0.8, y - 0.9), complex(0.8, y - 0.9), complex(0.9, y), complex(-0.9, y)]
            pen.shape(rounded(lid, 0.1), "other")
        pen.shape(polygon(band(half, y, max(build.bottom, y + 0.4))), "other")
        if dice.random() < 0.6:
            pen.shape(rounded(band(half + 0.15, y - 0.12, y + 0.12), 0.05), "other")
    elif kind == "wheel" and build.crop == "full":
        at, size = complex(build.hip * 0.6, build.hip_y + build.leg * 0.4), build.leg * 0.5
        pen.line(ellipse(at, size), pen.width)
        pen.line(ellipse(at, size * 0.85))
        pen.shape(ellipse(at, size * 0.2), "other")
    elif kind == "bubble":
        at = complex(build.shoulder + 1.8, -1.6)
        tail = [at + p for p in (-0.5 + 0.4j, -0.9 + 0.9j, -0.1 + 0.55j)]
        pen.union([], "other", [polygon(tail), ellipse(at, 0.9, 0.6)])
        for k in (-0.35, 0.0, 0.35):
            pen.ink(ellipse(at + k, max(0.08, pen.thickness * 0.6)))
    elif kind == "water":
        _draw_water(pen, dice, build, build.waist_y + dice.uniform(-0.6, 0.3))
    elif kind == "boat":
        _draw_boat(pen, dice, build)
    elif kind == "bicycle" and build.crop == "full":
        _draw_bicycle(pen, dice, build)
    elif kind == "wheelchair" and build.crop == "full":
        _draw_wheelchair(pen, dice, build)
    elif kind == "balls":
        size, far = dice.uniform(0.15, 0.35), dice.uniform(1.6, 2.2)
        for degrees in dice.choice(((20, 55, 90, 125, 160), (45, 90, 135), (70, 110))):
            at = polar(far, degrees + dice.uniform(-8, 8)) - 1j
            pen.shape(ellipse(at, size), "other")
    elif kind == "marks":
        for degrees in dice.choice(((40, 65, 90, 115, 140), (60, 90, 120), (30, 150))):
            tip, out = polar(1.45, degrees) - 1j, polar(1, degrees)
            wedge = [tip, tip + out * 0.5 + out * 0.12j, tip + out * 0.5 - out * 0.12j]
            if dice.random() < 0.6:
                pen.shape(polygon(wedge), "other")
            else:
                pen.line(polyline([tip, tip + out * 0.45]), pen.width)


def _draw_water(pen: Pen, dice: random.Random, build: Build, y: float) -> None:
    """Draw water up to a height, with waves."""
    half, low = build.shoulder * dice.uniform(1.5, 2.6), max(build.bottom, y + 0.6)
    n, wave = dice.randint(4, 8), dice.choice((0.0, 0.15, 0.3))
    top = [complex(half - 2 * half * i / n, y) for i in range(n + 1)]
    edge = scallops(top, wave) if wave else polyline(top)
    pen.shape(join(edge, polyline([complex(-half, low), complex(half, low), top[0]])), "other")
    for _ in range(dice.randint(0, 5)):
        at = complex(dice.uniform(-0.7, 0.7) * half, dice.uniform(y + 0.3, low - 0.1))
        ripple = smooth([at - 0.35, at - 0.12 - 0.08j, at + 0.12 + 0.08j, at + 0.35])
        pen.line(ripple, dice.choice((pen.width, pen.inner)))


def _draw_boat(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw a boat, a tub or a basket that hides the legs, some on water, some with oars."""
    y, half = build.waist_y + dice.uniform(-0.5, 0.4), build.shoulder * dice.uniform(1.3, 2.4)
    low, narrow = max(min(build.bottom, y + dice.uniform(0.9, 1.6)), y + 0.5), dice.uniform(0.6, 1)
    hull = [complex(half, y), complex(half * narrow, low), complex(-half * narrow, low)]
    pen.shape(rounded([*hull, complex(-half, y)], dice.choice((0.05, 0.3, 0.6))), "other")
    if dice.random() < 0.6:
        pen.shape(rounded(band(half + 0.12, y - 0.12, y + 0.14), 0.12), "other")
    if dice.random() < 0.3:
        for side in dice.choice(((-1, 1), (1,))):
            oar = [complex(side * build.shoulder * 0.4, y - 0.6), complex(side * half * 1.1, low)]
            pen.tube(oar, 0.14, "other")
            pen.shape(ellipse(oar[-1], 0.16, 0.32, oar[1] - oar[0]), "other")
    if dice.random() < 0.4:
        _draw_water(pen, dice, build, low - 0.25)


def _wheel(pen: Pen, dice: random.Random, at: complex, size: float) -> None:
    """Draw a wheel; most can be seen through."""
    if dice.random() < 0.3:
        pen.shape(ellipse(at, size), "other")
    pen.line(ellipse(at, size), pen.width)
    if dice.random() < 0.6 and size > 8 * pen.thickness:
        pen.line(ellipse(at, size * 0.82))
    if dice.random() < 0.5 and size > 8 * pen.thickness:
        for i in range(6):
            pen.line(polyline([at, at + polar(size * 0.85, 30 * i + 12)]))
            pen.line(polyline([at, at - polar(size * 0.85, 30 * i + 12)]))
    pen.shape(ellipse(at, max(size * 0.14, pen.thickness)), "other")


def _draw_bicycle(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw a bicycle, a scooter or a board below a person."""
    y, size = build.bottom - build.leg * 0.1, build.leg * dice.uniform(0.28, 0.42)
    half = max(build.hip * 1.2, size * 1.35)
    kind = dice.choice(("bicycle", "bicycle", "scooter", "board"))
    if kind == "board":
        deck = [complex(-half * 1.3, y), complex(0, y + 0.12), complex(half * 1.3, y)]
        pen.shape(ribbon(deck, (0.1, 0.28, 0.28, 0.1)), "other")
        if dice.random() < 0.5:
            for side in (-1, 1):
                _wheel(pen, dice, complex(side * half * 0.7, y + 0.3), 0.2)
        return
    if kind == "scooter":
        size *= 0.4
    back, front = complex(-half, y), complex(half, y)
    _wheel(pen, dice, back, size)
    _wheel(pen, dice, front, size)
    bar = complex(half * 0.7, build.hip_y - dice.uniform(0.1, 0.6))
    pedal, seat = complex(0, y), complex(-half * 0.35, build.hip_y + build.leg * 0.1)
    thick = max(0.1, 2.2 * pen.thickness)
    rods = [[front, bar], [back, pedal]]
    if kind == "bicycle":
        rods += [[pedal, seat], [back, seat], [seat, bar * 0.9 + front * 0.1], [pedal, bar]]
    for rod in rods:
        if dice.random() < 0.5:
            pen.tube(rod, thick, "other")
        else:
            pen.line(polyline(rod), pen.width)
    pen.tube([bar - 0.25, bar + 0.2], thick, "other")


def _draw_wheelchair(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw the wheels, the seat and an armrest of a wheelchair."""
    y, half = build.hip_y, build.hip + 0.15
    pen.shape(rounded(band(half, y - 0.05, y + 0.3), 0.08), "other")
    size = build.leg * dice.uniform(0.35, 0.5)
    for side in dice.choice(((-1, 1), (1,))):
        _wheel(pen, dice, complex(side * half, y + build.leg * 0.45), size)
        arm = [complex(side * (half + 0.05), build.waist_y), complex(side * (half + 0.05), y)]
        pen.tube(arm, 0.16, "other")
