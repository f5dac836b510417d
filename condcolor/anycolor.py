"""The regions of a picture's attributes, from a model: the same picture in several of its colourings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from condcolor.attributes import AttributeSchema
from condcolor.choosing import evenly
from condcolor.errors import UsageError
from condcolor.geometry import letterbox
from condcolor.images import Picture
from condcolor.lineart import has_colors, on_white, split_lines
from condcolor.memory import memory_told
from condcolor.recoloring import Regions
from condcolor.regions import Shares, find_shares

MOST_VALUES = 16  # of an attribute that are looked at; of more, as many, evenly spread


class Colors(Protocol):
    """What of a Colorizer it takes."""

    schema: AttributeSchema
    codec: Any  # with the `pairs` and `fill` of a Codec
    image_size: int
    flat: bool

    def evened_of(self, sketch: np.ndarray, asked: Sequence[Sequence[int]]) -> np.ndarray:
        """A sketch `[3, S, S]` uint8 and value indices `[N, A]` -> outputs `[N, 3, S, S]`, finished."""

    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As in `SketchToRgb`."""

    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """As in `SketchToRgb`."""


def find_regions(picture: Picture, colorizer: Colors, *, most_values: int = MOST_VALUES) -> Regions:
    """Take a picture apart into lines, rest, and a region an attribute.

    A picture that is coloured already is shown to the model as line art, and its rest stays as it is.

    Raises:
        UsageError: a model of photographs, or without attributes.
        DataError: the picture is too large for the memory.
    """
    schema, codec = colorizer.schema, colorizer.codec
    if not codec.pairs or not schema.attributes:
        raise UsageError(
            "this model has no parts to colour or to take apart: use a model of line art that has "
            "attributes, such as icons"
        )
    width, height = picture.size
    with memory_told(f"{width}x{height} pixels are too many here: make the picture smaller"):
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
        made = colorizer.evened_of(np.ascontiguousarray(square.transpose(2, 0, 1)), _asked(looked))
        rows, columns = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
        original = sketch.transpose(2, 0, 1)[None]
        fills, trust = colorizer.fills(original, made[:, :, rows, columns])
        shares = find_shares(fills[0], _varied(fills, looked), trust[0, 0], flat=colorizer.flat)
        rest, *parts = _spread(colorizer, shares, trust, (height, width))
        if colored:
            rest = own * (1 - parts[1].sum(0))
    return Regions(picture, schema, lines, own, rest, *parts, _colors(schema, looked, shares))


def _asked(looked: Sequence[Sequence[int]]) -> list[list[int]]:
    """Value indices `[N, A]`: all attributes in their first value, then each in its other ones."""
    rows = [[0] * len(looked)]
    for place, values in enumerate(looked):
        rows += [[0] * place + [value] + [0] * (len(looked) - place - 1) for value in values[1:]]
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
    """The colour of each value, as it is painted; where it was not looked at, the palette's."""
    known = {}
    for attribute, values, colors in zip(schema.attributes, looked, shares.colors, strict=True):
        known[attribute.name] = dict(attribute.colors)
        for place, color in zip(values, colors.tolist(), strict=True):
            red, green, blue = (255 * level for level in color)
            known[attribute.name][attribute.values[place]] = (red, green, blue)
    return known
