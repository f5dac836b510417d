"""Hands of others at the heads of drawn figures, and barbells over them, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_arms import hand_shapes
from condcolor.data.builders.figure_curves import corners, polyline, rounded
from condcolor.data.builders.figure_heads import Head
from condcolor.data.builders.figure_pen import Pen


def draw_helping_hands(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw forearms and hands that come from outside and lie on the head, as of a barber."""
    thick, hand = dice.uniform(0.35, 0.55), dice.choice(("mitten", "open", "circle", "three"))
    if thick < 8 * pen.thickness:
        hand = "circle"
    sleeved, cuff = dice.random() < 0.4, dice.random() < 0.5
    height = dice.uniform(0.2, 0.9)
    for side in dice.choice(((-1, 1), (-1, 1), (1,))):
        end = complex(side * head.half_width(-height) * dice.uniform(0.5, 1.0), -height - 0.5)
        way = complex(-side * dice.uniform(0.0, 0.7), dice.uniform(0.4, 1.0))
        way /= abs(way)
        start = end - way * dice.uniform(1.0, 1.8)
        tubes, shapes, marks = hand_shapes(dice, hand, end, way, thick)
        pen.union([([start, end], thick * 0.85), *tubes], "skin", shapes)
        for mark in marks:
            pen.line(mark)
        if sleeved:
            pen.tube([start - way * 0.3, start + (end - start) * 0.45], thick * 1.1, "shirt")
        elif cuff:
            pen.tube([start - way * 0.2, start + (end - start) * 0.2], thick * 1.1, "other")


def draw_barbell(pen: Pen, dice: random.Random, left: complex, right: complex) -> None:
    """Draw a barbell through two hands."""
    over, thick = dice.uniform(0.4, 1.2), max(0.12, 2.2 * pen.thickness)
    ends = [left - over, right + over]
    pen.tube(ends, thick, "other")
    for end, side in zip(ends, (-1, 1), strict=True):
        for k in range(dice.randint(1, 3)):
            half, at = dice.uniform(0.5, 1.0) - 0.12 * k, end + side * 0.3 * k
            plate = corners(at.real - 0.15, at.imag - half, at.real + 0.15, at.imag + half)
            pen.shape(rounded(plate, 0.08), "other")
    if pen.thickness < 0.08:
        pen.line(polyline([left, right]), pen.inner * 0.5)
