"""Persons of the style notionists (Zoish, CC0), as cutouts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from dicebear_art import draw, in_ink, style, variants
from inked import (
    HAIR,
    HAT,
    NO_PART,
    OTHER,
    SHIRT,
    SKIN,
    Code,
    Inking,
    View,
    cut_inked,
)

from condcolor.data.builders.cutouts import GROUND, Cutout
from condcolor.data.builders.svg_render import render_svg

STYLE, CANVAS = "notionists", 1744  # side of the drawing in its units
OUTLINED_HATS = ("hat", "variant61")
INKED_HATS = ("variant62", "variant63")  # whose solid ink is a hat
HAT_IN_HAIR = ("variant14",)  # whose white areas are a hat
FINE_HAIR = ("variant07", "variant26", "variant32", "variant60", "variant42", "variant44")
BLACK_CLOTHES = ("variant02", "variant04", "variant06", "variant08", "variant09")
FOREARM = 1110  # y below which a long arm is bare or a sleeve, nobody can tell


def draw_notionists(count: int, side: int, seed: int) -> Iterator[tuple[str, Cutout]]:
    """Yield persons with their names, every hair shape in turn."""
    shapes = variants(STYLE, "hair")
    for number in range(count):
        hair = shapes[number % len(shapes)]
        rng = np.random.default_rng([seed, number])
        yield f"{STYLE}/{hair}/{number}", _draw_one(rng, hair, side)


def _draw_one(rng: np.random.Generator, hair: str, side: int) -> Cutout:
    chosen = {"head": "variant01", "hair": hair}
    always = ("eyes", "nose", "mouth", "eyebrows", "clothes")
    shares = {"glasses": 0.22, "gesture": 0.35, "clothesGraphic": 0.5}
    if hair not in INKED_HATS:
        shares["beard"] = 0.18
    for component in (*always, *shares):
        variant = str(rng.choice(variants(STYLE, component)))
        if rng.random() < shares.get(component, 1.0):
            chosen[component] = variant
    gesture = chosen.get("gesture", "")
    code = Code()

    def coded(component: str, index: int, color: str) -> str:
        if component == "clothesGraphic":
            return "none"
        is_ink = color in ("ink", "black", "#000")
        if gesture == "handPhone" and component == "gesture" and index == 1 and not is_ink:
            label, inked = OTHER, False
        else:
            label, inked = _label(component, hair, is_ink)
        return code.color(label, is_ink=inked, group=component)

    def sketched(component: str, index: int, color: str) -> str:
        if component == "clothesGraphic" and color == "paper" and not on_black:
            return "#000000"
        return in_ink(component, index, color)

    on_black = chosen["clothes"] in BLACK_CLOTHES
    elements = style(STYLE)["canvas"]["elements"]
    has_long_arm = "LongArm" in gesture
    if has_long_arm or rng.random() < 0.2:
        view = View(0, 0, CANVAS)
    else:
        view = View(40, 70, 1664) if hair == "variant61" else View(72, 130, 1600)
    widths = {HAIR: (0.5, 1.0, 2.0), SHIRT: (0.6, 1.0, 1.8)}
    if hair in INKED_HATS:
        widths[HAT] = (0.6, 1.0, 2.0)
    hollow = {part: rng.uniform(*w) for part, (share, *w) in widths.items() if rng.random() < share}
    how = Inking(
        hollow=hollow,
        close=0 if hair in OUTLINED_HATS + INKED_HATS else 3,
        close_all=5 if hair in FINE_HAIR else 0,
    )
    sketch = draw(STYLE, elements, chosen, sketched)
    cutout = cut_inked(sketch, draw(STYLE, elements, chosen, coded), code, view, side, rng, how)
    if has_long_arm:
        arm = draw(STYLE, elements, {"gesture": gesture}, _only_gesture)
        covered = render_svg(f"{view.head}>{arm}</svg>", side)[..., 3] > 127
        covered[: int(FOREARM / CANVAS * side)] = False
        cutout.parts[covered & (cutout.parts != GROUND)] = NO_PART
    return cutout


def _label(component: str, hair: str, is_ink: bool) -> tuple[int, bool]:
    """Return the label of a component's ink or paper, and whether it is ink with solid areas."""
    if component == "hair":
        if hair in INKED_HATS:
            return HAT, is_ink
        if hair in OUTLINED_HATS:
            return (NO_PART if is_ink else HAT), False
        if is_ink:
            return HAIR, True
        return (HAT if hair in HAT_IN_HAIR else NO_PART), False
    if component in ("head", "gesture"):
        return (NO_PART if is_ink else SKIN), False
    if component == "clothes":
        return SHIRT, is_ink
    if component == "beard":
        return HAIR, True
    if component == "glasses" and is_ink:
        return OTHER, True
    return NO_PART, False


def _only_gesture(component: str, index: int, color: str) -> str:
    return "#ffffff" if component == "gesture" else "none"
