"""One picture of a set rendered: grid cells, exact colors, consistency check.

A region's color is its median, over pixels that are all its own and on no line. Half of them may be shaded,
or grained as paper is, without its moving.

A network is right about a mirrored character for the same reasons as about the character; where it guesses,
its guesses differ. Nothing says what is right, so this finds pictures to look at, not faults.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.conditions.color_spec import ColorSpec, plain_values
from condcolor.conditions.colors import RGB, format_hex
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.open import Picture
from condcolor.imaging.regions import Regions
from condcolor.imaging.sheets import Grid, as_image, is_blank

if TYPE_CHECKING:
    from condcolor.inference.colorizer import Colorizer


CHECK_VALUES = 2  # values of an attribute that say well enough where it is


@dataclass(frozen=True)
class Findings:
    """What there is to tell of a colored picture, an attribute each; None for what was not looked for.

    measured: its color, None where it shows nowhere. doubts: the largest.
    """

    measured: Mapping[str, RGB | None] | None = None
    inconsistencies: Mapping[str, Inconsistency] | None = None

    @property
    def manifest_entry(self) -> dict[str, object]:
        """The keys that a manifest keeps."""
        entry: dict[str, object] = {}
        if self.measured is not None:
            colors = self.measured.items()
            entry["measured"] = {name: color and format_hex(color) for name, color in colors}
        if self.inconsistencies is not None:
            entry["doubts"] = {
                name: vars(inconsistency) for name, inconsistency in self.inconsistencies.items()
            }
        return entry


NO_FINDINGS = Findings()


@dataclass(frozen=True)
class RenderResult:
    """A picture that was colored, where its colors are to be measured, and its inconsistencies.

    cores: attribute to `[H, W]` bool, as in `core`; None where nothing is to be measured.
    """

    image: Image.Image
    cores: Mapping[str, np.ndarray] | None = None
    inconsistencies: Mapping[str, Inconsistency] | None = None

    def findings(self, data: bytes) -> Findings:
        """Return the findings on the picture, its colors measured as they were encoded in `data`."""
        if self.cores is None:
            return NO_FINDINGS
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"))
        colors = {name: usual_color(rgb, inside) for name, inside in self.cores.items()}
        return Findings(colors, self.inconsistencies)


@dataclass(frozen=True)
class RenderOptions:
    """How pictures are colored, besides the colors.

    lock: each region gets exactly the color asked. grid: a picture is a sheet of so many cells.
    check: inconsistencies are found. report: colors are to be measured.
    """

    lock: bool = False
    grid: Grid | None = None
    check: bool = False
    report: bool = False

    def render(
        self, colorizer: Colorizer, picture: Picture, specs: Mapping[str, ColorSpec]
    ) -> RenderResult:
        """Color one picture, `specs` in the schema's order.

        Raises:
            DataError: the grid does not fit, and all that `Colorizer.__call__` raises.
        """
        if self.grid is None:
            return self._cell(colorizer, picture, specs)
        cells = self.grid.cells(picture)
        drawn = [
            RenderResult(as_image(cell), {}, {})
            if is_blank(cell)
            else self._cell(colorizer, cell, specs)
            for cell in cells
        ]
        image = self.grid.joined(picture, [one.image for one in drawn])
        if not self.measures:
            return RenderResult(image)
        cores = {n: np.zeros(picture.rgb.shape[:2], bool) for n in colorizer.schema.names}
        inconsistencies: dict[str, Inconsistency] = {}
        for place, one in zip(self.grid.places(picture), drawn, strict=True):
            for name, inside in one.cores.items():
                cores[name][place] = inside
            for name, inconsistency in (one.inconsistencies or {}).items():
                inconsistencies[name] = max(
                    inconsistencies.get(name, inconsistency), inconsistency, key=attrgetter("score")
                )
        return RenderResult(image, cores, inconsistencies if self.check else None)

    @property
    def settings(self) -> dict[str, object]:
        """The fields of a manifest's `Settings`."""
        needs = ("measured",) * self.measures + ("doubts",) * self.check
        return {"lock": self.lock, "grid": str(self.grid or ""), "needs": needs}

    @property
    def is_plain(self) -> bool:
        """Whether pictures are colored just as a Colorizer does it."""
        return self.grid is None and not self.measures

    @property
    def measures(self) -> bool:
        """Whether the colors of what is painted are measured."""
        return self.lock or self.check or self.report

    def _cell(
        self, colorizer: Colorizer, picture: Picture, specs: Mapping[str, ColorSpec]
    ) -> RenderResult:
        if not self.measures:
            return RenderResult(next(colorizer.colorings(picture, [specs])))
        regions = colorizer.regions(picture)
        if self.lock:
            image = lock(regions, specs)
        elif plain_values(specs) is None:
            image = regions.recolor(**specs)
        else:
            image = next(colorizer.colorings(picture, [specs]))
        cores = {name: core(regions, name) for name in specs}
        if not self.check:
            return RenderResult(image, cores)
        inconsistencies = find_inconsistencies(
            lambda shown: colorizer.regions(shown, most_values=CHECK_VALUES),
            picture,
            colorizer.image_size,
        )
        return RenderResult(image, cores, inconsistencies)


