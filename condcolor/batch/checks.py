"""What `--check` finds: regions that are unsure, and what a finished picture shows in and around them.

The consistency check compares the regions of a picture with those of the mirrored and of the shifted one. A
network that guesses gives different regions; a model of parts says which pieces it is unsure of. The finished
picture, as it is encoded, is compared with what was asked: the share of each region that has its color, and
color outside of it. Without a ground truth, a check finds pictures to look at, not errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from scipy import ndimage

from condcolor.conditions.color_spec import ColorSpec
from condcolor.conditions.colors import RGB
from condcolor.errors import UsageError
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.line_art import LINE_WIDTH
from condcolor.imaging.open import Picture
from condcolor.imaging.regions import Regions

CHECK_VALUES = 2  # values of an attribute that find its region well enough
DOUBTFUL = 0.1  # score above which a person should look; see docs/benchmarks.md
DOWN, RIGHT = 9, 13  # shift in pixels at size 256; odd, so that no stride of a network divides it
RIM = 3  # pixels; thinner strips of difference do not count
FILL_LIGHTNESS = 0.5  # lightness from which a pixel is no line
MIRRORED, SHIFTED, MISSING = "mirrored", "shifted", "missing"
CLOSE = "close"  # of a model of parts: pieces whose part is nearly another
OTHER, OUTSIDE = "other", "outside"  # of the finished picture


@dataclass(frozen=True)
class Inconsistency:
    """The difference of a region in an altered picture, the pieces in doubt, or a fault of what was made."""

    score: float  # share of the region that differs, is in doubt or has another color, in 0..1
    when: str  # MIRRORED, SHIFTED, MISSING, CLOSE, OTHER or OUTSIDE

    @property
    def summary(self) -> str:
        """A text such as `mirrored, 12 % of its region differs`."""
        if self.when == MISSING:
            return "no region of it was found"
        if self.when == CLOSE:
            return f"{100 * self.score:.0f} % of its region may be another part"
        if self.when == OTHER:
            return f"{100 * self.score:.0f} % of its region has another colour"
        if self.when == OUTSIDE:
            return f"its colour is outside, on {100 * self.score:.0f} % as many pixels as in its region"
        return f"{self.when}, {100 * self.score:.0f} % of its region differs"


def find_inconsistencies(
    regions_of: Callable[[Picture], Regions], picture: Picture, image_size: int
) -> dict[str, Inconsistency]:
    """Return the largest inconsistency of each attribute, at the size the network sees.

    Attributes with one value are left out, since their regions cannot be found.
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
    inconsistencies = {}
    for index, attribute in enumerate(regions.schema.attributes):
        if len(attribute.values) == 1:
            continue
        if not any(part[index].any() for part in (own, flipped, moved)):
            inconsistencies[attribute.name] = Inconsistency(1.0, MISSING)
            continue
        candidates = (
            Inconsistency(_differ(a[index], b[index], on), when) for when, a, b, on in pairs
        )
        inconsistencies[attribute.name] = max(candidates, key=attrgetter("score"))
    return inconsistencies


def find_doubts(regions: Regions) -> dict[str, Inconsistency]:
    """Return for each part the share of its region that is in pieces whose part is in doubt."""
    assert regions.doubts is not None
    doubts = {}
    for index, name in enumerate(regions.schema.names):
        region = regions.covers[index] > 0.5
        if not region.any() and regions.schema.attribute(name).default:
            continue
        if not region.any():
            doubts[name] = Inconsistency(1.0, MISSING)
            continue
        doubts[name] = Inconsistency(float((region & regions.doubts).sum() / region.sum()), CLOSE)
    return doubts


def inconsistent(inconsistencies: Mapping[str, Inconsistency]) -> dict[str, Inconsistency]:
    """Return the inconsistencies that a person should look at."""
    return {name: each for name, each in inconsistencies.items() if each.score > DOUBTFUL}


