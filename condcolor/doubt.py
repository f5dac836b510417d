"""Where a model disagrees with itself: the same sketch, mirrored or shifted, should show the same parts.

A network is right about a mirrored character for the same reasons as about the character; where it guesses,
its guesses differ. Nothing tells it what is right, so this finds pictures to look at, not faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from scipy import ndimage

from condcolor.geometry import letterbox
from condcolor.images import Picture
from condcolor.recoloring import Regions

DOUBTFUL = (
    0.1  # share of a part that differs, from which a person should look; see docs/benchmarks.md
)
DOWN, RIGHT = 9, 13  # pixels of the shift at 256; odd, so that no stride of a network divides it
RIM = 3  # pixels: parts that differ by a strip thinner than this are the same
FILL_LIGHTNESS = 0.5  # lightness from which a pixel is no line
MIRRORED, SHIFTED, MISSING = "mirrored", "shifted", "missing"


@dataclass(frozen=True)
class Doubt:
    """How far a part differs, as a share of it in 0..1, and in which picture: one of the words above."""

    score: float
    when: str

    @property
    def said(self) -> str:
        """`mirrored, 12 % of its region differs`."""
        if self.when == MISSING:
            return "no region of it was found"
        return f"{self.when}, {100 * self.score:.0f} % of its region differs"


def find_doubts(
    regions_of: Callable[[Picture], Regions], picture: Picture, image_size: int
) -> dict[str, Doubt]:
    """An attribute to the largest doubt about it, at the size the network sees.

    Attributes with one value are left out, for nothing tells where they show.
    """
    square = letterbox(picture.rgb, image_size, 255)[0]
    down, right = (max(1, round(step * image_size / 256)) for step in (DOWN, RIGHT))
    shifted = np.full_like(square, 255)
    shifted[down:, right:] = square[:-down, :-right]

    regions = regions_of(Picture(square, None))
    own = regions.covers > 0.5  # (K, S, S), as all below
    flipped = regions_of(Picture(np.ascontiguousarray(square[:, ::-1]), None)).covers > 0.5
    moved = regions_of(Picture(shifted, None)).covers > 0.5
    fill = regions.lines.mean(axis=0) > FILL_LIGHTNESS
    pairs = (
        (MIRRORED, own, flipped[..., ::-1], fill),
        (SHIFTED, own[:, :-down, :-right], moved[:, down:, right:], fill[:-down, :-right]),
    )
    doubts = {}
    for place, attribute in enumerate(regions.schema.attributes):
        if len(attribute.values) == 1:
            continue
        if not any(part[place].any() for part in (own, flipped, moved)):
            doubts[attribute.name] = Doubt(1.0, MISSING)
            continue
        found = (Doubt(_differ(a[place], b[place], on), when) for when, a, b, on in pairs)
        doubts[attribute.name] = max(found, key=attrgetter("score"))
    return doubts


def doubtful(doubts: Mapping[str, Doubt]) -> dict[str, Doubt]:
    """Those that a person should look at."""
    return {name: doubt for name, doubt in doubts.items() if doubt.score > DOUBTFUL}


def _differ(first: np.ndarray, second: np.ndarray, fill: np.ndarray) -> float:
    """The share of a part that is in one of two `[H, W]` bool only, by more than a thin strip."""
    either = (first | second) & fill
    differ = ndimage.binary_opening((first ^ second) & fill, np.ones((RIM, RIM)))
    return float(differ.sum() / max(1, either.sum()))
