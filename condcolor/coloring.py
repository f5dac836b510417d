"""What is the same for every Colorizer, whatever computes the network: pictures in, pictures out."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from condcolor.attributes import AttributeSchema
from condcolor.errors import UsageError
from condcolor.fills import even_fills, find_pieces
from condcolor.geometry import Box, letterbox
from condcolor.images import Picture, open_picture, picture_of
from condcolor.memory import memory_told
from condcolor.transparency import recolor

BATCH = 16  # pictures in one pass of the network
MOST_VARIANTS = 1000  # of one picture; more is a mistake, or a loop over `colorings`

AnyPicture = Image.Image | Picture | str | os.PathLike | BinaryIO


class BaseColorizer(ABC):
    """Colours pictures; a class below it says what computes. All arrays are NumPy's, `[B, C, H, W]`.

    `.schema` says which attributes and values there are.
    """

    schema: AttributeSchema
    image_size: int  # pixels a side that the network sees
    codec: Any  # with the `pairs` and `fill` of a Codec
    flat: bool  # its outputs should be flat fills

    @abstractmethod
    def painted(self, squares: np.ndarray, cond: np.ndarray) -> np.ndarray:
        """The network's bare outputs.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size.
            cond: `[B, P]` float32.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1].
        """

    @abstractmethod
    def bands(self, original: np.ndarray, output: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """`original [1, 3, H, W]` uint8 as `output [1, O, h, w]` paints it, from the top down.

        Yields:
            Rows, and those rows of the picture, `[R, W, 3]` uint8.
        """

    def __call__(self, picture: AnyPicture, /, **values: str) -> Image.Image:
        """The picture in the colours asked: `hair="red", shirt="blue"`, every attribute once.

        Returns:
            RGB, or RGBA when the picture has alpha, of the picture's size.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's.
            PictureError: the picture cannot be read.
            DataError: the picture is too large for the memory.
        """
        return next(self.colorings(picture, [values]))

    def variants(self, picture: AnyPicture) -> dict[tuple[str, ...], Image.Image]:
        """The picture in every combination: value names, in the schema's order, to picture.

        Raises:
            UsageError: there are more than MOST_VARIANTS.
            PictureError, DataError: as for a call.
        """
        asked = self.combinations()
        made = self.colorings(picture, asked)
        return {tuple(v.values()): image for v, image in zip(asked, made, strict=True)}

    def combinations(self) -> list[dict[str, str]]:
        """Every choice of values there is, the first attribute slowest; UsageError for too many."""
        count = math.prod(self.schema.sizes)
        if count > MOST_VARIANTS:
            raise UsageError(
                f"the model has {count:,} combinations of values, too many for all variants (at most "
                f"{MOST_VARIANTS:,}): colour the ones you need"
            )
        return list(self.schema.combinations())

    def colorings(
        self, picture: AnyPicture, asked: Sequence[Mapping[str, str]]
    ) -> Iterator[Image.Image]:
        """One picture in several colourings, in their order; the full-size work is done one by one.

        What can be wrong with the picture or the values is raised at once, not at the first result.
        """
        cond = self._planes(asked)
        framed = self._framed(picture)
        return self._colorings(framed, cond)

    def _colorings(self, framed: _Framed, cond: np.ndarray) -> Iterator[Image.Image]:
        for start in range(0, len(cond), BATCH):
            part = cond[start : start + BATCH]
            outputs = self.painted(np.repeat(framed.square[None], len(part), axis=0), part)
            for output in self._evened(framed.square, outputs):
                yield self._finished(framed, output)

    def batch(
        self, pictures: Sequence[AnyPicture], asked: Sequence[Mapping[str, str]]
    ) -> list[Image.Image]:
        """Several pictures, each in its own colours, through the network together."""
        if len(pictures) != len(asked):
            raise UsageError(f"{len(pictures)} pictures, but colours for {len(asked)}")
        cond = self._planes(asked)
        made = []
        for start in range(0, len(pictures), BATCH):
            framed = [self._framed(picture) for picture in pictures[start : start + BATCH]]
            outputs = self.painted(
                np.stack([f.square for f in framed]), cond[start : start + BATCH]
            )
            for one, output in zip(framed, outputs, strict=True):
                made.append(self._finished(one, next(self._evened(one.square, output[None]))))
        return made

    def _evened(self, square: np.ndarray, outputs: np.ndarray) -> Iterator[np.ndarray]:
        """The outputs `[B, O, S, S]` of one sketch `[3, S, S]` uint8, one by one, their fills even."""
        if not self.flat:
            yield from outputs
            return
        pieces = find_pieces(square.mean(axis=0, dtype=np.float32) / 255)
        for output in outputs:
            even = even_fills(pieces, (output.transpose(1, 2, 0) + 1) / 2)
            yield (even * 2 - 1).transpose(2, 0, 1)

    def _planes(self, asked: Sequence[Mapping[str, str]]) -> np.ndarray:
        """One-hot planes `[N, P]` of what is asked."""
        cond = np.array([self.schema.encode(values) for values in asked], np.float32)
        return cond.reshape(len(asked), self.schema.planes)

    def _opened(self, picture: AnyPicture) -> Picture:
        if isinstance(picture, Image.Image):
            return picture_of(picture)
        if isinstance(picture, Picture):
            return picture
        if not (isinstance(picture, str | os.PathLike) or hasattr(picture, "read")):
            kinds = "a path, a binary file, a PIL image or a Picture"
            raise TypeError(f"a picture is {kinds}, not {type(picture).__name__}")
        return open_picture(picture)

    def _framed(self, picture: AnyPicture) -> _Framed:
        picture = self._opened(picture)
        square, box = letterbox(picture.rgb, self.image_size, self.codec.fill)
        return _Framed(picture, np.ascontiguousarray(square.transpose(2, 0, 1)), box)

    def _finished(self, framed: _Framed, output: np.ndarray) -> Image.Image:
        """The picture at its own size, painted as the network's `output [O, S, S]` says."""
        box, picture = framed.box, framed.picture
        width, height = picture.size
        with memory_told(f"{width}x{height} pixels are too many here: make the picture smaller"):
            inside = output[
                None, :, box.top : box.top + box.height, box.left : box.left + box.width
            ]
            original = np.array(picture.rgb).transpose(2, 0, 1)[None]
            pixels = np.empty((height, width, 3), np.uint8)
            for rows, band in self.bands(original, inside):
                pixels[rows] = band
            if picture.alpha is not None:
                drawn = self.codec.pairs
                pixels = recolor(picture.rgb, picture.alpha, pixels, drawn=drawn)
            return Image.fromarray(pixels)


@dataclass(frozen=True)
class _Framed:
    """A picture, the square `[3, S, S]` uint8 the network sees, and where it lies in the square."""

    picture: Picture
    square: np.ndarray
    box: Box


def learnt_flat_fills(training: object) -> bool:
    """Whether a model's outputs should be flat, by its config's "training": the targets it saw were.

    Those composed from masks are.
    """
    told = training.get("config") if isinstance(training, Mapping) else None
    return isinstance(told, Mapping) and bool(told.get("compose"))