def _differ(first: np.ndarray, second: np.ndarray, fill: np.ndarray) -> float:
    """Return the share of a part that is in one of two `[H, W]` bool only, without thin strips."""
    either = (first | second) & fill
    differ = ndimage.binary_opening((first ^ second) & fill, np.ones((RIM, RIM)))
    return float(differ.sum() / max(1, either.sum()))


OFF = 48  # levels up to which a color is the one that was asked
DIMMEST, BRIGHTEST = 0.5, 1.25  # factors of a color by paper and shading, in which it is the same
THIN = 1 / 64  # of the longer side; what is thinner is the edge of a fill


@dataclass(frozen=True)
class Expected:
    """What a finished picture should show.

    base: `[H, W, 3]` uint8, the picture on white without the colors of attributes.
    areas: attribute -> its region, `[H, W]` bool.
    colors: attribute -> the color that was asked; those without one (`none`, `keep`) are not in it.
    """

    base: np.ndarray
    areas: Mapping[str, np.ndarray]
    colors: Mapping[str, RGB]

    @classmethod
    def of(cls, regions: Regions, specs: Mapping[str, ColorSpec]) -> Expected:
        """Return what regions show in these colors, which are those of the schema, not the network's."""
        covers = regions.covers > 0.5
        names = regions.schema.names
        base = regions.pixels_of(regions.rest)
        colors = {}
        for name, spec in specs.items():
            if spec.left or name not in names:
                continue
            try:
                red, green, blue = spec.color(regions.schema.attribute(name).colors)
            except UsageError:  # a value whose color is not known
                continue
            colors[name] = round(red), round(green), round(blue)
        return cls(base, dict(zip(names, covers, strict=True)), colors)

    def faults(self, rgb: np.ndarray) -> dict[str, Inconsistency]:
        """Return the larger fault of each attribute in the finished picture on white, `[H, W, 3]` uint8.

        A fault is the share of its region that has another color, such as a part that is drawn in solid
        black, or its color where nothing is to be colored.
        """
        rim, ink_rim = (max(RIM, round(part * max(rgb.shape[:2]))) for part in (THIN, LINE_WIDTH))
        outside = ~np.logical_or.reduce(list(self.areas.values()))
        outside &= abs(rgb.astype(np.int16) - self.base).max(axis=-1) > OFF
        outside = _wide(outside, rim)
        found = {}
        for name, color in self.colors.items():
            area = self.areas[name]
            count = int(area.sum())
            if not count:
                continue  # MISSING says so
            near = has_color(rgb, color)
            ink = rgb.max(axis=-1) < DIMMEST * max(color)
            off = _wide(area & ~near & ~ink, rim) | _wide(area & ~near & ink, ink_rim)
            other = Inconsistency(float(off.sum()) / count, OTHER)
            spilt = Inconsistency(min(1.0, float((outside & near).sum()) / count), OUTSIDE)
            found[name] = max(other, spilt, key=attrgetter("score"))
        return found


def has_color(rgb: np.ndarray, color: RGB) -> np.ndarray:
    """Return which pixels of `[H, W, 3]` uint8 have a color, paper and shading aside, `[H, W]` bool."""
    target = np.array(color, np.float32)
    light = rgb @ target / max(float(target @ target), 1.0)
    light = light.clip(DIMMEST, BRIGHTEST)[..., None]
    return abs(rgb - light * target).max(axis=-1) <= OFF


def worst(
    first: Mapping[str, Inconsistency], second: Mapping[str, Inconsistency]
) -> dict[str, Inconsistency]:
    """Return the larger inconsistency of each attribute; of two alike the first."""
    return {
        name: max((each[name] for each in (first, second) if name in each), key=attrgetter("score"))
        for name in {**first, **second}
    }


def _wide(mask: np.ndarray, rim: int) -> np.ndarray:
    """Return `[H, W]` bool without strips thinner than `rim` pixels."""
    if not mask.any():
        return mask
    # by minimum and maximum, which take the same time for any width
    return ndimage.grey_opening(mask.view(np.uint8), (rim, rim)).view(bool)
