"""Necks and shoulders for the kits that draw a head only: parametric paths, black outline."""

from __future__ import annotations

import numpy as np

from condcolor.sources.drawing import MARK
from condcolor.sources.kits import SHIRT, SKIN

SHAPES = ("crew", "scoop", "v", "collar", "hoodie", "turtle", "tank")
_INK = 'stroke="#000000" stroke-width="3.6" stroke-linejoin="round" stroke-linecap="round"'


def draw_bust(rng: np.random.Generator, chin: float = 175.0, middle: float = 128.0) -> str:
    """SVG on a 256 square of a neck from above `chin` and a shirt below, around x = `middle`."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    neck = rng.uniform(19, 27)  # half width
    collar = chin + rng.uniform(17, 24)  # y where the shirt meets the neck
    shoulder = rng.uniform(66, 96)  # half width
    slope = rng.uniform(10, 26)
    waist = shoulder + rng.uniform(-8, 12)
    m, deep = middle, 340.0

    def path(d: str, fill: str) -> str:
        return f'<path d="{d}" fill="{fill}" {_INK}/>'

    def line(d: str) -> str:
        return path(d, "none")

    wide = neck + {"scoop": 10, "tank": 14}.get(shape, 5)
    depth = {"crew": 13, "scoop": 30, "v": 40, "collar": 22, "hoodie": 20, "turtle": 8, "tank": 34}
    low = collar + depth[shape]
    throat = {
        "v": f"L {m} {low} L {m + wide} {collar}",
        "collar": f"L {m} {low} L {m + wide} {collar}",
    }.get(shape, f"C {m - wide} {low + 3} {m + wide} {low + 3} {m + wide} {collar}")
    body = (
        f"M {m - wide} {collar} {throat} "
        f"C {m + wide + 14} {collar + slope * 0.5} {m + shoulder} {collar + slope * 0.6} "
        f"{m + shoulder + 6} {collar + slope + 34} L {m + waist + 10} {deep} "
        f"L {m - waist - 10} {deep} L {m - shoulder - 6} {collar + slope + 34} "
        f"C {m - shoulder} {collar + slope * 0.6} {m - wide - 14} {collar + slope * 0.5} "
        f"{m - wide} {collar} Z"
    )
    skin = (
        f"M {m - neck} {chin - 45} L {m - neck} {collar - 2} L {m - wide - 2} {collar + 3} "
        f"L {m - wide} {low + 14} L {m + wide} {low + 14} L {m + wide + 2} {collar + 3} "
        f"L {m + neck} {collar - 2} L {m + neck} {chin - 45} Z"
    )
    parts = []
    shirt = MARK[SHIRT]
    if shape == "hoodie":
        hood = (
            f"M {m - wide - 24} {collar + 16} C {m - wide - 34} {collar - 30} {m + wide + 34} "
            f"{collar - 30} {m + wide + 24} {collar + 16} Z"
        )
        parts.append(path(hood, shirt))
    parts += [path(skin, MARK[SKIN]), path(body, shirt)]
    if shape in ("crew", "hoodie") and rng.random() < 0.6:
        parts.append(
            line(
                f"M {m - wide - 7} {collar + 3} C {m - wide - 4} {low + 15} {m + wide + 4} "
                f"{low + 15} {m + wide + 7} {collar + 3}"
            )
        )
    if shape == "hoodie":
        parts += [line(f"M {m + s * 9} {low + 9} l {s * 2} 22") for s in (-1, 1)]
    if shape == "collar":
        for s in (-1, 1):
            flap = (
                f"M {m + s * (wide - 2)} {collar - 6} L {m} {low} L {m + s * 17} {low + 17} "
                f"L {m + s * (wide + 11)} {collar + 4} Z"
            )
            parts.append(path(flap, shirt))
        if rng.random() < 0.5:
            parts.append(line(f"M {m} {low} L {m} {deep}"))
    if shape == "turtle":
        roll = (
            f"M {m - neck - 4} {collar - 15} Q {m} {collar - 5} {m + neck + 4} {collar - 15} "
            f"L {m + neck + 6} {collar + 6} Q {m} {collar + 18} {m - neck - 6} {collar + 6} Z"
        )
        parts.append(path(roll, shirt))
    if shape != "tank" and rng.random() < 0.7:
        y = collar + slope + rng.uniform(24, 36)
        parts += [
            line(f"M {m + s * (shoulder - 18)} {y} L {m + s * (waist - 14)} {deep}")
            for s in (-1, 1)
        ]
    return "".join(parts)
