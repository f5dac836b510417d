"""Hair of drawn figures: a part behind the head and the body, a part over the head, in head units."""

from __future__ import annotations

import random
from dataclasses import dataclass

from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Chain,
    Pen,
    bend,
    ellipse,
    join,
    mirrored,
    pick,
    polar,
    ribbon,
    rounded,
    scallops,
    smooth,
    spikes,
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
_HANGING = ("bob", "long", "half_up")  # hair behind that is one curtain
_HAIRLINES = {
    "straight": 3,
    "round": 3,
    "swept": 4,
    "zigzag": 4,
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


def draw_hair_style(
    dice: random.Random, head: Head, *, hatted: bool = False, lowest: float = 9.0
) -> Hair:
    """Draw a hair style at random; under a hat it lies flat, and none goes below `lowest`."""
    style = pick(dice, STYLES)
    if hatted:
        style = _FLAT.get(style, style)
    if head.view == "side" and style in ("fringe_of_bald", "quiff", "flat_top", "dreads"):
        style = "short"
    hangs = style in _HANGING
    low = dice.uniform(0.75, 1.2) if style == "bob" else dice.uniform(1.4, 3.6)
    volume = dice.uniform(0.04, 0.22)
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
    )


def draw_behind(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair behind the head and the body."""
    if hair.style in _HANGING:
        _draw_curtain(pen, dice, head, hair)
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


def _draw_curtain(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
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


def draw_front(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair over the head, and locks before the shoulders."""
    if hair.style in ("bald", "fringe_of_bald"):
        return
    if hair.style == "mohawk":
        _draw_mohawk(pen, dice, head)
        return
    if hair.style in ("long", "half_up") and hair.over and head.view == "front":
        _draw_locks(pen, dice, head, hair)
    if hair.style in ("quiff", "flat_top") and head.view != "back":
        _draw_tall(pen, dice, head, hair)
    if head.view == "back":
        _draw_back(pen, dice, head, hair)
    elif head.view == "side":
        _draw_side(pen, dice, head, hair)
    else:
        _draw_cap(pen, dice, head, hair)


def _crown(head: Head, hair: Hair, right: complex, left: complex) -> Chain:
    """Return the outline over the crown from the left end to the right one."""
    volume = hair.volume
    degrees = (172, 150, 125, 100, 75, 50, 28, 8)
    ring = [head.at(d, volume * (1.3 if 40 < d < 140 else 1.0)) for d in degrees]
    points = [left, *(p for p in ring if p.imag < left.imag - 0.05 or p.imag < -0.3), right]
    if hair.edge == "bumpy":
        return scallops(points, 0.22)
    if hair.edge == "spiky":
        return spikes(points, 0.45 if hair.style == "spiky" else 0.25, 0.35, 0.12)
    return smooth(points)


def _hairline(dice: random.Random, head: Head, hair: Hair, right: complex, left: complex) -> Chain:
    """Return the line over the forehead from the right temple to the left one."""
    kind, top = hair.hairline, dice.uniform(-0.65, -0.25)
    part = dice.uniform(-0.45, 0.45)
    wide = right.real
    if kind == "straight":
        return smooth([right, complex(wide, top), complex(-wide, top), left], ease=0.4)
    if kind == "round":
        return smooth(
            [
                right,
                complex(wide * 0.75, top),
                complex(0, top - 0.15),
                complex(-wide * 0.75, top),
                left,
            ]
        )
    if kind == "high":
        return smooth([right, complex(wide * 0.7, -0.65), complex(-wide * 0.7, -0.65), left])
    if kind == "swept":
        start = complex(dice.choice((-1, 1)) * wide * 0.55, -0.75)
        mid = [complex(start.real + (end.real - start.real) * 0.5, -0.62) for end in (right, left)]
        mid[0 if start.real < 0 else 1] += 0.3j
        return join(smooth([right, mid[0], start]), smooth([start, mid[1], left]))
    if kind == "curtain":
        start = complex(part * wide, -0.85)
        rest = [
            complex(start.real + (end.real - start.real) * 0.75, -0.45) for end in (right, left)
        ]
        return join(smooth([right, rest[0], start]), smooth([start, rest[1], left]))
    if kind == "receding":
        dents = [complex(wide * 0.6, -0.8), complex(0, -0.55), complex(-wide * 0.6, -0.8)]
        return smooth([right, *dents, left])
    if kind == "peak":
        tip = complex(0, -0.5)
        arcs = [complex(wide * 0.6, -0.68), complex(-wide * 0.6, -0.68)]
        return join(smooth([right, arcs[0], tip]), smooth([tip, arcs[1], left]))
    n = dice.randint(3, 6)
    points = [complex(wide - 2 * wide * i / n, top - 0.1 * (i not in (0, n))) for i in range(n + 1)]
    lean = dice.uniform(0.25, 0.75)
    teeth = (
        spikes(points, dice.uniform(0.4, 0.8), lean) if kind == "zigzag" else scallops(points, 0.35)
    )
    return join([right], teeth, [left])


def _draw_cap(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair over a head seen from the front."""
    y = hair.sides_y
    gap = 0.02 + hair.volume * 0.6
    thick = dice.uniform(0.12, 0.3)
    tip = complex(head.half_width(y) + gap - 0.04, y)
    edge = complex(max(head.half_width(min(y, 0.0)) - thick, 0.3), min(y, -0.1))
    crown = _crown(head, hair, tip, complex(-tip.real, tip.imag))
    line = _hairline(dice, head, hair, edge, complex(-edge.real, edge.imag))
    shift = head.turn * 0.6
    line = [complex(p.real + shift * (1 - abs(p.real) / (head.wide + 0.1)), p.imag) for p in line]
    pen.shape(join(crown, line), "hair")
    if dice.random() < hair.strands and "hair" not in pen.solid:
        part = complex(dice.uniform(-0.4, 0.4), -0.9)
        for _ in range(dice.randint(1, 4)):
            x = dice.uniform(-0.65, 0.65) * head.wide
            pen.line(
                smooth([part, complex((part.real + x) / 2 + x * 0.15, -0.82), complex(x, -0.62)])
            )
    if dice.random() < 0.05 and "hair" not in pen.solid and not hair.hatted:
        for i in range(9):  # toned by hatching
            root = head.at(20 + 17 * i, hair.volume * 0.5)
            pen.line([root, root, root * 0.86, root * 0.86], pen.inner * 0.7)
    if dice.random() < 0.12 and "hair" not in pen.solid and not hair.hatted:
        arc = [head.at(d, -0.12) for d in ((125, 108, 95) if dice.random() < 0.5 else (60, 75, 92))]
        pen.line(smooth(arc), pen.inner * dice.choice((0.6, 1.0)))
    if hair.sidelocks:
        thick, low = dice.uniform(0.1, 0.22), dice.uniform(0.3, 1.3)
        for side in (-1, 1):
            top = complex(side * (head.half_width(-0.3) - 0.02), -0.35)
            end = complex(side * head.half_width(0.1) * dice.uniform(0.85, 1.0), low)
            middle = complex(side * (head.wide + 0.05), (low - 0.3) / 2)
            pen.shape(ribbon(bend(top, middle, end, 5), (0.04, thick, 0.03)), "hair")
    if dice.random() < 0.15 and not hair.hatted:
        tuft = [complex(dice.uniform(-0.2, 0.2), -1 - hair.volume)]
        tuft += [tuft[0] + p for p in (-0.1 - 0.15j, dice.choice((-1, 1)) * 0.2 - 0.3j)]
        pen.line(smooth(tuft), pen.width)


def _draw_tall(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw a swept quiff or a flat top above the crown, behind the rest of the hair."""
    if hair.style == "flat_top":
        half, high = head.half_width(-0.5) + 0.06, dice.uniform(0.3, 0.7)
        box = [
            complex(-half, -0.5),
            complex(-half * 1.05, -1 - high),
            complex(half * 1.05, -1 - high),
        ]
        pen.shape(rounded([*box, complex(half, -0.5)], 0.12), "hair")
        return
    side, high = dice.choice((-1, 1)), dice.uniform(0.25, 0.6)
    left = complex(-side * head.half_width(-0.7), -0.7)
    tip = complex(side * (head.half_width(-0.7) + dice.uniform(0, 0.3)), -1.1 - high * 0.6)
    back = smooth(
        [left, complex(-side * 0.5, -1.05 - high * 0.5), complex(side * 0.3, -1.1 - high), tip]
    )
    pen.shape(
        join(back, smooth([tip, complex(side * 0.6, -0.95), complex(side * 0.1, -0.6), left])),
        "hair",
    )


def _draw_back(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair of a head seen from the back, which it covers."""
    y = max(hair.sides_y, 0.45)
    if hair.style in _HANGING:
        _draw_curtain(pen, dice, head, hair)
        return
    tip = complex(head.half_width(y) + 0.03, y)
    low = smooth(
        [tip, complex(tip.real * 0.6, y + 0.2), complex(-tip.real * 0.6, y + 0.2), -tip.conjugate()]
    )
    pen.shape(join(_crown(head, hair, tip, -tip.conjugate()), low), "hair")


def _draw_side(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair of a head that looks to the left."""
    v, w = hair.volume, head.wide
    nape = complex(0.75 * w, 0.55) if hair.style not in _HANGING else complex(0.8 * w, 0.85)
    front = complex(dice.uniform(-0.95, -0.6) * w, dice.uniform(-0.5, -0.15))
    ring = [front, complex(-0.85 * w - v, -0.6), -0.45 - (1 + v) * 1j, 0.15 - (1.04 + v) * 1j]
    ring += [complex((0.75 + v) * w, -0.75), complex((1.02 + v) * w, -0.1), nape]
    if hair.edge == "spiky":
        outer = spikes(ring, 0.35, 0.4)
    elif hair.edge == "bumpy":
        outer = scallops(ring, 0.22)
    else:
        outer = smooth(ring)
    low = hair.sides_y * 0.5 + 0.1
    inner = [nape, complex(0.4 * w, 0.45), complex(0.32 * w, 0.0), complex(0.05 * w, low - 0.1)]
    inner += [complex(-0.15 * w, low), complex(-0.25 * w, -0.35), front]
    pen.shape(join(outer, smooth(inner)), "hair")


def _draw_locks(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw a lock before each shoulder."""
    low, thick = min(dice.uniform(1.3, 2.8), hair.length + 0.2), dice.uniform(0.25, 0.5)
    for side in (-1, 1):
        top = complex(side * (head.half_width(-0.2) + hair.volume * 0.3), -0.2)
        end = complex(side * head.wide * dice.uniform(0.7, 1.05), low)
        line = bend(top, complex(side * (head.wide + 0.25), low * 0.5), end)
        pen.shape(ribbon(line, (thick * 0.5, thick, thick, 0.04)), "hair")


def _draw_mohawk(pen: Pen, dice: random.Random, head: Head) -> None:
    if head.view == "side":
        ring = [head.at(d, 0.02) for d in (140, 118, 96, 74, 52, 30, 8)]
        pen.shape(join(spikes(ring, 0.8, 0.4), smooth([p * 0.85 for p in ring[::-1]])), "hair")
        return
    half = dice.uniform(0.15, 0.3)
    base = [
        complex(-half, -0.6),
        complex(-half * 1.1, -1.1),
        complex(half * 1.1, -1.1),
        complex(half, -0.6),
    ]
    if head.view == "back":
        base[0], base[3] = base[0] + 1.3j, base[3] + 1.3j
    crest = spikes(
        [base[1], base[1] + half * 0.7 - 0.2j, base[2] - half * 0.7 - 0.2j, base[2]], 1.0
    )
    pen.shape(join([base[0]], crest, [base[3], base[3], base[3], base[3]]), "hair")
