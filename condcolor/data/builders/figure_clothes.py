"""What the torso of a drawn figure wears: collars, coats, buttons, ties, aprons, scarves, in head units."""

from __future__ import annotations

import random
from collections.abc import Callable

from condcolor.data.builders.figure_bodies import Build, throat
from condcolor.data.builders.figure_curves import (
    band,
    corners,
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
from condcolor.data.builders.figure_pen import Pen, pick


def draw_collar(pen: Pen, dice: random.Random, build: Build, low: float) -> None:
    """Draw what is around the neckline."""
    line = throat(build)
    deep, n, y = max(p.imag for p in line), build.neck, build.collar
    if build.neckline == "turtle":
        pen.shape(rounded(band(n + 0.08, y - 0.2, y + 0.12), 0.08), build.top)
    elif build.neckline == "collar":
        for side in (-1, 1):
            flap = [complex(side * n * 1.05, y - 0.08), complex(0, deep)]
            flap += [complex(side * 0.25, deep + 0.22), complex(side * (n * 1.15 + 0.2), y + 0.12)]
            pen.shape(polygon(flap), build.top)
        if dice.random() < 0.6:
            pen.line(polyline([complex(0, deep), complex(0, low)]))
    elif build.neckline == "coat":
        _draw_coat(pen, dice, build, low, deep)
    elif build.neckline == "hoodie" and pen.thickness < 0.12:
        for side in (-1, 1):
            pen.line(
                polyline([complex(side * n * 0.5, deep), complex(side * n * 0.55, deep + 0.3)])
            )
    elif build.neckline == "crew" and dice.random() < 0.4 and pen.thickness < 0.12:
        pen.line([p + 0.1j + (0.03 if p.real > 0 else -0.03) for p in line])


def _draw_coat(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    """Draw an open coat or a jacket: what is worn under it, lapels, the front's edges."""
    n, y, gap = build.neck, build.collar, dice.choice((0.0, 0.0, 0.12, 0.3))
    end = min(low, y + (low - y) * dice.uniform(0.5, 0.75)) if not gap else low
    inside = [
        complex(-n * 1.1, y),
        complex(0, deep),
        complex(n * 1.1, y),
        complex(gap, end),
        complex(-gap, end),
    ]
    under = dice.choice(("other", "shirt", "shirt"))
    pen.shape(polygon(inside), under, pen.inner)
    if dice.random() < 0.4:
        _tie(pen, dice, build, end, deep)
    elif under == "shirt" and gap and dice.random() < 0.5:
        pen.line(polyline([complex(0, deep), complex(0, low)]))
    mid = y + (end - y) * 0.6
    for side in (-1, 1):
        lapel = [complex(side * n * 1.1, y - 0.05), complex(side * (gap * 0.8 + 0.04), mid)]
        lapel += [
            complex(side * (n + 0.3), y + (mid - y) * 0.55),
            complex(side * (n * 1.2 + 0.15), y + 0.1),
        ]
        pen.shape(polygon(lapel), "shirt")
    if not gap:
        pen.line(polyline([complex(0, end), complex(0, low)]))


def _buttons(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    part, step = dice.choice(("other", "shirt")), dice.choice((0.3, 0.4, 0.55))
    for x in (0.0,) if dice.random() < 0.8 else (-0.25, 0.25):
        y = deep + 0.2
        while y < low - 0.1:
            pen.shape(ellipse(complex(x, y), max(0.05, pen.thickness * 0.6)), part, pen.inner * 0.7)
            y += step


def _stripes(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    step, half = dice.choice((0.25, 0.4)), min(build.chest, build.waist) * 0.88
    for i in range(int((build.hip_y - deep - 0.3) / step)):
        y = deep + 0.2 + i * step
        pen.line(smooth([complex(-half, y), complex(0, y + 0.06), complex(half, y)]))


def _pattern(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    """Draw dots, rings, small crosses or checks all over the shirt."""
    kind, step = dice.choice(("dots", "rings", "crosses", "checks")), dice.uniform(0.25, 0.4)
    half, rows = min(build.chest, build.waist) * 0.85, int((build.hip_y - deep - 0.2) / step)
    if kind == "checks":
        _stripes(pen, dice, build, low, deep)
        for i in range(-2, 3):
            x = half * i / 2.6
            pen.line(polyline([complex(x, deep + 0.15), complex(x, build.hip_y - 0.1)]))
        return
    for row in range(rows):
        for column in range(-3, 4):
            at = complex((column + row % 2 / 2) * step, deep + 0.2 + row * step)
            if abs(at.real) > half - 0.1:
                continue
            if kind == "dots":
                pen.ink(ellipse(at, 0.045))
            elif kind == "rings":
                pen.shape(ellipse(at, 0.07), "shirt", pen.inner * 0.7)
            else:
                pen.line(polyline([at - 0.05, at + 0.05]), pen.inner * 0.8)
                pen.line(polyline([at - 0.05j, at + 0.05j]), pen.inner * 0.8)


def _wrap(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    """Draw the front of a robe, one side over the other, and its sash."""
    n, y = build.neck * 1.1, build.collar
    foot = complex(-build.waist * 0.6, build.waist_y)
    pen.line(polyline([complex(n, y), foot]), pen.width)
    pen.line(polyline([complex(n + 0.14, y + 0.04), foot + 0.2]))
    pen.line(polyline([complex(-n, y), complex(0, y + (build.waist_y - y) * 0.5)]), pen.width)
    sash = band(build.waist * 1.01, build.waist_y - 0.15, build.waist_y + 0.15)
    pen.shape(polygon(sash), dice.choice(("other", "shirt")))


def _poncho(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    """Draw a short cape over the shoulders."""
    s, y, end = build.shoulder * 1.05, build.collar, min(deep + 0.7, low - 0.1)
    right = [complex(build.neck, y), complex(s, y + build.slope + 0.1), complex(s * 1.05, end)]
    hem = smooth([right[-1], complex(0, end + 0.2), -right[-1].conjugate()])
    pen.shape(join(smooth(mirrored(right), ease=0.7), smooth(right, ease=0.7), hem), "other")
    pen.line(polyline([complex(0, y + 0.1), complex(0, end + 0.15)]))


def _pocket(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    at = complex(build.chest * 0.45, build.collar + build.slope + 0.6)
    pocket = (-1 - 1j, 1 - 1j, 1 + 0.6j, 1j, -1 + 0.6j)
    pen.shape(polygon(moved(pocket, at, min(0.22, build.chest * 0.3))), build.top, pen.inner)


def _pouch(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    half, y = build.waist * 0.6, build.hip_y
    pouch = [complex(-half * 0.7, y - 0.65), complex(half * 0.7, y - 0.65), complex(half, y - 0.15)]
    pen.shape(rounded([*pouch, complex(-half, y - 0.15)], 0.08), build.top, pen.inner)


def _tie(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    end = min(low, build.hip_y) - 0.12
    if dice.random() < 0.3 or end < deep + 0.4:  # a bow tie
        for side in (-1, 1):
            pen.shape(
                polygon(
                    [
                        complex(0, deep),
                        complex(side * 0.25, deep - 0.13),
                        complex(side * 0.25, deep + 0.13),
                    ]
                ),
                "other",
            )
        return
    half = dice.uniform(0.1, 0.2)
    tie = [
        complex(-half * 0.5, deep),
        complex(half * 0.5, deep),
        complex(half, end - 0.2),
        complex(0, end),
    ]
    pen.shape(polygon([*tie, complex(-half, end - 0.2)]), "other")
    knot = [complex(-0.13, deep - 0.12), complex(0.13, deep - 0.12), complex(0.07, deep + 0.08)]
    pen.shape(polygon([*knot, complex(-0.07, deep + 0.08)]), "other")


def _print(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    """Draw a picture on the chest: a disk, a star, a heart, or a letter of lines."""
    at, size = complex(0, (deep + build.waist_y) / 2 + 0.1), build.chest * dice.uniform(0.25, 0.45)
    kind = dice.choice(("disk", "star", "heart", "letter", "cross"))
    if kind == "letter":
        pen.line(
            polyline(moved((-0.6 + 0.7j, -0.6 - 0.7j, 0j, 0.6 - 0.7j, 0.6 + 0.7j), at, size)),
            pen.width,
        )
        return
    if kind == "disk":
        chain = ellipse(at, size)
    elif kind == "star":
        chain = polygon(
            [at + polar(size * (1 if i % 2 == 0 else 0.45), 90 + 36 * i) for i in range(10)]
        )
    elif kind == "heart":
        chain = smooth(
            moved((-0.4j, 0.6 - 0.9j, 1.0 - 0.3j, 0.9j, -1.0 - 0.3j, -0.6 - 0.9j), at, size),
            closed=True,
            ease=0.7,
        )
    else:
        a = 0.35
        arms = [1 - a * 1j, 1 + a * 1j, a + a * 1j, a + 1j, -a + 1j, -a + a * 1j]
        chain = polygon(moved([*arms, *[-p for p in arms]], at, size))
    pen.shape(chain, "other", pen.inner)


def _zip(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    pen.line(polyline([complex(0, deep), complex(0, low)]))
    if dice.random() < 0.5:
        pen.shape(
            rounded(corners(-0.05, deep + 0.1, 0.05, deep + 0.3), 0.03), "other", pen.inner * 0.7
        )


def _apron(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    half, y = build.waist * dice.uniform(0.55, 0.75), max(build.hip_y, min(low, build.hip_y + 0.8))
    part, top = dice.choice(("other", "other", "shirt")), deep + 0.2
    for side in (-1, 1):
        pen.line(
            polyline(
                [
                    complex(side * half * 0.65, top),
                    complex(side * build.neck * 1.1, build.collar + 0.05),
                ]
            )
        )
    bib = [
        complex(-half * 0.7, top),
        complex(half * 0.7, top),
        complex(half, build.waist_y),
        complex(half, y),
    ]
    pen.shape(rounded([*bib, complex(-half, y), complex(-half, build.waist_y)], 0.1), part)


def _dungarees(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    half, top = build.waist * 0.6, max(deep + 0.15, build.waist_y - 0.5)
    for side in (-1, 1):
        strap = [
            complex(side * build.shoulder * 0.55, build.collar + build.slope * 0.7),
            complex(side * half * 0.8, top + 0.1),
        ]
        pen.shape(ribbon(strap, (0.16, 0.16)), "trousers")
    right = [
        complex(half, top),
        complex(half * 1.05, build.waist_y),
        complex(build.hip * 0.98, build.waist_y + 0.15),
    ]
    right.append(complex(build.hip * 0.98, max(low, build.hip_y) + 0.03))
    pen.shape(polygon([*mirrored(right), *right]), "trousers")
    pen.shape(polygon(band(half * 0.5, top + 0.15, top + 0.45)), "trousers", pen.inner)


def _straps(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    for side in (-1, 1):
        top = complex(side * build.shoulder * 0.6, build.collar + build.slope * 0.7)
        strap = [top, complex(side * build.waist * 0.6, build.hip_y * 0.85)]
        pen.shape(ribbon(strap, (0.18, 0.18)), "other")


def _sash(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    start = complex(-build.shoulder * 0.6, build.collar + build.slope * 0.8)
    pen.shape(ribbon([start, complex(build.waist * 0.85, build.hip_y - 0.25)], (0.2, 0.2)), "other")


def _belt(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    half = build.waist * 1.0
    pen.shape(polygon(band(half, build.waist_y - 0.1, build.waist_y + 0.1)), "other")
    pen.shape(polygon(band(0.14, build.waist_y - 0.13, build.waist_y + 0.13)), "other", pen.inner)


def _scarf(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    n, y = build.neck, build.collar
    if dice.random() < 0.7:
        end = dice.choice((-1, 1)) * n * 0.6
        tail = [
            complex(end, y + 0.1),
            complex(end * 1.2, y + 0.6),
            complex(end * 1.1, min(y + 1.2, low - 0.1)),
        ]
        pen.shape(ribbon(tail, (0.3, 0.35)), "other")
    pen.shape(rounded(band(n + 0.3, y - 0.22, y + 0.22), 0.2), "other")
    pen.line(smooth([complex(-n, y - 0.05), complex(0, y + 0.1), complex(n + 0.1, y - 0.02)]))


def _necklace(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    n, y, drop = build.neck * 1.1, build.collar, dice.uniform(0.3, 0.7)
    pen.line(smooth([complex(-n, y), complex(0, y + drop), complex(n, y)]))
    pen.shape(ellipse(complex(0, y + drop), max(0.09, pen.thickness)), "other", pen.inner)


def _ruff(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    half, y = build.neck + 0.35, build.collar
    ring = [
        complex(half * x, y + 0.3 * (1 - abs(x)) + 0.1) for x in (1.0, 0.6, 0.2, -0.2, -0.6, -1.0)
    ]
    pen.shape(
        [*scallops(ring, 0.4), *smooth([ring[-1], complex(0, y - 0.1), ring[0]])[1:]], "other"
    )


def _creases(pen: Pen, dice: random.Random, build: Build, low: float, deep: float) -> None:
    for side in (-1, 1):
        at = complex(side * build.waist * 0.9, build.waist_y - 0.1)
        pen.line(smooth([at, at + complex(-side * 0.15, 0.06), at + complex(-side * 0.35, 0.02)]))


Draw = Callable[[Pen, random.Random, Build, float, float], None]
EXTRAS: dict[str, tuple[float, Draw]] = {
    "buttons": (3, _buttons),
    "stripes": (3, _stripes),
    "pattern": (3, _pattern),
    "wrap": (1, _wrap),
    "poncho": (1, _poncho),
    "pocket": (2, _pocket),
    "pouch": (1, _pouch),
    "tie": (2, _tie),
    "print": (3, _print),
    "zip": (2, _zip),
    "apron": (1.5, _apron),
    "dungarees": (2, _dungarees),
    "straps": (1.5, _straps),
    "sash": (1, _sash),
    "belt": (2, _belt),
    "scarf": (2, _scarf),
    "necklace": (1.5, _necklace),
    "ruff": (0.7, _ruff),
    "creases": (2, _creases),
}
_FINE = ("pattern", "buttons", "stripes", "pocket", "pouch", "zip", "print", "creases", "necklace")


def draw_extra(pen: Pen, dice: random.Random, build: Build, low: float) -> None:
    """Draw one more thing on the torso, or none; `low` is the lower edge of the shirt."""
    if dice.random() < 0.35 or build.top == "skin":
        return
    kind = pick(dice, {name: weight for name, (weight, _) in EXTRAS.items()})
    if pen.thickness > 0.13 and kind in _FINE:
        return
    if kind in ("dungarees", "belt", "pouch") and (
        build.crop == "bust" or build.legs in ("dress", "gown", "skirt", "suit")
    ):
        return
    EXTRAS[kind][1](pen, dice, build, low, max(p.imag for p in throat(build)))
