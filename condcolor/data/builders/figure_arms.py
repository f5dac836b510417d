"""Arms and hands of drawn figures: poses, sleeves, fingers, in head units below the chin."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from condcolor.data.builders.figure_bodies import Build
from condcolor.data.builders.figure_curves import Tube, bend, ellipse, polyline, ribbon, smooth
from condcolor.data.builders.figure_pen import Pen, pick
from condcolor.data.builders.figure_props import draw_prop

# Where the right hand is, of a build and a head's half width.
POSES: dict[str, Callable[[Build, float], complex]] = {
    "hang": lambda b, w: complex(b.shoulder * 1.15, b.shoulder_y + b.arm * 0.95),
    "out": lambda b, w: complex(b.shoulder + b.arm * 0.75, b.shoulder_y + b.arm * 0.55),
    "side": lambda b, w: complex(b.shoulder + b.arm, b.shoulder_y - 0.05),
    "shrug": lambda b, w: complex(b.shoulder + b.arm * 0.5, b.shoulder_y + b.arm * 0.15),
    "hip": lambda b, w: complex(b.waist * 1.02, b.waist_y),
    "wave": lambda b, w: complex(max(b.shoulder, w) + b.arm * 0.32, -0.7),
    "up": lambda b, w: complex(max(b.shoulder, w) * 1.1 + 0.2, -2.4),
    "crown": lambda b, w: complex(w * 0.7, -1.9),
    "ear": lambda b, w: complex(w * 1.1, -0.9),
    "chest": lambda b, w: complex(-b.shoulder * 0.1, b.collar + b.slope + 0.75),
    "fold": lambda b, w: complex(0.05, b.collar + b.slope + 0.5),
    "belly": lambda b, w: complex(b.shoulder * 0.25, b.waist_y),
    "cross": lambda b, w: complex(-b.shoulder * 0.6, b.waist_y * 0.85),
    "cheek": lambda b, w: complex(w * 0.75, -0.35),
    "chin": lambda b, w: complex(w * 0.2, 0.0),
    "mouth": lambda b, w: complex(w * 0.15, -0.4),
    "brow": lambda b, w: complex(w * 0.35, -1.2),
    "point": lambda b, w: complex(b.shoulder + b.arm * 0.8, b.collar - 0.2),
    "hold": lambda b, w: complex(b.shoulder * 1.2, b.waist_y * 0.9),
    "give": lambda b, w: complex(b.shoulder + b.arm * 0.45, b.waist_y * 0.75),
    "behind": lambda b, w: complex(b.shoulder * 0.5, b.waist_y + 0.2),
}
BOTH = {
    "hang": 8,
    "out": 3,
    "hip": 3,
    "up": 2,
    "belly": 2,
    "cross": 2.5,
    "chest": 1,
    "fold": 1,
    "cheek": 1.5,
    "crown": 1,
    "ear": 0.7,
    "shrug": 1.5,
    "behind": 1,
    "side": 1,
}
ONE = {
    "hang": 5,
    "hip": 3,
    "wave": 5,
    "up": 2,
    "chest": 2,
    "cheek": 1.5,
    "chin": 2.5,
    "mouth": 1.5,
    "brow": 1.5,
    "ear": 1,
    "point": 2,
    "hold": 4,
    "give": 2,
    "shrug": 1,
    "out": 1,
    "behind": 1,
}
HOLDING = ("hold", "give", "up", "out", "wave", "belly", "side")  # poses that go with a prop
ON_FACE = ("cheek", "chin", "mouth", "brow", "ear", "crown")
OVER = ("chest", "fold", "belly", "cross", *ON_FACE)  # poses that are drawn over the torso
HANDS = {"stump": 3, "circle": 3, "mitten": 5, "fist": 2, "open": 4, "point": 1, "three": 1}


@dataclass(frozen=True)
class ArmLook:
    """How the arms of a figure are drawn."""

    hand: str
    skin: str  # the part of the hands: gloves are other
    joint: str  # at the shoulder: behind the torso, round or open
    loose: bool  # a wide sleeve
    cuffed: bool
    size: float  # of the hands
    puffed: bool  # a ball at the shoulder


def draw_arm_look(dice: random.Random) -> ArmLook:
    """Draw the look of the arms at random."""
    return ArmLook(
        hand=pick(dice, HANDS),
        skin="other" if dice.random() < 0.05 else "skin",
        joint=dice.choice(("behind", "round", "open")),
        loose=dice.random() < 0.2,
        cuffed=dice.random() < 0.3,
        size=dice.uniform(0.85, 1.35),
        puffed=dice.random() < 0.1,
    )


def arm_line(build: Build, pose: str, wide: float) -> list[complex]:
    """Return the middle line of the right arm from the shoulder to the wrist."""
    start = complex(build.shoulder * 0.93, build.shoulder_y)
    target = POSES[pose](build, wide)
    if build.crop != "full" and pose != "hang":  # only hanging arms are cut off
        target = complex(target.real, min(target.imag, build.bottom - build.arm_thick * 1.5))
    way = target - start
    upper = build.arm / 2
    reach = min(abs(way), build.arm * 0.99)
    way = way / (abs(way) or 1) * reach
    high = math.sqrt(max(upper**2 - (reach / 2) ** 2, 0.0))
    side = way / (reach or 1) * 1j
    # The elbow points away from the body, or down.
    elbow = max((way / 2 + side * h for h in (high, -high)), key=lambda p: p.real + 0.9 * p.imag)
    return bend(start, start + elbow * 1.25 - way * 0.1, start + way)


def draw_arm(
    pen: Pen, dice: random.Random, build: Build, line: list[complex], look: ArmLook, prop: str = ""
) -> None:
    """Draw an arm with its sleeve and hand; what it holds is drawn before the hand."""
    if build.crop != "full" and line[-1].imag > build.bottom - build.arm_thick * 0.8:
        _draw_cut_arm(pen, build, line)
        return
    thick, end = build.arm_thick, line[-1]
    way = (end - line[-3]) / (abs(end - line[-3]) or 1)
    if prop:
        draw_prop(pen, dice, prop, end + way * thick * 0.3, thick)
    hand = "fist" if prop else look.hand
    if hand in ("open", "point") and thick < 8 * pen.thickness:  # no room for fingers
        hand = "mitten"
    if hand in ("mitten", "three") and thick < 5 * pen.thickness:
        hand = "circle"
    tubes, shapes, marks = hand_shapes(dice, hand, end, way, thick * look.size)
    if build.is_stick:
        pen.line(smooth(line), pen.width)
        pen.shape(ellipse(end, thick * 0.45), look.skin)
        return
    sleeved = round(build.sleeves * (len(line) - 1))
    gloved = look.skin == "other" and sleeved < 6
    if gloved:
        pen.tube(line, thick * 0.82, "skin")
    bare = line[-3:] if gloved else line[max(sleeved - 1, 0) :]
    pen.union([(bare, thick * 0.82), *tubes], look.skin, shapes)
    if thick > 5 * pen.thickness:
        for mark in marks:
            pen.line(mark)
    if not sleeved:
        return
    sleeve = line[: sleeved + 1]
    if look.joint == "open":  # its lines begin inside the torso
        sleeve = [line[0] + thick * (-0.35 + 0.15j), *sleeve[1:]]
    if look.puffed and sleeved < 5:
        middle = (line[0] + line[sleeved]) / 2
        long = max(abs(line[sleeved] - line[0]) * 0.6, thick * 0.7)
        pen.shape(ellipse(middle, long, thick * 0.85, line[sleeved] - line[0]), "shirt")
        return
    if look.loose:
        pen.shape(ribbon(sleeve, (thick * 1.1, thick * 1.2, thick * 1.7)), "shirt")
    else:
        pen.tube(sleeve, thick * 1.08, "shirt", is_open=look.joint == "open")
        if look.joint == "open":  # a line at the cuff only
            across = _across(line, sleeved, thick * 0.54)
            pen.line(polyline([line[sleeved] - across, line[sleeved] + across]), pen.width)
    if look.cuffed and thick > 5 * pen.thickness:
        at, across = line[sleeved - 1], _across(line, sleeved, thick * 0.5)
        pen.line(polyline([at - across, at + across]))


def _across(line: list[complex], i: int, half: float) -> complex:
    way = line[i] - line[i - 1]
    return way / (abs(way) or 1) * 1j * half


def _draw_cut_arm(pen: Pen, build: Build, line: list[complex]) -> None:
    """Draw an arm that the drawing's foot cuts off."""
    low = build.bottom
    kept = [p for p in line if p.imag < low - 0.05]
    end = line[len(kept)] if len(kept) < len(line) else kept[-1]
    kept.append(complex(end.real, low))
    skin = build.sleeves < 0.6
    thick = build.arm_thick
    pen.tube(kept, thick * (0.82 if skin else 1.08), "skin" if skin else "shirt", is_open=True)
    if skin and build.sleeves:
        pen.tube(kept[: max(2, len(kept) // 2)], thick * 1.08, "shirt")
    if not build.cut_open:
        end = kept[-1]
        pen.line(polyline([end - thick * 0.5, end + thick * 0.5]), pen.width)


def hand_shapes(
    dice: random.Random, kind: str, at: complex, way: complex, thick: float
) -> tuple[list[Tube], list[list[complex]], list[list[complex]]]:
    """Return tubes and shapes of a hand, and lines on it."""
    size = thick * 0.62
    side = dice.choice((-1, 1)) * 1j * way
    middle = at + way * size * 0.5
    thumb: Tube = (
        [middle - way * size * 0.3, middle + side * size * 1.15 + way * size * 0.2],
        size * 0.5,
    )
    fingers = [
        polyline(
            [
                middle + way * size * 0.7 + side * size * k,
                middle + way * size * 0.15 + side * size * k,
            ]
        )
        for k in (-0.4, 0.0, 0.4)
    ]
    if kind == "circle":
        return [], [ellipse(middle, size)], []
    if kind == "mitten":
        return [thumb], [ellipse(middle, size * 1.05, size * 0.85, way)], []
    if kind == "fist":
        return [], [ellipse(middle, size * 0.95, size * 0.9, way)], fingers
    if kind == "three":  # a mitten with lines between its fingers
        return (
            [thumb],
            [ellipse(middle + way * size * 0.2, size * 1.2, size * 0.85, way)],
            fingers[:2],
        )
    if kind == "point":
        finger: Tube = ([middle, middle + way * size * 1.9 + side * size * 0.3], size * 0.45)
        return [finger, thumb], [ellipse(middle, size * 0.9, size * 0.85, way)], fingers[1:]
    if kind == "open":
        tubes: list[Tube] = [([middle, middle + side * size * 1.2 + way * size * 0.3], size * 0.4)]
        n, fan, long = dice.choice((3, 4)), dice.uniform(0.9, 1.5), dice.uniform(1.5, 1.9)
        for i in range(n):
            spread = (i / (n - 1) - 0.5) * fan
            finger_way = way * math.cos(spread) - side * math.sin(spread)
            tubes.append(([middle, middle + finger_way * size * long], size * 0.42))
        return tubes, [ellipse(middle, size * 0.8, size * 0.75, way)], []
    return [], [], []
