"""Hats of drawn figures, headscarves, bows and what else heads wear, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import (
    Pen,
    ellipse,
    join,
    mirrored,
    pick,
    polar,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
    spikes,
)

HATS = {
    "cap": 4,
    "beanie": 4,
    "top": 2,
    "cone": 2,
    "crown": 2,
    "hard": 3,
    "chef": 2,
    "wide": 3,
    "helmet": 2,
    "beret": 1,
    "peaked": 2,
    "mortarboard": 1,
}
TRIMS = {"bow": 3, "flower": 2, "band": 3, "halo": 1, "ears": 1}
SCARVES = {"scarf": 3, "hood": 2}


def _dome(head: Head, y: float, high: float, gap: float) -> list[complex]:
    """Return points from the left end of the brim over the crown to the right end."""
    half = head.half_width(y) + gap
    return [
        complex(-half, y),
        complex(-half * 0.93, y - (high + y + 1) * 0.5),
        complex(-half * 0.55, -1 - high * 0.8),
        complex(0, -1 - high),
        complex(half * 0.55, -1 - high * 0.8),
        complex(half * 0.93, y - (high + y + 1) * 0.5),
        complex(half, y),
    ]


def _brim(pen: Pen, half: float, y: float, thick: float, sag: float) -> None:
    line = [complex(-half, y), complex(-half * 0.5, y + sag * 0.8), complex(0, y + sag)]
    line += mirrored(line[:-1])
    pen.shape(ribbon(line, (thick * 0.5, thick, thick * 0.5)), "hat")


def draw_hat(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a hat over hair and head."""
    kind, y = pick(dice, HATS), dice.uniform(-0.6, -0.38)
    gap = dice.uniform(0.08, 0.16)
    half = head.half_width(y) + gap
    dome = _dome(head, y, dice.uniform(0.15, 0.4), gap)
    side = -1 if head.view == "side" else dice.choice((-1, 1))
    if kind == "cap":
        pen.shape(join(smooth(dome), [dome[0]]), "hat")
        if dice.random() < 0.5 or head.view == "side":
            visor = [complex(side * half * 0.3, y - 0.1), complex(side * (half + 0.6), y - 0.02)]
            visor += [complex(side * (half + 0.62), y + 0.1), complex(side * half * 0.3, y + 0.06)]
            pen.shape(rounded(visor, 0.12), "hat")
        elif head.view != "back":
            edge = [complex(-half, y), complex(0, y - 0.12), complex(half, y)]
            low = [complex(half, y), complex(0, y + dice.uniform(0.1, 0.3)), complex(-half, y)]
            pen.shape(join(smooth(edge), smooth(low)), "hat")
        pen.line(smooth([dome[3], complex(dice.uniform(-0.3, 0.3), y - 0.35), complex(0, y - 0.1)]))
    elif kind == "beanie":
        if dice.random() < 0.5:
            pen.shape(ellipse(dome[3] - 0.1j, dice.uniform(0.14, 0.26)), "hat")
        pen.shape(join(smooth(dome), [dome[0]]), "hat")
        band = [
            complex(s * (half + 0.04), y + t)
            for s, t in ((-1, -0.25), (1, -0.25), (1, 0.06), (-1, 0.06))
        ]
        pen.shape(rounded(band, 0.12), "hat")
        if dice.random() < 0.5:
            for i in range(-3, 4):
                x = i * half / 4
                pen.line(polyline([complex(x, y - 0.22), complex(x, y + 0.03)]))
    elif kind == "top":
        high, top = dice.uniform(0.8, 1.4), dice.uniform(0.8, 1.1) * half
        pen.shape(
            polygon(
                [-half + y * 1j, complex(-top, y - high), complex(top, y - high), half + y * 1j]
            ),
            "hat",
        )
        if dice.random() < 0.6:
            band = [complex(s * half, y - t) for s, t in ((-1, 0), (-1, 0.25), (1, 0.25), (1, 0))]
            pen.shape(polygon(band), dice.choice(("other", "hat")))
        _brim(pen, half * 1.45, y, 0.16, 0.0)
    elif kind == "cone":
        tip = complex(dice.uniform(-0.6, 0.6), y - dice.uniform(1.2, 2.2))
        pen.shape(
            join(
                smooth([complex(-half, y), tip * 0.5 - 0.2 + y * 0.5j, tip]),
                smooth([tip, tip * 0.5 + 0.25 + y * 0.5j, complex(half, y)]),
            ),
            "hat",
        )
        if dice.random() < 0.6:
            _brim(pen, half * dice.uniform(1.3, 1.8), y, 0.2, dice.uniform(0, 0.15))
        else:
            pen.shape(ellipse(tip, 0.15), "other")
            pen.line(smooth([complex(-half, y), complex(0, y + 0.08), complex(half, y)]), pen.width)
    elif kind == "crown":
        n = dice.choice((3, 5, 7))
        base = [complex(-half + 2 * half * i / n, y - 0.25) for i in range(n + 1)]
        pen.shape(join([complex(-half, y)], spikes(base, 0.9, curve=0), [complex(half, y)]), "hat")
    elif kind == "hard":
        pen.shape(join(smooth(dome), [dome[0]]), "hat")
        ridge = [
            complex(-0.14, y),
            complex(-0.16, dome[3].imag - 0.06),
            complex(0.16, dome[3].imag - 0.06),
            complex(0.14, y),
        ]
        pen.shape(rounded(ridge, 0.1), "hat")
        _brim(pen, half * 1.2, y, 0.16, dice.uniform(-0.05, 0.1))
    elif kind == "chef":
        top = y - dice.uniform(0.6, 1.0)
        puffs = [complex(x * half, top - 0.2 + 0.2 * abs(x)) for x in (-1.0, -0.5, 0, 0.5, 1.0)]
        pen.shape(
            join(
                [complex(-half, y)],
                scallops([puffs[0] + 0.3j, *puffs[1:-1], puffs[-1] + 0.3j], 0.5),
                [complex(half, y)],
            ),
            "hat",
        )
        band = [complex(s * half, y + t) for s, t in ((-1, -0.4), (1, -0.4), (1, 0.04), (-1, 0.04))]
        pen.shape(rounded(band, 0.06), "hat")
    elif kind == "wide":
        dome = _dome(head, y, dice.uniform(0.1, 0.5), 0.02)
        pen.shape(join(smooth(dome), [dome[0]]), "hat")
        _brim(pen, half * dice.uniform(1.4, 2.1), y, 0.2, dice.uniform(-0.25, 0.2))
        if dice.random() < 0.5:
            pen.line(smooth([dome[0] - 0.22j, complex(0, y - 0.14), dome[-1] - 0.22j]))
    elif kind == "helmet":
        low = dice.uniform(0.0, 0.3)
        out = [complex(head.half_width(low) + gap, low), complex(head.wide + gap, -0.3)]
        out += [head.at(d, gap) for d in (40, 65, 90)]
        ring = [*mirrored(out), *out[::-1][1:]][::-1]
        inner = [
            complex(-head.half_width(low) * 0.8, low),
            complex(-half * 0.7, y + 0.05),
            complex(half * 0.7, y + 0.05),
            complex(head.half_width(low) * 0.8, low),
        ]
        pen.shape(join(smooth(ring), smooth(inner)), "hat")
        if dice.random() < 0.5:
            pen.line(smooth([inner[0], complex(0, 1.0), inner[-1]]))
        for k in (-0.35, 0.35):
            pen.line(smooth([complex(k * half, -1 - gap * 0.6), complex(k * half * 1.1, y - 0.05)]))
    elif kind == "beret":
        tilt = dice.uniform(-0.2, 0.2)
        blob = [
            complex(-half * 1.15, y - 0.1 + tilt),
            complex(-half * 0.5, y - 0.65),
            complex(half * 0.5, y - 0.65),
            complex(half * 1.15, y - 0.1 - tilt),
            complex(0, y + 0.05),
        ]
        pen.shape(smooth(blob, closed=True), "hat")
        pen.line(polyline([complex(0, y - 0.72), complex(0.05, y - 0.85)]), pen.width)
    elif kind == "peaked":
        lid = [
            complex(-half * 1.25, y - 0.4),
            complex(0, y - 0.85),
            complex(half * 1.25, y - 0.4),
            complex(half, y - 0.15),
            complex(-half, y - 0.15),
        ]
        pen.shape(smooth(lid, closed=True, ease=0.7), "hat")
        band = [
            complex(s * half, y + t) for s, t in ((-1, -0.22), (1, -0.22), (1, 0.02), (-1, 0.02))
        ]
        pen.shape(rounded(band, 0.05), "hat")
        pen.shape(ellipse(complex(0, y - 0.4), 0.11), "other", pen.inner)
        pen.shape(
            join(
                smooth([complex(-half, y), complex(0, y + 0.05), complex(half, y)]),
                smooth([complex(half, y), complex(0, y + 0.3), complex(-half, y)]),
            ),
            "hat",
        )
    else:
        cap = [complex(s * half, y + t) for s, t in ((-1, -0.45), (1, -0.45), (1, 0.0), (-1, 0.0))]
        pen.shape(rounded(cap, 0.1), "hat")
        board = [
            complex(0, y - 0.8),
            complex(half * 1.5, y - 0.5),
            complex(0, y - 0.2),
            complex(-half * 1.5, y - 0.5),
        ]
        pen.shape(polygon(board), "hat")
        pen.line(
            smooth([complex(0, y - 0.5), complex(half, y - 0.4), complex(half * 1.05, y + 0.1)])
        )
        pen.shape(ellipse(complex(half * 1.05, y + 0.15), 0.07, 0.12), "other", pen.inner)


