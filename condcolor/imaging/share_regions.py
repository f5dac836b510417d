"""`ShareRegions`: regions found from the outputs of a model that gives colors, not parts.

A picture's fill is taken for `rest + sum_k share_k * color_k`, k the attributes: linear in the color of
each, as flat fills with soft edges are, and shaded ones. The same picture colored in several values of one
attribute then differs by `share_k * (color - mean color)`, which gives share and colors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from condcolor.conditions.color_spec import KEEP
from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.drawing import make_drawing
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.open import Picture
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import WHITE, Color, Regions
from condcolor.runtime.messages import evenly
from condcolor.runtime.process import memory_advice

PURE = 0.9  # share of the largest change from which a pixel lies wholly in the region
LEAST_CHANGE = 0.1  # of the range, over all values; below it the attribute is not shown
FEWEST = 9  # pixels that change by at least the largest change, which makes it robust
TRUSTED = 0.5  # trust from which a pixel has a fill color: it is no line
NOISE, FULL = 0.02, 0.96  # shares of a flat fill below which a pixel counts as 0, above which as 1
MOST_RELIEF = 1.6  # largest lightness of a pixel relative to the usual color of its region
DEEP, SURE = 0.15, 0.5  # shares between which a dark pixel turns from partly covered into shaded
COVERED = 0.93  # cover of an uneven fill from which nothing shows through


@dataclass(frozen=True)
class Shares:
    """The shares of attributes in a picture's fills. All float32, colors in [0, 1].

    rest: `[3, h, w]`, the fill that belongs to no attribute, times its cover.
    shares: `[K, h, w]`, the factor of each attribute's color: its cover of the pixel times the lightness
        there relative to the region's.
    covers: `[K, h, w]` in [0, 1], the part of the pixel that each attribute covers; the sum is at most 1.
    colors: for each attribute `[V, 3]`, the color of each of its values.
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
        base: `[3, h, w]` float in [0, 1], the fills with each attribute in its first value.
        varied: for each attribute `[V, 3, h, w]`, the fills in its values, the others in their first.
        trust: `[h, w]` in [0, 1], low on lines, which have no fill.
        flat: whether the model's fills have no shading.
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
    rest, shares, covers = (array.astype(np.float32) for array in (rest, shares, covers))
    return Shares(rest, shares, covers, colors)


