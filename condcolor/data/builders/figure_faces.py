"""Faces of drawn figures: eyes, brows, noses, mouths, marks, glasses, in head units."""

from __future__ import annotations

import random

from condcolor.data.builders.figure_beards import draw_beard
from condcolor.data.builders.figure_curves import (
    bend,
    ellipse,
    join,
    polygon,
    polyline,
    ribbon,
    rounded,
    smooth,
)
from condcolor.data.builders.figure_heads import Face, Head
from condcolor.data.builders.figure_pen import (
    PALE_INKS,
    Pen,
    pick,
)


def draw_face(pen: Pen, dice: random.Random, head: Head) -> None:
    """Draw a face at random; a head seen from the back has none."""
    if head.view == "back" or dice.random() < 0.05:
        return
    plain = pen.thickness > 0.1  # thick lines leave no room for much
    middle = head.turn - 0.5 * head.wide if head.view == "side" else head.turn * 1.1
    mouth_y = min(head.eyes_y + dice.uniform(0.4, 0.6), 0.72)
    face = Face(
        middle=middle,
        eyes_y=head.eyes_y,
        apart=head.wide * dice.uniform(0.3, 0.5),
        eye=dice.uniform(0.07, 0.24),
        nose_y=head.eyes_y + (mouth_y - head.eyes_y) * dice.uniform(0.4, 0.6),
        mouth_y=mouth_y,
    )
    if dice.random() < 0.12 and not plain:
        _draw_cheeks(pen, dice, face)
    if dice.random() < 0.22:
        draw_beard(pen, dice, head, face)
    _draw_mouth(pen, dice, head, face)
    if head.view != "side" and not (plain and dice.random() < 0.6):
        _draw_nose(pen, dice, face)
    glasses = dice.random() < 0.13
    _draw_eyes(pen, dice, head, face, plain=plain or glasses)
    if dice.random() < (0.25 if plain or glasses else 0.65):
        _draw_brows(pen, dice, head, face)
    if glasses:
        _draw_glasses(pen, dice, head, face)
    if dice.random() < 0.15:
        _draw_mark(pen, dice, head, face)
    if dice.random() < 0.15 and pen.thickness < 0.07:
        _draw_folds(pen, dice, head, face)


def _eye_places(head: Head, face: Face) -> list[complex]:
    """Return where the eyes are; that of a side view is a little before its middle."""
    if head.view == "side":
        return [complex(face.middle - 0.08, face.eyes_y)]
    left, right = face.middle - face.apart, face.middle + face.apart
    edge = head.half_width(face.eyes_y) - 0.12
    return [complex(max(left, -edge), face.eyes_y), complex(min(right, edge), face.eyes_y)]


_EYES = {"dot": 4, "oval": 3, "white": 3, "anime": 3, "smile": 2, "shut": 1, "line": 1, "ring": 1}
_PLAIN_EYES = {"dot": 6, "oval": 2, "smile": 2, "shut": 1, "line": 1}


def _draw_eyes(pen: Pen, dice: random.Random, head: Head, face: Face, *, plain: bool) -> None:
    kind, size = pick(dice, _PLAIN_EYES if plain else _EYES), max(face.eye, 1.3 * pen.thickness)
    if plain:
        size = min(size, 0.16)
    narrow, look = dice.uniform(0.6, 1.0), complex(dice.uniform(-0.3, 0.3), dice.uniform(-0.1, 0.2))
    lashes = dice.random() < 0.3 and not plain
    wink = dice.random() < 0.05
    for i, at in enumerate(_eye_places(head, face)):
        side = -1 if i == 0 else 1
        if wink and i:
            kind = "smile"
        if kind == "dot":
            pen.ink(ellipse(at, size * 0.6 * narrow, size * 0.6))
        elif kind == "oval":
            pen.ink(ellipse(at, size * 0.7 * narrow, size))
            if size > 0.1:
                pen.fill(ellipse(at - size * (0.2 + 0.4j), size * 0.22), "other")
        elif kind in ("white", "ring"):
            pen.shape(ellipse(at, size * narrow, size), "other", pen.inner)
            iris = at + size * look
            if kind == "ring":
                pen.line(ellipse(iris, size * 0.5), pen.inner * 0.7)
            pen.ink(ellipse(iris, size * (0.3 if kind == "ring" else 0.45)))
        elif kind == "anime":
            _draw_anime_eye(pen, at, size * 1.3, side, lashes)
        elif kind in ("smile", "shut"):
            arch = -1 if kind == "smile" else 1
            pen.line(smooth([at - size, at + 1j * arch * size * 0.6, at + size]), pen.inner * 1.2)
        else:
            pen.line(polyline([at - size * 0.8, at + size * 0.8]), pen.inner * 1.2)
        if lashes and kind in ("dot", "oval", "white", "shut", "ring"):
            for k in (0.4, 0.8):
                root = at + size * complex(side * k * 0.9, -1 + k * 0.5)
                pen.line(polyline([root, root + size * complex(side * 0.4, -0.35)]))


