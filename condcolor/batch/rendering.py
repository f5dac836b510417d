"""One picture of a set rendered: grid cells, exact colors, consistency check.

The color of a region is the median of the pixels that lie wholly in it and on no line, so that shading or
paper grain on up to half of them does not move it.

The consistency check compares the regions of a picture with those of the mirrored and of the shifted one. A
network that guesses gives different regions. Without a ground truth, the check finds pictures to look at, not
errors.
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

from condcolor.conditions.color_spec import ColorSpec, asked_for, plain_values
from condcolor.conditions.colors import RGB, format_hex
from condcolor.errors import UsageError
from condcolor.imaging.corrections import NO_CORRECTIONS, CorrectionSource
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.has_colors import has_colors
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import Regions
from condcolor.imaging.sheets import Grid, as_image, is_blank
from condcolor.inference.guide import NO_GUIDE, Guide

if TYPE_CHECKING:
    from condcolor.inference.colorizer import Colorizer


HAS_COLORS = "has colours already and is left as it is; --recolor colours it anew"
CHECK_VALUES = 2  # values of an attribute that find its region well enough


@dataclass(frozen=True)
class Findings:
    """The measurements of a colored picture, for each attribute; None where they were not made.

    measured: the color of its region; None where it has none. inconsistencies: the largest.
    """

    measured: Mapping[str, RGB | None] | None = None
    inconsistencies: Mapping[str, Inconsistency] | None = None

    @property
    def manifest_entry(self) -> dict[str, object]:
        """The keys of a manifest's entry, JSON values."""
        entry: dict[str, object] = {}
        if self.measured is not None:
            colors = self.measured.items()
            entry["measured"] = {name: color and format_hex(color) for name, color in colors}
        if self.inconsistencies is not None:
            entry["doubts"] = {name: vars(each) for name, each in self.inconsistencies.items()}
        return entry


NO_FINDINGS = Findings()


@dataclass(frozen=True)
class RenderResult:
    """A colored picture, the pixels that measure its colors, and its inconsistencies.

    cores: attribute -> `[H, W]` bool, as in `core`; None where nothing is measured.
    notes: what was done to the picture, as text for users.
    """

    image: Image.Image
    cores: Mapping[str, np.ndarray] | None = None
    inconsistencies: Mapping[str, Inconsistency] | None = None
    notes: tuple[str, ...] = ()

    def findings(self, data: bytes) -> Findings:
        """Return the findings on the picture, its colors measured in the encoded `data`."""
        if self.cores is None:
            return NO_FINDINGS
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"))
        colors = {name: usual_color(rgb, inside) for name, inside in self.cores.items()}
        return Findings(colors, self.inconsistencies)


@dataclass(frozen=True)
class RenderOptions:
    """The options of coloring, besides the colors.

    lock: each region gets exactly the specified color. grid: a picture is a sheet of so many cells.
    check: inconsistencies are found. report: colors are measured.
    paper: what becomes of a drawing's paper. fill_black: solid black areas are colored, too.
    recolor: photographs that have colors already are colored anew, too.
    guide: hints of a photograph, or another one that it takes its colors from.
    """

    lock: bool = False
    grid: Grid | None = None
    check: bool = False
    report: bool = False
    paper: Paper = "keep"
    fill_black: bool = False
    recolor: bool = False
    guide: Guide = NO_GUIDE

    def leaves(self, colorizer: Colorizer, picture: Picture) -> bool:
        """Return whether a picture is left as it is: a photograph that has colors already."""
        return not colorizer.codec.line_art and not self.recolor and has_colors(picture.rgb)

    def render(
        self,
        colorizer: Colorizer,
        picture: Picture,
        specs: Mapping[str, ColorSpec],
        corrections: CorrectionSource = NO_CORRECTIONS,
    ) -> RenderResult:
        """Color one picture, `specs` in the schema's order. Also raises as `Colorizer.__call__` does.

        A photograph that has colors already is returned as it is, with a note.

        Raises:
            UsageError: there are corrections of its parts, and a grid. DataError: the grid does not fit.
        """
        if self.leaves(colorizer, picture):
            return RenderResult(as_image(picture), notes=(HAS_COLORS,))
        if self.grid is None:
            return self._cell(colorizer, picture, specs, corrections)
        if corrections:
            raise UsageError("--grid and corrections of parts exclude each other")
        cells = self.grid.cells(picture)
        results = [
            RenderResult(as_image(cell), {}, {})
            if is_blank(cell)
            else self._cell(colorizer, cell, specs)
            for cell in cells
        ]
        image = self.grid.joined(picture, [result.image for result in results])
        if not self.measures:
            return RenderResult(image)
        cores = {n: np.zeros(picture.rgb.shape[:2], bool) for n in colorizer.schema.names}
        inconsistencies: dict[str, Inconsistency] = {}
        for area, result in zip(self.grid.places(picture), results, strict=True):
            for name, inside in (result.cores or {}).items():
                cores[name][area] = inside
            for name, own in (result.inconsistencies or {}).items():
                largest = inconsistencies.get(name, own)
                inconsistencies[name] = max(largest, own, key=attrgetter("score"))
        return RenderResult(image, cores, inconsistencies if self.check else None)

    @property
    def entry_keys(self) -> tuple[str, ...]:
        """The keys of `Findings.manifest_entry` with these options."""
        return ("measured",) * self.measures + ("doubts",) * self.check

    @property
    def is_plain(self) -> bool:
        """Whether a Colorizer alone colors the pictures."""
        return self.grid is None and not self.measures and not self.alters

    @property
    def measures(self) -> bool:
        """Whether the colors of the output are measured."""
        return self.lock or self.check or self.report

    @property
    def alters(self) -> bool:
        """Whether the drawing itself is changed: its paper, or its black areas."""
        return self.paper != "keep" or self.fill_black

    def _cell(
        self,
        colorizer: Colorizer,
        picture: Picture,
        specs: Mapping[str, ColorSpec],
        corrections: CorrectionSource = NO_CORRECTIONS,
    ) -> RenderResult:
        if not self.measures and not self.alters and not corrections:
            prepared = colorizer.prepare(picture, specs, self.guide)
            (output,) = colorizer.predict_batch([prepared])
            return RenderResult(colorizer.finish(prepared, output), notes=prepared.notes)
        if colorizer.codec.parts:
            parts = colorizer.parts(picture)
            return self.render_parts(parts, specs, parts.apply_source(corrections))
        regions = colorizer.regions(picture, paper=self.paper, fill_black=self.fill_black)
        notes = regions.drawing.notes
        if self.lock:
            image = lock(regions, specs)
        elif plain_values(specs) is None or self.alters:
            image = regions.recolor(**specs)
        else:
            image = next(colorizer.colorings(picture, [specs]))
        if not self.measures:
            return RenderResult(image, notes=notes)
        cores = {name: core(regions, name) for name in asked_for(specs)}
        if not self.check:
            return RenderResult(image, cores, notes=notes)
        inconsistencies = find_inconsistencies(
            lambda altered: colorizer.regions(altered, most_values=CHECK_VALUES),
            picture,
            colorizer.image_size,
        )
        return RenderResult(image, cores, inconsistencies, notes)

    def render_parts(
        self, parts: Parts, specs: Mapping[str, ColorSpec], notes: tuple[str, ...] = ()
    ) -> RenderResult:
        """Color a drawing whose parts are known, `specs` in the schema's order."""
        own: tuple[Regions, Mapping[str, ColorSpec]] = parts.for_colors(
            specs, paper=self.paper, fill_black=self.fill_black
        )
        regions, specs = own
        image = lock(regions, specs) if self.lock else regions.recolor(**specs)
        cores = {name: core(regions, name) for name in asked_for(specs)} if self.measures else None
        doubts = find_doubts(regions) if self.check else None
        return RenderResult(image, cores, doubts, parts.drawing.notes + notes)


