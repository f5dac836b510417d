"""Bare torsos of drawn figures, and what leaves the shoulders bare: tank tops, straps, swimwear."""

from __future__ import annotations

import itertools
import random

from condcolor.data.builders.figure_bodies import Build
from condcolor.data.builders.figure_curves import (
    Chain,
    bend,
    ellipse,
    join,
    mirrored,
    polyline,
    smooth,
)
from condcolor.data.builders.figure_pen import PALE_INKS, Pen


def draw_bare_torso(pen: Pen, dice: random.Random, build: Build) -> float:
    """Draw a torso of skin and its garment; return y of the lower edge."""
    edge = _edge(build)
    side = smooth(edge, ease=0.8)
    pen.fill(join(mirrored(side), side), "skin")
    for line in (side, mirrored(side)):
        pen.line(line, pen.width)
    is_open = build.cut_open and build.crop != "full"
    if not is_open:
        pen.line(polyline([side[-1], complex(-side[-1].real, side[-1].imag)]), pen.width)
    if pen.thickness < 0.12:
        with pen.pale(dice.choice(PALE_INKS) if dice.random() < 0.3 else ""):
            _draw_muscles(pen, dice, build, edge)
    if build.garment == "none":
        return build.hip_y
    return _draw_garment(pen, dice, build, edge, is_open=is_open)


def _edge(build: Build) -> list[complex]:
    """Return points of the right side from the neck to the hip."""
    s, y, low = build.shoulder, build.collar, build.hip_y
    shoulder = y + build.slope
    edge = [complex(build.neck, y), complex(s * 0.7, y + build.slope * 0.7)]
    if build.crop == "bust":
        return [*edge, complex(s, shoulder + 0.35), complex(s * 1.06, low)]
    edge += [complex(s, shoulder + 0.2), complex(build.chest, shoulder + 0.6)]
    if low > build.waist_y + 0.1:
        edge.append(complex(build.waist, build.waist_y))
    return [*edge, complex(build.hip, low)]


def _half_width(edge: list[complex], y: float) -> float:
    """Return how far from the middle the edge is at a height, without the shoulders."""
    for a, b in itertools.pairwise(edge[2:]):
        if y <= b.imag:
            t = max(0.0, (y - a.imag) / max(b.imag - a.imag, 1e-6))
            return a.real + (b.real - a.real) * t
    return edge[-1].real


def _top(edge: list[complex], x: float) -> float:
    """Return y of the shoulder at a distance from the middle."""
    for a, b in itertools.pairwise(edge[:3]):
        if x <= b.real:
            return a.imag + (b.imag - a.imag) * max(0.0, x - a.real) / max(b.real - a.real, 1e-6)
    return edge[2].imag


