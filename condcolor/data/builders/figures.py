"""Whole and half persons drawn as SVG, each shape in the fill of its part (`PART_FILL`), lines in black.

The random choices are independent, so that a network sees every combination of head, hair, hat, clothes,
pose and line.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import numpy as np

from condcolor.data.builders.figure_arms import (
    BOTH,
    HOLDING,
    ON_FACE,
    ONE,
    OVER,
    ArmLook,
    arm_line,
    draw_arm,
    draw_arm_look,
)
from condcolor.data.builders.figure_bare import draw_bare_torso
from condcolor.data.builders.figure_bodies import (
    CROPS,
    Build,
    draw_build,
    draw_neck,
    draw_torso,
)
from condcolor.data.builders.figure_clothes import draw_collar, draw_extra
from condcolor.data.builders.figure_curves import polar, smooth
from condcolor.data.builders.figure_faces import draw_face
from condcolor.data.builders.figure_fringes import draw_front
from condcolor.data.builders.figure_hair import Hair, draw_behind, draw_hair_style
from condcolor.data.builders.figure_hats import draw_hat
from condcolor.data.builders.figure_heads import Head, draw_head_shape, draw_skull
from condcolor.data.builders.figure_headwear import (
    SCARVES,
    draw_drape,
    draw_scarf_behind,
    draw_scarf_front,
    draw_trim,
)
from condcolor.data.builders.figure_helpers import draw_barbell, draw_helping_hands
from condcolor.data.builders.figure_legs import draw_legs
from condcolor.data.builders.figure_pen import (
    INK,
    PALE_INKS,
    PART_FILL,
    SOLID_FILL,
    Frame,
    Pen,
    Wobble,
    pick,
    place,
)
from condcolor.data.builders.figure_props import PROPS
from condcolor.data.builders.figure_settings import draw_back_thing, draw_front_thing

__all__ = ["INK", "PART_FILL", "SOLID_FILL", "Figure", "draw_body", "draw_figure"]
HEIGHT = 256.0  # of a figure, about
_HEADWEAR = {"none": 56, "hat": 27, "trim": 10, "scarf": 7}
_SOLID = {"hair": 0.08, "shirt": 0.03, "trousers": 0.05}  # share of the figures


@dataclass(frozen=True)
class Figure:
    """A drawn person: the SVG inside its box, without an <svg> around it.

    A body that is cut has no line at its lower end, which is the foot of the box and belongs at the edge of a
    picture; some have a sleeve or a stick below it.
    """

    svg: str
    box: tuple[float, float, float, float]  # x0, y0, x1, y1
    is_cut: bool


@dataclass(frozen=True)
class _Body:
    """What is drawn of a person below the chin."""

    build: Build
    wide: float  # half width of the head
    poses: tuple[str, str]  # of the left arm and the right one
    arms: ArmLook
    prop: str  # in the right hand
    is_back: bool  # whether it is seen from the back


def draw_figure(rng: np.random.Generator) -> Figure:
    """Draw a person at random, about 256 units high."""
    dice = random.Random(int(rng.integers(1 << 62)))
    crop = pick(dice, {**CROPS, "head": 14})
    head = draw_head_shape(dice)
    headwear = pick(dice, _HEADWEAR)
    if headwear == "scarf" and head.view not in ("front", "turned"):
        headwear = "hat"
    body = None
    if crop != "head":
        turned = head.view == "side" and dice.random() < 0.6
        body = _draw_body_choice(dice, crop, head.wide, turned=turned, is_back=head.view == "back")
    bottom = body.build.bottom if body else 0.0
    lowest = bottom + 0.4
    if body and crop == "full":
        lowest = 1.6 + body.build.hip_y
    elif not body:  # in half of the heads the hair ends at the chin
        lowest = 9.0 if dice.random() < 0.5 else dice.uniform(0.8, 1.1)
    hair = draw_hair_style(dice, head, hatted=headwear == "hat", lowest=lowest)
    pen = _draw_pen(dice, HEIGHT / (2.4 + bottom))
    with pen.frame(_lean(dice, complex(128, 0), HEIGHT / (2.4 + bottom), turns=crop == "full")):
        _draw_person(pen, dice, head, hair, headwear, body)
    x0, y0, x1, y1 = pen.box
    is_cut = body is not None and crop != "full" and body.build.cut_open
    if is_cut:
        y1 = bottom * HEIGHT / (2.4 + bottom) - (pen.wobble.size if pen.wobble else 0.0)
    return Figure(pen.take(), (x0, y0, x1, y1), is_cut)


def draw_body(
    rng: np.random.Generator, chin: float, middle: float, width: float
) -> tuple[str, str]:
    """Draw a body for a head `width` wide whose chin is at (`middle`, `chin`) of a 256 square.

    Returns:
        The SVG to draw before the head (neck, torso, legs) and after it (raised arms, hands, props); a whole
        figure goes far below the square.
    """
    dice = random.Random(int(rng.integers(1 << 62)))
    body = _draw_body_choice(dice, pick(dice, CROPS), 0.95)
    pen = _draw_pen(dice, width / 1.9, thinnest=2.2, thickest=5.0)
    with pen.frame(place(complex(middle, chin), width / 1.9, mirrored=dice.random() < 0.5)):
        draw_back_thing(pen, dice, body.build)
        _draw_trunk(pen, dice, body)
        behind = pen.take()
        _draw_arms(pen, dice, body, before=True)
        draw_front_thing(pen, dice, body.build)
    return behind, pen.take()


def _draw_pen(
    dice: random.Random, unit: float, thinnest: float = 2.0, thickest: float = 12.0
) -> Pen:
    """Draw a line width and a look at random, for heads of 2 `unit`s: small ones have thinner lines."""
    width = math.exp(dice.uniform(math.log(thinnest), math.log(thickest)))
    width = min(width, 0.17 * unit)
    wobble = Wobble(dice.uniform(0.5, 3.5), dice.uniform(20, 70), dice.uniform(0, 6))
    return Pen(
        width,
        inner=min(dice.choice((1.0, 0.8, 0.6, 0.45)), 0.08 * unit / width),
        join="round" if dice.random() < 0.8 else "miter",
        solid=frozenset(part for part, share in _SOLID.items() if dice.random() < share),
        wobble=wobble if dice.random() < 0.45 else None,
        around=width * dice.uniform(0.4, 1.0) if dice.random() < 0.08 else 0.0,
        gaps=dice.uniform(1.0, 1.8) * width if dice.random() < 0.06 else 0.0,
    )


def _lean(dice: random.Random, at: complex, unit: float, *, turns: bool) -> Frame:
    """Return the frame of a figure: to either side, some wide, narrow, leaning, turned or lying."""
    wide = unit * dice.uniform(0.88, 1.12) * dice.choice((-1, 1))
    slant = unit * dice.uniform(-0.12, 0.12) * (dice.random() < 0.3)
    frame = Frame(a=wide, c=slant, d=unit, e=at.real, f=at.imag)
    if turns and dice.random() < 0.15:
        degrees = 90.0 if dice.random() < 0.15 else dice.uniform(-15, 15)
        return frame.inside(place(at, turn=polar(1, degrees))).inside(place(-at))
    return frame


def _draw_body_choice(
    dice: random.Random, crop: str, wide: float, *, turned: bool = False, is_back: bool = False
) -> _Body:
    """Draw proportions, clothes and a pose at random."""
    pose = pick(dice, BOTH)
    right = pose if dice.random() < 0.5 else pick(dice, ONE)
    holds = right == "hold" or (right in HOLDING and dice.random() < 0.5)
    props = {name: weight for name, (weight, _) in PROPS.items()}
    build = draw_build(dice, crop, wide, turned=turned)
    return _Body(
        build=replace(build, neckline="turtle") if is_back else build,
        wide=wide,
        poses=(pose, right),
        arms=draw_arm_look(dice),
        prop=pick(dice, props) if holds else "",
        is_back=is_back,
    )


def _draw_person(
    pen: Pen, dice: random.Random, head: Head, hair: Hair, headwear: str, body: _Body | None
) -> None:
    """Draw a person with the chin at the origin, from the back to the front."""
    tilt = complex(1, dice.uniform(-0.15, 0.15) if dice.random() < 0.4 else 0)
    on_neck = place(-1j * tilt / abs(tilt), turn=tilt)
    scarf = pick(dice, SCARVES) if headwear == "scarf" else ""
    covered = scarf in ("scarf", "hood")
    if covered:
        head = replace(head, ears=False)
    open_chin = body is not None and hair.style != "afro" and dice.random() < 0.15
    if body:
        draw_back_thing(pen, dice, body.build)
    with pen.frame(on_neck):
        if scarf:
            draw_scarf_behind(pen, dice, head, scarf, 1 + (body.build.hip_y * 0.9 if body else 0.2))
        if not covered:
            draw_behind(pen, dice, head, hair)
    if body:
        _draw_trunk(pen, dice, body)
    with pen.frame(on_neck):
        if scarf == "scarf" and body:
            draw_drape(pen, dice, head)
        draw_skull(pen, dice, head, open_chin=open_chin)
        draw_face(pen, dice, head)
        if not covered:
            draw_front(pen, dice, head, hair)
        if scarf:
            draw_scarf_front(pen, dice, head, scarf)
        elif headwear == "hat":
            draw_hat(pen, dice, head)
        elif headwear == "trim":
            draw_trim(pen, dice, head)
    if body:
        if body.poses == ("up", "up") and dice.random() < 0.5:
            ends = [arm_line(body.build, "up", body.wide)[-1]] * 2
            draw_barbell(pen, dice, -ends[0].conjugate(), ends[1])
        _draw_arms(pen, dice, body, before=True)
        draw_front_thing(pen, dice, body.build)
    if dice.random() < 0.04:
        with pen.frame(on_neck):
            draw_helping_hands(pen, dice, head)


def _draw_trunk(pen: Pen, dice: random.Random, body: _Body) -> None:
    """Draw what is behind the head: arms behind the torso, legs, neck, torso."""
    build = body.build
    _draw_arms(pen, dice, body, before=False)
    if build.crop == "full":
        draw_legs(pen, dice, build)
    draw_neck(pen, build)
    if dice.random() < 0.2:
        _draw_chin_shade(pen, dice, build)
    low = draw_bare_torso(pen, dice, build) if build.garment else draw_torso(pen, dice, build)
    if build.top == "shirt" and not body.is_back:
        draw_collar(pen, dice, build, low)
        draw_extra(pen, dice, build, low)
    if build.crop == "bust" and not build.sleeves < 0.4:
        _draw_armholes(pen, dice, build)


def _draw_chin_shade(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw the edge of the chin's shade on the neck."""
    y, n = dice.uniform(0.0, max(build.collar, 0.1)), build.neck
    with pen.pale(dice.choice(("", *PALE_INKS))):
        pen.line(smooth([complex(-n, y - 0.1), complex(0, y + 0.12), complex(n, y - 0.1)]))


def _draw_armholes(pen: Pen, dice: random.Random, build: Build) -> None:
    """Draw the lines of the arms at the foot of a bust."""
    if dice.random() < 0.5:
        return
    x, high = build.shoulder * dice.uniform(0.65, 0.85), dice.uniform(0.2, 0.5)
    for side in (-1, 1):
        foot = complex(side * x, build.bottom)
        top = complex(side * x * 0.97, max(build.bottom - high, build.collar + build.slope + 0.25))
        pen.line([foot, foot, top, top], pen.width)


def _draw_arms(pen: Pen, dice: random.Random, body: _Body, *, before: bool) -> None:
    """Draw the arms that are before the torso, or those behind it."""
    build = body.build
    for side, pose in zip((-1, 1), body.poses, strict=True):
        if build.crop == "bust" and pose not in ON_FACE:
            continue
        behind = pose == "behind" or (body.arms.joint == "behind" and pose not in OVER)
        if behind == before:
            continue
        with pen.frame(place(0j, mirrored=side < 0)):
            line = arm_line(build, pose, body.wide)
            draw_arm(pen, dice, build, line, body.arms, body.prop if side > 0 else "")
