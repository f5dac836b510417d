"""Hard headgear of drawn figures: helmets, hard hats, crowns, in head units."""

from __future__ import annotations

import itertools
import random

from condcolor.data.builders.figure_curves import (
    band,
    corners,
    ellipse,
    join,
    mirrored,
    moved,
    polygon,
    polyline,
    ribbon,
    rounded,
    smooth,
    spikes,
)
from condcolor.data.builders.figure_hat_fit import DrawHat, Fit, draw_brim
from condcolor.data.builders.figure_pen import Pen


def _crown(pen: Pen, dice: random.Random, fit: Fit) -> None:
    n, half, y = dice.choice((3, 5, 7)), fit.half * dice.uniform(0.6, 1.0), fit.y - 0.15
    base = [complex(-half + 2 * half * i / n, y - 0.25) for i in range(n + 1)]
    pen.shape(join([complex(-half, y)], spikes(base, 0.9, curve=0), [complex(half, y)]), "hat")
    if dice.random() < 0.5 and pen.thickness < 0.08:
        for a, b in itertools.pairwise(base):
            pen.shape(ellipse((a + b) / 2 - (b - a) * 0.9j, 0.06), "hat", pen.inner)
    if dice.random() < 0.4:
        pen.shape(ellipse(complex(0, y - 0.16), 0.09), "other", pen.inner)


def _hard_hat(pen: Pen, dice: random.Random, fit: Fit) -> None:
    dome, y = fit.dome(), fit.y
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    for x in (0,) if dice.random() < 0.6 else (-0.3, 0.3):
        ridge = corners(
            x * 2 * fit.half - 0.12, fit.top - 0.06 + abs(x) * 0.4, x * 1.6 * fit.half + 0.12, y
        )
        pen.shape(rounded(ridge, 0.1), "hat")
    draw_brim(pen, fit.half * 1.2, y, 0.16, dice.uniform(-0.05, 0.1))
    if dice.random() < 0.3:
        pen.shape(ellipse(complex(0, y - 0.35), 0.16), "other", pen.inner)


def _helmet(pen: Pen, dice: random.Random, fit: Fit) -> None:
    head, half, y, low = fit.head, fit.half, fit.y, dice.uniform(0.0, 0.4)
    gap = max(half - head.half_width(y), 0.08)
    out = [head.at(90 - d, gap) for d in (0, 22, 45, 67, 88)]
    out.append(complex(head.half_width(low) + gap, low))
    foot = complex(head.half_width(low) - 0.12, low)
    inner = [foot, complex(half * 0.72, y + 0.1), complex(half * 0.5, y), complex(-half * 0.5, y)]
    inner += [complex(-half * 0.72, y + 0.1), -foot.conjugate()]
    pen.shape(join(smooth([*mirrored(out[1:]), *out]), smooth(inner, ease=0.6)), "hat")
    if dice.random() < 0.5:
        pen.line(smooth([inner[0], complex(0, 1.02), inner[-1]]))
    look = dice.choice(("stripes", "horns", "visor", "comb"))
    if look == "stripes":
        for k in (-0.35, 0.35):
            pen.line(smooth([complex(k * half, -1 - gap * 0.6), complex(k * half * 1.2, y - 0.02)]))
    elif look == "horns":
        for side in (-1, 1):
            root = head.at(90 - side * 50, gap)
            horn = [root, root + complex(side * 0.5, 0.0), root + complex(side * 0.55, -0.6)]
            pen.shape(ribbon(horn, (0.3, 0.2, 0.02)), "other")
    elif look == "visor":
        pen.shape(rounded(band(half * 0.75, y - 0.25, y + 0.12), 0.12), "other")
    else:
        ridge = [
            complex(-0.1, y - 0.1),
            complex(-0.14, fit.top - 0.2),
            complex(0.14, fit.top - 0.2),
        ]
        pen.shape(rounded([*ridge, complex(0.1, y - 0.1)], 0.1), "hat")


