"""A coloured picture as a stack of layers, each recoloured by itself, without a network.

    layers = Colorizer.load("icons").layers("ada.png", hair="red", shirt="blue")
    layers.recolored(hair="#00aa88").composed().save("icon.png")

Layers are stacked from the bottom up by plain alpha compositing (Porter and Duff 1984, "over").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from condcolor.attributes import Attribute, AttributeSchema, listed, name_fault
from condcolor.errors import UsageError, did_you_mean
from condcolor.wishes import KEEP, NONE, parse_wish

LINES, REST, PAPER = "lines", "rest", "paper"  # layers that every picture has, or may have
SEEN = 128  # alpha from which a pixel says its layer's colour
DARK = 8  # of 255: a colour darker than this does not say how much lighter a pixel of it is
WHITE = (255.0, 255.0, 255.0)
_ANY = ("black", "white"), ((0, 0, 0), (255, 255, 255))  # values where nothing else is known


@dataclass(frozen=True)
class Layers:
    """The layers of a picture, from the bottom up: paper (if it is opaque), rest, attributes, lines.

    names: each another; an attribute's layer is named after it.
    images: `[H, W, 4]` uint8 each, all of one size: RGB, and alpha that it is not multiplied by.
    schema: what the values of the model look like, where that is known.
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
        """What can be recoloured: the attributes, the lines and the paper."""
        known = {attribute.name: attribute for attribute in self.schema.attributes}
        parts = [name for name in self.names[::-1] if name not in (LINES, REST, PAPER)]
        # a layer that an editor named as no attribute may be stays as it is
        parts = [name for name in parts if not name_fault(name)]
        names = [*parts, *(name for name in (LINES, PAPER) if name in self.names)]
        return tuple(known.get(name) or Attribute(name, *_ANY) for name in names)

    def composed(self) -> Image.Image:
        """The picture: RGB where it is opaque everywhere, else RGBA."""
        color, alpha = _stacked(self.images)
        rgb = color / np.maximum(alpha, 1e-6)[..., None]
        made = np.dstack((rgb, alpha)) * 255
        made = made.round().clip(0, 255).astype(np.uint8)
        return Image.fromarray(made[..., :3].copy() if made[..., 3].min() == 255 else made)

    def recolored(self, **values: str) -> Layers:
        """These layers with some in other colours, the others as they are.

        values: layer to a value of the model, a colour, a mix, `none` (white) or `keep`.

        Raises:
            UsageError: no such layer, or no such colour.
        """
        images = list(self.images)
        for name, text in values.items():
            attribute = self._choice(name)
            wish = parse_wish(attribute, text)
            if wish.left == KEEP:
                continue
            color = WHITE if wish.left == NONE else wish.color(attribute.colors)
            place = self.names.index(attribute.name)
            images[place] = _in_color(images[place], color)
        if LINES in self.names and LINES not in values:
            _retint(self.names.index(LINES), self.images, images)
        return replace(self, images=tuple(images))

    def _choice(self, name: str) -> Attribute:
        choices = {attribute.name.replace("-", "_"): attribute for attribute in self.choices}
        found = choices.get(name.replace("-", "_"))
        if found is None:
            names = [attribute.name for attribute in choices.values()]
            what = "holds several colours" if name == REST else "is not there"
            raise UsageError(
                f"the layer '{name}' {what}; the layers to recolour are "
                f"{listed(names)}{did_you_mean(name, names)}"
            )
        return found


def usual_color(image: np.ndarray) -> np.ndarray:
    """The colour `[3]` float that most of a layer `[H, W, 4]` uint8 has."""
    seen = image[..., 3] >= SEEN
    pixels = image[seen if seen.any() else image[..., 3] > 0][:, :3]
    return np.median(pixels, axis=0) if len(pixels) else np.full(3, 255.0)


def _in_color(image: np.ndarray, color: tuple[float, float, float]) -> np.ndarray:
    """The layer in another colour; what was lighter or darker than the rest of it is so again."""
    usual = usual_color(image)
    before = usual.max()
    made = image.copy()
    made[..., :3] = np.round(color)
    if before >= DARK:
        uneven = (image[..., :3] != usual).any(axis=-1)
        relief = image[uneven, :3].max(axis=-1) / before
        made[uneven, :3] = (relief[:, None] * color).round().clip(0, 255)
    return made


def _retint(place: int, before: tuple[np.ndarray, ...], after: list[np.ndarray]) -> None:
    """Lines that are not black show what is below: tint them by how that changed."""
    lines = before[place]
    tinted = (lines[..., :3] > 0).any(axis=-1) & (lines[..., 3] > 0)
    if not tinted.any():
        return
    was, now = (_stacked([image[tinted] for image in s[:place]])[0] for s in (before, after))
    made = lines.copy()
    change = now / np.maximum(was, 1 / 255)
    made[tinted, :3] = (lines[tinted, :3] * change).round().clip(0, 255)
    after[place] = made


def _stacked(images: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`[..., 4]` uint8 each, from the bottom up -> colour times alpha, and alpha, float32 in [0, 1]."""
    color = np.zeros((*images[0].shape[:-1], 3), np.float32)
    alpha = np.zeros(images[0].shape[:-1], np.float32)
    for image in images:
        own = image[..., 3].astype(np.float32) / 255
        color = color * (1 - own)[..., None] + image[..., :3] * (own / 255)[..., None]
        alpha = alpha * (1 - own) + own
    return color, alpha
