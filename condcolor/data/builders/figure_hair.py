"""Hair styles of drawn figures, and their hair behind the head and the body, in head units."""

from __future__ import annotations

import random
from dataclasses import dataclass

from condcolor.data.builders.figure_curves import (
    Chain,
    bend,
    ellipse,
    join,
    mirrored,
    polar,
    ribbon,
    scallops,
    smooth,
    spikes,
)
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Pen,
    pick,
)

STYLES = {
    "short": 20,
    "bob": 11,
    "long": 18,
    "tails": 12,
    "bun": 8,
    "half_up": 3,
    "afro": 7,
    "puffs": 3,
    "dreads": 2,
    "spiky": 8,
    "quiff": 4,
    "flat_top": 2,
    "mohawk": 2,
    "bald": 8,
    "fringe_of_bald": 3,
}
_FLAT = {"afro": "short", "mohawk": "short", "spiky": "short", "quiff": "short"}  # under a hat
_FLAT |= {"flat_top": "short", "bun": "tails", "half_up": "long"}
HANGING = ("bob", "long", "half_up")  # hair behind that is one curtain
_HAIRLINES = {
    "straight": 3,
    "round": 3,
    "swept": 4,
    "zigzag": 3,
    "tufts": 4,
    "scallops": 3,
    "curtain": 4,
    "high": 2,
    "receding": 1,
    "peak": 1,
}
_EDGES = {"smooth": 6, "bumpy": 1, "spiky": 1}


@dataclass(frozen=True)
class Hair:
    """A hair style: how far it stands off, how far it goes down, and its outlines."""

    style: str
    hairline: str
    edge: str  # of the outline over the crown
    hem: str
    volume: float
    sides_y: float  # how far the hair over the head goes down at its sides
    length: float  # y of the lower end behind the head
    flare: float  # how much wider the lower end is
    wave: float
    strands: float  # chance of a line inside
    tails: int
    over: bool  # locks before the shoulders
    sidelocks: bool  # thin locks beside the face
    hatted: bool
    bangs: bool  # locks one over another
    rises: tuple[float, ...]  # of the outline over the crown, at 8 angles, times the volume


def draw_hair_style(
    dice: random.Random, head: Head, *, hatted: bool = False, lowest: float = 9.0
) -> Hair:
    """Draw a hair style at random; under a hat it lies flat, and none goes below `lowest`."""
    style = pick(dice, STYLES)
    if hatted:
        style = _FLAT.get(style, style)
    if head.view == "side" and style in ("fringe_of_bald", "quiff", "flat_top", "dreads"):
        style = "short"
    hangs = style in HANGING
    low = dice.uniform(0.75, 1.2) if style == "bob" else dice.uniform(1.4, 3.6)
    volume = dice.uniform(0.04, 0.22)
    uneven = dice.choice((0.0, 0.2, 0.7))
    return Hair(
        style=style,
        hairline=pick(dice, _HAIRLINES),
        edge="spiky" if style == "spiky" else "smooth" if hatted else pick(dice, _EDGES),
        hem=pick(dice, {"straight": 3, "round": 3, "zigzag": 2, "scallops": 2, "point": 1}),
        volume=0.03 if hatted else 0.05 if style in ("quiff", "flat_top") else volume,
        sides_y=dice.uniform(0.5, 0.95)
        if hangs and dice.random() < 0.6
        else dice.uniform(-0.2, 0.35),
        length=min(low, lowest),
        flare=dice.uniform(-0.15, 0.45),
        wave=dice.uniform(0.03, 0.14) if dice.random() < 0.35 else 0.0,
        strands=dice.choice((0, 0.4, 0.9)),
        tails=dice.choice((1, 2, 2)),
        over=dice.random() < 0.35,
        sidelocks=dice.random() < 0.2,
        hatted=hatted,
        bangs=dice.random() < 0.15,
        rises=tuple(dice.uniform(1 - uneven, 1 + uneven) for _ in range(8)),
    )


