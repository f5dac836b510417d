"""Bodies of drawn figures: proportions, neck and torso, in head units below the chin."""

from __future__ import annotations

import random
from dataclasses import dataclass

from condcolor.data.builders.figure_curves import (
    Chain,
    join,
    mirrored,
    polygon,
    polyline,
    scallops,
    smooth,
    spikes,
)
from condcolor.data.builders.figure_pen import (
    Pen,
    pick,
)

CROPS = {"full": 58, "half": 25, "bust": 20}
NECKS = {"crew": 5, "v": 3, "scoop": 2, "collar": 3, "turtle": 2, "tank": 2, "coat": 4, "hoodie": 2}
LEGS = {"trousers": 9, "shorts": 4, "skirt": 4, "dress": 4, "gown": 1.5, "suit": 1}
STANCES = {
    "stand": 8,
    "apart": 4,
    "walk": 4,
    "run": 2,
    "sit": 2,
    "chair": 1,
    "kneel": 1,
    "together": 3,
}
SHOES = {"shoe": 6, "boot": 3, "sandal": 1, "bare": 1, "none": 1}
GARMENTS = {"": 78, "tank": 11, "straps": 3, "tube": 2, "bikini": 1, "none": 5}
_DEPTHS = {
    "crew": 0.25,
    "scoop": 0.5,
    "tank": 0.65,
    "turtle": 0.05,
    "hoodie": 0.2,
}  # of a round neckline


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
    garment: str  # what leaves the shoulders bare, "none" for a bare chest, or "" for a shirt
    is_stick: bool  # limbs are lines
    cut_open: bool  # no line where the drawing is cut off

    @property
    def top(self) -> str:
        """Return the part of the torso."""
        return "skin" if self.garment else "shirt"

    @property
    def shoulder_y(self) -> float:
        """Return the height of the shoulder joints."""
        return self.collar + self.slope + self.arm_thick * 0.35

    @property
    def bottom(self) -> float:
        """Return y of the lowest line."""
        return self.hip_y + (self.leg if self.crop == "full" else 0.0)


def draw_build(dice: random.Random, crop: str, wide: float, *, turned: bool = False) -> Build:
    """Draw the proportions and clothes of a body at random, for a head of a half width."""
    grown = dice.random() ** 1.4  # 0 is a chibi, 1 an adult as they are

    def between(child: float, adult: float, spread: float) -> float:
        return (child + (adult - child) * grown) * dice.uniform(1 - spread, 1 + spread)

    shoulder = between(0.62, 1.55, 0.18) * (0.5 + wide / 2)
    if crop == "bust":
        shoulder = dice.uniform(1.1, 2.0)
    if turned:
        shoulder *= 0.7
    collar = between(0.0, 0.42, 0.5) - (dice.uniform(0, 0.25) if dice.random() < 0.3 else 0.0)
    torso = between(1.1, 2.7, 0.15)
    hip_y = collar + (dice.uniform(0.7, 1.6) if crop == "bust" else torso)
    waist = shoulder * dice.uniform(0.72, 1.2)
    garment = pick(dice, GARMENTS)
    stick = crop == "full" and dice.random() < 0.04
    return Build(
        crop=crop,
        collar=collar,
        neck=min(between(0.28, 0.45, 0.25), shoulder * 0.55),
        shoulder=shoulder,
        slope=dice.uniform(0.08, 0.35) * (0.5 + grown / 2),
        chest=shoulder * dice.uniform(0.85, 1.0),
        waist=waist,
        hip=waist * dice.uniform(0.95, 1.3),
        waist_y=min(collar + torso * 0.7, hip_y - 0.2),
        hip_y=hip_y,
        leg=between(0.75, 4.6, 0.2),
        leg_thick=between(0.46, 0.75, 0.22),
        arm=between(1.15, 3.9, 0.12),
        arm_thick=between(0.34, 0.5, 0.25),
        neckline=pick(dice, NECKS),
        legs=pick(dice, LEGS),
        stance=pick(dice, STANCES),
        shoes=pick(dice, SHOES),
        sleeves=0.0 if garment else dice.choice((0.0, 0.35, 0.4, 0.5, 0.92, 0.92, 0.92, 0.92)),
        garment=garment,
        is_stick=stick,
        cut_open=dice.random() < 0.5,
    )


def draw_neck(pen: Pen, build: Build, *, has_lines: bool = True) -> None:
    """Draw the neck and the chest that a neckline shows."""
    n, low = build.neck, build.collar + build.slope + 0.9
    wide = min(build.shoulder * 0.7, n + 0.35)
    right = [complex(n, -0.5), complex(n, build.collar), complex(wide, build.collar + build.slope)]
    points = [*right, complex(wide * 0.6, min(low, build.hip_y - 0.1))]
    pen.fill(polygon([*points, *mirrored(points)]), "skin")
    if has_lines:
        for side in (right, mirrored(right)):
            pen.line(polyline(side), pen.width)


