"""Bodies of drawn figures: proportions, torso, clothes and legs, in head units below the chin."""

from __future__ import annotations

import random
from dataclasses import dataclass

from condcolor.data.builders.figure_pen import (
    Chain,
    Pen,
    ellipse,
    join,
    mirrored,
    pick,
    polygon,
    polyline,
    ribbon,
    rounded,
    scallops,
    smooth,
)

CROPS = {"full": 50, "half": 25, "bust": 25}
NECKS = {"crew": 5, "v": 3, "scoop": 2, "collar": 3, "turtle": 2, "tank": 1, "coat": 3, "hoodie": 2}
LEGS = {"trousers": 9, "shorts": 4, "skirt": 4, "dress": 4, "gown": 1}
STANCES = {"stand": 8, "apart": 4, "walk": 4, "sit": 2, "kneel": 1, "together": 3}
SHOES = {"shoe": 6, "boot": 3, "bare": 1, "none": 1}


@dataclass(frozen=True)
class Build:
    """A body: its measures with the chin at 0 and y downwards, and what it wears."""

    crop: str
    collar: float  # y where the shirt meets the neck
    neck: float  # half width
    shoulder: float
    slope: float  # y from the collar to the shoulders
    chest: float
    waist: float
    hip: float
    waist_y: float
    hip_y: float
    leg: float  # length
    leg_thick: float
    arm: float  # length
    arm_thick: float
    neckline: str
    legs: str
    stance: str
    shoes: str
    sleeves: float  # share of the arm
    cut_open: bool  # no line where the drawing is cut off

    @property
    def shoulder_y(self) -> float:
        """Return the height of the shoulder joints."""
        return self.collar + self.slope + self.arm_thick * 0.35

    @property
    def bottom(self) -> float:
        """Return y of the lowest line."""
        return self.hip_y + (self.leg if self.crop == "full" else 0.0)


def draw_build(dice: random.Random, crop: str, wide: float) -> Build:
    """Draw the proportions and clothes of a body at random, for a head of a half width."""
    grown = dice.random() ** 1.4  # 0 is a chibi, 1 an adult as they are

    def between(child: float, adult: float, spread: float) -> float:
        return (child + (adult - child) * grown) * dice.uniform(1 - spread, 1 + spread)

    shoulder = between(0.62, 1.55, 0.18) * (0.5 + wide / 2)
    if crop == "bust":
        shoulder = dice.uniform(1.15, 2.0)
    collar = between(0.02, 0.42, 0.5)
    torso = between(1.1, 2.7, 0.15)
    waist = shoulder * dice.uniform(0.72, 1.15)
    legs = pick(dice, LEGS)
    return Build(
        crop=crop,
        collar=collar,
        neck=min(between(0.28, 0.45, 0.25), shoulder * 0.55),
        shoulder=shoulder,
        slope=dice.uniform(0.08, 0.35) * (0.5 + grown / 2),
        chest=shoulder * dice.uniform(0.85, 1.0),
        waist=waist,
        hip=waist * dice.uniform(0.95, 1.3),
        waist_y=collar + torso * 0.7,
        hip_y=collar + (dice.uniform(0.9, 1.6) if crop == "bust" else torso),
        leg=between(0.75, 4.6, 0.2),
        leg_thick=between(0.46, 0.75, 0.22),
        arm=between(1.15, 3.9, 0.12),
        arm_thick=between(0.34, 0.5, 0.25),
        neckline=pick(dice, NECKS),
        legs=legs,
        stance=pick(dice, STANCES),
        shoes=pick(dice, SHOES),
        sleeves=dice.choice((0.0, 0.35, 0.4, 0.5, 0.92, 0.92, 0.92, 0.92)),
        cut_open=dice.random() < 0.5,
    )


def draw_neck(pen: Pen, build: Build, *, has_lines: bool) -> None:
    """Draw the neck and the chest that a neckline shows."""
    n, low = build.neck, build.collar + build.slope + 0.9
    wide = min(build.shoulder * 0.7, n + 0.35)
    right = [complex(n, -0.5), complex(n, build.collar), complex(wide, build.collar + build.slope)]
    points = [*right, complex(wide * 0.6, low)]
    pen.fill(polygon([*points, *mirrored(points)]), "skin")
    if has_lines:
        for side in (right, mirrored(right)):
            pen.line(polyline(side), pen.width)


