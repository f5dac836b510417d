"""Beards of drawn figures, of the hair's part: full ones, goatees, straps, whiskers, moustaches, stubble."""

from __future__ import annotations

import random
from collections.abc import Callable

from condcolor.data.builders.figure_curves import (
    band,
    bend,
    ellipse,
    join,
    mirrored,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)
from condcolor.data.builders.figure_heads import Face, Head
from condcolor.data.builders.figure_pen import PALE_INKS, Pen, pick


def draw_beard(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw a beard or a moustache at random, a third of them in pale lines; the mouth goes over it."""
    kind = pick(dice, {name: weight for name, (weight, _) in BEARDS.items()})
    if pen.thickness > 0.1 and kind in _FINE:
        kind = "full"
    with pen.pale(dice.choice(PALE_INKS) if dice.random() < 0.3 else ""):
        if head.view == "side":
            _draw_profile(pen, dice, head, face)
            return
        BEARDS[kind][1](pen, dice, head, face)
        if kind in _BELOW_MOUTH and dice.random() < 0.4:
            _moustache(pen, dice, head, face)


def _draw_profile(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw a full beard seen from the side."""
    w, top, low = head.wide, face.eyes_y + 0.2, dice.uniform(0.0, 0.5)
    outer = [complex(0.2 * w, top), complex(0.15 * w, 0.7), complex(-0.35 * w, 1.02 + low)]
    outer += [complex(-0.85 * w, 1.0), complex(-0.9 * w, face.mouth_y + 0.1)]
    inner = [complex(-0.55 * w, face.mouth_y + 0.05), complex(-0.05 * w, top)]
    pen.shape(join(smooth(outer), smooth(inner)), "hair")


def _full(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    low, top = dice.uniform(0.02, 0.7), face.eyes_y + 0.15
    if dice.random() < 0.25:  # over the chest
        low = dice.uniform(0.7, 1.9)
    wide = dice.choice((0.03, 0.03, 0.2))
    jaw = [head.at(degrees, wide) for degrees in (345, 320, 295)]
    outer = [complex(head.half_width(top) + 0.01, top), *jaw]
    if low > 0.8:
        outer.append(complex(head.wide * dice.uniform(0.3, 0.8), 1.0 + low * 0.7))
    outer += [complex(0, 1.03 + low), *mirrored(outer)]
    inner = complex(head.half_width(top) - dice.uniform(0.1, 0.25), top)
    lip = complex(0.3, face.mouth_y - 0.12)
    edge = [inner, complex(lip.real + 0.18, lip.imag + 0.12), lip, complex(0, lip.imag + 0.04)]
    edge += mirrored(edge[:-1])
    inside = smooth(edge[::-1])
    around = scallops(outer, 0.3) if dice.random() < 0.3 else smooth(outer)
    pen.shape(join(around, inside), "hair")
    if dice.random() < 0.3 and pen.thickness < 0.08:  # strands
        for x in (-0.3, 0.0, 0.3):
            start = complex(x, face.mouth_y + 0.35)
            pen.line(smooth([start, complex(x * 1.15, 0.9), complex(x * 0.8, 0.95 + low * 0.7)]))


def _goatee(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    at, low = complex(face.middle, face.mouth_y), 1.03 + dice.choice((0.05, 0.12, 0.6))
    half = dice.uniform(0.12, 0.28)
    chin = [at + complex(-half, 0.16), at + 0.1j, at + complex(half, 0.16), complex(at.real, low)]
    pen.shape(smooth(chin, closed=True), "hair")


def _circle(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw a beard around the mouth, open inside."""
    at, half = complex(face.middle, face.mouth_y), dice.uniform(0.26, 0.4)
    right = [at + complex(half * 0.8, -0.14), at + complex(half, 0.12)]
    right.append(complex(at.real + half * 0.6, max(0.92, at.imag + 0.3)))
    left = [complex(2 * at.real - p.real, p.imag) for p in right[::-1]]
    low = complex(at.real, 1.0 + dice.uniform(0.02, 0.5))
    pen.shape(smooth([at - 0.2j, *right, low, *left], closed=True), "hair")
    pen.shape(ellipse(at + 0.03j, half * 0.65, dice.uniform(0.08, 0.14)), "skin", pen.inner)
    if dice.random() < 0.4:
        pen.shape(ellipse(at + 0.17j, 0.05, 0.07), "hair", pen.inner)


def _strap(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw a narrow beard along the jaw."""
    start, thick = dice.randint(-5, 15), dice.uniform(0.1, 0.26)
    angles = [360 - start - (180 - 2 * start) * i / 10 for i in range(11)]
    swell = dice.uniform(0.0, 0.12)
    inner = [head.at(d, -thick - swell * (1 - abs(d - 270) / 90)) for d in angles]
    pen.shape(join(smooth([head.at(d, 0.02) for d in angles]), smooth(inner[::-1])), "hair")
    if dice.random() < 0.4:
        tuft = complex(face.middle, face.mouth_y + 0.14)
        pen.shape(ellipse(tuft, 0.06, 0.08), "hair", pen.inner)


def _whiskers(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw sideburns down the cheeks."""
    high, low, thick = dice.uniform(-15, 5), dice.uniform(35, 65), dice.uniform(0.1, 0.3)
    angles = [360 - high - (low - high) * i / 4 for i in range(5)]
    inner = [head.at(d, -thick * (0.6 + 0.2 * i)) for i, d in enumerate(angles)]
    chain = join(smooth([head.at(d, 0.02) for d in angles]), smooth(inner[::-1]))
    pen.shape(chain, "hair")
    pen.shape([complex(-p.real, p.imag) for p in chain], "hair")


def _tuft(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    at = complex(face.middle, face.mouth_y + 0.12)
    half, long = dice.uniform(0.05, 0.12), dice.uniform(0.1, 0.3)
    pen.shape(rounded([at - half, at + half, at + complex(0, long)], 0.03), "hair", pen.inner)


def _moustache(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    root = complex(face.middle, face.mouth_y - 0.16)
    kind = dice.choice(("tails", "tails", "walrus", "bar", "drooping"))
    wide, curl = dice.uniform(0.2, 0.42), dice.uniform(-0.1, 0.12)
    if kind == "walrus":
        right = [root + complex(wide * 0.6, -0.02), root + complex(wide, 0.18)]
        foot = [root + complex(wide * 0.6, 0.2), root + 0.12j]
        left = [complex(2 * root.real - p.real, p.imag) for p in [*right, foot[0]][::-1]]
        pen.shape(smooth([root - 0.04j, *right, *foot, *left], closed=True), "hair", pen.inner)
    elif kind == "bar":
        half, high = wide * 0.8, dice.uniform(0.04, 0.1)
        points = [complex(-half, -high), complex(half, -high), complex(half * 1.1, high)]
        points.append(complex(-half * 1.1, high))
        pen.shape(rounded([root + p for p in points], 0.05), "hair", pen.inner)
    else:
        end = complex(wide, 0.45) if kind == "drooping" else complex(wide, curl)
        for side in (-1, 1):
            tip = root + complex(side * end.real, end.imag)
            line = bend(root, root + complex(side * wide * 0.9, -0.02), tip)
            thick = (0.1, 0.12, 0.08) if kind == "drooping" else (0.12, 0.15, 0.02)
            pen.shape(ribbon(line, thick), "hair", pen.inner)


def _braids(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw a beard of strands that hang from the chin."""
    n, long = dice.randint(1, 4), dice.uniform(0.3, 0.9)
    _goatee(pen, dice, head, face)
    for i in range(n):
        at, half = complex(face.middle + 0.17 * (i - (n - 1) / 2), 0.95), 0.06
        end = 0.95 + long * dice.uniform(0.7, 1.0)
        pen.shape(rounded([at + p for p in band(half, 0.0, end - 0.95)], 0.05), "hair", pen.inner)
        for y in (0.3, 0.6):
            knot = at + 1j * (end - 0.95) * y
            pen.line(polyline([knot - half, knot + half]))


def _stubble(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw dots or short strokes on the jaw, which stays skin."""
    dotted, size = dice.random() < 0.5, dice.uniform(0.02, 0.035)
    for _ in range(dice.randint(12, 36)):
        y = dice.uniform(face.mouth_y - 0.05, 0.9)
        half = head.half_width(y) - 0.08
        x = dice.uniform(-half, half)
        if abs(x - face.middle) < 0.22 and abs(y - face.mouth_y) < 0.14:
            continue
        if dotted:
            pen.ink(ellipse(complex(x, y), size))
        else:
            pen.line(polyline([complex(x, y), complex(x, y + 0.08)]), pen.inner * 0.7)


Draw = Callable[[Pen, random.Random, Head, Face], None]
BEARDS: dict[str, tuple[float, Draw]] = {
    "full": (5, _full),
    "goatee": (1.5, _goatee),
    "circle": (2, _circle),
    "strap": (2, _strap),
    "whiskers": (1.5, _whiskers),
    "tuft": (0.7, _tuft),
    "moustache": (3, _moustache),
    "braids": (0.7, _braids),
    "stubble": (1.2, _stubble),
}
_FINE = ("tuft", "braids", "stubble", "circle")
_BELOW_MOUTH = ("full", "goatee", "strap", "tuft", "braids")