def _draw_garment(
    pen: Pen, dice: random.Random, build: Build, edge: list[complex], *, is_open: bool
) -> float:
    """Draw what is worn on a torso of skin; return y of its lower edge."""
    s, low, kind = build.shoulder, build.hip_y, build.garment
    long = low - build.collar
    arm = build.collar + build.slope + min(dice.uniform(0.35, 0.8), 0.45 * long)
    deep = min(arm + dice.uniform(-0.25, 0.2), low - 0.3 * long)
    if kind == "tank":
        inner = max(s * dice.uniform(0.35, 0.6), build.neck * 1.02)
        outer = min(inner + s * dice.uniform(0.12, 0.3), s * 0.9)
    else:
        inner = max(s * dice.uniform(0.4, 0.65), build.neck * 1.05)
        outer = inner + max(0.08, 2.2 * pen.thickness)
    half = _half_width(edge, arm)
    if kind in ("tank", "straps"):
        start = complex(outer, _top(edge, outer))
        bow = 0.95 if kind == "tank" else 1.02
        hole = smooth(bend(start, complex(outer * bow, arm - 0.02), complex(half, arm), 4))
        up = complex(inner, _top(edge, inner))
        if kind == "straps" or dice.random() < 0.15:
            at = complex(inner * dice.uniform(0.85, 1.0), deep - 0.08)
            neck = join([up], polyline([up, at]), smooth([at, complex(0, deep), -at.conjugate()]))
            neck = join(neck, [-up.conjugate()])
        else:
            round_ = complex(inner * dice.uniform(0.6, 0.95), up.imag + (deep - up.imag) * 0.75)
            neck = smooth([up, round_, complex(0, deep), -round_.conjugate(), -up.conjugate()])
    else:  # no straps
        hole = [complex(half, arm)]
        dip = complex(0, arm + dice.choice((0.0, 0.08, -0.05)))
        neck = smooth([complex(half, arm), dip, complex(-half, arm)])
    foot = low
    if kind == "bikini":
        foot = arm + min(0.5, 0.4 * (low - arm))
    rest = [complex(half, arm)]
    rest += [p for p in edge[2:] if arm + 0.05 < p.imag < foot - 0.05]
    rest.append(complex(_half_width(edge, foot), foot))
    if build.crop == "full" and build.legs in ("dress", "gown") and kind != "bikini":
        foot = low + build.leg * dice.uniform(0.2, 0.6)
        rest.append(complex(build.hip * dice.uniform(1.2, 1.7), foot))
    flank = join(hole, smooth(rest, ease=0.8))
    neckline = [complex(-p.real, p.imag) for p in neck]  # from left to right
    chain = join(neckline, flank, mirrored(flank))
    if is_open and kind != "bikini":
        pen.fill(chain, "shirt")
        pen.line(join(mirrored(flank), neckline, flank), pen.width)
    else:
        pen.shape(join(chain, chain[:1]), "shirt")
    if dice.random() < 0.4 and kind == "tank" and pen.thickness < 0.1:
        _draw_trims(pen, dice, neckline, hole)
    return foot


def _draw_trims(pen: Pen, dice: random.Random, neckline: Chain, hole: Chain) -> None:
    """Draw second lines beside the neckline and the armholes."""
    gap = max(dice.uniform(0.05, 0.12), 2 * pen.thickness)
    with pen.pale(dice.choice(("", *PALE_INKS))):
        pen.line([complex(p.real * 1.0, p.imag + gap) for p in neckline][3:-3])
        for side in (-1, 1):
            pen.line([complex(side * (p.real - gap), p.imag + gap * 0.3) for p in hole])


def _draw_muscles(pen: Pen, dice: random.Random, build: Build, edge: list[complex]) -> None:
    """Draw some of collar bones, breast, nipples, ribs, navel."""
    y, low, s = build.collar + build.slope, build.hip_y, build.shoulder
    breast = y + min(0.7, 0.4 * (low - y))
    for side in (-1, 1):
        if dice.random() < 0.4:
            bone = [complex(side * build.neck * 0.4, y + 0.15), complex(side * s * 0.6, y + 0.02)]
            pen.line(smooth(bone))
    if build.garment != "none":
        return
    marks = dice.sample(("breast", "nipples", "middle", "navel", "ribs"), dice.randint(0, 3))
    half = _half_width(edge, breast)
    for side in (-1, 1):
        if "breast" in marks:
            arc = [complex(side * half * x, breast - dip) for x, dip in ((0.08, 0), (0.5, -0.08))]
            pen.line(smooth([*arc, complex(side * half * 0.85, breast - 0.12)]))
        if "nipples" in marks:
            pen.ink(ellipse(complex(side * half * 0.5, breast - 0.15), max(0.04, pen.thickness)))
        if "ribs" in marks:
            for k in (0.25, 0.45):
                if breast + k < low - 0.1:
                    at = complex(side * half * 0.8, breast + k)
                    pen.line(smooth([at, at - side * half * 0.2 + 0.03j]))
    if "middle" in marks:
        pen.line(polyline([complex(0, breast), complex(0, low - 0.15)]))
    if "navel" in marks and build.crop != "bust":
        pen.ink(ellipse(complex(0, build.waist_y), max(0.04, pen.thickness)))
