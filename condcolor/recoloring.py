"""A picture taken apart so that any colour can be put in: done once, then a colour costs milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from condcolor.attributes import AttributeSchema
from condcolor.images import Picture
from condcolor.transparency import recolor
from condcolor.wishes import KEEP, Wish, parse_wishes

WHITE = np.ones((3, 1, 1), np.float32)

# one attribute's: an RGB in 0..255, or NONE or KEEP
Color = tuple[float, float, float] | str


@dataclass(frozen=True)
class Regions:
    """A picture as lines times fills, and the fills as `rest + sum_k share_k * color_k`.

    All arrays are float32 in [0, 1], at the picture's own size; a share may be more on highlights.

    picture: what came.
    lines: `[1 or 3, H, W]`, what the fills are multiplied by: the sketch itself.
    own: `[3, H, W]`, the fills of the picture that came; `[3, 1, 1]` of ones where it is a sketch.
    rest, shares, covers: as in `Shares`; an attribute the picture does not show has shares of 0.
    colors: attribute -> value -> RGB in 0..255, as the model paints it here.
    """

    picture: Picture
    schema: AttributeSchema
    lines: np.ndarray
    own: np.ndarray
    rest: np.ndarray
    shares: np.ndarray
    covers: np.ndarray
    colors: Mapping[str, Mapping[str, tuple[float, float, float]]]

    def mask(self, name: str) -> np.ndarray:
        """`[H, W]` float32 in [0, 1]: how much of the attribute shows in each pixel, lines taken off."""
        return self.covers[self.schema.names.index(name)] * self.lines.mean(axis=0)

    def paint(self, **values: str) -> Image.Image:
        """The picture in these colours, as `Colorizer.__call__` gives it."""
        return self.painted(parse_wishes(self.schema, values))

    def painted(self, wishes: Mapping[str, Wish]) -> Image.Image:
        return self.as_image(self.pixels(wishes))

    def pixels(self, wishes: Mapping[str, Wish]) -> np.ndarray:
        """`[H, W, 3]` uint8: the painted picture on white."""
        return self.pixels_of(self.fills(self.asked(wishes)))

    def pixels_of(self, fills: np.ndarray) -> np.ndarray:
        """The same from its fills."""
        light = fills * (self.lines * np.float32(255))
        np.rint(light, out=light)
        return light.astype(np.uint8).transpose(1, 2, 0)

    def as_image(self, pixels: np.ndarray) -> Image.Image:
        """What was painted on white, with the transparency of the picture that came."""
        if self.picture.alpha is not None:
            pixels = recolor(self.picture.rgb, self.picture.alpha, pixels)
        return Image.fromarray(np.ascontiguousarray(pixels))

    def asked(self, wishes: Mapping[str, Wish]) -> dict[str, Color]:
        """The colour of each attribute; UsageError where a value's is not known."""
        return {name: wish.left or wish.color(self.colors[name]) for name, wish in wishes.items()}

    def fills(self, asked: Mapping[str, Color]) -> np.ndarray:
        """`[3, H, W]` float32 in [0, 1]."""
        fills = self.rest.copy()
        for place, name in enumerate(self.schema.names):
            fills += self.part(place, asked[name])
        return np.clip(fills, 0, 1, out=fills)

    def part(self, place: int, color: Color) -> np.ndarray:
        """What the attribute in this place adds to the fills, `[3, H, W]`."""
        if isinstance(color, str):  # as much of it as there is, whatever the model's shading
            return self.covers[place] * (self.own if color == KEEP else WHITE)
        light = self.shares[place] * (np.array(color, np.float32)[:, None, None] / 255)
        return np.minimum(light, self.covers[place], out=light)  # no part is lighter than white
