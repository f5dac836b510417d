"""`Drawing`: a picture as line art: on white, its paper aside, or its lines apart from its own colors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from condcolor.imaging.geometry import Box, letterbox
from condcolor.imaging.line_art import dark_ink, has_colors, is_light_ink, recolor, split_lines
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper, Sheet, split_paper, strips_of

SEEN = 256  # pixels a side that are looked at for colors


@dataclass(frozen=True)
class Drawing:
    """A picture as line art.

    picture: the picture as it came.
    sheet: the drawing on white, and its paper; of a colored picture, its lines alone.
    fills: `[3, H, W]` float32 in [0, 1], the fills of a colored picture; None where it is a sketch.
    light_ink: the lines are light, on transparency.
    """

    picture: Picture
    sheet: Sheet
    fills: np.ndarray | None = None
    light_ink: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the picture, as text for users."""
        if self.light_ink:
            return ("light lines on transparency: the parts between them are coloured",)
        if self.sheet.inverted:
            return ("light lines on a dark ground: the parts between them are coloured",)
        return ()

    @cached_property
    def seen(self) -> tuple[np.ndarray, Box]:
        """The drawing on white in a square of SEEN pixels a side, and its box there, as from `letterbox`."""
        return letterbox(self.sheet.sketch, SEEN, 255)

    @property
    def lightness(self) -> np.ndarray:
        """The lightness `[H, W]` float32 in [0, 1] of the drawing on white."""
        sketch = self.sheet.sketch
        light = np.empty(sketch.shape[:2], np.float32)
        for rows in strips_of(sketch.shape):  # several times as fast as a mean over the last axis
            red, green, blue = (sketch[rows, :, i] for i in range(3))
            total = np.add(red, green, dtype=np.uint16)
            total += blue
            np.divide(total, np.float32(3 * 255), out=light[rows])
        return light

    def lines(self, paper: Paper = "keep") -> np.ndarray:
        """Return the factor of the fills, `[H, W, 1 or 3]` uint8, 255 is 1: lines on their paper."""
        sheet = self.sheet
        if self.fills is not None:
            return sheet.sketch[..., :1]
        return sheet.sketch if sheet.inverted else sheet.restore(sheet.sketch, paper=paper)

    def as_image(self, pixels: np.ndarray) -> np.ndarray:
        """Return a coloring on white, `[H, W, 3]` uint8, with the transparency of the picture."""
        picture = self.picture
        if picture.alpha is None:
            return pixels
        return recolor(picture.rgb, picture.alpha, pixels, light=self.light_ink)


def make_drawing(picture: Picture, *, apart: bool = True) -> Drawing:
    """Return a picture as line art, the paper of a sketch or the fills of a colored picture apart.

    apart: whether fills are; else a colored picture is its own sheet.
    """
    rgb = picture.rgb
    light_ink = picture.alpha is not None and is_light_ink(rgb, picture.alpha)
    if light_ink:
        assert picture.alpha is not None
        rgb = dark_ink(rgb, picture.alpha)
    drawing = Drawing(picture, split_paper(rgb), None, light_ink)
    if has_colors(drawing.seen[0]):
        if not apart:
            return Drawing(picture, Sheet(rgb, rgb, np.ones((1, 1, 3), np.float32)))
        art, fills = split_lines(rgb)
        grey = np.repeat((art * 255).round().astype(np.uint8)[..., None], 3, axis=-1)
        own = np.ascontiguousarray(fills.transpose(2, 0, 1))
        return Drawing(picture, Sheet(grey, grey, np.ones((1, 1, 3), np.float32)), own)
    return drawing
