"""One picture of a set: cell by cell, locked to its colours, measured, and checked."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from condcolor.attributes import RGB, format_hex
from condcolor.doubt import Doubt, find_doubts
from condcolor.images import Picture
from condcolor.locking import core, lock, usual_color
from condcolor.spritesheet import Grid, as_image, is_blank
from condcolor.wishes import parse_wishes, plain_values

if TYPE_CHECKING:
    from condcolor.coloring import Colorizer

CHECK_VALUES = 2  # values of an attribute that say well enough where it is


@dataclass(frozen=True)
class Found:
    """What there is to tell of a coloured picture, an attribute each; None for what was not looked for.

    measured: its colour, None where it shows nowhere. doubts: the largest.
    """

    measured: Mapping[str, RGB | None] | None = None
    doubts: Mapping[str, Doubt] | None = None

    @property
    def told(self) -> dict[str, object]:
        """As a manifest keeps it."""
        told: dict[str, object] = {}
        if self.measured is not None:
            colors = self.measured.items()
            told["measured"] = {name: color and format_hex(color) for name, color in colors}
        if self.doubts is not None:
            told["doubts"] = {name: vars(doubt) for name, doubt in self.doubts.items()}
        return told


NOTHING = Found()


@dataclass(frozen=True)
class Painted:
    """A picture that was coloured, where its attributes' colours are to be measured, and what is doubtful.

    cores: attribute to `[H, W]` bool, as in `locking.core`; None where nothing is to be measured.
    """

    image: Image.Image
    cores: Mapping[str, np.ndarray] | None = None
    doubts: Mapping[str, Doubt] | None = None

    def found(self, data: bytes) -> Found:
        """What there is to tell of the picture, its colours as they were encoded in `data`."""
        if self.cores is None:
            return NOTHING
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"))
        colors = {name: usual_color(rgb, inside) for name, inside in self.cores.items()}
        return Found(colors, self.doubts)


@dataclass(frozen=True)
class Paint:
    """How pictures are coloured, besides the colours.

    lock: each region gets exactly the colour asked. grid: a picture is a sheet of so many cells.
    check: doubts are found. report: colours are to be measured.
    """

    lock: bool = False
    grid: Grid | None = None
    check: bool = False
    report: bool = False

    def __call__(
        self, colorizer: Colorizer, picture: Picture, values: Mapping[str, str]
    ) -> Painted:
        """Colour one picture; raises as `Colorizer.__call__` does, DataError where a grid does not fit."""
        if self.grid is None:
            return self._cell(colorizer, picture, values)
        cells = self.grid.cells(picture)
        drawn = [
            Painted(as_image(cell), {}, {})
            if is_blank(cell)
            else self._cell(colorizer, cell, values)
            for cell in cells
        ]
        image = self.grid.joined(picture, [one.image for one in drawn])
        if not self.measures:
            return Painted(image)
        cores = {n: np.zeros(picture.rgb.shape[:2], bool) for n in colorizer.schema.names}
        doubts: dict[str, Doubt] = {}
        for place, one in zip(self.grid.places(picture), drawn, strict=True):
            for name, inside in one.cores.items():
                cores[name][place] = inside
            for name, doubt in (one.doubts or {}).items():
                doubts[name] = max(doubts.get(name, doubt), doubt, key=attrgetter("score"))
        return Painted(image, cores, doubts if self.check else None)

    @property
    def settings(self) -> dict[str, object]:
        """What a manifest must say of it, as in its `Settings`."""
        needs = ("measured",) * self.measures + ("doubts",) * self.check
        return {"lock": self.lock, "grid": str(self.grid or ""), "needs": needs}

    @property
    def is_plain(self) -> bool:
        """Whether pictures are coloured just as a Colorizer does it."""
        return self.grid is None and not self.measures

    @property
    def measures(self) -> bool:
        """Whether the colours of what is painted are measured."""
        return self.lock or self.check or self.report

    def _cell(self, colorizer: Colorizer, picture: Picture, values: Mapping[str, str]) -> Painted:
        wishes = parse_wishes(colorizer.schema, values)
        if not self.measures:
            return Painted(next(colorizer.colorings(picture, [values])))
        regions = colorizer.regions(picture)
        if self.lock:
            image = lock(regions, wishes)
        elif plain_values(wishes) is None:
            image = regions.painted(wishes)
        else:
            image = next(colorizer.colorings(picture, [values]))
        cores = {name: core(regions, name) for name in wishes}
        if not self.check:
            return Painted(image, cores)
        doubts = find_doubts(
            lambda shown: colorizer.regions(shown, most_values=CHECK_VALUES),
            picture,
            colorizer.image_size,
        )
        return Painted(image, cores, doubts)
