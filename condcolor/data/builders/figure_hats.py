"""Hats of drawn figures, in head units."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from condcolor.data.builders.figure_curves import (
    band,
    corners,
    ellipse,
    join,
    mirrored,
    polar,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
    spikes,
)
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Pen,
    pick,
)


@dataclass(frozen=True)
class Fit:
    """How a hat sits: the height of its brim, its half width there, the top of its crown."""

    head: Head
    y: float
    half: float
    top: float
    side: int  # where it points: -1 is left

    def dome(self, bulge: float = 1.0) -> list[complex]:
        """Return points from the left end of the brim over the crown to the right end."""
        half, y, high = self.half, self.y, self.top - self.y
        right = [
            complex(half * 0.55, y + high * 0.88),
            complex(half * 0.95 * bulge, y + high * 0.5),
            complex(half, y),
        ]
        return [*mirrored(right), complex(0, self.top), *right]


def _cap(pen: Pen, dice: random.Random, fit: Fit) -> None:
    dome, half, y, side = fit.dome(), fit.half, fit.y, fit.side
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    pen.line(smooth([dome[3], complex(side * 0.2, y - 0.45), complex(side * 0.25, y - 0.1)]))
    if dice.random() < 0.5:
        pen.ink(ellipse(dome[3], max(0.08, pen.thickness)))
    if fit.head.view == "back":
        return
    if fit.head.view == "side" or dice.random() < 0.4:
        visor = [complex(side * half * 0.3, y - 0.1), complex(side * (half + 0.6), y - 0.02)]
        visor += [complex(side * (half + 0.62), y + 0.1), complex(side * half * 0.3, y + 0.06)]
        pen.shape(rounded(visor, 0.12), "hat")
    else:
        _visor(pen, dice, half, y)


def _visor(pen: Pen, dice: random.Random, half: float, y: float) -> None:
    """Draw a visor seen from the front."""
    rise, sag = dice.uniform(0.0, 0.2), dice.uniform(0.08, 0.3)
    upper = smooth([complex(-half, y), complex(0, y - rise), complex(half, y)])
    lower = smooth([complex(half, y), complex(0, y + sag), complex(-half, y)])
    pen.shape(join(upper, lower), "hat")


def _beanie(pen: Pen, dice: random.Random, fit: Fit) -> None:
    dome, half, y = fit.dome(), fit.half, fit.y
    if dice.random() < 0.5:
        at, size = complex(0, fit.top - 0.08), dice.uniform(0.15, 0.28)
        ring = [at + polar(size, 40 * i) for i in range(10)]
        pen.shape(scallops(ring[::-1], 0.4) if dice.random() < 0.4 else ellipse(at, size), "hat")
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    pen.shape(rounded(band(half + 0.05, y - 0.26, y + 0.06), 0.12), "hat")
    if dice.random() < 0.6 and pen.thickness < 0.08:
        for i in range(-3, 4):
            pen.line(polyline([complex(i * half / 4, y - 0.24), complex(i * half / 4, y + 0.04)]))


def _bucket(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, out = fit.half, fit.y, fit.half * dice.uniform(1.15, 1.45)
    pen.shape(
        rounded(
            [
                complex(-out, y + 0.1),
                complex(-half, y - 0.3),
                complex(half, y - 0.3),
                complex(out, y + 0.1),
            ],
            0.08,
        ),
        "hat",
    )
    pen.shape(
        rounded(
            [
                complex(-half, y - 0.26),
                complex(-half * 0.85, fit.top),
                complex(half * 0.85, fit.top),
                complex(half, y - 0.26),
            ],
            0.12,
        ),
        "hat",
    )


def _top_hat(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, high = fit.half * 0.95, fit.y, dice.uniform(0.8, 1.4)
    top = dice.uniform(0.8, 1.15) * half
    pen.shape(
        polygon(
            [complex(-half, y), complex(-top, y - high), complex(top, y - high), complex(half, y)]
        ),
        "hat",
    )
    if dice.random() < 0.6:
        pen.shape(polygon(band(half * 1.01, y - 0.26, y)), dice.choice(("other", "hat")))
    _brim(pen, half * 1.45, y, 0.16, 0.0)


def _brim(pen: Pen, half: float, y: float, thick: float, sag: float) -> None:
    line = [complex(-half, y), complex(-half * 0.5, y + sag * 0.8), complex(0, y + sag)]
    line += mirrored(line[:-1])
    pen.shape(ribbon(line, (thick * 0.6, thick, thick * 0.6)), "hat")


def _cone(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half, fit.y
    tip = complex(dice.uniform(-0.6, 0.6), y - dice.uniform(1.2, 2.2))
    foot = complex(0, y) * 0.5
    left = smooth([complex(-half, y), tip * 0.5 - half * 0.45 + foot, tip])
    pen.shape(join(left, smooth([tip, tip * 0.5 + half * 0.45 + foot, complex(half, y)])), "hat")
    look = dice.choice(("wizard", "party", "plain"))
    if look == "wizard":
        _brim(pen, half * dice.uniform(1.3, 1.8), y, 0.2, dice.uniform(0, 0.15))
    elif look == "party":
        pen.shape(ellipse(tip, 0.15), "other")
        for t in (0.3, 0.6):
            at = complex(0, y) * (1 - t) + tip * t
            pen.line(smooth([at - half * (0.9 - t), at + 0.1j, at + half * (0.9 - t)]))


def _santa(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, side = fit.half, fit.y, fit.side
    end = complex(side * half * 1.3, y - 0.1)
    cap = [
        complex(-side * half, y),
        complex(-side * half * 0.7, y - 0.7),
        complex(0, fit.top - 0.35),
    ]
    cap += [complex(side * half * 0.8, fit.top), end]
    pen.shape(
        join(
            smooth(cap),
            smooth([end, complex(side * half * 0.8, y - 0.35), complex(side * half, y)]),
        ),
        "hat",
    )
    part = dice.choice(("hat", "other"))
    pen.shape(ellipse(end, 0.18), part)
    pen.shape(rounded(band(half + 0.08, y - 0.18, y + 0.1), 0.14), part)


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
    _brim(pen, fit.half * 1.2, y, 0.16, dice.uniform(-0.05, 0.1))
    if dice.random() < 0.3:
        pen.shape(ellipse(complex(0, y - 0.35), 0.16), "other", pen.inner)


def _chef(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half * 0.9, fit.y - 0.1
    top, wide = y - dice.uniform(0.5, 1.0), dice.uniform(1.0, 1.3)
    puffs = [complex(x * half * wide, top + 0.25 * abs(x) ** 2) for x in (-1.0, -0.35, 0.35, 1.0)]
    rise = [complex(-half, y - 0.3), *puffs, complex(half, y - 0.3)]
    pen.shape(join([complex(-half, y)], scallops(rise, 0.4), [complex(half, y)]), "hat")
    pen.shape(rounded(band(half, y - 0.35, y + 0.06), 0.06), "hat")
    for x in (-0.4, 0.1, 0.45):
        pen.line(polyline([complex(x * half, y - 0.4), complex(x * half * 1.1, y - 0.65)]))


def _wide_hat(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a straw hat, a sun hat or a cowboy's hat."""
    half, y, top = fit.half * 0.92, fit.y, fit.top - dice.uniform(0, 0.2)
    dent = dice.choice((0.0, 0.0, 0.15, 0.25))
    right = [complex(half * 0.45, top), complex(half * 0.88, top + 0.25), complex(half, y)]
    dome = [*mirrored(right), complex(0, top + dent), *right]
    sag = dice.uniform(-0.4, 0.25)
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    if dice.random() < 0.6:
        edge = smooth([complex(-half, y - 0.22), complex(0, y - 0.16), complex(half, y - 0.22)])
        pen.shape(join(edge, [complex(half, y), complex(-half, y)]), dice.choice(("hat", "other")))
    _brim(pen, fit.half * dice.uniform(1.4, 2.1), y, 0.22, sag)


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


