"""`Layers`: the stack of lines, parts, rest and paper, made from `Regions`, recolored, composed.

    layers = Colorizer.load("icons").layers("ada.png", hair="red", shirt="blue")
    layers.recolored(hair="#00aa88").composed().save("icon.png")

Layers are stacked from the bottom up by plain alpha compositing (Porter and Duff 1984, "over").
"""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import KEEP, NONE, ColorSpec, take_color_spec
from condcolor.conditions.schema import Attribute, AttributeSchema, name_fault
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.line_art import PAINTED, fill_behind
from condcolor.imaging.regions import Color, Regions
from condcolor.imaging.save import encode_shown
from condcolor.runtime.messages import listed

LINES, REST, PAPER = "lines", "rest", "paper"  # layers that every picture has, or may have
STRIP_PIXELS = 2**20  # composed at a time
SEEN = 128  # alpha from which a pixel counts for its layer's color
DARK = 8  # level of 255 below which a color is too dark for relative lightness
WHITE = (255.0, 255.0, 255.0)
WHITE_PIXEL = np.ones((3, 1, 1), np.float32)
_ANY = ("black", "white"), ((0, 0, 0), (255, 255, 255))  # values of layers beside the schema's


@dataclass(frozen=True)
class Layers:
    """The layers of a picture, from the bottom up: paper (if it is opaque), rest, attributes, lines.

    names: unique; an attribute's layer is named after it.
    images: `[H, W, 4]` uint8 each, all of one size: RGB with straight (not premultiplied) alpha.
    schema: the model's attributes with their colors, where known.
    """

    names: tuple[str, ...]
    images: tuple[np.ndarray, ...]
    schema: AttributeSchema = field(default_factory=AttributeSchema)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.images[0].shape[1], self.images[0].shape[0]

    @property
    def choices(self) -> tuple[Attribute, ...]:
        """The layers that can be recolored: the attributes, the lines and the paper."""
        known = {attribute.name: attribute for attribute in self.schema.attributes}
        parts = [name for name in self.names[::-1] if name not in (LINES, REST, PAPER)]
        # an editor may have given a layer a name that no attribute can have: it keeps its color
        parts = [name for name in parts if not name_fault(name)]
        names = [*parts, *(name for name in (LINES, PAPER) if name in self.names)]
        return tuple(known.get(name) or Attribute(name, *_ANY) for name in names)

    def composed(self) -> Image.Image:
        """Return the composed picture: RGB where it is opaque everywhere, else RGBA."""
        width, height = self.size
        pixels = np.empty((height, width, 4), np.uint8)
        step = max(1, STRIP_PIXELS // width)
        for top in range(0, height, step):  # floats of a whole picture take much memory
            rows = slice(top, top + step)
            color, alpha = _stacked([image[rows] for image in self.images])
            rgb = color / np.maximum(alpha, 1e-6)[..., None]
            pixels[rows] = (np.dstack((rgb, alpha)) * 255).round().clip(0, 255)
        return Image.fromarray(pixels[..., :3].copy() if pixels[..., 3].min() == 255 else pixels)

    def _repr_html_(self) -> str:
        """Return the picture and its layers, from the top down, as a notebook shows them."""
        shown = [
            ("", self.composed()),
            *zip(self.names[::-1], map(Image.fromarray, self.images[::-1]), strict=True),
        ]
        return "".join(
            f'<figure style="display:inline-block;margin:4px">'
            f'<img alt="" src="data:image/png;base64,{base64.b64encode(encode_shown(image)).decode()}">'
            f"<figcaption>{html.escape(name)}</figcaption></figure>"
            for name, image in shown
        )

    def save(self, out: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
        """Save as .ora, .psd or .svg, or in a folder: returns and raises as `save_layers`."""
        from condcolor.imaging.layer_files import save_layers

        return save_layers(self, out, overwrite=overwrite)

    def recolored(self, /, **values: str | ColorSpec) -> Layers:
        """Return a copy with some layers in other colors.

        values: layer -> a value of the model, a color, a mix, `none` (white) or `keep`.

        Raises:
            UsageError: there is no such layer or no such color.
        """
        images = list(self.images)
        for name, value in values.items():
            attribute = self._choice(name)
            spec = take_color_spec(attribute, value)
            if spec.left == KEEP:
                continue
            color = WHITE if spec.left == NONE else spec.color(attribute.colors)
            index = self.names.index(attribute.name)
            images[index] = _in_color(images[index], color)
        if LINES in self.names and LINES not in values:
            _retint(self.names.index(LINES), self.images, images)
        return replace(self, images=tuple(images))

    def _choice(self, name: str) -> Attribute:
        choices = {attribute.name.replace("-", "_"): attribute for attribute in self.choices}
        choice = choices.get(name.replace("-", "_"))
        if choice is None:
            names = [attribute.name for attribute in choices.values()]
            problem = "holds several colours" if name == REST else "is not there"
            raise UsageError(
                f"the layer '{name}' {problem}; the layers to recolour are "
                f"{listed(names)}{did_you_mean(name, names)}"
            )
        return choice


def usual_color(image: np.ndarray) -> np.ndarray:
    """Return the median color `[3]` float of a layer `[H, W, 4]` uint8."""
    seen = image[..., 3] >= SEEN
    pixels = image[seen if seen.any() else image[..., 3] > 0][:, :3]
    return np.median(pixels, axis=0) if len(pixels) else np.full(3, 255.0)


def _in_color(image: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    """Return the layer in another color, with its relief: relative lightness stays."""
    usual = usual_color(image)
    before = usual.max()
    colored = image.copy()
    colored[..., :3] = np.round(color)
    if before >= DARK:
        uneven = (image[..., :3] != usual).any(axis=-1)
        relief = image[uneven, :3].max(axis=-1) / before
        colored[uneven, :3] = (relief[:, None] * color).round().clip(0, 255)
    return colored


def _retint(index: int, before: tuple[np.ndarray, ...], after: list[np.ndarray]) -> None:
    """Tint lines that are not black, which show the layers below, by the change of those layers.

    Writes the layer `index` of `after`.
    """
    lines = before[index]
    tinted = (lines[..., :3] > 0).any(axis=-1) & (lines[..., 3] > 0)
    if not tinted.any():
        return
    old, new = (_stacked([image[tinted] for image in s[:index]])[0] for s in (before, after))
    retinted = lines.copy()
    change = new / np.maximum(old, 1 / 255)
    retinted[tinted, :3] = (lines[tinted, :3] * change).round().clip(0, 255)
    after[index] = retinted


def _stacked(images: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Composite `[..., 4]` uint8 from the bottom up: color times alpha, and alpha, float32 in [0, 1]."""
    color: np.ndarray = np.zeros((*images[0].shape[:-1], 3), np.float32)
    alpha: np.ndarray = np.zeros(images[0].shape[:-1], np.float32)
    for image in images:
        own = image[..., 3].astype(np.float32) / 255
        color = color * (1 - own)[..., None] + image[..., :3] * (own / 255)[..., None]
        alpha = alpha * (1 - own) + own
    return color, alpha


SOLID = 1 / 255  # share of light through lines below which they hide all layers under them
LEAST = 1e-3  # smallest divisor of alphas and covers


def make_layers(regions: Regions, specs: Mapping[str, ColorSpec]) -> Layers:
    """Return the layers of `regions.recolor(**specs)`.

    Fills continue under the lines. The rest is the part of the figure without attribute, up to the
    background; an opaque picture has white paper below.
    """
    colors = regions.target_colors(specs)
    if regions.drawing.sheet.inverted or regions.drawing.light_ink:
        return _make_light_layers(regions, colors)
    fills = regions.fills(colors)  # (3, H, W), as all colors here, in [0, 1]
    alpha = regions.picture.alpha
    opaque = alpha is None
    own: np.ndarray = np.ones(fills.shape[1:], np.float32)
    opacity = own
    if alpha is not None:
        own = alpha.astype(np.float32) / 255
        rgba = np.asarray(regions.as_image(regions.pixels_of(fills)))
        opacity = rgba[..., 3].astype(np.float32) / 255
    ink = ((regions.lines - (1 - own)) / np.maximum(own, 1 / 255)).clip(0, 1)
    low = ink.min(axis=0)
    line_alpha = own * (1 - low)
    tint = own * (ink - low) * fills / np.maximum(line_alpha, LEAST)
    through = 1 - line_alpha
    below = np.ones_like(own)  # opacity of the layers below the lines
    if not opaque:
        visible = through >= SOLID
        below[visible] = ((opacity - line_alpha)[visible] / through[visible]).clip(0, 1)

    covers, own_rest = regions.covers, regions.rest
    covered = covers.sum(axis=0)
    left = 1 - covered
    rest, around = left, np.zeros_like(left)
    if opaque:
        inside = fill_behind(
            (line_alpha * 255).astype(np.uint8), fills.min(axis=0) < 1 - PAINTED / 255
        )
        # inside the figure, and wherever white paper alone would differ
        rest = np.maximum(inside - covered, left - own_rest.min(axis=0)).clip(0, left)
        around = left - rest
    # under solid lines only whole parts continue: no specks, no ring of paper
    solid = (through < SOLID) & (ink.max(axis=0) < SOLID)
    rest = np.where(solid, 0, rest)
    covers = np.where(solid & (covers < 0.5), 0, covers)
    stack = [(LINES, _image(tint, line_alpha, (0, 0, 0)))]
    remaining = np.ones_like(left)
    for index, (name, cover) in enumerate(zip(regions.schema.names, covers, strict=True)):
        if _is_missing(regions, name, cover):
            continue
        color = colors[name]
        fill = regions.part(index, color) / np.maximum(cover, LEAST)
        part_alpha = _layer_alpha(below * cover, remaining)
        hidden = WHITE if isinstance(color, str) else color
        stack.append((_layer_name(name), _image(fill, part_alpha, hidden)))
        remaining = remaining * (1 - part_alpha)
    fill = (own_rest - around) / np.maximum(rest, LEAST)
    stack.append((REST, _image(fill, _layer_alpha(below * rest, remaining), WHITE)))
    if opaque:
        stack.append((PAPER, np.full((*left.shape, 4), 255, np.uint8)))
    names, images = zip(*stack[::-1], strict=True)
    return Layers(names, images, regions.schema)


def _make_light_layers(regions: Regions, colors: Mapping[str, Color]) -> Layers:
    """Return the layers of light lines: on their dark ground, or on transparency."""
    picture, lines = regions.picture, regions.lines.mean(axis=0)
    own = WHITE_PIXEL if picture.alpha is None else picture.rgb.transpose(2, 0, 1) / 255
    stack = [(LINES, _image(np.broadcast_to(own, (3, *lines.shape)), 1 - lines, (255, 255, 255)))]
    remaining = np.ones_like(lines)
    covers, own_rest = regions.covers, regions.rest
    for index, (name, cover) in enumerate(zip(regions.schema.names, covers, strict=True)):
        if _is_missing(regions, name, cover):
            continue
        color = colors[name]
        fill = regions.part(index, color) / np.maximum(cover, LEAST)
        alpha = _layer_alpha(cover, remaining)
        hidden = WHITE if isinstance(color, str) else color
        stack.append((_layer_name(name), _image(fill, alpha, hidden)))
        remaining = remaining * (1 - alpha)
    left = 1 - covers.sum(axis=0)
    drawn = (own_rest.min(axis=0) < left - PAINTED / 255) * left
    fill = own_rest / np.maximum(left, LEAST)
    stack.append((REST, _image(fill, _layer_alpha(drawn, remaining), WHITE)))
    if picture.alpha is None:
        ground = np.empty((3, *lines.shape), np.float32)
        for rows, paper in regions.drawing.sheet.paper_strips():
            ground[:, rows] = 1 - paper.transpose(2, 0, 1)
        stack.append((PAPER, _image(ground, np.ones_like(lines), (0, 0, 0))))
    names, images = zip(*stack[::-1], strict=True)
    return Layers(names, images, regions.schema)


def _is_missing(regions: Regions, name: str, cover: np.ndarray) -> bool:
    """Whether the picture does not show an optional attribute, which then has no layer."""
    return bool(regions.schema.attribute(name).default) and not cover.any()


def _layer_alpha(part: np.ndarray, remaining: np.ndarray) -> np.ndarray:
    """Return the alpha of a layer that takes `part` of a pixel, of which the layers above left `remaining`.

    Rounded to steps of 1/255, as saved, so that the layers below make up for the rounding.
    """
    return (part / np.maximum(remaining, LEAST) * 255).round().clip(0, 255) / 255


def _image(color: np.ndarray, alpha: np.ndarray, hidden: tuple[float, float, float]) -> np.ndarray:
    """Return `[H, W, 4]` uint8 of `[3, H, W]` and `[H, W]` float in [0, 1]; `hidden` where alpha is 0."""
    pixels = np.empty((*alpha.shape, 4), np.uint8)
    pixels[..., :3] = (color.transpose(1, 2, 0) * 255).round().clip(0, 255)
    pixels[..., 3] = (alpha * 255).round()
    pixels[pixels[..., 3] == 0, :3] = np.round(hidden)
    return pixels


def _layer_name(attribute: str) -> str:
    """Return the attribute's name, with a suffix where another layer has that name."""
    return f"{attribute}-part" if attribute in (LINES, REST, PAPER) else attribute
