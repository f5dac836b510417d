"""`Regions`: a picture as lines and parts, found from a model's outputs, recolored.

A picture's fill is taken for `rest + sum_k share_k * color_k`, k the attributes: linear in the color of
each, as flat fills with soft edges are, and shaded ones. The same picture colored in several values of one
attribute then differs by `share_k * (color - mean color)`, which gives share and colors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import KEEP, ColorSpec, parse_color_specs
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.line_art import has_colors, on_white, recolor, split_lines
from condcolor.imaging.open import Picture
from condcolor.runtime.messages import evenly
from condcolor.runtime.process import memory_advice

PURE = 0.9  # share of the largest change from which a pixel is all an attribute's
LEAST_CHANGE = 0.1  # of the range, over all values: what changes less is not there to be seen
FEWEST = 9  # pixels that must change by as much as the largest change says
TRUSTED = 0.5  # from here on a pixel is no line, and says a fill color
NOISE, FULL = 0.02, 0.96  # shares below and above which a flat fill's pixel is none and all of it
MOST_RELIEF = 1.6  # how much lighter than its region's usual color a pixel can be
DEEP, SURE = (
    0.15,
    0.5,
)  # a dark pixel counts as shaded, not as partly covered, as its share rises so
COVERED = 0.93  # of a region of uneven fill: from here up nothing shows through


@dataclass(frozen=True)
class Shares:
    """The shares of attributes in a picture's fills. All float32, colors in [0, 1].

    rest: `[3, h, w]`, what is not painted in any attribute's color, weighed by its share.
    shares: `[K, h, w]`, what each attribute's color is multiplied by: its part of the pixel times
        the lightness there relative to the region's.
    covers: `[K, h, w]` in [0, 1], its part of the pixel alone. They add up to at most 1.
    colors: an array `[V, 3]` an attribute, the color of each of its values.
    """

    rest: np.ndarray
    shares: np.ndarray
    covers: np.ndarray
    colors: tuple[np.ndarray, ...]


def find_shares(
    base: np.ndarray, varied: Sequence[np.ndarray], trust: np.ndarray, *, flat: bool
) -> Shares:
    """Find the shares of attributes in a picture's fills.

    Args:
        base: `[3, h, w]` float in [0, 1], the fills with each attribute in the first of its values.
        varied: `[V, 3, h, w]` an attribute: the fills in its values, the others in their first.
        trust: `[h, w]` in [0, 1], low on lines, which say no fill.
        flat: the model's fills have no shading.
    """
    pairs = [_share(fills, trust > TRUSTED) for fills in varied]
    shares = np.stack([share for share, _ in pairs])
    colors = tuple(color for _, color in pairs)
    top = FULL if flat else 1.0
    shares = np.clip((shares - NOISE) / (top - NOISE), 0, 1 if flat else MOST_RELIEF)
    covers = np.minimum(shares, 1)
    crowd = np.maximum(covers.sum(0), 1)
    shares, covers = shares / crowd, covers / crowd
    rest = base - np.einsum("khw,kc->chw", shares, np.stack([color[0] for color in colors]))
    rest = np.maximum(rest, 0)
    if not flat:
        covers = _shaded_covers(shares, covers, rest)
    rest = np.minimum(rest, 1 - covers.sum(0))
    return Shares(*(a.astype(np.float32) for a in (rest, shares, covers)), colors)


def _share(fills: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One attribute's share `[h, w]`, 1 in most of its region, and the colors `[V, 3]` of its values.

    Where nothing changes, the share is 0 everywhere.
    """
    change = fills - fills.mean(axis=0)
    size = np.sqrt(np.square(change).sum(axis=(0, 1))) * trusted
    top = np.sort(size, axis=None)[-min(FEWEST, size.size)]
    if top < LEAST_CHANGE:
        return np.zeros_like(size), np.ones((len(fills), 3), np.float32)
    direction = np.median(change[:, :, size >= PURE * top], axis=-1)  # (V, 3)
    share = np.einsum("vchw,vc->hw", change, direction) / max(np.square(direction).sum(), 1e-12)
    whole = (share > 0.5) & trusted
    if whole.any():
        share /= np.median(share[whole])
    inside = (abs(share - 1) < 1 - PURE) & trusted
    if not inside.any():  # pixels that change, but no two of them alike
        return np.zeros_like(size), np.ones((len(fills), 3), np.float32)
    return share, np.median(fills[:, :, inside], axis=-1)