def _beret(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, side = fit.half, fit.y - 0.1, fit.side
    blob = [
        complex(-side * half, y),
        complex(-side * half * 0.8, y - 0.5),
        complex(side * half * 0.3, y - 0.62),
    ]
    blob += [
        complex(side * half * 1.3, y - 0.3),
        complex(side * half * 1.2, y + 0.05),
        complex(0, y + 0.08),
    ]
    pen.shape(smooth(blob, closed=True), "hat")
    pen.line(polyline([complex(0, y - 0.66), complex(0.05, y - 0.82)]), pen.width)


def _peaked(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, wing = fit.half, fit.y, fit.half * dice.uniform(1.1, 1.35)
    lid = [
        complex(-wing, y - 0.45),
        complex(-wing * 0.5, y - 0.75),
        complex(0, y - dice.uniform(0.8, 1)),
    ]
    lid += [*mirrored(lid[:2]), complex(half, y - 0.15), complex(-half, y - 0.15)]
    pen.shape(smooth(lid, closed=True, ease=0.7), "hat")
    pen.shape(rounded(band(half, y - 0.22, y + 0.02), 0.05), "hat")
    if dice.random() < 0.7:
        pen.shape(ellipse(complex(0, y - 0.42), 0.12), "other", pen.inner)
    if fit.head.view != "back":
        _visor(pen, dice, half, y)


def _mortarboard(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half, fit.y
    pen.shape(rounded(band(half, min(fit.top, y - 0.4), y), 0.1), "hat")
    at = min(fit.top, y - 0.4)
    board = [
        complex(0, at - 0.35),
        complex(half * 1.5, at),
        complex(0, at + 0.3),
        complex(-half * 1.5, at),
    ]
    pen.shape(polygon(board), "hat")
    end = complex(fit.side * half * 1.05, y + 0.05)
    pen.line(smooth([complex(0, at), complex(fit.side * half, at + 0.1), end]))
    pen.shape(ellipse(end, 0.08, 0.14), "other", pen.inner)


def _turban(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, top = fit.half * 1.08, fit.y + 0.05, fit.top - 0.12
    right = [
        complex(half * 0.7, top + 0.2),
        complex(half * 1.1, (top + y) / 2),
        complex(half * 0.95, y),
    ]
    inner = [complex(half * 0.7, y + 0.02), complex(0, y - 0.3)]
    pen.shape(
        join(
            smooth([*mirrored(right), complex(0, top), *right]),
            smooth([*inner, *mirrored(inner[:1])]),
        ),
        "hat",
    )
    for k in range(dice.randint(2, 3)):
        x = half * (1 - 0.25 * k)
        for side in (-1, 1):
            wrap = [
                complex(side * x, y - 0.15 - 0.25 * k),
                complex(side * x * 0.3, y - 0.5 - 0.2 * k),
            ]
            pen.line(smooth([*wrap, complex(-side * 0.15, y - 0.25)]))
    if dice.random() < 0.3:
        pen.shape(ellipse(complex(0, y - 0.42), 0.1, 0.14), "other", pen.inner)


def _bandana(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y, side = fit.half, fit.y, fit.side
    knot = complex(side * half * 0.98, y - 0.05)
    for drop in (0.55, 0.25):
        pen.shape(
            ribbon(
                [knot, knot + complex(side * 0.25, drop * 0.6), knot + complex(side * 0.3, drop)],
                (0.08, 0.22),
            ),
            "hat",
        )
    dome = fit.dome()
    pen.shape(join(smooth(dome), smooth([dome[-1], complex(0, y - 0.14), dome[0]])), "hat")
    if dice.random() < 0.5 and pen.thickness < 0.08:
        for x, up in ((-0.5, 0.3), (0, 0.45), (0.5, 0.3), (-0.25, 0.65), (0.25, 0.65)):
            pen.shape(ellipse(complex(x * half, y - up + 0.05), 0.06), "hat", pen.inner)


def _earflaps(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half, fit.y
    for side in (-1, 1):
        flap = [
            complex(side * half * 0.75, y),
            complex(side * half * 1.08, y),
            complex(side * half * 1.1, 0.45),
        ]
        pen.shape(rounded([*flap, complex(side * half * 0.85, 0.5)], 0.15), "hat")
    dome = fit.dome()
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    pen.shape(
        rounded(band(half * 1.02, y - 0.35, y + 0.06), 0.14), dice.choice(("hat", "hat", "other"))
    )


def _pirate(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half * dice.uniform(1.2, 1.5), fit.y
    right = [
        complex(half * 0.5, fit.top - 0.1),
        complex(half * 0.8, y - 0.35),
        complex(half, y - 0.3),
    ]
    hat = smooth([*mirrored(right), complex(0, fit.top - 0.25), *right])
    pen.shape(join(hat, smooth([right[-1], complex(0, y + 0.12), -right[-1].conjugate()])), "hat")
    if dice.random() < 0.6:
        pen.shape(ellipse(complex(0, (y + fit.top) / 2), 0.17), "other", pen.inner)


def _nurse(pen: Pen, dice: random.Random, fit: Fit) -> None:
    half, y = fit.half * 0.6, fit.y - 0.25
    pen.shape(
        rounded(
            [
                complex(-half * 1.1, y),
                complex(-half, fit.top - 0.05),
                complex(half, fit.top - 0.05),
                complex(half * 1.1, y),
            ],
            0.08,
        ),
        "hat",
    )
    at = complex(0, (y + fit.top) / 2)
    pen.line(polyline([at - 0.11, at + 0.11]))
    pen.line(polyline([at - 0.11j, at + 0.11j]))


Draw = Callable[[Pen, random.Random, Fit], None]
HATS: dict[str, tuple[float, Draw]] = {
    "cap": (4, _cap),
    "beanie": (4, _beanie),
    "bucket": (1, _bucket),
    "top": (2, _top_hat),
    "cone": (2, _cone),
    "santa": (1.5, _santa),
    "crown": (2, _crown),
    "hard": (3, _hard_hat),
    "chef": (2, _chef),
    "wide": (3, _wide_hat),
    "helmet": (3, _helmet),
    "beret": (1.5, _beret),
    "peaked": (2.5, _peaked),
    "mortarboard": (1.5, _mortarboard),
    "turban": (2, _turban),
    "bandana": (1.5, _bandana),
    "earflaps": (1.5, _earflaps),
    "pirate": (1, _pirate),
    "nurse": (1, _nurse),
}


def draw_hat(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a hat over hair and head."""
    kind, y = (
        pick(dice, {name: weight for name, (weight, _) in HATS.items()}),
        dice.uniform(-0.6, -0.35),
    )
    fit = Fit(
        head=head,
        y=y,
        half=head.half_width(y) + dice.uniform(0.07, 0.15),
        top=-1 - dice.uniform(0.14, 0.4),
        side=-1 if head.view == "side" else dice.choice((-1, 1)),
    )
    HATS[kind][1](pen, dice, fit)
