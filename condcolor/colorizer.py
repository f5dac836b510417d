"""A trained model, ready to colour pictures of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.checkpoint import Model, load_model
from condcolor.devices import autocast, pick_device, pick_precision
from condcolor.geometry import Box, letterbox
from condcolor.images import Picture, open_picture, picture_of
from condcolor.modelfolder import find_model

BATCH = 16  # pictures in one pass of the network
OPAQUE = 128  # alpha from here on counts as drawn
INK = 200  # an opaque pixel darker than this is ink, not paper
PAPER_SHARE = 0.1  # with less paper than this among the opaque pixels, only the ink was drawn
PAINTED = 12 / 255  # a pixel this far from white has been painted

AnyPicture = Image.Image | Picture | str | os.PathLike | BinaryIO


class Colorizer:
    """Colours pictures with a trained model.

        colorizer = Colorizer.load("icons")
        colorizer("ada.png", hair="red", shirt="blue").save("ada-red-blue.png")

    `.schema` says which attributes and values there are. Safe to share between threads.
    """

    def __init__(self, model: Model, *, device: str | None = None, precision: str = "fp32"):
        self.model, self.schema, self.image_size = model, model.schema, model.image_size
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.generator = model.generator.to(self.device, memory_format=torch.channels_last)

    @classmethod
    def load(
        cls, model: str | Path = "icons", *, device: str | None = None, **options
    ) -> Colorizer:
        """A built-in model by name, or one from a model or run folder.

        Raises:
            UsageError: no such model, or no such device.
            CheckpointError: the model is damaged or of a newer format.
        """
        return cls(load_model(find_model(model)), device=device, **options)

    def __call__(self, picture: AnyPicture, **values: str) -> Image.Image:
        """The picture in the colours asked: `hair="red", shirt="blue"`, every attribute once.

        Returns:
            RGB, or RGBA when the picture has alpha, of the picture's size.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's.
            PictureError: the picture cannot be read.
        """
        return next(self.colorings(picture, [values]))

    def variants(self, picture: AnyPicture) -> dict[tuple[str, ...], Image.Image]:
        """The picture in every combination: value names, in the schema's order, to picture."""
        asked = list(self.schema.combinations())
        made = self.colorings(picture, asked)
        return {tuple(v.values()): image for v, image in zip(asked, made, strict=True)}

    def colorings(
        self, picture: AnyPicture, asked: Sequence[Mapping[str, str]]
    ) -> Iterator[Image.Image]:
        """One picture in several colourings, in their order; the full-size work is done one by one."""
        cond = torch.tensor([self.schema.encode(values) for values in asked])
        framed = self._framed(picture)
        for part in cond.reshape(len(asked), self.schema.planes).split(BATCH):
            square = framed.square[None].expand(len(part), -1, -1, -1)
            for output in self.outputs(square, part):
                yield self._finished(framed, output)

    def batch(
        self, pictures: Sequence[AnyPicture], asked: Sequence[Mapping[str, str]]
    ) -> list[Image.Image]:
        """Several pictures, each in its own colours, through the network together."""
        cond = torch.tensor([self.schema.encode(values) for values in asked])
        cond = cond.reshape(len(asked), self.schema.planes)
        framed = [self._framed(picture) for picture in pictures]
        made = []
        for start in range(0, len(framed), BATCH):
            part = framed[start : start + BATCH]
            squares = torch.stack([f.square for f in part])
            outputs = self.outputs(squares, cond[start : start + BATCH])
            made += [self._finished(f, output) for f, output in zip(part, outputs, strict=True)]
        return made

    @torch.inference_mode()
    def outputs(self, squares: Tensor, cond: Tensor) -> Tensor:
        """The network's bare outputs.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size.
            cond: `[B, P]` float.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1], on the CPU.
        """
        source = self.model.recipe.codec.encode_source(squares.to(self.device))
        source = source.contiguous(memory_format=torch.channels_last)
        with autocast(self.precision, self.device):
            return self.generator(source, cond.to(self.device)).float().cpu()

    @torch.inference_mode()
    def colour(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """A sketch of the model's size in several colourings, as `__call__` makes them.

        Args:
            sketch: `[3, S, S]` uint8.
            asked: `[N, A]` value indices.

        Returns:
            `[N, 3, S, S]` float in [0, 1].
        """
        return self._colored(sketch, asked, self.model.recipe.codec.decode_at)

    @torch.inference_mode()
    def colour_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Like `colour`, but what the network says, its lines not replaced by the sketch's."""
        codec = self.model.recipe.codec
        return self._colored(
            sketch, asked, lambda rgb, output: codec.decode(codec.encode_source(rgb), output)
        )

    def _colored(self, sketch: Tensor, asked: Tensor, decode) -> Tensor:
        cond = torch.tensor([self.schema.one_hot(tuple(row)) for row in asked.tolist()])
        made = []
        for part in cond.reshape(len(asked), self.schema.planes).split(BATCH):
            squares = sketch[None].expand(len(part), -1, -1, -1)
            made.append(decode(squares, self.outputs(squares, part)))
        return torch.cat(made)

    def _framed(self, picture: AnyPicture) -> _Framed:
        if isinstance(picture, Image.Image):
            picture = picture_of(picture)
        elif not isinstance(picture, Picture):
            picture = open_picture(picture)
        square, box = letterbox(picture.rgb, self.image_size)
        return _Framed(picture, torch.from_numpy(np.array(square)).permute(2, 0, 1), box)

    @torch.inference_mode()
    def _finished(self, framed: _Framed, output: Tensor) -> Image.Image:
        box, rgb = framed.box, framed.picture.rgb
        inside = output[None, :, box.top : box.top + box.height, box.left : box.left + box.width]
        original = torch.from_numpy(np.array(rgb)).permute(2, 0, 1)[None]
        colored = self.model.recipe.codec.decode_at(original, inside)[0]
        pixels = (colored * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        image = Image.fromarray(pixels)
        if framed.picture.alpha is not None:
            image.putalpha(Image.fromarray(_new_alpha(framed.picture, pixels)))
        return image


@dataclass(frozen=True)
class _Framed:
    """A picture, the square `[3, S, S]` uint8 the network sees, and where it lies in the square."""

    picture: Picture
    square: Tensor
    box: Box


def _new_alpha(picture: Picture, colored: np.ndarray) -> np.ndarray:
    """The picture's own alpha; but where only ink was drawn on nothing, fills become opaque too."""
    alpha = picture.alpha
    drawn = alpha >= OPAQUE
    if not drawn.any() or (picture.rgb[drawn].mean(-1) >= INK).mean() > PAPER_SHARE:
        return alpha
    painted = (255 - colored.min(axis=-1)) / 255 > PAINTED
    return np.where(painted, 255, alpha).astype(np.uint8)