def _shaded_covers(shares: np.ndarray, covers: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Covers that do not shrink where a region is shaded: dark, but with nothing of the rest in it."""
    share, cover = shares.sum(0), covers.sum(0)
    most = np.clip(1 - rest.max(axis=0), 0, 1)  # what the rest leaves, were it white
    sure = np.clip((share - DEEP) / (SURE - DEEP), 0, 1)
    whole = cover + np.maximum(most - cover, 0) * sure
    return shares / np.maximum(share, 1e-6) * np.minimum(whole / COVERED, 1)


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
        """Return how much of the attribute each pixel shows, lines taken off: `[H, W]` float32 in [0, 1]."""
        return self.covers[self.schema.names.index(name)] * self.lines.mean(axis=0)

    def recolor(self, /, **values: str | ColorSpec) -> Image.Image:
        """Return the picture in these colors, as `Colorizer.__call__` does.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's and no color.
        """
        return self.as_image(self.pixels(parse_color_specs(self.schema, values)))

    def pixels(self, specs: Mapping[str, ColorSpec]) -> np.ndarray:
        """Return the picture in these colors on white, `[H, W, 3]` uint8."""
        return self.pixels_of(self.fills(self.asked(specs)))

    def pixels_of(self, fills: np.ndarray) -> np.ndarray:
        """Return the picture on white, `[H, W, 3]` uint8, with fills `[3, H, W]` in [0, 1]."""
        light = fills * (self.lines * np.float32(255))
        np.rint(light, out=light)
        return light.astype(np.uint8).transpose(1, 2, 0)

    def as_image(self, pixels: np.ndarray) -> Image.Image:
        """Return pixels `[H, W, 3]` uint8 on white with the transparency of the picture that came."""
        if self.picture.alpha is not None:
            pixels = recolor(self.picture.rgb, self.picture.alpha, pixels)
        return Image.fromarray(np.ascontiguousarray(pixels))

    def asked(self, specs: Mapping[str, ColorSpec]) -> dict[str, Color]:
        """Return the color of each attribute; UsageError where that of a value is not known."""
        return {name: spec.left or spec.color(self.colors[name]) for name, spec in specs.items()}

    def fills(self, asked: Mapping[str, Color]) -> np.ndarray:
        """Return the fills in these colors, `[3, H, W]` float32 in [0, 1]."""
        fills = self.rest.copy()
        for index, name in enumerate(self.schema.names):
            fills += self.part(index, asked[name])
        return np.clip(fills, 0, 1, out=fills)

    def part(self, index: int, color: Color) -> np.ndarray:
        """Return what the attribute of this index adds to the fills, `[3, H, W]` float32 in [0, 1]."""
        if isinstance(color, str):  # as much of it as there is, whatever the model's shading
            return self.covers[index] * (self.own if color == KEEP else WHITE)
        light = self.shares[index] * (np.array(color, np.float32)[:, None, None] / 255)
        return np.minimum(light, self.covers[index], out=light)  # no part is lighter than white


MOST_VALUES = 16  # of an attribute that are looked at; of more, as many, evenly spread


class Colors(Protocol):
    """What `find_regions` needs of a Colorizer."""

    schema: AttributeSchema
    codec: Any  # with the `fill` of a Codec
    image_size: int
    flat: bool
    takes_colors: bool  # line art with attributes

    def predict_even(self, sketch: np.ndarray, asked: Sequence[Sequence[int]]) -> np.ndarray:
        """Return outputs `[N, 3, S, S]`, fills even, for a sketch `[3, S, S]` uint8 and indices `[N, A]`."""

    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As in `SketchToRgb`."""

    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """As in `SketchToRgb`."""


def find_regions(picture: Picture, colorizer: Colors, *, most_values: int = MOST_VALUES) -> Regions:
    """Take a picture apart into lines, rest, and a region an attribute.

    A picture that is colored already is shown to the model as line art, and its rest stays as it is.

    Raises:
        UsageError: a model of photographs, or without attributes.
        DataError: the picture is too large for the memory.
    """
    schema, codec = colorizer.schema, colorizer.codec
    if not colorizer.takes_colors:
        raise UsageError(
            "this model has no parts to colour or to take apart: use a model of line art that has "
            "attributes, such as icons"
        )
    width, height = picture.size
    with memory_advice(f"{width}x{height} pixels are too many here: make the picture smaller"):
        seen = letterbox(picture.rgb, colorizer.image_size, codec.fill)[0]
        sketch, lines, own = picture.rgb, None, np.ones((3, 1, 1), np.float32)
        if colored := has_colors(seen):
            art, fills = split_lines(picture.rgb)
            lines, own = art[None], np.ascontiguousarray(fills.transpose(2, 0, 1))
            sketch = np.repeat((art * 255).round().astype(np.uint8)[..., None], 3, axis=-1)
        else:
            lines = np.ascontiguousarray(sketch.transpose(2, 0, 1)).astype(np.float32) / 255
            sketch = on_white(sketch)  # on grey paper networks are unsure of all that is not ink

        looked = [evenly(range(len(a.values)), most_values) for a in schema.attributes]
        square, box = letterbox(sketch, colorizer.image_size, codec.fill)
        outputs = colorizer.predict_even(
            np.ascontiguousarray(square.transpose(2, 0, 1)), _asked(looked)
        )
        rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        original = sketch.transpose(2, 0, 1)[None]
        fills, trust = colorizer.fills(original, outputs[:, :, rows, columns])
        shares = find_shares(fills[0], _varied(fills, looked), trust[0, 0], flat=colorizer.flat)
        rest, *parts = _spread(colorizer, shares, trust, (height, width))
        if colored:
            rest = own * (1 - parts[1].sum(0))
    return Regions(picture, schema, lines, own, rest, *parts, _colors(schema, looked, shares))


def _asked(looked: Sequence[Sequence[int]]) -> list[list[int]]:
    """Value indices `[N, A]`: all attributes in their first value, then each in its other ones."""
    rows = [[0] * len(looked)]
    for index, values in enumerate(looked):
        rows += [[0] * index + [value] + [0] * (len(looked) - index - 1) for value in values[1:]]
    return rows


def _varied(fills: np.ndarray, looked: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """The fills of each attribute in its values `[V, 3, h, w]`, from those that `_asked` asks for."""
    varied, start = [], 1
    for values in looked:
        stop = start + len(values) - 1
        varied.append(np.concatenate((fills[:1], fills[start:stop])))
        start = stop
    return varied


def _spread(
    colorizer: Colors, shares: Shares, trust: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rest, shares and covers at the picture's own size."""
    planes = np.concatenate((shares.rest, shares.shares, shares.covers))
    large = colorizer.spread(planes[None], trust, size)[0]
    count = len(shares.shares)
    return large[:3], large[3 : 3 + count], large[3 + count :]


def _colors(
    schema: AttributeSchema, looked: Sequence[Sequence[int]], shares: Shares
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """The color of each value, as it is painted; where it was not looked at, the palette's."""
    known = {}
    for attribute, values, colors in zip(schema.attributes, looked, shares.colors, strict=True):
        known[attribute.name] = dict(attribute.colors)
        for index, color in zip(values, colors.tolist(), strict=True):
            red, green, blue = (255 * level for level in color)
            known[attribute.name][attribute.values[index]] = (red, green, blue)
    return known