WHOLE = 0.98  # cover from which a pixel is all its region's
LIT = 0.9  # of the light most of a region has: a pixel with less is on a line
FEWEST = 9  # pixels that say a color
EVEN, MOSTLY = 3, 0.9  # levels of 255 that this share of a flat fill's pixels is off at most
NOISE = 8  # levels: what is off by less in a flat fill is no relief


def lock(regions: Regions, specs: Mapping[str, ColorSpec]) -> Image.Image:
    """Return the picture as `regions.recolor` does, each region's color exactly the one asked.

    A flat fill becomes that color in every pixel; a shaded one keeps its relief around it. Parts that
    are asked for no color are left as they are.
    """
    pixels = np.ascontiguousarray(regions.pixels(specs))
    for name, spec in specs.items():
        if not spec.left:
            _snap(pixels, regions, name, spec.color(regions.colors[name]))
    return regions.as_image(pixels)


def core(regions: Regions, name: str) -> np.ndarray:
    """Return the pixels that say the region's color, `[H, W]` bool; none where it is not shown."""
    inside = regions.covers[regions.schema.names.index(name)] >= WHOLE
    if inside.any():
        light = regions.lines.mean(axis=0)
        inside &= light >= LIT * np.median(light[inside])
    return inside if inside.sum() >= FEWEST else np.zeros_like(inside)


def usual_color(rgb: np.ndarray, inside: np.ndarray) -> RGB | None:
    """Return the lower median of `rgb [H, W, 3]` uint8 in `inside [H, W]` bool; None where that is empty."""
    values = rgb[inside]
    if not len(values):
        return None
    middle = (len(values) - 1) // 2
    red, green, blue = np.partition(values, middle, axis=0)[middle].tolist()
    return red, green, blue


def _snap(
    pixels: np.ndarray, regions: Regions, name: str, color: tuple[float, float, float]
) -> None:
    """Move one region of `pixels [H, W, 3]` uint8, in place, so that its median is `color`."""
    inside = core(regions, name)
    usual = usual_color(pixels, inside)
    if usual is None:
        return
    target = np.round(color)
    move = target - usual
    if move.any():
        part = regions.mask(name)  # soft edges and lines move by as much of them as is the region's
        part[inside] = 1  # all alike, so that the median moves by just that
        near = part > 0
        moved = pixels[near] + part[near, None] * move
        pixels[near] = moved.round().clip(0, 255)
    off = abs(pixels - target).max(axis=-1)
    if (off[inside] <= EVEN).mean() >= MOSTLY:
        pixels[inside & (off <= NOISE)] = target


DOUBTFUL = (
    0.1  # share of a part that differs, from which a person should look; see docs/benchmarks.md
)
DOWN, RIGHT = 9, 13  # pixels of the shift at 256; odd, so that no stride of a network divides it
RIM = 3  # pixels: parts that differ by a strip thinner than this are the same
FILL_LIGHTNESS = 0.5  # lightness from which a pixel is no line
MIRRORED, SHIFTED, MISSING = "mirrored", "shifted", "missing"


@dataclass(frozen=True)
class Inconsistency:
    """How far a part differs, as a share of it in 0..1, and in which picture: one of the words above."""

    score: float
    when: str

    @property
    def summary(self) -> str:
        """`mirrored, 12 % of its region differs`."""
        if self.when == MISSING:
            return "no region of it was found"
        return f"{self.when}, {100 * self.score:.0f} % of its region differs"


def find_inconsistencies(
    regions_of: Callable[[Picture], Regions], picture: Picture, image_size: int
) -> dict[str, Inconsistency]:
    """Return the largest inconsistency of each attribute, at the size the network sees.

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


def inconsistent(inconsistencies: Mapping[str, Inconsistency]) -> dict[str, Inconsistency]:
    """Return the inconsistencies that a person should look at."""
    return {
        name: inconsistency
        for name, inconsistency in inconsistencies.items()
        if inconsistency.score > DOUBTFUL
    }


def _differ(first: np.ndarray, second: np.ndarray, fill: np.ndarray) -> float:
    """The share of a part that is in one of two `[H, W]` bool only, by more than a thin strip."""
    either = (first | second) & fill
    differ = ndimage.binary_opening((first ^ second) & fill, np.ones((RIM, RIM)))
    return float(differ.sum() / max(1, either.sum()))
