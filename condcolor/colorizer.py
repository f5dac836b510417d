"""A trained model, ready to colour pictures of any size."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from condcolor.anycolor import MOST_VALUES, find_regions
from condcolor.checkpoint import Model, load_model
from condcolor.dataset import one_hot
from condcolor.devices import autocast, pick_device, pick_precision
from condcolor.errors import UsageError, did_you_mean
from condcolor.fills import even_fills, find_pieces
from condcolor.geometry import Box, letterbox
from condcolor.images import Picture, open_picture, picture_of
from condcolor.layering import make_layers
from condcolor.layers import Layers
from condcolor.memory import memory_told
from condcolor.modelfolder import find_model
from condcolor.recoloring import Regions
from condcolor.transparency import recolor
from condcolor.wishes import parse_wishes, plain_values

BATCH = 16  # pictures in one pass of the network
MOST_VARIANTS = 1000  # of one picture; more is a mistake, or a loop over `colorings`
PRECISIONS = ("fp32", "bf16", "auto")

AnyPicture = Image.Image | Picture | str | os.PathLike | BinaryIO


class Colorizer:
    """Colours pictures with a trained model.

        colorizer = Colorizer.load("icons")
        colorizer("ada.png", hair="red", shirt="blue").save("ada-red-blue.png")

    `.schema` says which attributes and values there are. A model of photographs has none, and
    `vivid` times the chroma that it gives (0 to 4; default: what the model says, mostly 1). Safe
    to share between threads.
    """

    def __init__(
        self,
        model: Model,
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ):
        if precision not in PRECISIONS:
            choices, hint = ", ".join(PRECISIONS), did_you_mean(str(precision), PRECISIONS)
            raise UsageError(f"precision {precision!r} is not one of {choices}{hint}")
        self.model, self.schema, self.image_size = model, model.schema, model.image_size
        self.vivid = model.vivid if vivid is None else vivid
        self.codec = model.recipe.codec
        if vivid is not None or model.vivid != 1:
            self.codec = self.codec.enlivened(self.vivid)
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.generator = model.generator.to(self.device, memory_format=torch.channels_last).eval()
        # targets composed from masks are flat fills, so this model's outputs should be, too
        told = model.training.get("config")
        self.flat = isinstance(told, Mapping) and bool(told.get("compose"))

    @classmethod
    def load(
        cls,
        model: str | Path = "icons",
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
    ) -> Colorizer:
        """A built-in model by name, or one from a model or run folder.

        Raises:
            UsageError: no such model or device, or a `vivid` that the model cannot be.
            CheckpointError: the model is damaged or of a newer format.
        """
        loaded = load_model(find_model(model))
        return cls(loaded, vivid=vivid, device=device, precision=precision)

    def __call__(self, picture: AnyPicture, /, **values: str) -> Image.Image:
        """The picture in the colours asked: `hair="red", shirt="blue"`, every attribute once.

        A value of the model, any colour (`"#ff8800"`, `"rgb(255,136,0)"`, `"orange"`), a mix by
        weight (`"red:0.6,brown:0.4"`), `"none"` for no colour, or `"keep"` for what is there.

        Returns:
            RGB, or RGBA when the picture has alpha, of the picture's size.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's and no colour.
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
        wishes = [parse_wishes(self.schema, values) for values in asked]
        plain = list(map(plain_values, wishes))
        if None in plain:
            regions = self.regions(picture)
            return map(regions.painted, wishes)
        cond = self._planes(plain)
        framed = self._framed(picture)
        return self._colorings(framed, cond)

    def regions(self, picture: AnyPicture, *, most_values: int = MOST_VALUES) -> Regions:
        """The picture taken apart, for many colours: `.paint(hair="#ff8800", shirt="tan")`.

        most_values: of an attribute that the network paints to find it, at least 2; more are more exact.

        Raises:
            UsageError: the model is one of photographs, or has no attributes.
            PictureError, DataError: as for a call.
        """
        return find_regions(
            self._opened(picture),
            lambda square, asked: torch.stack(
                list(self._evened(square, self._outputs_of(square, asked)))
            ),
            schema=self.schema,
            codec=self.codec,
            image_size=self.image_size,
            flat=self.flat,
            most_values=most_values,
        )

    def layers(self, picture: AnyPicture | Regions, /, **values: str) -> Layers:
        """The picture in the colours asked, as for a call, in layers: lines, parts, rest, paper.

        Of a picture that was taken apart already, what `regions` gave does it in milliseconds.
        """
        wishes = parse_wishes(self.schema, values)
        regions = picture if isinstance(picture, Regions) else self.regions(picture)
        return make_layers(regions, wishes)

    def _colorings(self, framed: _Framed, cond: Tensor) -> Iterator[Image.Image]:
        for part in cond.split(BATCH) if len(cond) else ():
            outputs = self.outputs(framed.square[None].expand(len(part), -1, -1, -1), part)
            for output in self._evened(framed.square, outputs):
                yield self._finished(framed, output)

    def batch(
        self, pictures: Sequence[AnyPicture], asked: Sequence[Mapping[str, str]]
    ) -> list[Image.Image]:
        """Several pictures, each in its own colours, through the network together."""
        if len(pictures) != len(asked):
            raise UsageError(f"{len(pictures)} pictures, but colours for {len(asked)}")
        plain = [plain_values(parse_wishes(self.schema, values)) for values in asked]
        if None in plain:
            return [next(self.colorings(p, [v])) for p, v in zip(pictures, asked, strict=True)]
        cond = self._planes(plain)
        made = []
        for start in range(0, len(pictures), BATCH):
            framed = [self._framed(picture) for picture in pictures[start : start + BATCH]]
            squares = torch.stack([f.square for f in framed])
            outputs = self.outputs(squares, cond[start : start + BATCH])
            for one, output in zip(framed, outputs, strict=True):
                made.append(self._finished(one, next(self._evened(one.square, output[None]))))
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
        with memory_told("close other programs, or use a smaller model"):
            source = self.codec.encode_source(squares.to(self.device))
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
        made = [
            self.codec.decode_at(sketch[None], output[None])
            for output in self._evened(sketch, self._outputs_of(sketch, asked))
        ]
        return torch.cat(made)

    @torch.inference_mode()
    def colour_bare(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """Like `colour`, but what the network says: fills not evened, lines not the sketch's."""
        source = self.codec.encode_source(sketch[None])
        return self.codec.decode(source, self._outputs_of(sketch, asked))

    def _outputs_of(self, sketch: Tensor, asked: Tensor) -> Tensor:
        parts = one_hot(asked, self.schema.sizes).split(BATCH)
        squares = sketch[None]
        return torch.cat([self.outputs(squares.expand(len(p), -1, -1, -1), p) for p in parts])

    def _evened(self, square: Tensor, outputs: Tensor) -> Iterator[Tensor]:
        """The outputs `[B, O, S, S]` of one sketch `[3, S, S]` uint8, one by one, their fills even."""
        if not self.flat:
            yield from outputs
            return
        pieces = find_pieces(square.float().mean(0).numpy() / 255)
        for output in outputs:
            even = even_fills(pieces, (output.permute(1, 2, 0).numpy() + 1) / 2)
            yield torch.from_numpy(even * 2 - 1).permute(2, 0, 1)

    def _planes(self, asked: Sequence[Mapping[str, str]]) -> Tensor:
        """One-hot planes `[N, P]` of what is asked."""
        cond = torch.tensor([self.schema.encode(values) for values in asked])
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
        return _Framed(picture, torch.from_numpy(square).permute(2, 0, 1), box)

    @torch.inference_mode()
    def _finished(self, framed: _Framed, output: Tensor) -> Image.Image:
        """The picture at its own size, painted as the network's `output [O, S, S]` says."""
        box, picture = framed.box, framed.picture
        width, height = picture.size
        with memory_told(f"{width}x{height} pixels are too many here: make the picture smaller"):
            inside = output[
                None, :, box.top : box.top + box.height, box.left : box.left + box.width
            ]
            original = torch.from_numpy(np.array(picture.rgb)).permute(2, 0, 1)[None]
            made = torch.empty(height, width, 3, dtype=torch.uint8)
            for rows, band in self.codec.bands_at(original, inside):
                made[rows] = (band[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
            pixels = made.numpy()
            if picture.alpha is not None:
                drawn = self.codec.pairs
                pixels = recolor(picture.rgb, picture.alpha, pixels, drawn=drawn)
            return Image.fromarray(pixels)


@dataclass(frozen=True)
class _Framed:
    """A picture, the square `[3, S, S]` uint8 the network sees, and where it lies in the square."""

    picture: Picture
    square: Tensor
    box: Box
