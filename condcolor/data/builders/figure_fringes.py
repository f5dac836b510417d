"""Hair of drawn figures over the head: crowns, fringes, locks, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_curves import (
    Chain,
    bend,
    join,
    ribbon,
    rounded,
    scallops,
    smooth,
    spikes,
    tufts,
)
from condcolor.data.builders.figure_hair import (
    HANGING,
    Hair,
    draw_curtain,
)
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Pen,
)


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
    ring = [
        head.at(d, volume * (1.3 if 40 < d < 140 else 1.0) * rise)
        for d, rise in zip(degrees, hair.rises, strict=True)
    ]
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
    if kind == "tufts":
        stops = [
            wide,
            *sorted((dice.uniform(-wide, wide) for _ in range(dice.randint(3, 6))), reverse=True),
        ]
        points = [complex(x, top - 0.15) for x in stops] + [complex(-wide, top - 0.15)]
        high = [dice.uniform(0.3, 1.1) for _ in points[1:]]
        return join([right], tufts(points, high, dice.uniform(0.2, 0.8)), [left])
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
    if hair.bangs:
        _draw_bangs(pen, dice, head, edge.real)
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
    if dice.random() < 0.1 and "hair" not in pen.solid and not hair.hatted:
        _draw_parting(pen, dice, head, hair)
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


def _draw_parting(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw lines from the brow over the crown: one parting, or many as of braided rows."""
    start = complex(dice.uniform(-0.4, 0.4) * head.wide, dice.uniform(-0.75, -0.5))
    if dice.random() < 0.6:
        end = head.at(90 - 60 * start.real + dice.uniform(-25, 25), hair.volume)
        pen.line(smooth([start, (start + end) / 2 + 0.08, end]), pen.width)
        return
    n, width = dice.randint(4, 8), dice.choice((pen.inner, pen.width))
    for i in range(n):
        x = 2 * (i + 0.5) / n - 1
        low = complex(x * head.wide * 0.85, -0.62 + 0.1 * abs(x))
        pen.line(
            smooth([low, complex(x * head.wide * 0.75, -0.85), head.at(90 - 60 * x, 0.02)]), width
        )


def _draw_bangs(pen: Pen, dice: random.Random, head: Head, wide: float) -> None:
    """Draw locks one over another from the parting down over the forehead."""
    part = complex(dice.uniform(-0.4, 0.4) * wide, -0.92)
    n, low, thick = dice.randint(3, 7), dice.uniform(-0.4, -0.15), dice.uniform(0.2, 0.36)
    ends = [wide * (2 * (i + 0.5) / n - 1) for i in range(n)]
    for x in sorted(ends, key=lambda x: -abs(x - part.real)):  # the outer ones lie below
        tip = complex(x * 0.95, low + 0.35 * abs(x / wide) ** 2 + dice.uniform(-0.12, 0.12))
        bow = complex(part.real + (x - part.real) * 0.95, -0.75)
        pen.shape(ribbon(bend(part, bow, tip, 5), (0.06, thick, thick, 0.02)), "hair")


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
    if hair.style in HANGING:
        draw_curtain(pen, dice, head, hair)
        return
    tip = complex(head.half_width(y) + 0.03, y)
    low = smooth(
        [tip, complex(tip.real * 0.6, y + 0.2), complex(-tip.real * 0.6, y + 0.2), -tip.conjugate()]
    )
    pen.shape(join(_crown(head, hair, tip, -tip.conjugate()), low), "hair")


def _draw_side(pen: Pen, dice: random.Random, head: Head, hair: Hair) -> None:
    """Draw the hair of a head that looks to the left."""
    v, w = hair.volume, head.wide
    nape = complex(0.75 * w, 0.55) if hair.style not in HANGING else complex(0.8 * w, 0.85)
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
    if hair.hairline in ("receding", "high", "peak"):  # brushed back
        front = complex(front.real, -0.7)
    inner = [nape, complex(0.4 * w, 0.45), complex(0.32 * w, 0.0), complex(0.05 * w, low - 0.1)]
    inner += [complex(-0.15 * w, low), complex(-0.25 * w, -0.35), front]
    if hair.hairline in ("zigzag", "tufts"):
        high = [dice.uniform(0.1, 0.7) for _ in inner[1:]]
        pen.shape(join(outer, tufts(inner, high, 0.6)), "hair")
    else:
        pen.shape(join(outer, smooth(inner)), "hair")
    if dice.random() < hair.strands:
        for k in (0.75, 0.5):
            pen.line(smooth([complex(p.real * k + 0.1, p.imag * k - 0.2) for p in ring[2:6]]))


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