def _draw_anime_eye(pen: Pen, at: complex, size: float, side: int, lashes: bool) -> None:
    """Draw a large eye: white, iris, pupil with a highlight, a heavy upper lid."""
    white = [-0.75 - 0.5j, 0 - 1j, 0.75 - 0.5j, 0.6 + 0.7j, 0 + 0.95j, -0.6 + 0.7j]
    pen.fill(smooth([at + size * p for p in white], closed=True), "other")
    pen.line(ellipse(at + 0.05j * size, size * 0.5, size * 0.82), pen.inner * 0.7)
    pen.ink(ellipse(at - 0.1j * size, size * 0.3, size * 0.55))
    pen.fill(ellipse(at - size * (0.18 + 0.4j), size * 0.2), "other")
    lid = [
        at + size * complex(side * x, y) for x, y in ((-0.8, -0.4), (0, -1), (0.8, -0.5), (1, 0))
    ]
    pen.line(smooth(lid), max(pen.inner * 1.4, size * 0.2 * pen.map.scale))
    pen.line(smooth([at + size * p for p in (-0.5 + 0.85j, 0.97j, 0.5 + 0.85j)]), pen.inner * 0.7)
    if lashes:
        root = at + size * complex(side * 0.85, -0.4)
        pen.line(polyline([root, root + size * complex(side * 0.4, -0.3)]))