def draw_behind(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair behind the head and the body."""
    if hair.style in HANGING:
        draw_curtain(pen, dice, head, hair)
    if hair.style == "tails":
        _draw_tails(pen, dice, head, hair)
    elif hair.style in ("bun", "puffs", "half_up"):
        _draw_buns(pen, dice, head, hair)
    elif hair.style == "afro":
        _draw_cloud(pen, dice, head, hair)
    elif hair.style == "dreads":
        _draw_dreads(pen, dice, head, hair)
    elif hair.style == "fringe_of_bald":
        y = head.eyes_y
        for side in (-1, 1):
            at = complex(side * head.half_width(y), y)
            puff = [
                at + 0.2 * p for p in (-0.9j, side * 0.8 - 0.6j, side + 0.3j, side * 0.3 + 1.2j)
            ]
            pen.shape(join(scallops(puff[::side], 0.3), [at]), "hair")


def draw_curtain(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw hair that hangs down behind."""
    wide, low = head.wide + hair.volume, hair.length
    bottom = max(wide * (1 + hair.flare), 0.5)
    steps = 5
    side = []
    for i in range(steps + 1):
        t = i / steps
        bump = hair.wave * (1 if i % 2 else -1)
        side.append(complex(wide + (bottom - wide) * t**1.5 + bump, -0.2 + (low + 0.2) * t))
    top = [head.at(degrees, hair.volume) for degrees in (140, 90, 40)]
    way = [*mirrored(side), *top, *side]
    sides = scallops(way, 0.25) if hair.wave > 0.1 else smooth(way)
    back = join(sides, _hem(hair, side[-1], mirrored(side)[0]))
    if head.view == "side":
        back = [complex(max(p.real + 0.35, -0.1), p.imag) for p in back]
    pen.shape(back, "hair")
    if dice.random() < hair.strands and low > 1.3:
        for x in (-0.75, -0.45, 0.4, 0.7):
            end = complex(x * bottom, low - dice.uniform(0.1, 0.5))
            pen.line(
                smooth([complex(x * wide, 0.6), complex(x * wide * 1.05, (0.6 + low) / 2), end])
            )


def _hem(hair: Hair, right: complex, left: complex) -> Chain:
    """Return the lower edge from right to left."""
    if hair.hem == "straight":
        return join([right], [left])
    if hair.hem == "round":
        return smooth([right, (right + left) / 2 + 0.18j, left])
    if hair.hem == "point":
        return smooth([right, (right + left) / 2 + 0.6j, left])
    n = 5
    points = [right + (left - right) * i / n + (0.12j if 0 < i < n else 0) for i in range(n + 1)]
    return spikes(points, 0.5) if hair.hem == "zigzag" else scallops(points, 0.3)


def _draw_tails(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw one pony tail, or two, or braids."""
    up, braided = dice.uniform(-0.8, 0.4), dice.random() < 0.3
    long, thick = dice.uniform(0.7, 2.2), dice.uniform(0.3, 0.6)
    swing = dice.uniform(0.2, 0.9)
    sides = (-1, 1) if hair.tails == 2 and head.view != "side" else (1,)
    for side in sides:
        root = complex(side * (head.half_width(up) + hair.volume * 0.5), up)
        end = root + complex(side * swing * 0.6, long)
        line = bend(root, root + complex(side * swing, long * 0.1 - 0.15), end)
        if braided:
            for i, at in enumerate(line[:-1]):
                beads = 0.2 * (1 - i / 14)
                pen.shape(ellipse(at, beads, beads * 0.85), "hair", pen.inner)
            pen.shape(ribbon(line[-2:], (0.12, 0.2)), "hair", pen.inner)
        else:
            pen.shape(ribbon(line, (thick * 0.4, thick, thick * 0.9, 0.05)), "hair")
            if dice.random() < hair.strands:
                pen.line(smooth([p + 0.08 * thick for p in line[2:7]]))
        if dice.random() < 0.5:
            pen.shape(ellipse(root + side * 0.02, 0.09, 0.13), "other", pen.inner)


def _draw_buns(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    size, curly = dice.uniform(0.28, 0.5), dice.random() < 0.25
    angles = (90.0,) if hair.tails == 1 else (52.0, 128.0)
    if hair.style == "puffs":
        lift = dice.uniform(10, 45)
        size, curly, angles = size * 1.3, dice.random() < 0.7, (lift, 180.0 - lift)
    if head.view == "side":
        angles = (dice.uniform(0, 70),)
    for degrees in angles:
        at = head.at(degrees, hair.volume + size * 0.6)
        if curly:
            pen.shape(_bumpy(at, size, 9), "hair")
        else:
            pen.shape(ellipse(at, size, size * 0.9), "hair")
        if dice.random() < 0.6:
            pen.line(smooth([at + size * p for p in (-0.5 + 0.1j, -0.1 - 0.4j, 0.5 - 0.1j)]))


def _draw_dreads(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw locks as tubes that hang behind the head."""
    n, thick = dice.choice((6, 8, 10)), dice.uniform(0.16, 0.26)
    for i in range(n):
        degrees = 200 - 220 * i / (n - 1)
        root = head.at(degrees, 0.0)
        out = complex(root.real * 1.25, root.imag * 0.6)
        end = complex(root.real * 1.2, min(hair.length * 0.7, 1.4) + dice.uniform(-0.2, 0.2))
        pen.tube(bend(root * 0.8, out, end), thick, "hair")


def _bumpy(at: complex, size: float, bumps: int) -> Chain:
    points = [at + polar(size * 0.85, -360 * i / bumps) for i in range(bumps)]
    return scallops([*points, points[0]], 0.35)


def _draw_cloud(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw an afro or a cloud of curls behind the head."""
    size, bumps = dice.uniform(1.15, 1.6) * head.wide, dice.choice((0, 9, 12, 16))
    low = dice.uniform(-0.4, 0.1)
    if bumps:
        pen.shape(_bumpy(complex(0, low), size, bumps), "hair")
    else:
        pen.shape(ellipse(complex(0, low), size, size * 0.95), "hair")
