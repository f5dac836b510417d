"""`Colorizer`: pictures in, colored pictures out, whatever runs the network.

colorizer = Colorizer.load("icons")
colorizer("ada.png", hair="red", shirt="blue").save("ada-red-blue.png")
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import NO_PERSONS, ColorSpec, parse_color_specs, plain_values
from condcolor.conditions.hints import Hint
from condcolor.errors import UsageError
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.layers import Layers, make_layers
from condcolor.imaging.line_art import recolor
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import Regions
from condcolor.imaging.share_regions import MOST_VALUES, find_regions
from condcolor.inference.engine import ONNX_RUNTIME, pick_engine
from condcolor.inference.framing import AnyPicture, FramedPicture, Prepared, frame, to_picture
from condcolor.inference.guide import NO_GUIDE, NO_HINTS, Guide, guided, make_guide, settled
from condcolor.inference.parts import find_parts
from condcolor.inference.runner import BATCH, Runner
from condcolor.models.model_folder import ModelInfo, read_model_info
from condcolor.runtime.extras import missing, not_installed
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import memory_advice

MOST_VARIANTS = 1000  # of one picture; more is a mistake, or a loop over `colorings`
NOT_SEEN = np.empty(0, np.float32)  # the output where the network is not run


class Colorizer(Runner):
    """A trained model that colors pictures. Safe to share between threads.

    A model of photographs has no attributes in its `schema`. A subclass runs the network:
    `TorchColorizer` or `OnnxColorizer`.
    """

    @classmethod
    def load(
        cls,
        model: str | Path | ModelInfo = "icons",
        *,
        vivid: float | None = None,
        device: str | None = None,
        precision: str = "fp32",
        threads: int | None = None,
        engine: str = "auto",
    ) -> Colorizer:
        """Load a built-in model by name, a model or run folder, or an exported .onnx file.

        Args:
            model: a name, a path, or a ModelInfo, whose config is not read again.
            vivid: factor of the chroma of photographs, 0 to 4; None is the model's own.
            device: "auto", "cpu", "cuda", "cuda:N" or "mps"; None is auto.
            precision: "fp32", "bf16", or "auto": bf16 where torch runs the model and that is faster.
            threads: number of computing threads; None is all cores for ONNX Runtime, torch's own number
                for torch.
            engine: "onnx" for ONNX Runtime, "torch", or "auto": see `inference.engine.pick_engine`.

        Raises:
            UsageError: there is no such model, device, precision or engine; the model does not support
                `vivid`; or torch or ONNX Runtime, which the model needs, is not installed.
            CheckpointError: the model is damaged or of a newer format.
        """
        info = read_model_info(model)
        picked = pick_engine(info, engine, device=device, precision=precision)
        if picked.name == ONNX_RUNTIME:
            from condcolor.inference.onnx_colorizer import OnnxColorizer

            return OnnxColorizer.from_file(
                info, vivid=vivid, device=device, precision=precision, threads=threads
            )
        try:
            from condcolor.inference.torch_colorizer import TorchColorizer
        except ModuleNotFoundError as error:
            if not_installed(error) is None:
                raise
            label = f"model '{shown_name(info.name)}', which runs on torch ({picked.why}),"
            raise missing((error.name or "").partition(".")[0], label) from None
        colorizer = TorchColorizer.from_folder(
            info, vivid=vivid, device=device, precision=precision
        )
        if threads is not None:
            colorizer.set_threads(threads)
        return colorizer

    @property
    def takes_colors(self) -> bool:
        """Whether this is a model of line art with attributes, which takes colors for them."""
        return self.codec.line_art and bool(self.schema.attributes)

    @overload
    def __call__(self, picture: AnyPicture, /, **values: str | ColorSpec) -> Image.Image: ...

    @overload
    def __call__(
        self,
        picture: AnyPicture,
        /,
        *,
        hints: Sequence[Hint | str] = ...,
        like: AnyPicture | None = ...,
    ) -> Image.Image: ...

    def __call__(
        self, picture: AnyPicture, /, *, hints: Any = (), like: Any = None, **values: Any
    ) -> Image.Image:
        """Return the picture colored by one value for each attribute: `hair="red", shirt="blue"`.

        values: a value of the model, any color (`"#ff8800"`, `"rgb(255,136,0)"`, `"orange"`), a mix by
            weight (`"red:0.6,brown:0.4"`), `"none"` for no color, or `"keep"` for the picture's own.
        hints: of a photograph, the colors of things at points: `"120,80=#c03020"`, x and y in pixels.
        like: of a photograph, another one, whose colors it takes where things look alike.

        Returns:
            RGB, or RGBA where the picture has alpha, of the picture's size.

        Raises:
            UsageError: an attribute is missing, a value is none of the model's and no color, a hint is none
                or outside the picture, or the model takes no hints.
            PictureError: the picture cannot be read.
            DataError: the picture is too large for the memory.
        """
        if not hints and like is None:
            return next(self.colorings(picture, [values]))
        guide = make_guide(hints, None if like is None else to_picture(like))
        prepared = self.prepare(picture, values, guide)
        (output,) = self.predict_batch([prepared])
        return self.finish(prepared, output)

    def variants(self, picture: AnyPicture) -> dict[tuple[str, ...], Image.Image]:
        """Return the picture in every combination: values in the schema's order -> image.

        Raises:
            UsageError: there are more than MOST_VARIANTS combinations.
            PictureError, DataError: as for a call.
        """
        combinations = self.combinations()
        images = self.colorings(picture, combinations)
        return {tuple(v.values()): image for v, image in zip(combinations, images, strict=True)}

    def combinations(self) -> list[dict[str, str]]:
        """Return every combination of values, the first attribute slowest.

        Raises:
            UsageError: there are more than MOST_VARIANTS combinations.
        """
        count = math.prod(self.schema.required.sizes)
        if count > MOST_VARIANTS:
            raise UsageError(
                f"the model has {count:,} combinations of values, too many for all variants (at most "
                f"{MOST_VARIANTS:,}): colour the ones you need"
            )
        return list(self.schema.combinations())

    def colorings(
        self, picture: AnyPicture | Parts, colorings: Sequence[Mapping[str, str | ColorSpec]]
    ) -> Iterator[Image.Image]:
        """Return an iterator over one picture in several colorings, decoded one by one at full size.

        Errors of the picture and of the values are raised at once, not at the first image.
        """
        specs = [self._specs(values) for values in colorings]
        if self.codec.parts:
            parts = picture if isinstance(picture, Parts) else self.parts(picture)
            pairs = [parts.for_colors(each) for each in specs]
            return (regions.as_image(regions.pixels(each)) for regions, each in pairs)
        assert not isinstance(picture, Parts)  # of another model
        plain = [values for each in specs if (values := plain_values(each)) is not None]
        if len(plain) < len(specs):
            regions = self.regions(picture)
            return (regions.recolor(**each) for each in specs)
        cond = self.one_hot([self.schema.indices(values) for values in plain])
        return self._colorings(self._frame(picture), cond)

    def regions(
        self,
        picture: AnyPicture,
        *,
        most_values: int = MOST_VALUES,
        paper: Paper = "keep",
        fill_black: bool = False,
    ) -> Regions:
        """Take the picture apart once, to recolor it often: `.recolor(hair="#ff8800", shirt="tan")`.

        Args:
            most_values: number of values of an attribute that are predicted to find its region, at least
                2; more are more exact. Models of parts need none.
            paper: "keep" the paper of a scan or photograph, "white", or RGB in 0..255 of new paper.
            fill_black: solid black areas of a part are colored, too; for models of parts.

        Raises:
            UsageError: the model is one of photographs, or has no attributes, or `fill_black` does not fit.
            PictureError, DataError: as for a call.
        """
        if not self.takes_colors:
            raise UsageError(
                "this model has no parts to colour or to take apart: use a model of line art that has "
                "attributes, such as icons"
            )
        if self.codec.parts:
            return self.parts(picture).regions(paper=paper, fill_black=fill_black)
        if fill_black:
            raise UsageError("fill_black is for models that find parts, such as icons")
        return find_regions(to_picture(picture), self, most_values=most_values, paper=paper)

    def parts(self, picture: AnyPicture) -> Parts:
        """Find the pieces of a drawing and the part of each, to correct them and to color it often.

        Raises:
            UsageError: the model does not find parts.
            PictureError, DataError: as for a call.
        """
        if not self.codec.parts:
            raise UsageError("parts are of models that find them, such as icons")
        return self._parts(self._frame(picture))

    def _parts(self, framed: FramedPicture, scores: np.ndarray | None = None) -> Parts:
        """Return the parts of a framed picture; its `scores [K, S, S]` are predicted if None."""
        width, height = framed.picture.size
        assert framed.drawing is not None
        with memory_advice(f"{width}x{height} pixels are too many here: make the picture smaller"):
            if scores is None:
                scores = self.predict(framed.square[None], np.zeros((1, 0), np.float32))[0]
            return find_parts(framed.drawing, framed.crop(scores), self.schema, self.table)

    def layers(self, picture: AnyPicture | Regions | Parts, /, **values: str | ColorSpec) -> Layers:
        """Return the colored picture, as for a call, in layers: lines, parts, rest, paper.

        Given Regions or Parts instead of a picture, it takes milliseconds.
        """
        specs = self._specs(values)
        if isinstance(picture, Regions):
            return make_layers(picture, specs)
        if self.codec.parts and not isinstance(picture, Parts):
            picture = self.parts(picture)
        if isinstance(picture, Parts):
            return make_layers(*picture.for_colors(specs))
        return make_layers(self.regions(picture), specs)

    def _specs(self, values: Mapping[str, str | ColorSpec]) -> dict[str, ColorSpec]:
        """Return a spec for each attribute; UsageError for what is wrong, and for persons without parts."""
        specs = parse_color_specs(self.schema, values)
        if len(specs) > len(self.schema.names) and not self.codec.parts:
            raise UsageError(NO_PERSONS)
        return specs

    def _colorings(self, framed: FramedPicture, cond: np.ndarray) -> Iterator[Image.Image]:
        for start in range(0, len(cond), BATCH):
            outputs = self.predict(framed.square[None], cond[start : start + BATCH])
            for output in self.even(framed.square, outputs):
                yield self._decode(framed, output)

    def batch(
        self, pictures: Sequence[AnyPicture], colorings: Sequence[Mapping[str, str | ColorSpec]]
    ) -> list[Image.Image]:
        """Return several pictures, each in its own colors, predicted BATCH at a time."""
        if len(pictures) != len(colorings):
            raise UsageError(f"{len(pictures)} pictures, but colours for {len(colorings)}")
        pairs = zip(pictures, colorings, strict=True)
        images: list[Image.Image] = []
        while part := [self.prepare(*pair) for pair in itertools.islice(pairs, BATCH)]:
            images += map(self.finish, part, self.predict_batch(part))
        return images

    def with_vivid(self, vivid: float) -> Self:
        """Return a Colorizer with another `vivid`, which shares the network.

        Raises:
            UsageError: the model is not one of photographs, or `vivid` is out of range.
        """
        other = copy.copy(self)
        other.codec, other.vivid = self.codec.with_vivid(vivid), vivid
        return other

    def prepare(
        self, picture: AnyPicture, values: Mapping[str, str | ColorSpec], guide: Guide = NO_GUIDE
    ) -> Prepared:
        """Return a picture framed for the network, with its colors. Raises as a call does.

        `prepare`, `predict_batch` and `finish` are a call in three steps, which may run in different threads.
        """
        specs = self._specs(values)
        plain = plain_values(specs)
        framed = self._frame(picture)
        if guide:
            if not self.takes_hints:
                raise UsageError(NO_HINTS)
            framed = guided(framed, guide, self.vivid)
        if self.codec.parts:  # which are found without the colors
            return Prepared(framed, specs, np.zeros(0, np.float32))
        if plain is None:  # `finish` finds the regions and recolors them
            return Prepared(framed, specs)
        return Prepared(framed, specs, self.one_hot([self.schema.indices(plain)])[0])

    def predict_batch(self, prepared: Sequence[Prepared]) -> list[np.ndarray]:
        """Return the output `[O, S, S]` for each; NOT_SEEN for those with colors beyond the model's values.

        Raises:
            DataError: there is not enough memory.
        """
        seen = [(each.framed, each.cond) for each in prepared if each.cond is not None]
        if not seen:
            return [NOT_SEEN] * len(prepared)
        framed, conds = zip(*seen, strict=True)
        squares = np.stack([each.square for each in framed])
        hints = None
        if any(each.hints is not None for each in framed):
            none = np.zeros_like(squares[0], np.float32)
            hints = np.stack([none if each.hints is None else each.hints for each in framed])
        outputs = iter(self.predict(squares, np.stack(conds), hints))
        return [NOT_SEEN if each.cond is None else next(outputs) for each in prepared]

    def parts_of(self, prepared: Prepared, output: np.ndarray) -> Parts:
        """Return the parts that the network's `output [K, S, S]` finds in the drawing."""
        return self._parts(prepared.framed, output)

    def finish(self, prepared: Prepared, output: np.ndarray) -> Image.Image:
        """Return the picture at its own size, colored by its `output [O, S, S]`.

        Raises:
            DataError: there is not enough memory.
        """
        framed = prepared.framed
        if self.codec.parts:
            return self._parts(framed, output).colored(**prepared.specs)
        if prepared.cond is None:
            return self.regions(framed.picture).recolor(**prepared.specs)
        output = settled(framed, output)
        return self._decode(framed, next(self.even(framed.square, output[None])))

    def _frame(self, picture: AnyPicture) -> FramedPicture:
        return frame(to_picture(picture), self.image_size, self.codec)

    def _decode(self, framed: FramedPicture, output: np.ndarray) -> Image.Image:
        """Return the picture at its own size, decoded from the network's `output [O, S, S]`."""
        picture = framed.picture
        width, height = picture.size
        with memory_advice(f"{width}x{height} pixels are too many here: make the picture smaller"):
            drawing = framed.drawing
            rgb = picture.rgb if drawing is None else drawing.sheet.sketch
            original = np.array(rgb).transpose(2, 0, 1)[None]
            pixels = np.empty((height, width, 3), np.uint8)
            for rows, strip in self.strips(original, framed.crop(output)[None]):
                pixels[rows] = strip
            if drawing is not None:
                pixels = drawing.as_image(drawing.sheet.restore(pixels))
            elif picture.alpha is not None:
                pixels = recolor(picture.rgb, picture.alpha, pixels, drawn=False)
            return Image.fromarray(pixels)