def _draw_brows(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    lift = face.eye * 1.5 + dice.uniform(0.08, 0.18)
    tilt, arch = dice.uniform(-0.08, 0.08), dice.uniform(0, 0.08)
    half = dice.uniform(0.1, 0.2)
    width = max(dice.uniform(0.02, 0.09) * pen.map.scale, pen.inner)
    outlined = dice.random() < 0.3 and pen.thickness < 0.08
    pale = dice.choice(PALE_INKS) if dice.random() < 0.4 else ""
    thick = dice.choice(((0.12, 0.1, 0.02), (0.08, 0.12, 0.08), (0.14, 0.14, 0.14)))
    if outlined:
        half *= 1.4
    for i, at in enumerate(_eye_places(head, face)):
        side = -1 if i == 0 else 1
        at -= 1j * lift
        points = [
            at + complex(-side * half, tilt),
            at - 1j * arch,
            at + complex(side * half, -tilt),
        ]
        if outlined:
            with pen.pale(pale):
                pen.shape(
                    ribbon(bend(points[0], points[1], points[2]), thick), "hair", pen.inner * 0.8
                )
        else:
            pen.line(smooth(points), width)


def _draw_nose(pen: Pen, dice: random.Random, face: Face) -> None:
    at = complex(face.middle * 1.15, face.nose_y)
    kind = pick(dice, {"none": 5, "hook": 3, "round": 3, "dots": 1, "long": 2, "button": 2})
    size = dice.uniform(0.05, 0.13)
    if kind == "hook":
        pen.line(polyline([at - 1j * size, at + size * (0.7 + 0.5j), at + size * (-0.2 + 0.8j)]))
    elif kind == "round":
        pen.line(smooth([at + size * p for p in (-0.8 + 0j, 0.5j, 0.8 + 0j)]))
    elif kind == "dots":
        for side in (-1, 1):
            pen.ink(ellipse(at + side * 0.05, max(0.02, 0.4 * pen.thickness)))
    elif kind == "long":
        pen.line(smooth([at - 2j * size, at + size * (0.8 + 0.4j), at + size * (0 + 0.9j)]))
    elif kind == "button":
        pen.shape(ellipse(at, size * 1.1, size * 0.85), "skin", pen.inner)


def _draw_mouth(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    at = complex(face.middle * 1.1, face.mouth_y)
    kinds = {"smile": 6, "flat": 2, "sad": 1, "open": 2, "grin": 2, "o": 1, "lips": 1, "none": 1}
    kind, half = pick(dice, kinds), dice.uniform(0.08, 0.32)
    if head.view == "side":
        half = min(half, 0.16)
        at = complex(-0.84 * head.wide + half, face.mouth_y)
        kind = kind if kind in ("smile", "flat", "sad", "none") else "smile"
    if kind == "flat":
        pen.line(polyline([at - half * 0.8, at + half * 0.8]))
    elif kind in ("smile", "sad"):
        deep = half * dice.uniform(0.3, 0.7) * (1 if kind == "smile" else -1) * 1j
        pen.line(smooth([at - half, at + deep, at + half]))
    elif kind in ("open", "grin"):
        deep = dice.uniform(0.6, 1.1) * half
        rim = join(smooth([at - half, at + half]), smooth([at + half, at + 1j * deep, at - half]))
        if kind == "grin" or pen.thickness > 0.1:
            pen.shape(rim, "other", pen.inner)
        else:
            pen.ink(rim)
            tongue = [
                at + p * half for p in (-0.5 + 0.55j, 0.35j, 0.5 + 0.55j, 0.75j * deep / half)
            ]
            pen.fill(smooth(tongue, closed=True), "other")
    elif kind == "o":
        pen.shape(ellipse(at, half * 0.4, half * 0.5), "other", pen.inner)
    elif kind == "lips":
        rim = [at + half * p for p in (-0.8, -0.25 - 0.25j, -0.15j, 0.25 - 0.25j, 0.8, 0.4j)]
        pen.shape(smooth(rim, closed=True), "other", pen.inner * 0.7)
        pen.line(polyline([rim[0], rim[4]]), pen.inner * 0.7)


def _draw_cheeks(pen: Pen, dice: random.Random, face: Face) -> None:
    hatched = dice.random() < 0.5
    for side in (-1, 1):
        at = complex(face.middle + side * face.apart * 1.25, face.eyes_y + face.eye + 0.16)
        if hatched:
            for k in (-1, 0, 1):
                pen.line(
                    polyline([at + k * 0.07 - 0.03 + 0.05j, at + k * 0.07 + 0.03 - 0.05j]),
                    pen.inner * 0.6,
                )
        else:
            pen.line(ellipse(at, 0.11, 0.08), pen.inner * 0.6)


def _draw_folds(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw lines beside the mouth, under the eyes, on forehead and chin."""
    with pen.pale(dice.choice(("", *PALE_INKS))):
        for side in (-1, 1):
            nose = complex(face.middle + side * 0.16, face.nose_y)
            if dice.random() < 0.6:
                pen.line(
                    smooth([nose, nose + complex(side * 0.16, 0.16), nose + side * 0.17 + 0.3j])
                )
            if dice.random() < 0.5:
                at = complex(face.middle + side * face.apart, face.eyes_y + face.eye + 0.06)
                pen.line(smooth([at - 0.12, at + 0.06j, at + 0.12]))
        for y in (-0.35, -0.45, -0.55)[: dice.randint(0, 3)]:
            at = complex(face.middle, min(face.eyes_y, 0.0) + y)
            pen.line(smooth([at - 0.25 + 0.02j, at - 0.02j, at + 0.25 + 0.02j]))
        if dice.random() < 0.4:
            chin = complex(face.middle, (face.mouth_y + 1) / 2)
            pen.line(smooth([chin - 0.1, chin - 0.05j, chin + 0.1]))


MARKS = {
    "earrings": 4,
    "mask": 3,
    "freckles": 2,
    "plaster": 1,
    "patch": 1,
    "wrinkles": 1,
    "pacifier": 0.7,
}


def _draw_mark(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw earrings, a mask over the mouth, freckles, a plaster, wrinkles, an eye patch or a pacifier."""
    kind = pick(dice, MARKS)
    at = complex(face.middle, face.mouth_y)
    if kind == "earrings" and head.view == "front":
        for side in (-1, 1):
            y = head.eyes_y + 0.35
            ring = complex(side * (head.half_width(y) + 0.08 * head.ears), y + 0.08)
            pen.shape(ellipse(ring, max(0.07, pen.thickness)), "other", pen.inner)
    elif kind == "mask" and head.view in ("front", "turned"):
        y, low = at.imag - 0.28, min(at.imag + 0.22, 0.95)
        half = head.half_width(at.imag) * 0.62
        for side in (-1, 1):
            ear = complex(side * head.half_width(y - 0.1), y - 0.1)
            pen.line(polyline([at.real + complex(side * half, y + 0.08), ear]))
        corners_ = [
            complex(-half, y),
            complex(half, y),
            complex(half * 0.9, low),
            complex(-half * 0.9, low),
        ]
        pen.shape(rounded([at.real + p for p in corners_], 0.12), "other")
    elif kind == "pacifier" and head.view in ("front", "turned"):
        ring = at + complex(0, dice.uniform(0.1, 0.2))
        pen.shape(ellipse(at, dice.uniform(0.25, 0.4), dice.uniform(0.14, 0.22)), "other")
        pen.line(ellipse(ring, dice.uniform(0.12, 0.2)), pen.width)
    elif kind == "freckles" and pen.thickness < 0.07:
        for side in (-1, 1):
            for spot in (0.0, 0.08 + 0.05j, -0.07 + 0.06j):
                pen.ink(
                    ellipse(complex(face.middle + side * face.apart, face.nose_y) + spot, 0.018)
                )
    elif kind == "plaster":
        spot = complex(face.middle + face.apart, face.nose_y + 0.1)
        pen.shape(
            rounded(
                [spot + p for p in (-0.15 - 0.06j, 0.15 - 0.06j, 0.15 + 0.06j, -0.15 + 0.06j)], 0.06
            ),
            "other",
            pen.inner,
        )
    elif kind == "patch" and head.view == "front":
        eye = _eye_places(head, face)[0]
        pen.ink(ellipse(eye, max(face.eye * 1.3, 0.18)))
        y = face.eyes_y - 0.4
        pen.line(
            polyline(
                [
                    complex(head.half_width(y), y),
                    eye,
                    complex(-head.half_width(eye.imag), eye.imag - 0.05),
                ]
            )
        )
    elif kind == "wrinkles" and pen.thickness < 0.07:
        for y in (-0.12, -0.2):
            pen.line(
                polyline(
                    [
                        complex(face.middle - 0.2, face.eyes_y - 0.25 + y),
                        complex(face.middle + 0.2, face.eyes_y - 0.25 + y),
                    ]
                ),
                pen.inner * 0.6,
            )


def _draw_glasses(pen: Pen, dice: random.Random, head: Head, face: Face) -> None:
    """Draw spectacles around the eyes, with clear or black glasses."""
    eyes = _eye_places(head, face)
    size, is_round = max(face.eye * 1.5, 0.2), dice.random() < 0.5
    dark = dice.random() < 0.2
    for at in eyes:
        box = [
            at + size * complex(x, y)
            for x, y in ((-1.1, -0.8), (1.1, -0.8), (0.95, 0.8), (-0.95, 0.8))
        ]
        rim = ellipse(at, size) if is_round else polygon(box)
        if dark:
            pen.ink(rim)
        pen.line(rim)
    if len(eyes) == 2:
        pen.line(smooth([eyes[0] + size, (eyes[0] + eyes[1]) / 2 - 0.04j, eyes[1] - size]))
        edge = head.half_width(face.eyes_y)
        pen.line(polyline([eyes[0] - size, complex(-edge, face.eyes_y - 0.05)]))
        pen.line(polyline([eyes[1] + size, complex(edge, face.eyes_y - 0.05)]))
    else:
        pen.line(polyline([eyes[0] + size, complex(0.1 * head.wide, face.eyes_y)]))