PLAIN = RenderOptions()  # as a Colorizer alone colors

WHOLE = 0.98  # cover from which a pixel lies wholly in a region
LIT = 0.9  # share of the region's median light below which a pixel is on a line
FEWEST = 9  # pixels that measure a color
EVEN, MOSTLY = 3, 0.9  # a fill is flat where this share of its pixels is at most so many levels off
NOISE = 8  # levels up to which a deviation in a flat fill is no relief


def lock(regions: Regions, specs: Mapping[str, ColorSpec]) -> Image.Image:
    """Return the picture as `regions.recolor` does, with the median of each region exactly its color.

    A flat fill gets that color in every pixel; a shaded one keeps its relief around it. Parts without a color
    (`none`, `keep`) are unchanged.
    """
    pixels = np.ascontiguousarray(regions.pixels(specs))
    for name, spec in specs.items():
        if not spec.left:
            _snap(pixels, regions, name, spec.color(regions.colors[name]))
    return regions.as_image(pixels)


def core(regions: Regions, name: str) -> np.ndarray:
    """Return the pixels that measure the region's color, `[H, W]` bool; all False where they are too few."""
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
    """Shift one region of `pixels [H, W, 3]` uint8, in place, so that its median is `color`."""
    inside = core(regions, name)
    usual = usual_color(pixels, inside)
    if usual is None:
        return
    target = np.round(color)
    move = target - usual
    if move.any():
        part = regions.mask(name)  # soft edges and lines move by the region's part of the pixel
        part[inside] = 1  # the core moves as one, and its median with it
        near = part > 0
        moved = pixels[near] + part[near, None] * move
        pixels[near] = moved.round().clip(0, 255)
    off = abs(pixels - target).max(axis=-1)
    if (off[inside] <= EVEN).mean() >= MOSTLY:
        pixels[inside & (off <= NOISE)] = target


DOUBTFUL = 0.1  # score above which a person should look; see docs/benchmarks.md
DOWN, RIGHT = 9, 13  # shift in pixels at size 256; odd, so that no stride of a network divides it
RIM = 3  # pixels; thinner strips of difference do not count
FILL_LIGHTNESS = 0.5  # lightness from which a pixel is no line
MIRRORED, SHIFTED, MISSING = "mirrored", "shifted", "missing"
CLOSE = "close"  # of a model of parts: pieces whose part is nearly another


@dataclass(frozen=True)
class Inconsistency:
    """The difference of a region in an altered picture, or the pieces in doubt."""

    score: float  # share of the region that differs or is in doubt, in 0..1
    when: str  # MIRRORED, SHIFTED, MISSING or CLOSE

    @property
    def summary(self) -> str:
        """A text such as `mirrored, 12 % of its region differs`."""
        if self.when == MISSING:
            return "no region of it was found"
        if self.when == CLOSE:
            return f"{100 * self.score:.0f} % of its region may be another part"
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