def _tall_crown(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a crown of a high band with jewels, its points before the hair or above it."""
    y, half, n = fit.y + 0.05, fit.half * dice.uniform(0.85, 1.05), dice.choice((3, 4, 5))
    high, rise = dice.uniform(0.35, 0.65), dice.uniform(0.4, 0.9)
    flare = dice.uniform(1.0, 1.25)
    top = [complex(flare * (-half + 2 * half * i / n), y - high) for i in range(n + 1)]
    tips = [a + (b - a) / 2 - 1j * rise for a, b in itertools.pairwise(top)]
    inside = [complex(p.real, p.imag) for pair in zip(tips, top[1:], strict=True) for p in pair]
    ends = [complex(half, y), complex(-half, y)]
    pen.shape(polygon([*ends, top[0], *inside[:-1], top[-1]]), "hat")
    if pen.thickness > 0.1:
        return
    if dice.random() < 0.6:
        for tip in tips:
            pen.shape(ellipse(tip, dice.uniform(0.07, 0.12)), dice.choice(("hat", "other")))
    if dice.random() < 0.7:  # a lower band
        band_y = y - high * 0.5
        pen.line(polyline([complex(-half * 1.03, band_y), complex(half * 1.03, band_y)]))
    black, gems = dice.random() < 0.5, dice.randint(2, 6)
    for i in range(gems):
        at = complex(half * 0.85 * (2 * (i + 0.5) / gems - 1), y - high * dice.choice((0.25, 0.3)))
        gem = polygon(moved((-1.2j, 0.8, 1.2j, -0.8), at, 0.08))
        if black:
            pen.ink(gem)
        else:
            pen.shape(gem, "other", pen.inner)


def _tiara(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a narrow crown of black or open ornaments on the hair."""
    y, n, black = fit.y - 0.1, dice.choice((3, 5, 7)), dice.random() < 0.5
    half = fit.head.half_width(y) + 0.03
    for i in range(n):
        x = 2 * i / (n - 1) - 1
        at = complex(half * 0.85 * x, y - 0.25 - 0.12 * (1 - abs(x)))
        size = dice.uniform(0.8, 1.2) * half * 0.8 / n
        if black and dice.random() < 0.8:
            pen.ink(ellipse(at, size, size * 1.3))
            pen.fill(ellipse(at, size * 0.4, size * 0.5), "hat")
        else:
            pen.shape(ellipse(at, size, size * 1.3), "hat")
    line = [complex(-half, y), complex(0, y - 0.15), complex(half, y)]
    pen.shape(ribbon(line, (0.1, 0.16, 0.1)), "hat")


def _bicycle_helmet(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a helmet with slots and the straps below the chin."""
    y, half, dome = fit.y, fit.half * 1.05, fit.dome(1.1)
    low = smooth([dome[-1], complex(0, y - dice.uniform(-0.05, 0.2)), dome[0]])
    for side in (-1, 1):
        strap = [complex(side * half * 0.9, y), complex(side * fit.head.half_width(0.5), 0.5)]
        pen.line(smooth([*strap, complex(0, 1.04)]))
    pen.shape(join(smooth(dome), low), "hat")
    black = dice.random() < 0.5
    for x in dice.choice(((-0.5, 0.0, 0.5), (-0.3, 0.3), (0.0,), (-0.6, -0.2, 0.2, 0.6))):
        at = complex(x * half, (y + fit.top) / 2 + 0.25 * abs(x))
        slot = ellipse(at, 0.08, dice.uniform(0.14, 0.25), complex(1, x * 0.5))
        if black:
            pen.ink(slot)
        else:
            pen.shape(slot, dice.choice(("hat", "other")), pen.inner)


def _bubble(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw the ring of an astronaut's or a diver's helmet around the head."""
    size, thick = max(fit.head.wide, 1.0) * dice.uniform(1.25, 1.5), dice.uniform(0.12, 0.3)
    at = complex(0, dice.uniform(-0.1, 0.1))
    if dice.random() < 0.3:
        pen.line(ellipse(at, size), pen.width)
        return
    pen.fill(join(ellipse(at, size), ellipse(at, size - thick)[::-1]), "hat")
    pen.line(ellipse(at, size), pen.width)
    pen.line(ellipse(at, size - thick), pen.width)
    for side in (-1, 1):
        pen.shape(ellipse(at + side * size, 0.16, 0.25), "hat")


def _guard(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a sports helmet with bars before the face."""
    _helmet(pen, dice, fit)
    half = fit.head.half_width(0.4)
    for y in dice.choice(((0.45, 0.7), (0.6,), (0.35, 0.55, 0.75))):
        bar = smooth([complex(-half, y - 0.1), complex(0, y + 0.05), complex(half, y - 0.1)])
        pen.line(bar, pen.width)


HELMETS: dict[str, tuple[float, DrawHat]] = {
    "crown": (2, _crown),
    "tall_crown": (2.5, _tall_crown),
    "tiara": (2, _tiara),
    "hard": (3, _hard_hat),
    "helmet": (3, _helmet),
    "bicycle": (2.5, _bicycle_helmet),
    "bubble": (1.5, _bubble),
    "guard": (1, _guard),
}
