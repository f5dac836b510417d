"""Legs of drawn figures: stances, trousers, skirts, shoes, in head units below the chin."""

from __future__ import annotations

import random
from dataclasses import replace

from condcolor.data.builders.figure_bodies import (
    Build,
)
from condcolor.data.builders.figure_curves import (
    Chain,
    band,
    ellipse,
    join,
    mirrored,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_pen import (
    Pen,
)


def _leg_lines(dice: random.Random, build: Build) -> list[list[complex]]:
    """Return the middle lines of the left and the right leg, from the hip down."""
    thick, long, y = build.leg_thick, build.leg, build.hip_y
    q = max(build.hip - thick * 0.5, thick * 0.5)

    def leg(side: int, knee: complex, foot: complex) -> list[complex]:
        hip = complex(side * q, y - thick * 0.3)
        line = smooth([hip, hip + knee * long, hip + foot * long], ease=0.7)
        a, b = line[:4], line[3:]
        return [_on_curve(a, t) for t in (0, 0.35, 0.7)] + [
            _on_curve(b, t) for t in (0, 0.35, 0.7, 1)
        ]

    step = dice.uniform(0.2, 0.45)
    if build.stance == "walk":
        return [
            leg(-1, complex(-step * 0.3, 0.5), complex(-step, 0.92)),
            leg(1, complex(step * 0.5, 0.5), step * 0.8 + 1j),
        ]
    if build.stance == "run":
        return [leg(-1, 0.05 + 0.5j, -0.4 + 0.7j), leg(1, 0.4 + 0.35j, 0.4 + 0.85j)]
    if build.stance == "sit":
        return [
            leg(s, complex(s * 0.45, 0.12), complex(-s * q * 0.5 / long, 0.35)) for s in (-1, 1)
        ]
    if build.stance == "chair":
        return [leg(s, complex(s * 0.1, 0.12), complex(s * 0.12, 0.6)) for s in (-1, 1)]
    if build.stance == "kneel":
        return [leg(-1, -0.4 + 0.1j, -0.4 + 0.6j), leg(1, 0.05 + 0.5j, 0.5 + 0.55j)]
    spread = {"apart": step * 0.6, "together": -q * 0.3 / long}.get(build.stance, 0.0)
    return [leg(s, complex(s * spread * 0.5, 0.5), complex(s * spread, 1)) for s in (-1, 1)]


def _on_curve(p: Chain, t: float) -> complex:
    """Return a point of a cubic curve."""
    u = 1 - t
    return p[0] * u**3 + 3 * p[1] * u * u * t + 3 * p[2] * u * t * t + p[3] * t**3


def draw_legs(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw legs, trousers or a skirt, and shoes."""
    lines = _leg_lines(dice, build)
    thick = build.leg_thick
    undressed = build.garment in ("none", "bikini")
    if build.is_stick:
        for line in lines:
            pen.line(smooth(line), pen.width)
    elif build.legs in ("shorts", "skirt", "dress") or undressed:
        stocking = "other" if dice.random() < 0.1 else "skin"
        for line in lines:
            pen.tube(line, thick * 0.75, stocking)
    over = dice.random() < 0.3  # boots over the trousers
    feet = [(side, line) for side, line in zip((-1, 1), lines, strict=True)]
    if not over:
        for side, line in feet:
            _draw_foot(pen, dice, build, side, line)
    if build.is_stick and build.legs not in ("skirt", "shorts"):
        return
    if undressed:
        _draw_legged(pen, dice, replace(build, legs="shorts"), lines, "trousers")
    elif build.legs in ("trousers", "shorts"):
        _draw_legged(pen, dice, build, lines, "trousers")
    elif build.legs == "suit":  # one piece of the shirt's color
        _draw_legged(pen, dice, replace(build, legs="trousers"), lines, "shirt")
    elif build.legs == "skirt":
        _draw_skirt(pen, dice, build, lines)
    if over:
        for side, line in feet:
            _draw_foot(pen, dice, build, side, line)


def _draw_legged(
    pen: Pen, dice: random.Random, build: Build, lines: list[list[complex]], part: str
) -> None:
    """Draw trousers or shorts."""
    thick, y = build.leg_thick, build.hip_y
    if build.legs == "shorts":
        wide, share = thick * dice.uniform(1.0, 1.35), dice.choice((1, 2, 3, 3, 4))
        legs = [ribbon(line[: share + 1], (thick, wide)) for line in lines]
    else:
        flare = dice.choice((0.7, 0.85, 1.0, 1.4))
        legs = [ribbon(line, (thick * 1.05, thick * 0.95, thick * flare)) for line in lines]
    half = build.hip * 0.97
    pelvis = rounded(band(half, y - 0.35, y + thick * 0.35), 0.15)
    pen.union([], part, [pelvis, *legs])
    pen.line(polyline([complex(0, y), complex(0, y + thick * 0.5)]))
    if pen.thickness > 0.1:
        return
    if dice.random() < 0.3:  # creases at the knees, or pockets
        for line in lines:
            pen.line(polyline([line[3] - thick * 0.3, line[3] + thick * 0.1 + 0.03j]))
    elif dice.random() < 0.3:
        for side in (-1, 1):
            pocket = [complex(side * half * 0.9, y + 0.2), complex(side * half * 0.55, y)]
            pen.line(smooth(pocket))
    if dice.random() < 0.2 and build.legs == "trousers":  # turned-up hems
        for line in lines:
            across = thick * 0.45
            pen.line(polyline([line[-1] - across - 0.18j, line[-1] + across - 0.18j]))


def _draw_skirt(pen: Pen, dice: random.Random, build: Build, lines: list[list[complex]]) -> None:
    hip, low = build.hip, build.hip_y + build.leg * dice.uniform(0.25, 0.7)
    if build.stance in ("sit", "kneel"):
        low = build.hip_y + build.leg * 0.3
    reach = max(abs(point.real) for line in lines for point in line[:4]) + build.leg_thick * 0.4
    wide = max(hip * dice.uniform(1.0, 1.8), reach)
    top = [complex(-hip * 0.95, build.hip_y - 0.3), complex(hip * 0.95, build.hip_y - 0.3)]
    if dice.random() < 0.3:
        hem = scallops([complex(wide - 2 * wide * i / 5, low) for i in range(6)], 0.2)
    else:
        hem = smooth([complex(wide, low), complex(0, low + 0.12), complex(-wide, low)])
    right = smooth(
        [
            top[1],
            complex((hip + wide) / 2 + dice.uniform(-0.1, 0.15), (top[1].imag + low) / 2),
            hem[0],
        ]
    )
    pen.shape(join(mirrored(right), right, hem), "trousers")
    look = dice.choice(("plain", "pleats", "stripe", "plain"))
    if look == "pleats" and pen.thickness < 0.12:
        for x in (-0.6, -0.2, 0.2, 0.6):
            pen.line(polyline([complex(x * wide, low), complex(x * hip * 0.9, build.hip_y + 0.1)]))
    elif look == "stripe":
        pen.line(
            smooth(
                [
                    complex(-wide * 0.95, low - 0.2),
                    complex(0, low - 0.1),
                    complex(wide * 0.95, low - 0.2),
                ]
            )
        )


def _draw_foot(pen: Pen, dice: random.Random, build: Build, side: int, line: list[complex]) -> None:
    thick, end = build.leg_thick, line[-1]
    way = 1 if build.stance in ("walk", "run", "kneel") else side
    if build.shoes == "none":
        return
    long, high = thick * 0.75, thick * 0.35
    part = "skin" if build.shoes in ("bare", "sandal") else "shoes"
    at = end + complex(way * long * 0.45, 0)
    sole = [
        at + complex(way * x * long, y * high)
        for x, y in ((-1, 1), (-1, -0.6), (-0.2, -1), (0.9, 0), (1.05, 1))
    ]
    foot = (
        smooth(sole, closed=True, ease=0.7)
        if dice.random() < 0.5
        else ellipse(at, long, high * 1.2)
    )
    if build.shoes == "boot":
        shaft = line[-1] + (line[-3] - line[-1]) * dice.uniform(0.5, 1.0)
        pen.union([([shaft, end], thick * 0.95)], part, [foot])
        return
    pen.shape(foot, part)
    if pen.thickness > 0.1:
        return
    if build.shoes == "shoe" and dice.random() < 0.4:
        pen.line(
            polyline([at + complex(-long * 0.9, high * 0.6), at + complex(long * 0.9, high * 0.6)])
        )
    elif build.shoes == "sandal":
        pen.line(
            smooth([at + complex(-way * 0.2 * long, -high), at + complex(way * 0.5 * long, 0)])
        )
    elif build.shoes == "bare":
        for k in (0.5, 0.8):
            pen.line(
                polyline(
                    [
                        at + complex(way * k * long, high * 0.9),
                        at + complex(way * k * long, high * 0.4),
                    ]
                )
            )
