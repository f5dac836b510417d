"""`Colorizer`: pictures in, colored pictures out, whatever runs the network.

colorizer = Colorizer.load("icons")
colorizer("ada.png", hair="red", shirt="blue").save("ada-red-blue.png")
"""

from __future__ import annotations

import copy
import itertools
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec, parse_color_specs, plain_values
from condcolor.conditions.schema import AttributeSchema
from condcolor.errors import UsageError
from condcolor.imaging.geometry import Box, letterbox
from condcolor.imaging.layers import Layers, make_layers
from condcolor.imaging.line_art import even_fills, find_pieces, recolor
from condcolor.imaging.open import Picture, open_picture, picture_of
from condcolor.imaging.regions import MOST_VALUES, Regions, find_regions
from condcolor.models.model_folder import ONNX, ModelInfo, read_model_info
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import memory_advice

BATCH = 16  # pictures in one pass of the network
MOST_VARIANTS = 1000  # of one picture; more is a mistake, or a loop over `colorings`
NOT_SEEN = np.empty(0, np.float32)  # by the network, which need not be asked
AnyPicture = Image.Image | Picture | str | os.PathLike | BinaryIO


class Colorizer(ABC):
    """Colors pictures with a trained model.

        colorizer = Colorizer.load("icons")
        colorizer("ada.png", hair="red", shirt="blue").save("ada-red-blue.png")

    `.schema` says which attributes and values there are. A model of photographs has none, and
    `vivid` times the chroma that it gives (0 to 4; default: what the model says, mostly 1). Safe
    to share between threads.

    A class below it says what computes: `TorchColorizer` or `OnnxColorizer`. All arrays are NumPy's,
    `[B, C, H, W]`.
    """

    recipe: str  # the name of the one it was trained by
    schema: AttributeSchema
    image_size: int  # pixels a side that the network sees
    codec: Any  # with the `line_art`, `fill` and `takes_vivid` of a Codec
    flat: bool  # its outputs should be flat fills
    vivid: float  # times the chroma that a network of photographs gives

    @classmethod
    def load(
        cls,
        model: str | Path | ModelInfo = "icons",
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
        threads: int | None = None,
    ) -> Colorizer:
        """Load a built-in model by name, one from a model or run folder, or an exported .onnx file.

        The file needs no torch, which takes seconds to import.

        Args:
            model: a name, a path, or what `read_model_info` gave, whose config is not read again.
            threads: that compute; None is all cores for an .onnx file, and what torch has for a folder.

        Raises:
            UsageError: no such model, device or precision, a `vivid` that the model cannot be, or
                torch or ONNX Runtime, which it needs, is not installed.
            CheckpointError: the model is damaged or of a newer format.
        """
        info = read_model_info(model)
        options = {"vivid": vivid, "device": device, "precision": precision}
        if info.kind == ONNX:
            from condcolor.inference.onnx_colorizer import OnnxColorizer

            return OnnxColorizer.from_file(info, **options, threads=threads)
        try:
            from condcolor.inference.torch_colorizer import TorchColorizer
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise UsageError(
                f"model '{shown_name(info.name)}': a model folder needs torch, which is not installed: "
                "install it, or name an exported .onnx file, which works without"
            ) from None
        colorizer = TorchColorizer.from_folder(info, **options)
        if threads is not None:
            colorizer.set_threads(threads)
        return colorizer

    @abstractmethod
    def predict(self, squares: np.ndarray, cond: np.ndarray) -> np.ndarray:
        """Return the outputs of the network, neither evened nor decoded.

        Args:
            squares: `[B, 3, S, S]` uint8, S the model's image size; or one, for all of `cond`.
            cond: `[B, P]` float32.

        Returns:
            `[B, O, S, S]` float32 in [-1, 1].
        """

    @abstractmethod
    def strips(
        self, original: np.ndarray, output: np.ndarray
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Decode `output [1, O, h, w]` over `original [1, 3, H, W]` uint8, strip by strip from the top.

        Yields:
            Rows, and those rows of the picture, `[R, W, 3]` uint8.
        """

    @abstractmethod
    def fills(self, original: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the fills and the trust in them, as `SketchToRgb.fills` does."""

    @abstractmethod
    def spread(self, planes: np.ndarray, trust: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return planes at full size, as `SketchToRgb.spread` does."""

    @property
    def takes_colors(self) -> bool:
        """Whether it colors parts of line art in colors that can be asked for."""
        return self.codec.line_art and bool(self.schema.attributes)

    @property
    @abstractmethod
    def threads(self) -> int:
        """The number of threads that compute for the calling thread."""

    @abstractmethod
    def set_threads(self, count: int) -> None:
        """Set how many threads compute for the calling thread, where the backend allows it."""

    def __call__(self, picture: AnyPicture, /, **values: str | ColorSpec) -> Image.Image:
        """Return the picture in the colors asked: `hair="red", shirt="blue"`, every attribute once.

        A value of the model, any color (`"#ff8800"`, `"rgb(255,136,0)"`, `"orange"`), a mix by
        weight (`"red:0.6,brown:0.4"`), `"none"` for no color, or `"keep"` for what is there.

        Returns:
            RGB, or RGBA when the picture has alpha, of the picture's size.

        Raises:
            UsageError: an attribute is missing, or a value is none of the model's and no color.
            PictureError: the picture cannot be read.
            DataError: the picture is too large for the memory.
        """
        return next(self.colorings(picture, [values]))

    def variants(self, picture: AnyPicture) -> dict[tuple[str, ...], Image.Image]:
        """Return the picture in every combination of values: their names, in the schema's order, to picture.

        Raises:
            UsageError: there are more than MOST_VARIANTS.
            PictureError, DataError: as for a call.
        """
        asked = self.combinations()
        images = self.colorings(picture, asked)
        return {tuple(v.values()): image for v, image in zip(asked, images, strict=True)}

    def combinations(self) -> list[dict[str, str]]:
        """Return every choice of values, the first attribute slowest.

        Raises:
            UsageError: there are more than MOST_VARIANTS.
        """
        count = math.prod(self.schema.sizes)
        if count > MOST_VARIANTS:
            raise UsageError(
                f"the model has {count:,} combinations of values, too many for all variants (at most "
                f"{MOST_VARIANTS:,}): colour the ones you need"
            )
        return list(self.schema.combinations())

    def colorings(
        self, picture: AnyPicture, asked: Sequence[Mapping[str, str | ColorSpec]]
    ) -> Iterator[Image.Image]:
        """Return an iterator over one picture in several colorings; the full-size work is done one by one.

        What can be wrong with the picture or the values is raised at once, not at the first result.
        """
        specs = [parse_color_specs(self.schema, values) for values in asked]
        plain = list(map(plain_values, specs))
        if None in plain:
            regions = self.regions(picture)
            return (regions.recolor(**each) for each in specs)
        cond = self._planes(plain)
        framed = self._framed(picture)
        return self._colorings(framed, cond)

    def regions(self, picture: AnyPicture, *, most_values: int = MOST_VALUES) -> Regions:
        """Take the picture apart, for many colors: `.recolor(hair="#ff8800", shirt="tan")`.

        most_values: of an attribute that the network paints to find it, at least 2; more are more exact.

        Raises:
            UsageError: the model is one of photographs, or has no attributes.
            PictureError, DataError: as for a call.
        """
        return find_regions(self._opened(picture), self, most_values=most_values)

    def layers(self, picture: AnyPicture | Regions, /, **values: str | ColorSpec) -> Layers:
        """Return the picture in the colors asked, as for a call, in layers: lines, parts, rest, paper.

        Of a picture that was taken apart already, what `regions` gave does it in milliseconds.
        """
        specs = parse_color_specs(self.schema, values)
        regions = picture if isinstance(picture, Regions) else self.regions(picture)
        return make_layers(regions, specs)

    def _colorings(self, framed: _Framed, cond: np.ndarray) -> Iterator[Image.Image]:
        for start in range(0, len(cond), BATCH):
            outputs = self.predict(framed.square[None], cond[start : start + BATCH])
            for output in self._even(framed.square, outputs):
                yield self._finished(framed, output)

    def batch(
        self, pictures: Sequence[AnyPicture], asked: Sequence[Mapping[str, str | ColorSpec]]
    ) -> list[Image.Image]:
        """Return several pictures, each in its own colors, brought through the network together."""
        if len(pictures) != len(asked):
            raise UsageError(f"{len(pictures)} pictures, but colours for {len(asked)}")
        waiting = zip(pictures, asked, strict=True)
        images = []
        while part := [self.prepare(*one) for one in itertools.islice(waiting, BATCH)]:
            images += map(self.finish, part, self.predict_batch(part))
        return images

    def with_vivid(self, vivid: float) -> Colorizer:
        """Return a Colorizer with another `vivid` that shares the network.

        Raises:
            UsageError: the model is not one of photographs, or `vivid` is out of range.
        """
        other = copy.copy(self)
        other.codec, other.vivid = self.codec.with_vivid(vivid), vivid
        return other

    def prepare(self, picture: AnyPicture, values: Mapping[str, str | ColorSpec]) -> Prepared:
        """Return a picture as the network sees it, with what is asked; raises as a call does.

        This, `predict_batch` and `finish` are a call in three steps, which need not be made in one thread.
        """
        specs = parse_color_specs(self.schema, values)
        plain = plain_values(specs)
        framed = self._framed(picture)
        if plain is None:  # the regions are found, and recolored, where it is finished
            return Prepared(framed, specs=specs)
        return Prepared(framed, self._planes([plain])[0])

    def predict_batch(self, prepared: Sequence[Prepared]) -> list[np.ndarray]:
        """Return the output `[O, S, S]` for each; NOT_SEEN for those with colors beyond the model's values.

        Raises:
            DataError: there is not the memory.
        """
        seen = [one for one in prepared if one.cond is not None]
        outputs = iter(())
        if seen:
            squares = np.stack([one.framed.square for one in seen])
            outputs = iter(self.predict(squares, np.stack([one.cond for one in seen])))
        return [NOT_SEEN if one.cond is None else next(outputs) for one in prepared]

    def finish(self, prepared: Prepared, output: np.ndarray) -> Image.Image:
        """Return the picture at its own size, colored by its `output [O, S, S]`.

        Raises:
            DataError: there is not the memory.
        """
        framed = prepared.framed
        if prepared.specs is not None:
            return self.regions(framed.picture).recolor(**prepared.specs)
        return self._finished(framed, next(self._even(framed.square, output[None])))

    def predict_values(self, sketch: np.ndarray, asked: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the outputs `[N, O, S, S]` for a sketch `[3, S, S]` uint8 and value indices `[N, A]`."""
        cond = np.array([self.schema.one_hot(row) for row in asked], np.float32)
        cond = cond.reshape(len(asked), self.schema.planes)
        starts = range(0, len(cond), BATCH)
        return np.concatenate([self.predict(sketch[None], cond[i : i + BATCH]) for i in starts])

    def predict_even(self, sketch: np.ndarray, asked: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the outputs of `predict_values`, their fills evened where the model learnt flat fills."""
        return np.stack(list(self._even(sketch, self.predict_values(sketch, asked))))

    def _even(self, square: np.ndarray, outputs: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the outputs `[B, O, S, S]` of one sketch `[3, S, S]` uint8 one by one, their fills evened."""
        if not self.flat:
            yield from outputs
            return
        pieces = find_pieces(square.mean(axis=0, dtype=np.float32) / 255)
        for output in outputs:
            even = even_fills(pieces, (output.transpose(1, 2, 0) + 1) / 2)
            yield (even * 2 - 1).transpose(2, 0, 1)

    def _planes(self, asked: Sequence[Mapping[str, str]]) -> np.ndarray:
        """Return one-hot planes `[N, P]` float32 of what is asked."""
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
        """Return the picture at its own size, decoded from the network's `output [O, S, S]`."""
        box, picture = framed.box, framed.picture
        width, height = picture.size
        with memory_advice(f"{width}x{height} pixels are too many here: make the picture smaller"):
            inside = output[
                None, :, box.top : box.top + box.height, box.left : box.left + box.width
            ]
            original = np.array(picture.rgb).transpose(2, 0, 1)[None]
            pixels = np.empty((height, width, 3), np.uint8)
            for rows, strip in self.strips(original, inside):
                pixels[rows] = strip
            if picture.alpha is not None:
                drawn = self.codec.line_art
                pixels = recolor(picture.rgb, picture.alpha, pixels, drawn=drawn)
            return Image.fromarray(pixels)


@dataclass(frozen=True)
class _Framed:
    """A picture, the square `[3, S, S]` uint8 the network sees, and where it lies in the square."""

    picture: Picture
    square: np.ndarray
    box: Box


@dataclass(frozen=True)
class Prepared:
    """A picture before the network, with the planes `[P]` of the colors asked, or specs beyond
    the model's values."""

    framed: _Framed
    cond: np.ndarray | None = None
    specs: Mapping[str, ColorSpec] | None = None

    @property
    def pixels(self) -> int:
        """How many the picture has."""
        width, height = self.framed.picture.size
        return width * height


def learnt_flat_fills(training: object) -> bool:
    """Whether a model learnt flat fills, by its config's "training": targets composed from masks are flat."""
    config = training.get("config") if isinstance(training, Mapping) else None
    return isinstance(config, Mapping) and bool(config.get("compose"))