def throat(build: Build) -> Chain:
    """Return the neckline from the left end to the right one."""
    wide, y = build.neck * 1.15, build.collar
    if build.neckline in ("v", "collar", "coat"):
        deep = build.slope + (build.hip_y - y) * (0.3 if build.neckline == "v" else 0.12)
        return polyline([complex(-wide, y), complex(0, y + deep), complex(wide, y)])
    deep = _DEPTHS[build.neckline] * (0.4 + build.neck)
    if build.neckline in ("scoop", "tank"):
        wide = min(wide + 0.12, build.shoulder * 0.7)
    return smooth([complex(-wide, y), complex(0, y + deep), complex(wide, y)])


def _sides(build: Build, low: float, half: float) -> Chain:
    """Return the outline of the torso from the left foot over the neckline to the right foot."""
    s, y, line = build.shoulder, build.collar, throat(build)
    if build.crop == "bust":
        right = [complex(s * 0.75, y + build.slope), complex(s, y + build.slope + 0.35)]
        right.append(complex(s * 1.08, low))
    else:
        joint = 0.72 if build.neckline == "tank" else 0.85
        right = [
            complex(s * joint, y + build.slope * 0.75),
            complex(s * (joint + 0.15), y + build.slope + 0.18),
            complex(build.chest, y + build.slope + 0.6),
            *([complex(build.waist, build.waist_y)] if low > build.waist_y + 0.1 else []),
            complex(half, low),
        ]
    side = smooth([line[-1], *right], ease=0.8)
    return join(mirrored(side), line, side)


def draw_torso(pen: Pen, dice: random.Random, build: Build) -> float:
    """Draw the shirt or a dress; return y of its lower edge."""
    low, half = build.hip_y, build.hip
    if build.crop == "full" and build.legs in ("dress", "gown"):
        share = dice.uniform(0.85, 0.97) if build.legs == "gown" else dice.uniform(0.2, 0.6)
        low = build.hip_y + build.leg * share * (0.5 if build.stance in ("sit", "kneel") else 1)
        half = build.hip * dice.uniform(1.2, 1.8)
    elif build.crop == "full" and build.top == "shirt":  # tucked in, or a long coat
        low += dice.choice((-0.15, 0.0, 0.0, 0.1, build.leg * 0.3))
    if build.neckline == "hoodie":
        n, y = build.neck, build.collar
        hood = [
            complex(-n - 0.35, y + build.slope),
            complex(-n - 0.3, y - 0.3),
            complex(0, y - 0.5),
        ]
        pen.shape(smooth([*hood, *mirrored(hood[:-1])], closed=True), build.top)
        draw_neck(pen, build)
    sides = _sides(build, low, half)
    if build.crop == "half" and dice.random() < 0.4:  # down to the hips, in trousers
        _draw_cut(pen, build, sides, "trousers")
        low = build.waist_y + (build.hip_y - build.waist_y) * dice.uniform(0.1, 0.5)
        half = (build.waist + build.hip) / 2 * 1.03
        sides = _sides(build, low, half)
        edge = smooth([sides[-1], complex(0, low + 0.05), sides[0]])
        pen.shape(join(sides, edge), build.top)
        if dice.random() < 0.5:
            pen.line(polyline([complex(0, low + 0.1), complex(0, build.hip_y)]))
        return low
    if build.crop != "full":
        _draw_cut(pen, build, sides, build.top)
        return low
    hem = (
        dice.choice(("round", "round", "flat", "scallops", "zigzag"))
        if half > build.hip
        else "round"
    )
    n = dice.randint(3, 6)
    ends = [sides[-1] + (sides[0] - sides[-1]) * i / n for i in range(n + 1)]
    if hem == "scallops":
        edge = scallops(ends, 0.25)
    elif hem == "zigzag":
        edge = spikes(ends, 0.4)
    else:
        sag = 0.1 if hem == "round" else 0.0
        edge = smooth([sides[-1], complex(0, low + sag), sides[0]])
    pen.shape(join(sides, edge), build.top)
    return low


def _draw_cut(pen: Pen, build: Build, sides: Chain, part: str) -> None:
    """Draw a torso that the drawing's foot cuts off, with or without a line there."""
    chain = join(sides, sides[:1])
    if build.cut_open:
        pen.fill(chain, part)
        pen.line(sides, pen.width)
    else:
        pen.shape(chain, part)
