"""Corrections of the parts of emoji that their places tell wrongly: props, vehicles, beards, veils, hands."""

from __future__ import annotations

import re
from typing import NamedTuple

from condcolor.conditions.parts import part_index
from condcolor.data.builders.cutouts import NO_PART, Cutout

WHOLE = (0.0, 0.0, 1.0, 1.0)


class Correction(NamedTuple):
    """Within a box of some emoji, one part is another one, or "unsure"."""

    names: str  # regular expression, matched from the start
    part: str
    becomes: str
    box: tuple[float, float, float, float] = WHOLE  # x0, y0, x1, y1 in sides


def _below(y: float) -> tuple[float, float, float, float]:
    return 0.0, y, 1.0, 1.0


def _above(y: float) -> tuple[float, float, float, float]:
    return 0.0, 0.0, 1.0, y


_T, _F = "twemoji/", "fluent-emoji-flat/"
CORRECTIONS = (  # applied in this order
    # what persons ride, sit in or stand before
    Correction(".*horse-racing", "shirt", "other"),
    Correction(_T + ".*manual-wheelchair", "shirt", "other"),
    Correction(".*motorized-wheelchair", "shirt", "other"),
    Correction(".*-in-bed", "shirt", "other"),
    Correction(".*-in-bed", "trousers", "other"),
    Correction(_T + ".*biking", "shirt", "other"),
    Correction(_T + ".*biking", "hair", "shoes", _below(0.75)),
    Correction(_T + ".*biking", "hair", "shirt", _below(0.24)),
    Correction(_T + ".*biking", "hair", "unsure", _above(0.24)),
    Correction(_T + ".*biking", "hat", "trousers", _below(0.3)),
    Correction(_F + ".*mountain-biking", "shirt", "other"),
    Correction(_T + ".*surfing", "shirt", "other", _below(0.5)),
    Correction(_T + ".*surfing", "shirt", "other", (0.75, 0.0, 1.0, 1.0)),
    Correction(_T + "(skier|snowboarder)", "hair", "unsure"),
    Correction(_T + "(skier|snowboarder)", "trousers", "other", _below(0.4)),
    Correction(_F + ".*(rowing-boat|swimming)", "shirt", "other"),
    Correction(_F + ".*water-polo", "trousers", "other"),
    Correction(_F + ".*lotus", "hair", "other", _below(0.6)),
    # what persons hold or have beside them
    Correction(_F + ".*lifting-weights", "hair", "other", (0.0, 0.0, 0.28, 0.36)),
    Correction(_F + ".*lifting-weights", "hair", "other", (0.72, 0.0, 1.0, 0.36)),
    Correction(_T + "astronaut", "hat", "other"),
    Correction(".*baby-angel", "shirt", "other"),
    Correction(_F + "ninja", "trousers", "other"),
    # hats, veils, scarves, helmets
    Correction(_F + ".*-veil", "shirt", "hat", _above(0.62)),
    Correction(_F + ".*-veil", "shirt", "other"),
    Correction(_T + ".*headscarf", "shirt", "hat", _above(0.75)),
    Correction(_F + ".*headscarf", "hair", "hat"),
    Correction(".*ninja", "shirt", "hat", _above(0.53)),
    Correction(_F + "astronaut", "shirt", "hat", _above(0.6)),
    Correction(_F + ".*construction", "shirt", "hat", _above(0.33)),
    Correction(_F + ".*mage", "shirt", "hat", _above(0.45)),
    Correction(_F + "mx-claus", "hair", "hat", _above(0.4)),
    Correction(_F + "mx-claus", "hair", "hat", (0.8, 0.0, 1.0, 1.0)),
    Correction(_F + "mx-claus", "hair", "unsure", (0.0, 0.7, 0.8, 1.0)),
    Correction(_F + "santa", "hair", "hat", _above(0.3)),
    # beards, white and grey hair
    Correction(_T + "man-mage", "other", "hair", (0.28, 0.55, 0.72, 1.0)),
    Correction(_F + "man-mage", "shirt", "unsure"),
    Correction(_F + "man-mage", "other", "hair", (0.3, 0.52, 0.65, 0.66)),
    Correction(_F + "(person|woman)-mage", "other", "unsure", (0.0, 0.3, 1.0, 0.8)),
    Correction(_T + "santa", "other", "hair", (0.1, 0.58, 0.72, 1.0)),
    Correction(_F + "santa", "other", "hair", _below(0.56)),
    Correction(_F + "santa", "other", "hair", (0.0, 0.35, 0.2, 1.0)),
    Correction(_F + "santa", "other", "hair", (0.77, 0.35, 1.0, 1.0)),
    Correction(_F + "santa", "hat", "hair", (0.2, 0.35, 0.7, 0.48)),
    Correction(_F + "mrs-claus", "hat", "hair"),
    Correction(_F + "mx-claus", "other", "hair", (0.0, 0.35, 0.25, 0.75)),
    Correction(_F + ".*(red-hair|white-hair|older)", "other", "hair", _above(0.38)),
    Correction(_F + ".*(red-hair|white-hair|older)", "other", "hair", (0.0, 0.0, 0.22, 1.0)),
    Correction(_F + ".*(red-hair|white-hair|older)", "other", "hair", (0.78, 0.0, 1.0, 1.0)),
    Correction(_F + "old-man", "hair", "unsure"),
    Correction(_T + "mer", "hat", "hair", _above(0.25)),
    Correction(_T + "mer", "other", "unsure", _above(0.25)),
    # hands before hair, collars, red mouths and eyes
    Correction(_F + ".*getting-massage", "hair", "skin", _above(0.17)),
    Correction(_F + ".*getting-massage", "hair", "skin", (0.26, 0.0, 0.37, 0.42)),
    Correction(_F + ".*getting-massage", "hair", "skin", (0.63, 0.0, 0.74, 0.42)),
    Correction(_F + ".*facepalming", "hair", "skin", (0.38, 0.3, 0.71, 0.72)),
    Correction(_T + ".*vampire", "hair", "other", _below(0.42)),
    Correction(_T + "baby-angel", "hair", "unsure", (0.3, 0.42, 0.7, 0.85)),
    Correction(_T + "mer", "shirt", "unsure", _below(0.55)),
    Correction(_F + ".*mer(man|maid|people)", "trousers", "unsure"),
    Correction(_F + "(index|writing|nail|ear-|clapping|raising-hands)", "hair", "other"),
    Correction(_F + "(leftwards|rightwards|waving)", "hair", "other"),
)


def correct(name: str, cutout: Cutout) -> Cutout:
    """Return the cutout of an emoji `set/name` with its parts corrected."""
    parts = cutout.parts.copy()
    side = len(parts)
    for correction in CORRECTIONS:
        if re.match(correction.names, name):
            x0, y0, x1, y1 = (round(edge * side) for edge in correction.box)
            area = parts[y0:y1, x0:x1]
            area[area == _index(correction.part)] = _index(correction.becomes)
    return cutout._replace(parts=parts)


def _index(part: str) -> int:
    return NO_PART if part == "unsure" else part_index(part)
