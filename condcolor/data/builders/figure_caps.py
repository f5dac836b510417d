"""Soft hats of drawn figures: caps, beanies, berets, turbans, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_curves import (
    band,
    ellipse,
    join,
    mirrored,
    moved,
    polar,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_hat_fit import DrawHat, Fit, draw_visor
from condcolor.data.builders.figure_pen import Pen


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
        draw_visor(pen, dice, half, y)


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
        badge = moved((-0.8 - 0.9j, -1.1j, 0.8 - 0.9j, 0.7 + 0.3j, 1.1j, -0.7 + 0.3j), -0.42j, 0.2)
        shield = polygon([complex(p.real, p.imag + y) for p in badge])
        round_ = ellipse(complex(0, y - 0.42), dice.uniform(0.1, 0.2))
        pen.shape(dice.choice((shield, round_)), "other", pen.inner)
    if fit.head.view != "back":
        draw_visor(pen, dice, half, y)


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


def _panelled(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a round cap of panels, with a button and a band, some with a small visor."""
    y, half, dome = fit.y + dice.uniform(0.0, 0.15), fit.half, fit.dome(1.05)
    pen.shape(join(smooth(dome), dome[:1]), "hat")
    for x in dice.choice(((0.0,), (-0.4, 0.4), (-0.6, -0.2, 0.2, 0.6), (-0.55, 0.0, 0.55))):
        seam = [
            complex(0, fit.top),
            complex(x * half * 1.2, (fit.top + y) / 2),
            complex(x * half, y),
        ]
        pen.line(smooth(seam), dice.choice((pen.width, pen.inner)))
    if dice.random() < 0.6:
        pen.shape(ellipse(dome[3], dice.uniform(0.1, 0.2)), "hat")
    if dice.random() < 0.6:
        rim = [
            complex(-half * 1.02, y - 0.05),
            complex(0, y + 0.06),
            complex(half * 1.02, y - 0.05),
        ]
        pen.shape(ribbon(rim, (0.2, 0.24, 0.2)), "hat")
        if dice.random() < 0.4:
            pen.shape(ellipse(complex(0, y + 0.02), 0.13), "other", pen.inner)
    elif fit.head.view != "back" and dice.random() < 0.5:
        draw_visor(pen, dice, half, y)


def _flat_cap(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a wide, soft cap over a short visor."""
    half, y, wide = fit.half, fit.y, fit.half * dice.uniform(1.1, 1.35)
    crown = [complex(wide, y - 0.3), complex(half, y)]
    pen.shape(smooth([*mirrored(crown), complex(0, fit.top + 0.05), *crown], closed=True), "hat")
    for x in dice.choice(((), (-0.5, 0.0, 0.5), (0.0,))):
        pen.line(
            smooth([complex(0, fit.top + 0.05), complex(x * wide, y - 0.35), complex(x * half, y)])
        )
    if fit.head.view != "back":
        draw_visor(pen, dice, half * 0.9, y + 0.02)


def _swim_cap(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a cap that lies close to the head, some with a stripe or a strap below the chin."""
    head, y = fit.head, fit.y + dice.uniform(0.0, 0.25)
    half = head.half_width(y) + 0.04
    ring = [head.at(d, 0.05) for d in range(165, 0, -25) if head.at(d).imag < y - 0.05]
    rim = smooth([complex(half, y), complex(0, y - dice.uniform(0, 0.3)), complex(-half, y)])
    pen.shape(join(smooth([complex(-half, y), *ring, complex(half, y)]), rim), "hat")
    if dice.random() < 0.4:
        x = dice.choice((0.0, 0.25))
        for side in (-1, 1):
            pen.line(smooth([complex(side * (0.1 + x), -1.0), complex(side * (0.15 + x), y - 0.1)]))
    if dice.random() < 0.4:
        pen.line(smooth([complex(half, y), complex(0, 1.05), complex(-half, y)]))


def _pointed_ears(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a soft cap with an animal's ears."""
    for side in (-1, 1):
        at, size = complex(side * fit.half * 0.65, fit.top + 0.15), dice.uniform(0.2, 0.4)
        if dice.random() < 0.5:
            pen.shape(ellipse(at, size), "hat")
        else:
            pen.shape(polygon(moved((-0.8 + 0.6j, side * 0.5 - 1.2j, 0.8 + 0.6j), at, size)), "hat")
    dome = fit.dome()
    pen.shape(join(smooth(dome), smooth([dome[-1], complex(0, fit.y - 0.15), dome[0]])), "hat")


def _jester(pen: Pen, dice: random.Random, fit: Fit) -> None:
    """Draw a cap of horns that end in balls."""
    half, y, n = fit.half, fit.y, dice.choice((2, 3))
    for i in range(n):
        x = 2 * i / (n - 1) - 1
        tip = complex(x * half * dice.uniform(1.3, 1.9), fit.top - dice.uniform(-0.1, 0.5))
        root = complex(x * half * 0.5, fit.top + 0.25)
        pen.shape(ribbon([root, (root + tip) / 2 - 0.25j, tip], (0.7, 0.5, 0.05)), "hat")
        pen.shape(ellipse(tip, 0.12), "other")
    pen.shape(join(smooth(fit.dome()), fit.dome()[:1]), "hat")
    pen.shape(scallops([complex(half - 2 * half * i / 5, y) for i in range(6)], 0.35), "hat")


CAPS: dict[str, tuple[float, DrawHat]] = {
    "cap": (4, _cap),
    "panelled": (3, _panelled),
    "flat": (1.5, _flat_cap),
    "beanie": (4, _beanie),
    "santa": (1.5, _santa),
    "beret": (1.5, _beret),
    "peaked": (3, _peaked),
    "turban": (2, _turban),
    "bandana": (1.5, _bandana),
    "earflaps": (1.5, _earflaps),
    "nurse": (1, _nurse),
    "swimming": (2, _swim_cap),
    "animal": (1.5, _pointed_ears),
    "jester": (0.7, _jester),
}