def _throat(build: Build) -> Chain:
    """Return the neckline from the left end to the right one."""
    wide, y = build.neck * 1.15, build.collar
    if build.neckline in ("v", "collar", "coat"):
        deep = build.hip_y * 0.45 if build.neckline == "v" else build.collar + build.slope + 0.35
        return polyline([complex(-wide, y), complex(0, deep), complex(wide, y)])
    deep = {"scoop": 0.45, "tank": 0.55, "turtle": 0.05}.get(build.neckline, 0.2) * (
        0.4 + build.neck
    )
    if build.neckline in ("scoop", "tank"):
        wide = min(wide + 0.12, build.shoulder * 0.7)
    return smooth([complex(-wide, y), complex(0, y + deep), complex(wide, y)])


def _torso(build: Build, low: float, half: float) -> tuple[Chain, Chain]:
    """Return the neckline with both sides, from the left foot to the right one, and the lower edge."""
    s, y = build.shoulder, build.collar
    throat = _throat(build)
    right = [
        complex(s * 0.85, y + build.slope * 0.75),
        complex(s, y + build.slope + 0.18),
        complex(build.chest, y + build.slope + 0.6),
    ]
    if low > build.waist_y:
        right.append(complex(build.waist, build.waist_y))
    right.append(complex(half, low))
    if build.crop == "bust":
        right = [
            complex(s * 0.75, y + build.slope),
            complex(s * 1.0, y + build.slope + 0.35),
            complex(s * 1.08, low),
        ]
    right_side = join([throat[-1]], smooth([throat[-1], *right], ease=0.8))
    side = [throat[0], *[complex(-p.real, p.imag) for p in right]]
    left_side = smooth(side[::-1], ease=0.8)
    sag = 0.0 if build.crop != "full" else 0.06
    edge = smooth([right[-1], complex(0, low + sag), side[-1]])
    return join(left_side, throat, right_side), edge


