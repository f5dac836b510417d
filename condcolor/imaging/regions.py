"""`Regions`: a picture as lines and fills, each attribute's part of the fills known, recolored.

Which part of the fills is an attribute's is answered in two ways: `PartRegions` (each pixel belongs to one
part) and `ShareRegions` (each pixel has a share of each color).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import (
    DEFAULT,
    KEEP,
    ColorSpec,
    default_spec,
    parse_color_specs,
)
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.drawing import Drawing
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper, strips_of
from condcolor.imaging.save import encode_shown

WHITE = np.ones((3, 1, 1), np.float32)
Color = tuple[float, float, float] | str  # RGB in 0..255, or NONE or KEEP


@dataclass(frozen=True, kw_only=True)
class Regions(ABC):
    """A picture as lines times fills, and the fills as a rest and a term for each attribute.

    All arrays but the levels are float32 in [0, 1], at the picture's own size.

    schema: the attributes; one that the picture does not show has an empty region.
    levels: `[H, W, 1 or 3]` uint8, the factor of the fills, 255 is 1: the sketch itself.
    own: `[3, H, W]`, the fills of the input picture; `[3, 1, 1]` of ones where it is a sketch.
    colors: attribute -> value -> RGB in 0..255, as the model has it here.
    drawing: the picture as line art.
    paper: what becomes of its paper.
    """

    schema: AttributeSchema
    levels: np.ndarray
    own: np.ndarray
    colors: Mapping[str, Mapping[str, tuple[float, float, float]]]
    drawing: Drawing
    paper: Paper = "keep"

    @property
    def picture(self) -> Picture:
        """The input picture."""
        return self.drawing.picture

    @property
    def lines(self) -> np.ndarray:
        """The factor of the fills, `[1 or 3, H, W]` float32 in [0, 1]."""
        lines = np.empty((self.levels.shape[2], *self.levels.shape[:2]), np.float32)
        for rows in strips_of(self.levels.shape):
            np.divide(self.levels[rows].transpose(2, 0, 1), np.float32(255), out=lines[:, rows])
        return lines

    @property
    def doubts(self) -> np.ndarray | None:
        """The pieces whose part is in doubt, `[H, W]` bool; None where pieces are not decided."""
        return None

    @property
    def arrays(self) -> list[np.ndarray]:
        """All arrays that are kept, for their size in memory."""
        return [self.levels, self.own, self.drawing.sheet.sketch]

    @property
    @abstractmethod
    def covers(self) -> np.ndarray:
        """`[K, H, W]`, the part of the pixel that each attribute covers; the sum is at most 1."""

    @property
    @abstractmethod
    def rest(self) -> np.ndarray:
        """`[3, H, W]`, the fill that belongs to no attribute, times its cover."""

    @abstractmethod
    def part(self, index: int, color: Color) -> np.ndarray:
        """Return the term of the attribute of this index in the fills, `[3, H, W]` float32 in [0, 1]."""

    @abstractmethod
    def fills(self, colors: Mapping[str, Color]) -> np.ndarray:
        """Return the fills in these colors, `[3, H, W]` float32 in [0, 1]."""

    @abstractmethod
    def on_paper(self, paper: Paper) -> Self:
        """Return the same regions on other paper."""

    def mask(self, name: str) -> np.ndarray:
        """Return the attribute's part of each pixel, without lines: `[H, W]` float32 in [0, 1]."""
        return self.covers[self.schema.names.index(name)] * self.lines.mean(axis=0)

    def recolor(self, /, **values: str | ColorSpec) -> Image.Image:
        """Return the picture in these colors, as `Colorizer.__call__` does.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's and no color.
        """
        return self.as_image(self.pixels(parse_color_specs(self.schema, values)))

    def _repr_png_(self) -> bytes:
        """Return the picture as a notebook shows it: each attribute in another of its values."""
        values = {
            attribute.name: attribute.values[index % len(attribute.values)]
            for index, attribute in enumerate(self.schema.attributes)
        }
        return encode_shown(self.recolor(**values))

    def pixels(self, specs: Mapping[str, ColorSpec]) -> np.ndarray:
        """Return the picture in these colors on white, `[H, W, 3]` uint8."""
        return self.pixels_of(self.fills(self.target_colors(specs)))

    def pixels_of(self, fills: np.ndarray) -> np.ndarray:
        """Return the picture on white, `[H, W, 3]` uint8, with fills `[3, H, W]` in [0, 1]."""
        pixels = np.empty((*fills.shape[1:], 3), np.uint8)
        for rows in strips_of(pixels.shape):  # in strips, what is computed stays in the cache
            light = fills[:, rows].transpose(1, 2, 0) * self.levels[rows]
            pixels[rows] = np.rint(light, out=light)
        sheet = self.drawing.sheet
        if not sheet.inverted:  # else the paper is in the lines
            return pixels
        painted = (fills.min(axis=0) < 1).astype(np.float32)
        return sheet.restore(
            pixels, paper=self.paper, painted=np.maximum(painted, self.covers.sum(0))
        )

    def as_image(self, pixels: np.ndarray) -> Image.Image:
        """Return pixels `[H, W, 3]` uint8 on white as an image with the input picture's transparency."""
        return Image.fromarray(np.ascontiguousarray(self.drawing.as_image(pixels)))

    def target_colors(self, specs: Mapping[str, ColorSpec]) -> dict[str, Color]:
        """Return the color of each attribute; UsageError where the color of a value is not known.

        Where an attribute's default is asked for, a colored picture keeps its own color there.
        """
        colors: dict[str, Color] = {}
        for name, spec in specs.items():
            if spec.left == DEFAULT and self.drawing.fills is not None:
                colors[name] = KEEP
                continue
            if spec.left == DEFAULT:
                spec = default_spec(self.schema.attribute(name))
            colors[name] = spec.left or spec.color(self.colors[name])
        return colors