def _share(fills: np.ndarray, trusted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one attribute's share `[h, w]`, 1 in most of its region, and the colors `[V, 3]` of its values.

    The share is 0 everywhere where no pixel changes.
    """
    change = fills - fills.mean(axis=0)
    size = np.sqrt(np.square(change).sum(axis=(0, 1))) * trusted
    top = np.sort(size, axis=None)[-min(FEWEST, size.size)]
    absent = np.zeros_like(size), np.ones((len(fills), 3), np.float32)
    if top < LEAST_CHANGE:
        return absent
    direction = np.median(change[:, :, size >= PURE * top], axis=-1)  # (V, 3)
    share = np.einsum("vchw,vc->hw", change, direction) / max(np.square(direction).sum(), 1e-12)
    whole = (share > 0.5) & trusted
    if whole.any():
        share /= np.median(share[whole])
    inside = (abs(share - 1) < 1 - PURE) & trusted
    if not inside.any():  # no two of the changed pixels agree
        return absent
    return share, np.median(fills[:, :, inside], axis=-1)


def _shaded_covers(shares: np.ndarray, covers: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Return covers that do not shrink where a region is shaded, dark without any of the rest in it."""
    share, cover = shares.sum(0), covers.sum(0)
    most = np.clip(1 - rest.max(axis=0), 0, 1)  # the cover that a white rest would leave
    sure = np.clip((share - DEEP) / (SURE - DEEP), 0, 1)
    whole = cover + np.maximum(most - cover, 0) * sure
    return shares / np.maximum(share, 1e-6) * np.minimum(whole / COVERED, 1)


@dataclass(frozen=True, kw_only=True)
class ShareRegions(Regions):
    """Regions as shares of each attribute's color in the fills: `rest + sum_k share_k * color_k`.

    found: the shares at the picture's own size, `[3, H, W]` and `[K, H, W]`; an attribute the picture does
        not show has shares of 0.
    """

    found: Shares

    @property
    def arrays(self) -> list[np.ndarray]:
        return [*super().arrays, self.found.rest, self.found.shares, self.found.covers]

    @property
    def covers(self) -> np.ndarray:
        return self.found.covers

    @property
    def rest(self) -> np.ndarray:
        return self.found.rest

    def on_paper(self, paper: Paper) -> Self:
        return replace(self, levels=self.drawing.lines(paper), paper=paper)

    def fills(self, colors: Mapping[str, Color]) -> np.ndarray:
        fills = self.rest.copy()
        for index, name in enumerate(self.schema.names):
            fills += self.part(index, colors[name])
        return np.clip(fills, 0, 1, out=fills)

    def part(self, index: int, color: Color) -> np.ndarray:
        if isinstance(color, str):  # NONE and KEEP ignore the model's shading
            return self.covers[index] * (self.own if color == KEEP else WHITE)
        light = self.found.shares[index] * (np.array(color, np.float32)[:, None, None] / 255)
        return np.minimum(light, self.covers[index], out=light)  # no part is lighter than white


MOST_VALUES = 16  # values of an attribute that are predicted; evenly spread where there are more


class LineArtColorizer(Protocol):
    """The part of a Colorizer that `find_regions` needs."""

    schema: AttributeSchema
    codec: Any  # with the `fill` of a Codec
    image_size: int
    flat: bool

    def predict_even(self, sketch: np.ndarray, indices: Sequence[Sequence[int]]) -> np.ndarray:
        """Return outputs `[N, 3, S, S]`, fills even, for a sketch `[3, S, S]` uint8 and indices `[N, A]`."""

    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the fills and the trust in them, as `SketchToRgb.fills` does."""

    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return planes at full size, as `SketchToRgb.spread` does."""


def find_regions(
    picture: Picture,
    colorizer: LineArtColorizer,
    *,
    most_values: int = MOST_VALUES,
    paper: Paper = "keep",
) -> ShareRegions:
    """Take a picture apart into lines, rest, and a region for each attribute.

    A colored picture is shown to the model as line art; its own rest is kept.

    Raises:
        DataError: the picture is too large for the memory.
    """
    schema, codec = colorizer.schema, colorizer.codec
    width, height = picture.size
    with memory_advice(f"{width}x{height} pixels are too many here: make the picture smaller"):
        drawing = make_drawing(picture)
        sketch = drawing.sheet.sketch
        own = WHITE if drawing.fills is None else drawing.fills
        sampled = [evenly(range(len(a.values)), most_values) for a in schema.attributes]
        square, box = letterbox(sketch, colorizer.image_size, codec.fill)
        outputs = colorizer.predict_even(
            np.ascontiguousarray(square.transpose(2, 0, 1)), _varied_indices(sampled)
        )
        rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        original = sketch.transpose(2, 0, 1)[None]
        fills, trust = colorizer.fills(original, outputs[:, :, rows, columns])
        small = find_shares(
            fills[0], _varied_fills(fills, sampled), trust[0, 0], flat=colorizer.flat
        )
        planes = np.concatenate((small.rest, small.shares, small.covers))
        large = colorizer.spread(planes[None], trust, (height, width))[0]
        count = len(schema.attributes)
        rest, shares, covers = large[:3], large[3 : 3 + count], large[3 + count :]
        if drawing.fills is not None:
            rest = own * (1 - covers.sum(0))
        levels = drawing.lines(paper)
    colors = _colors(schema, sampled, small)
    found = replace(small, rest=rest, shares=shares, covers=covers)
    return ShareRegions(
        schema=schema,
        levels=levels,
        own=own,
        colors=colors,
        drawing=drawing,
        paper=paper,
        found=found,
    )


def _varied_indices(sampled: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return value indices `[N, A]`: all attributes in their first value, then each in its other ones."""
    rows = [[0] * len(sampled)]
    for index, values in enumerate(sampled):
        rows += [[0] * index + [value] + [0] * (len(sampled) - index - 1) for value in values[1:]]
    return rows


def _varied_fills(fills: np.ndarray, sampled: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Return for each attribute the fills `[V, 3, h, w]` in its values, of the rows of `_varied_indices`."""
    varied, start = [], 1
    for values in sampled:
        stop = start + len(values) - 1
        varied.append(np.concatenate((fills[:1], fills[start:stop])))
        start = stop
    return varied


def _colors(
    schema: AttributeSchema, sampled: Sequence[Sequence[int]], shares: Shares
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return the color of each value as predicted; where it was not sampled, the palette's."""
    known: dict[str, dict[str, tuple[float, float, float]]] = {}
    for attribute, values, colors in zip(schema.attributes, sampled, shares.colors, strict=True):
        known[attribute.name] = {**attribute.colors}
        for index, color in zip(values, colors.tolist(), strict=True):
            red, green, blue = (255 * level for level in color)
            known[attribute.name][attribute.values[index]] = (red, green, blue)
    return known
