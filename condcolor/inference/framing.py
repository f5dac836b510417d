"""Pictures framed for the network: opened, brought to its square size, with the colors to paint them in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec
from condcolor.imaging.geometry import Box, letterbox
from condcolor.imaging.open import Picture, open_picture, picture_of

AnyPicture = Image.Image | Picture | str | os.PathLike | BinaryIO


@dataclass(frozen=True)
class FramedPicture:
    """A picture, the square `[3, S, S]` uint8 that the network sees, and the picture's box in it."""

    picture: Picture
    square: np.ndarray
    box: Box

    def crop(self, output: np.ndarray) -> np.ndarray:
        """Return what lies in the picture's box of an output `[..., S, S]`."""
        box = self.box
        return output[..., box.top : box.top + box.height, box.left : box.left + box.width]


@dataclass(frozen=True)
class Prepared:
    """A framed picture with the planes `[P]` of its values, or specs beyond the model's values."""

    framed: FramedPicture
    cond: np.ndarray | None = None
    specs: Mapping[str, ColorSpec] | None = None

    @property
    def pixels(self) -> int:
        """Number of pixels of the picture."""
        width, height = self.framed.picture.size
        return width * height


def to_picture(picture: AnyPicture) -> Picture:
    """Return the Picture of a path, a binary file or a PIL image; a Picture as it is.

    Raises:
        PictureError: the picture cannot be read. TypeError: it is none of these.
    """
    if isinstance(picture, Image.Image):
        return picture_of(picture)
    if isinstance(picture, Picture):
        return picture
    if not (isinstance(picture, str | os.PathLike) or hasattr(picture, "read")):
        kinds = "a path, a binary file, a PIL image or a Picture"
        raise TypeError(f"a picture is {kinds}, not {type(picture).__name__}")
    return open_picture(picture)


def frame(picture: Picture, side: int, fill: int | None) -> FramedPicture:
    """Return the picture letterboxed to `side` pixels on grey level `fill`; None repeats its edges."""
    square, box = letterbox(picture.rgb, side, fill)
    return FramedPicture(picture, np.ascontiguousarray(square.transpose(2, 0, 1)), box)
