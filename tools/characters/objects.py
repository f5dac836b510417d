"""Objects of emoji sets as line art: things, plants, animals, food; all of the part "other"."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
from iconify import IconSet
from scipy import ndimage

from condcolor.data.builders.cutouts import GROUND, NO_PART, OTHER, Cutout, cut_svg
from condcolor.data.builders.figure_pen import INK, PART_FILL
from condcolor.data.builders.svg_render import render_svg

MOST_ELEMENTS = 45
NO_OBJECTS = (  # words in the names of persons, of their limbs and of signs
    *("person", "man", "woman", "boy", "girl", "hand", "face", "finger", "people", "family"),
    *("couple", "baby", "skin", "child", "flag", "kiss", "thumb", "mage", "fairy", "vamp", "elf"),
    *("merm", "genie", "zombie", "santa", "claus", "prince", "ninja", "fist", "foot", "leg", "ear"),
    *("nose", "letter", "o-clock", "button", "square", "circle", "heart", "symbol", "arrow"),
    *("-sign", "older", "guard", "detective", "super", "bust", "dancer", "surf", "silhouette"),
    *("speaking", "horse-racing", "snowboard", "skier", "fencer", "biceps"),
)

PERSONS_AND_CLOTHES = frozenset(  # names that say it by none of those words
    (
        *("farmer", "scientist", "astronaut", "japanese-dolls", "joker", "bald", "mechanic"),
        *("curly-haired", "red-haired", "adult", "breast-feeding", "cook", "firefighter"),
        *("teacher", "judge", "singer", "women-wrestling", "men-wrestling", "artist"),
        *("police-officer", "student", "construction-worker", "pilot", "office-worker", "troll"),
        *("goblin", "statue-of-liberty", "nesting-dolls", "military-helmet", "top-hat"),
        *("billed-cap", "rescue-workers-helmet", "t-shirt", "running-shirt", "coat", "lab-coat"),
        *("kimono", "martial-arts-uniform", "see-no-evil-monkey"),
    )
)


def _is_object(name: str) -> bool:
    return name not in PERSONS_AND_CLOTHES and not any(word in name for word in NO_OBJECTS)


def _names(icons: IconSet, dice: random.Random) -> list[str]:
    names = [name for name in icons.icons if _is_object(name)]
    dice.shuffle(names)
    return names


def colored_objects(icons: IconSet, side: int, dice: random.Random) -> Iterator[tuple[str, Cutout]]:
    """Yield the objects of a colored set, each element outlined; a few of the dark ones black."""
    for name in _names(icons, dice):
        elements = icons.elements(name)
        if not elements or len(elements) > MOST_ELEMENTS:
            continue
        width = dice.uniform(0.008, 0.039) * icons.width
        drawn = [
            element.drawn(
                fill=PART_FILL["other"] if element.luma > 30 or dice.random() < 0.7 else INK,
                stroke=INK,
                stroke_width=f"{width:.3f}",
                stroke_linejoin="round",
            )
            for element in elements
            if element.is_filled
        ]
        around = icons.width / 36
        view = (-around, -around, icons.width + 2 * around, icons.height + 2 * around)
        yield name, cut_svg("".join(drawn), view, side)


def black_objects(icons: IconSet, side: int, dice: random.Random) -> Iterator[tuple[str, Cutout]]:
    """Yield the objects of a black and white set, what they enclose filled with white."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 34 34">'
    for name in _names(icons, dice):
        body = icons.icons[name]["body"].replace("currentColor", INK)
        alpha = render_svg(f"{head}{body}</svg>", side)[..., 3]
        ink = alpha > 127
        inside = ndimage.binary_fill_holes(ink)
        parts = np.where(ink, NO_PART, np.where(inside, OTHER, GROUND)).astype(np.uint8)
        opaque = np.maximum(alpha, np.uint8(255) * inside)
        yield name, Cutout(255 - alpha, parts, opaque)
