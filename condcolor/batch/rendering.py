"""One picture of a set rendered: grid cells, what `--check` finds, what is measured of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from condcolor.batch.checks import (
    CHECK_VALUES,
    Expected,
    Inconsistency,
    find_doubts,
    find_inconsistencies,
    worst,
)
from condcolor.batch.region_colors import core, lock, usual_color
from condcolor.conditions.color_spec import ColorSpec, asked_for, plain_values
from condcolor.conditions.colors import RGB, format_hex
from condcolor.errors import DataError, UsageError
from condcolor.imaging.corrections import NO_CORRECTIONS, CorrectionSource
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.has_colors import has_colors, keep_colored_areas
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper
from condcolor.imaging.picture_kind import DRAWING, PHOTOGRAPH, UNKNOWN, kind_of
from condcolor.imaging.regions import Regions
from condcolor.imaging.sheets import Grid, as_image, is_blank
from condcolor.inference.guide import NO_GUIDE, Guide

if TYPE_CHECKING:
    from condcolor.inference.colorizer import Colorizer


HAS_COLORS = "has colours already and is left as it is; see --recolor and --keep-colors"
KEPT_COLORS = "coloured areas are kept, {share} of the picture"
# notes on a picture of another kind than its model's
OTHER_KIND = {
    DRAWING: "looks like a drawing, for which the model photo is not made: --model icons colours drawings, "
    "with values such as --hair red",
    PHOTOGRAPH: "looks like a photograph, for which the model icons is not made: --model photo colours "
    "photographs, without values such as --hair",
}
NO_VALUES = (
    "looks like a drawing, which is coloured by values such as --hair red --shirt blue; --model photo takes "
    "it for a photograph"
)


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
    expected: what the picture should show; None where it is not checked.
    notes: what was done to the picture, as text for users.
    """

    image: Image.Image
    cores: Mapping[str, np.ndarray] | None = None
    inconsistencies: Mapping[str, Inconsistency] | None = None
    notes: tuple[str, ...] = ()
    expected: Expected | None = None

    def findings(self, data: bytes) -> Findings:
        """Return the findings on the picture, its colors measured and checked in the encoded `data`."""
        if self.cores is None:
            return NO_FINDINGS
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"))
            on_white = rgb if self.expected is None else _on_white(image)
        colors = {name: usual_color(rgb, inside) for name, inside in self.cores.items()}
        found = self.inconsistencies
        if self.expected is not None:
            found = worst(found or {}, self.expected.faults(on_white))
        return Findings(colors, found)


@dataclass(frozen=True)
class RenderOptions:
    """The options of coloring, besides the colors.

    lock: each region gets exactly the specified color. grid: a picture is a sheet of so many cells.
    check: inconsistencies are found. report: colors are measured.
    paper: what becomes of a drawing's paper. fill_black: solid black areas are colored, too.
    recolor: photographs that have colors already are colored anew, too.
    keep_colors: of these, areas with colors are kept and the others colored.
    made_for: the kind of pictures that the model is made for; empty where that is not known.
    was_chosen: the model was chosen for photographs, so that a drawing has no values.
    guide: hints of a photograph, or another one that it takes its colors from.
    """

    lock: bool = False
    grid: Grid | None = None
    check: bool = False
    report: bool = False
    paper: Paper = "keep"
    fill_black: bool = False
    recolor: bool = False
    keep_colors: bool = False
    guide: Guide = NO_GUIDE
    made_for: str = ""
    was_chosen: bool = False

    def kind_notes(self, picture: Picture) -> tuple[str, ...]:
        """Return a note on a picture of another kind than the model's, if it is one.

        Raises:
            DataError: it is a drawing, and the model was chosen for photographs.
        """
        kind = kind_of(picture) if self.made_for else UNKNOWN
        if kind in (UNKNOWN, self.made_for):
            return ()
        if self.was_chosen:
            raise DataError(NO_VALUES)
        return (OTHER_KIND[kind],)

    def leaves(self, colorizer: Colorizer, picture: Picture) -> bool:
        """Return whether a picture is left as it is: a photograph that has colors already."""
        if colorizer.codec.line_art or self.recolor or self.keep_colors:
            return False
        return has_colors(picture.rgb)

    def with_kept(self, picture: Picture, image: Image.Image) -> RenderResult:
        """Return a colored photograph, with the colored areas of the picture if they are to be kept."""
        if not self.keep_colors or not has_colors(picture.rgb):
            return RenderResult(image)
        image, share = keep_colored_areas(picture.rgb, image)
        return RenderResult(image, notes=(KEPT_COLORS.format(share=f"{100 * share:.0f} %"),))

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
        notes = self.kind_notes(picture)
        if self.leaves(colorizer, picture):
            return RenderResult(as_image(picture), notes=(*notes, HAS_COLORS))
        if self.grid is None:
            result = self._cell(colorizer, picture, specs, corrections)
            return replace(result, notes=notes + result.notes)
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
            return RenderResult(image, notes=notes)
        size = picture.rgb.shape[:2]
        cores = {n: np.zeros(size, bool) for n in colorizer.schema.names}
        areas = {n: np.zeros(size, bool) for n in colorizer.schema.names}
        base, colors = picture.rgb.copy(), dict[str, RGB]()
        inconsistencies: dict[str, Inconsistency] = {}
        for place, result in zip(self.grid.places(picture), results, strict=True):
            for name, inside in (result.cores or {}).items():
                cores[name][place] = inside
            inconsistencies = worst(inconsistencies, result.inconsistencies or {})
            if result.expected is not None:
                base[place] = result.expected.base
                colors.update(result.expected.colors)
                for name, area in result.expected.areas.items():
                    areas.setdefault(name, np.zeros(size, bool))[place] = area
        if not self.check:
            return RenderResult(image, cores, notes=notes)
        expected = Expected(base, areas, colors)
        return RenderResult(image, cores, inconsistencies, notes, expected)

    @property
    def entry_keys(self) -> tuple[str, ...]:
        """The keys of `Findings.manifest_entry` with these options."""
        return ("measured",) * self.measures + ("doubts",) * self.check

    @property
    def is_plain(self) -> bool:
        """Whether a Colorizer alone colors the pictures."""
        return self.grid is None and not self.measures and not self.alters and not self.keep_colors

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
            result = self.with_kept(picture, colorizer.finish(prepared, output))
            return replace(result, notes=prepared.notes + result.notes)
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
        return RenderResult(image, cores, inconsistencies, notes, Expected.of(regions, specs))

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
        notes = parts.drawing.notes + notes
        if not self.check:
            return RenderResult(image, cores, notes=notes)
        return RenderResult(image, cores, find_doubts(regions), notes, Expected.of(regions, specs))


PLAIN = RenderOptions()  # as a Colorizer alone colors


def _on_white(image: Image.Image) -> np.ndarray:
    """Return an image on white, `[H, W, 3]` uint8."""
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    shown = image.convert("RGBA")
    white = Image.new("RGBA", shown.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, shown).convert("RGB"))