def draw_trim(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a bow, a flower, a band, ears or a halo on the hair."""
    kind = pick(dice, TRIMS)
    if kind == "bow":
        at = head.at(dice.choice((90, 55, 125)), 0.08)
        size, turn = dice.uniform(0.22, 0.5), complex(1, dice.uniform(-0.5, 0.5))
        for side in (-1, 1):
            loop = [0, complex(side, -0.6), complex(side * 1.15, 0), complex(side, 0.6)]
            pen.shape(smooth([at + turn * size * p for p in loop], closed=True, ease=0.7), "hat")
        pen.shape(ellipse(at, size * 0.28), "hat")
    elif kind == "flower":
        at, size = head.at(dice.choice((50, 130)), -0.05), dice.uniform(0.2, 0.32)
        n = dice.choice((5, 6, 7))
        ring = [at + polar(size * 0.75, 360 * i / n) for i in range(n + 1)]
        pen.shape(scallops(ring, 0.5), "hat")
        pen.shape(ellipse(at, size * 0.35), "other", pen.inner)
    elif kind == "band":
        y, thick = dice.uniform(-0.75, -0.45), dice.uniform(0.12, 0.22)
        half = head.half_width(y) + 0.12
        line = [
            complex(-half, y + 0.05),
            complex(0, y - dice.uniform(0.0, 0.1)),
            complex(half, y + 0.05),
        ]
        pen.shape(ribbon(line, (thick, thick)), "hat")
    elif kind == "ears":
        for side in (-1, 1):
            root = head.at(90 - side * 38, 0.02)
            tip = root + complex(side * 0.2, -dice.uniform(0.4, 0.9))
            pen.shape(smooth([root - 0.22, tip, root + 0.22], closed=True), "hat")
    else:
        pen.union([(ellipse(-1.5j, 0.5, 0.14)[::1], 0.1)], "other")


def draw_scarf_behind(pen: Pen, head: Head, kind: str) -> None:
    """Draw the part of a headscarf or hood that is behind the face."""
    gap = 0.16 if kind == "scarf" else 0.26
    ring = [head.at(d, gap) for d in range(0, 360, 30)]
    if kind == "hood":
        ring[3] -= 0.15j
    pen.shape(smooth(ring, closed=True), "hat")


def draw_drape(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw the end of a headscarf over the shoulders; it goes before the head."""
    half, low = head.wide * dice.uniform(0.85, 1.2), dice.uniform(1.4, 2.0)
    right = [complex(head.wide * 0.85, 0.3), complex(half, 1.1), complex(half * 0.8, low - 0.15)]
    pen.shape(
        smooth([*right, complex(dice.uniform(-0.3, 0.3), low), *mirrored(right)], closed=True),
        "hat",
    )
    pen.line(smooth([complex(-half * 0.6, 1.0), complex(0, 1.3), complex(half * 0.5, low - 0.3)]))


def draw_scarf_front(pen: Pen, dice: random.Random, head: Head, kind: str) -> None:
    """Draw the part of a headscarf or hood around the face."""
    gap = 0.16 if kind == "scarf" else 0.26
    outer = [head.at(d, gap) for d in (-150 + 20 * i for i in range(1, 14))]
    outer = [head.at(d, gap) for d in range(230, -51, -20)]
    if kind == "hood":
        outer[7] -= 0.15j
    open_ = dice.uniform(0.68, 0.8)
    inner = [
        complex(p.real * open_ + head.turn * 0.1, p.imag * (open_ + 0.06) + 0.08) for p in outer
    ]
    pen.shape(join(smooth(outer), smooth(inner[::-1])), "hat")
