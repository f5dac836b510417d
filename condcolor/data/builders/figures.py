"""Whole and half persons drawn as SVG, each shape in the fill of its part (`PART_FILL`), lines in black.

The random choices are independent, so that a network sees every combination of head, hair, hat, clothes,
pose and line.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from condcolor.data.builders import figure_arms as arms
from condcolor.data.builders import figure_bodies as bodies
from condcolor.data.builders import figure_hair as hairs
from condcolor.data.builders import figure_hats as hats
from condcolor.data.builders import figure_heads as heads
from condcolor.data.builders.figure_pen import (
    INK,
    PART_FILL,
    SOLID_FILL,
    Pen,
    Wobble,
    ellipse,
    join,
    pick,
    place,
    polygon,
    ribbon,
    rounded,
    scallops,
    smooth,
)

__all__ = ["INK", "PART_FILL", "SOLID_FILL", "Figure", "draw_body", "draw_figure"]
HEIGHT = 256.0  # of a figure, about
_BACKS = {"none": 84, "wings": 4, "cape": 5, "tail": 2, "backpack": 3}
_FRONTS = {"none": 88, "desk": 6, "bubble": 3, "wheel": 2}


@dataclass(frozen=True)
class Figure:
    """A drawn person: the SVG inside its box, without an <svg> around it."""

    svg: str
    box: tuple[float, float, float, float]  # x0, y0, x1, y1
    is_cut: bool  # whether the body ends open at the foot of the box


@dataclass(frozen=True)
class _Person:
    """What is drawn of a person below the chin."""

    build: bodies.Build
    wide: float  # half width of the head
    pose: tuple[str, str]  # left arm, right arm
    hand: str
    prop: str  # in the right hand
    joint: str
    loose: bool


def draw_figure(rng: np.random.Generator) -> Figure:
    """Draw a person at random, about 256 units high."""
    dice = random.Random(int(rng.integers(1 << 62)))
    crop = pick(dice, {**bodies.CROPS, "head": 5})
    head = heads.draw_head_shape(dice)
    person = _draw_person(dice, "bust" if crop == "head" else crop, head.wide)
    build = person.build
    high = 2.4 + (0.0 if crop == "head" else build.bottom)
    pen = _draw_pen(dice)
    frame = place(complex(128, 0), HEIGHT / high, mirrored=dice.random() < 0.5)
    tilt = complex(1, dice.uniform(-0.15, 0.15) if dice.random() < 0.4 else 0)
    scarf = (
        pick(dice, hats.SCARVES)
        if dice.random() < 0.07 and head.view in ("front", "turned")
        else ""
    )
    hat = not scarf and dice.random() < 0.25
    hair = hairs.draw_hair_style(dice, head, hatted=hat)
    on_neck = place(-1j * tilt / abs(tilt), turn=tilt)
    open_chin = crop != "head" and hair.style != "afro" and dice.random() < 0.15
    with pen.frame(frame):
        if crop != "head":
            _draw_back_things(pen, dice, build)
        with pen.frame(on_neck):
            if scarf:
                hats.draw_scarf_behind(pen, dice, head, scarf, 1 + build.hip_y * 0.9)
            else:
                hairs.draw_behind(pen, dice, head, hair)
        if crop != "head":
            _draw_trunk(pen, dice, person, open_chin=open_chin)
        with pen.frame(on_neck):
            if scarf == "scarf" and crop != "head":
                hats.draw_drape(pen, dice, head)
            heads.draw_skull(pen, dice, head, open_chin=open_chin)
            heads.draw_face(pen, dice, head)
            if scarf:
                hats.draw_scarf_front(pen, dice, head, scarf)
            else:
                hairs.draw_front(pen, dice, head, hair)
                if hat:
                    hats.draw_hat(pen, dice, head)
                elif dice.random() < 0.14:
                    hats.draw_trim(pen, dice, head)
        if crop != "head":
            _draw_arms(pen, dice, person, before=True)
            _draw_front_things(pen, dice, build)
    x0, y0, x1, y1 = pen.box
    return Figure(pen.take(), (x0, y0, x1, y1), crop in ("half", "bust") and build.cut_open)


def draw_body(
    rng: np.random.Generator, chin: float, middle: float, width: float
) -> tuple[str, str]:
    """Draw a body for a head `width` wide whose chin is at (`middle`, `chin`) of a 256 square.

    Returns:
        The SVG to draw before the head (neck, torso, legs) and after it (raised arms, hands, props); a whole
        figure goes far below the square.
    """
    dice = random.Random(int(rng.integers(1 << 62)))
    person = _draw_person(dice, pick(dice, bodies.CROPS), 0.95)
    pen = _draw_pen(dice, thinnest=2.2, thickest=5.0)
    with pen.frame(place(complex(middle, chin), width / 1.9, mirrored=dice.random() < 0.5)):
        _draw_back_things(pen, dice, person.build)
        _draw_trunk(pen, dice, person, open_chin=False)
        behind = pen.take()
        _draw_arms(pen, dice, person, before=True)
        _draw_front_things(pen, dice, person.build)
    return behind, pen.take()


def _draw_pen(dice: random.Random, thinnest: float = 2.0, thickest: float = 13.0) -> Pen:
    """Draw a line width and a look at random."""
    width = math.exp(dice.uniform(math.log(thinnest), math.log(thickest)))
    solid = {
        part
        for part, chance in (("hair", 0.08), ("shirt", 0.03), ("trousers", 0.05))
        if dice.random() < chance
    }
    wobble = Wobble(dice.uniform(0.5, 3.5), dice.uniform(20, 70), dice.uniform(0, 6))
    return Pen(
        width,
        inner=dice.choice((1.0, 0.8, 0.6, 0.45)),
        join="round" if dice.random() < 0.8 else "miter",
        solid=frozenset(solid),
        wobble=wobble if dice.random() < 0.45 else None,
    )


def _draw_person(dice: random.Random, crop: str, wide: float) -> _Person:
    pose = pick(dice, arms.BOTH)
    right = pose if dice.random() < 0.5 else pick(dice, arms.ONE)
    holds = right in ("hold", "up", "out", "wave", "belly") and dice.random() < 0.5
    return _Person(
        build=bodies.draw_build(dice, crop, wide),
        wide=wide,
        pose=(pose, right),
        hand=pick(dice, arms.HANDS),
        prop=pick(dice, arms.PROPS) if holds or right == "hold" else "",
        joint=dice.choice(("behind", "round", "open")),
        loose=dice.random() < 0.2,
    )


def _draw_trunk(pen: Pen, dice: random.Random, person: _Person, *, open_chin: bool) -> None:
    """Draw what is behind the head: arms that hang behind, legs, neck, torso, hanging arms."""
    build = person.build
    if person.joint == "behind":
        _draw_arms(pen, dice, person, before=False)
    if build.crop == "full":
        bodies.draw_legs(pen, dice, build)
    bodies.draw_neck(pen, build, has_lines=True)
    bodies.draw_torso(pen, dice, build)


_OVER = ("chest", "belly", "cross", "cheek", "chin", "mouth")  # poses before the torso


def _draw_arms(pen: Pen, dice: random.Random, person: _Person, *, before: bool) -> None:
    """Draw the arms that are before the torso, or those behind."""
    if person.build.crop == "bust" and person.pose[0] not in _OVER[3:]:
        return
    for side, pose in zip((-1, 1), person.pose, strict=True):
        behind = pose == "behind" or (person.joint == "behind" and pose not in _OVER)
        if behind == before:
            continue
        with pen.frame(place(0j, mirrored=side < 0)):
            arms.draw_arm(
                pen,
                dice,
                person.build,
                arms.arm_line(person.build, pose, person.wide),
                person.hand,
                prop=person.prop if side > 0 else "",
                joint=person.joint,
                loose=person.loose,
            )


def _draw_back_things(pen: Pen, dice: random.Random, build: bodies.Build) -> None:
    """Draw wings, a cape, a tail or a backpack behind the body."""
    kind = pick(dice, _BACKS)
    y, s = build.collar + build.slope, build.shoulder
    if kind == "wings":
        for side in (-1, 1):
            wing = [
                complex(side * s * 0.4, y + 0.4),
                complex(side * (s + 0.9), y - 0.9),
                complex(side * (s + 1.5), y + 0.2),
            ]
            feathers = [complex(side * (s + 1.5 - 0.45 * i), y + 0.2 + 0.35 * i) for i in range(4)]
            pen.shape(join(smooth(wing), scallops(feathers, -0.35 * side), [wing[0]]), "other")
    elif kind == "cape":
        low, wide = min(build.bottom, build.hip_y + 1.2), dice.uniform(1.3, 2.0) * s
        pen.shape(
            join(
                [complex(-s * 0.9, y)],
                [complex(s * 0.9, y)],
                smooth([complex(wide, low), complex(0, low + 0.15), complex(-wide, low)]),
                [complex(-s * 0.9, y)],
            ),
            "other",
        )
    elif kind == "tail" and build.crop == "full":
        root = complex(build.hip * 0.5, build.hip_y)
        pen.shape(
            ribbon(
                [root, root + 0.9 + 0.4j, root + 1.4 - 0.3j, root + 1.2 - 1.0j], (0.3, 0.4, 0.1)
            ),
            "other",
        )
    elif kind == "backpack":
        half = s * 1.15
        pen.shape(
            rounded(
                [
                    complex(-half, y + 0.1),
                    complex(half, y + 0.1),
                    complex(half, build.hip_y * 0.95),
                    complex(-half, build.hip_y * 0.95),
                ],
                0.3,
            ),
            "other",
        )


def _draw_front_things(pen: Pen, dice: random.Random, build: bodies.Build) -> None:
    """Draw a desk, a wheel or a speech bubble before the body."""
    kind = pick(dice, _FRONTS)
    if kind == "desk":
        y, half = build.waist_y * dice.uniform(0.85, 1.2), build.shoulder * dice.uniform(1.5, 2.6)
        low = max(build.bottom, y + 0.6)
        pen.shape(
            polygon([complex(-half, y), complex(half, y), complex(half, low), complex(-half, low)]),
            "other",
        )
        pen.shape(
            rounded(
                [
                    complex(-half - 0.15, y - 0.12),
                    complex(half + 0.15, y - 0.12),
                    complex(half + 0.15, y + 0.12),
                    complex(-half - 0.15, y + 0.12),
                ],
                0.05,
            ),
            "other",
        )
    elif kind == "wheel" and build.crop == "full":
        at, size = complex(build.hip * 0.6, build.hip_y + build.leg * 0.4), build.leg * 0.5
        pen.line(ellipse(at, size), pen.width)
        pen.line(ellipse(at, size * 0.85))
        pen.shape(ellipse(at, size * 0.2), "other")
    elif kind == "bubble":
        at = complex(build.shoulder + 1.8, -1.6)
        pen.shape(join(ellipse(at, 0.9, 0.6)), "other")
        for k in (-0.35, 0, 0.35):
            pen.ink(ellipse(at + k, 0.08))
