"""Pictures framed for the network: opened, brought to its square size, with the colors to paint them in."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec
from condcolor.imaging.drawing import SEEN, Drawing, make_drawing
from condcolor.imaging.geometry import Box, letterbox
from condcolor.imaging.open import Picture, open_picture, picture_of, picture_of_array

AnyPicture = Image.Image | Picture | np.ndarray | bytes | str | os.PathLike | BinaryIO


@dataclass(frozen=True)
class FramedPicture:
    """A picture, and how the network sees it.

    picture: the picture.
    square: `[3, S, S]` uint8, the square that the network sees; `[3, S, 2 S]` beside another photograph.
    box: the picture's box in the square.
    drawing: the picture as line art; None where it is a photograph.
    hints: `[3, S, W]` float32, a and b of given pixels in [-1, 1], and a mask of them; None without hints.
    """

    picture: Picture
    square: np.ndarray
    box: Box
    drawing: Drawing | None = None
    hints: np.ndarray | None = None

    def crop(self, output: np.ndarray) -> np.ndarray:
        """Return what lies in the picture's box of an output `[..., S, S]`."""
        box = self.box
        return output[..., box.top : box.top + box.height, box.left : box.left + box.width]


@dataclass(frozen=True)
class Prepared:
    """A framed picture with its colors.

    specs: the color of each attribute.
    cond: `[P]`, the planes of its values; None where the output of the network cannot be decoded alone.
    """

    framed: FramedPicture
    specs: Mapping[str, ColorSpec]
    cond: np.ndarray | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the picture, as text for users."""
        return self.framed.drawing.notes if self.framed.drawing else ()

    @property
    def pixels(self) -> int:
        """Number of pixels of the picture."""
        width, height = self.framed.picture.size
        return width * height


def to_picture(picture: AnyPicture) -> Picture:
    """Return the Picture of a path, a binary file, a file's bytes, a PIL image or an array.

    A Picture is returned as it is. Arrays are as of `picture_of_array`.

    Raises:
        PictureError: the picture cannot be read. TypeError: it is none of these.
        ValueError: an array of another shape, dtype or range.
    """
    if isinstance(picture, Image.Image):
        return picture_of(picture)
    if isinstance(picture, np.ndarray):
        return picture_of_array(picture)
    if isinstance(picture, bytes | bytearray | memoryview):
        return open_picture(io.BytesIO(picture))
    if isinstance(picture, Picture):
        return picture
    if not (isinstance(picture, str | os.PathLike) or hasattr(picture, "read")):
        kinds = "a path, a binary file, bytes, a PIL image, a numpy array or a Picture"
        raise TypeError(f"a picture is {kinds}, not {type(picture).__name__}")
    return open_picture(picture)


def frame(picture: Picture, side: int, codec: Any) -> FramedPicture:
    """Return the picture as the network sees it: letterboxed to `side` pixels, line art on white.

    codec: with the `line_art`, `fill` and `parts` of a Codec.
    """
    drawing = make_drawing(picture, apart=bool(codec.parts)) if codec.line_art else None
    if drawing is not None and (side, codec.fill) == (SEEN, 255):
        square, box = drawing.seen
    else:
        rgb = picture.rgb if drawing is None else drawing.sheet.sketch
        square, box = letterbox(rgb, side, codec.fill)
    return FramedPicture(picture, np.ascontiguousarray(square.transpose(2, 0, 1)), box, drawing)