def draw_torso(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw the shirt, or a dress, and what is on it."""
    low, half = build.hip_y, build.hip
    if build.crop == "full" and build.legs in ("dress", "gown"):
        low = build.hip_y + build.leg * (0.95 if build.legs == "gown" else dice.uniform(0.2, 0.55))
        half = build.hip * dice.uniform(1.2, 1.7)
    if build.neckline == "hoodie":
        hood = [
            complex(-build.neck - 0.35, build.collar + build.slope),
            complex(-build.neck - 0.3, build.collar - 0.3),
            complex(0, build.collar - 0.5),
        ]
        pen.shape(smooth([*hood, *mirrored(hood[:-1])], closed=True), "shirt")
        draw_neck(pen, build, has_lines=True)
    sides, edge = _torso(build, low, half)
    if build.cut_open and build.crop != "full":
        pen.fill(join(sides, edge), "shirt")
        pen.line(sides, pen.width)
    else:
        pen.shape(join(sides, edge), "shirt")
    _draw_clothes(pen, dice, build, low)


def _draw_clothes(pen: Pen, dice: random.Random, build: Build, low: float) -> None:
    top = _throat(build)
    deep = max(p.imag for p in top)
    n = build.neck
    if build.neckline == "turtle":
        roll = [
            complex(s * (n + 0.08), build.collar + t)
            for s, t in ((-1, -0.2), (1, -0.2), (1, 0.12), (-1, 0.12))
        ]
        pen.shape(rounded(roll, 0.08), "shirt")
    elif build.neckline in ("collar", "coat"):
        size = 0.25 if build.neckline == "collar" else 0.5
        for side in (-1, 1):
            flap = [
                complex(side * n * 1.05, build.collar - 0.08),
                complex(0, deep),
                complex(side * size * 0.8, deep + size),
                complex(side * (n * 1.15 + 0.2), build.collar + 0.12),
            ]
            pen.shape(polygon(flap), "shirt")
        pen.line(polyline([complex(0, deep), complex(0, low)]))
    elif build.neckline == "crew" and dice.random() < 0.4:
        pen.line([p + 0.1j + (0.03 if p.real > 0 else -0.03) for p in top])
    extra = pick(
        dice,
        {
            "none": 6,
            "buttons": 2,
            "stripes": 2,
            "pocket": 1,
            "tie": 1,
            "logo": 1,
            "zip": 1,
            "apron": 1,
            "straps": 1,
            "belt": 1,
        },
    )
    if extra == "buttons":
        y = deep + 0.2
        while y < low - 0.15:
            pen.shape(
                ellipse(complex(0, y), 0.06), dice.choice(("other", "shirt")), pen.inner * 0.7
            )
            y += 0.4
    elif extra == "stripes":
        y = deep + 0.25
        while y < low - 0.2:
            half = min(build.chest, build.waist) * 0.88
            pen.line(smooth([complex(-half, y), complex(0, y + 0.06), complex(half, y)]))
            y += dice.choice((0.25, 0.4))
    elif extra == "pocket":
        at = complex(build.chest * 0.45, build.collar + build.slope + 0.6)
        pen.shape(
            polygon([at + p * 0.22 for p in (-1 - 1j, 1 - 1j, 1 + 0.6j, 1j, -1 + 0.6j)]),
            "shirt",
            pen.inner,
        )
    elif extra == "tie" and build.neckline in ("collar", "coat", "v"):
        tie = [
            complex(-0.08, deep - 0.05),
            complex(0.08, deep - 0.05),
            complex(0.16, low - 0.3),
            complex(0, low - 0.1),
            complex(-0.16, low - 0.3),
        ]
        pen.shape(polygon(tie), "other")
        pen.shape(
            polygon(
                [
                    complex(-0.13, deep - 0.2),
                    complex(0.13, deep - 0.2),
                    complex(0.07, deep),
                    complex(-0.07, deep),
                ]
            ),
            "other",
        )
    elif extra == "logo":
        pen.shape(ellipse(complex(0, (deep + build.hip_y) / 2), 0.25), "other", pen.inner)
    elif extra == "zip":
        pen.line(polyline([complex(0, deep), complex(0, low)]))
    elif extra == "apron":
        half = build.waist * 0.65
        bib = [
            complex(-half * 0.7, deep + 0.25),
            complex(half * 0.7, deep + 0.25),
            complex(half, build.hip_y),
            complex(-half, build.hip_y),
        ]
        pen.shape(rounded(bib, 0.1), "other")
    elif extra == "straps":
        for side in (-1, 1):
            line = [
                complex(side * build.shoulder * 0.6, build.collar + build.slope * 0.7),
                complex(side * build.waist * 0.55, build.hip_y * 0.9),
            ]
            pen.shape(ribbon(line, (0.18, 0.18)), "other")
    elif extra == "belt" and build.crop == "full":
        y, half = build.waist_y, build.waist
        pen.shape(
            polygon(
                [
                    complex(-half, y - 0.1),
                    complex(half, y - 0.1),
                    complex(half, y + 0.1),
                    complex(-half, y + 0.1),
                ]
            ),
            "other",
        )


def _leg_lines(dice: random.Random, build: Build) -> list[list[complex]]:
    """Return the middle lines of the left and the right leg, from the hip down."""
    thick, long, y = build.leg_thick, build.leg, build.hip_y
    q = max(build.hip - thick * 0.5, thick * 0.5)

    def leg(side: int, knee: complex, foot: complex) -> list[complex]:
        hip = complex(side * q, y - thick * 0.3)
        return smooth([hip, hip + knee, hip + foot], ease=0.6)[::3]

    if build.stance == "walk":
        step = long * dice.uniform(0.25, 0.5)
        return [
            leg(-1, complex(-step * 0.3, long * 0.5), complex(-step, long * 0.92)),
            leg(1, complex(step * 0.5, long * 0.5), complex(step * 0.8, long)),
        ]
    if build.stance == "sit":
        out = long * 0.45
        return [
            leg(s, complex(s * out, long * 0.12), complex(-s * q * 0.6, long * 0.35))
            for s in (-1, 1)
        ]
    if build.stance == "kneel":
        return [
            leg(-1, complex(-long * 0.4, long * 0.1), complex(-long * 0.4, long * 0.6)),
            leg(1, complex(0.05, long * 0.5), complex(long * 0.5, long * 0.55)),
        ]
    spread = {"apart": long * dice.uniform(0.12, 0.3), "together": -q * 0.3}.get(build.stance, 0.0)
    return [
        leg(s, complex(s * spread * 0.5, long * 0.5), complex(s * spread, long)) for s in (-1, 1)
    ]


def draw_legs(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw legs, trousers or a skirt, and shoes."""
    lines = _leg_lines(dice, build)
    thick, hip = build.leg_thick, build.hip
    bare = build.legs in ("shorts", "skirt", "dress")
    if bare:
        stocking = "other" if dice.random() < 0.1 else "skin"
        for line in lines:
            pen.tube(line, thick * 0.75, stocking)
    for side, line in zip((-1, 1), lines, strict=True):
        _draw_foot(pen, dice, build, side, line)
    if build.legs == "trousers":
        flare = dice.choice((0.7, 0.85, 1.0, 1.3))
        legs = [ribbon(line, (thick * 1.05, thick * 0.95, thick * flare)) for line in lines]
        pen.union([], "trousers", [_pelvis(build, lines), *legs])
        pen.line(polyline([complex(0, build.hip_y + 0.1), complex(0, build.hip_y + thick * 0.5)]))
        if dice.random() < 0.3:
            for line in lines:
                pen.line(polyline([line[1] - thick * 0.3, line[1] + thick * 0.1]))
    elif build.legs == "shorts":
        wide = thick * dice.uniform(1.0, 1.3)
        legs = [
            ribbon([line[0], (line[0] + line[1]) / 2, line[1]], (thick, wide)) for line in lines
        ]
        pen.union([], "trousers", [_pelvis(build, lines), *legs])
        pen.line(polyline([complex(0, build.hip_y + 0.1), complex(0, build.hip_y + thick * 0.5)]))
    elif build.legs == "skirt":
        low = build.hip_y + build.leg * dice.uniform(0.25, 0.6)
        wide = max(
            hip * dice.uniform(1.0, 1.7), max(abs(line[1].real) for line in lines) + thick * 0.4
        )
        top = [complex(-hip * 0.95, build.hip_y - 0.3), complex(hip * 0.95, build.hip_y - 0.3)]
        if dice.random() < 0.3:
            hem = scallops([complex(wide - 2 * wide * i / 5, low) for i in range(6)], 0.2)
        else:
            hem = smooth([complex(wide, low), complex(0, low + 0.12), complex(-wide, low)])
        pen.shape(join(top, hem, top[:1]), "trousers")
        if dice.random() < 0.5:
            for x in (-0.5, 0.0, 0.5):
                pen.line(
                    polyline([complex(x * wide, low), complex(x * hip * 0.9, build.hip_y + 0.1)])
                )


def _pelvis(build: Build, lines: list[list[complex]]) -> Chain:
    half, y = build.hip * 0.97, build.hip_y
    low = y + build.leg_thick * 0.35
    return rounded(
        [
            complex(-half, y - 0.35),
            complex(half, y - 0.35),
            complex(half, low),
            complex(-half, low),
        ],
        0.15,
    )


def _draw_foot(pen: Pen, dice: random.Random, build: Build, side: int, line: list[complex]) -> None:
    thick, end = build.leg_thick, line[-1]
    way = side
    if build.stance in ("walk", "kneel"):
        way = 1
    if build.shoes == "none":
        return
    long, high = thick * 0.8, thick * 0.32
    part = "skin" if build.shoes == "bare" else "shoes"
    foot = ellipse(end + complex(way * long * 0.4, high * 0.3), long, high * 1.2)
    if build.shoes == "boot":
        shaft = line[-1] + (line[1] - line[-1]) * 0.5
        pen.union([([shaft, end], thick * 0.95)], part, [foot])
    else:
        pen.shape(foot, part)
        if build.shoes == "shoe" and dice.random() < 0.4:
            at = end + complex(way * long * 0.4, high * 0.9)
            pen.line(polyline([at - long * 0.85, at + long * 0.85]))
