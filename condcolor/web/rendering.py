"""What a model makes of a stored picture: PNGs, layers, sheets as bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec, split_persons
from condcolor.conditions.hints import Hint
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.has_colors import keep_colored_areas
from condcolor.imaging.layer_files import LAYER_FORMATS
from condcolor.imaging.layers import Layers, make_layers
from condcolor.imaging.line_art import as_it_came
from condcolor.imaging.open import Picture, picture_of
from condcolor.imaging.paper import Paper
from condcolor.imaging.regions import Regions
from condcolor.imaging.sheets import contact_sheet, reduced, sheet
from condcolor.inference.colorizer import Colorizer
from condcolor.models.model_folder import made_for
from condcolor.web.store import Coloring, Corrections, Recolor, StoredPicture

CELL = 160  # pixels of a variant, the longer side
HALF = 0.5  # of a pixel, that an attribute covers at least where the pixel is in its area
KEPT = 4  # corrected states of a picture: the last, and those that undo and redo go to
MOST_VARIANTS = 256  # on a page: some ten seconds of work
VIVID_STEP = 0.05  # of the slider
ZLIB_LEVEL = 1  # twice as fast as Pillow's 6, for files a tenth larger


class Renderer:
    """A model with the name that requests use for it. Immutable, so safe to share between threads.

    Methods that color take so long that they run in a `JobQueue`.
    """

    def __init__(self, name: str, colorizer: Colorizer):
        self.name, self.colorizer = name, colorizer
        self.schema = colorizer.schema
        self.takes_colors = colorizer.takes_colors
        # parts are found without the colors, which then take no pass of the network
        self.finds_parts = bool(colorizer.codec.parts)

    @property
    def variants(self) -> int:
        """The number of variants; 0 where there are none, or too many for a page."""
        count = math.prod(self.schema.required.sizes)
        return count if self.takes_colors and count <= MOST_VARIANTS else 0

    def describe(self) -> dict[str, object]:
        """Return the description of the model that the page reads, for JSON."""
        return {
            "name": self.name,
            "attributes": self.schema.to_json(),
            "any_color": self.takes_colors,
            "parts": [part.name for part in self.colorizer.table] if self.finds_parts else [],
            "variants": self.variants,
            "vivid": self.colorizer.vivid if self.colorizer.codec.takes_vivid else None,
            "takes_hints": self.colorizer.takes_hints,
            "image_size": self.colorizer.image_size,
            "made_for": made_for(self.name) or None,
        }

    def find_regions(self, sketch: StoredPicture) -> None:
        """Take the sketch apart once, and keep its parts and regions. Raises as `Colorizer.regions`."""
        if self.name in sketch.regions:
            return
        if self.finds_parts:
            sketch.parts[self.name] = self.colorizer.parts(sketch.picture)
            sketch.regions[self.name] = sketch.parts[self.name].regions()
        else:
            sketch.regions[self.name] = self.colorizer.regions(sketch.picture)

    def parts(self, sketch: StoredPicture, corrections: Corrections = ()) -> Parts:
        """Return the parts of the sketch, corrected; they are not to be changed.

        Raises:
            UsageError: the model does not find parts, or a correction is not possible.
        """
        if not self.finds_parts:
            raise UsageError(f"{self.name} does not find parts: choose a model that does")
        self.find_regions(sketch)
        return self._corrected(sketch, corrections)[0] if corrections else sketch.parts[self.name]

    def regions(
        self, sketch: StoredPicture, corrections: Corrections = (), paper: Paper = "keep"
    ) -> Regions:
        """Return the regions of the sketch, its parts corrected, on its own or other paper.

        Raises:
            UsageError: a correction is not possible.
        """
        self.find_regions(sketch)
        regions = sketch.regions[self.name]
        if corrections:
            regions = self._corrected(sketch, corrections)[1]
        if paper == regions.paper:
            return regions
        return regions.on_paper(paper)

    def _corrected(self, sketch: StoredPicture, corrections: Corrections) -> tuple[Parts, Regions]:
        """Return parts and regions with corrections; the last few are kept, and the next begin with them."""
        kept, key = sketch.corrected, (self.name, corrections)
        if key not in kept:
            begun, parts = 0, sketch.parts[self.name]
            for (name, some), (those, _) in kept.items():
                if name == self.name and corrections[: len(some)] == some and len(some) > begun:
                    begun, parts = len(some), those
            parts = parts.copy().corrected(corrections[begun:])
            kept[key] = parts, parts.regions()
            while len(kept) > KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]

    def colored(
        self, sketch: StoredPicture, values: Mapping[str, ColorSpec], longer: int | None = None
    ) -> bytes:
        """Return the PNG in values of the model, as `Colorizer.__call__` colors."""
        return encode_png(self.colorizer(sketch.picture, **values), longer)

    def recolored(
        self, sketch: StoredPicture, coloring: Coloring, longer: int | None = None
    ) -> bytes:
        """Return the PNG in any colors, by the regions that `find_regions` kept."""
        regions, specs = self._of_persons(sketch, coloring)
        return encode_png(regions.recolor(**specs), longer)

    def _of_persons(
        self, sketch: StoredPicture, coloring: Coloring
    ) -> tuple[Regions, Mapping[str, ColorSpec]]:
        """Return the regions, those of persons apart where one has a color of their own, and all specs.

        Raises:
            UsageError: a correction is not possible, or there are fewer persons.
        """
        if not split_persons(self.schema, coloring.values):
            regions = self.regions(sketch, coloring.corrections, coloring.paper)
            return regions, coloring.values
        parts = self.parts(sketch, coloring.corrections)
        return parts.for_colors(coloring.values, paper=coloring.paper)

    def doubts(self, sketch: StoredPicture, corrections: Corrections = ()) -> bytes:
        """Return a PNG that is opaque on the pieces whose part is in doubt, and transparent elsewhere.

        Raises:
            UsageError: the model does not decide pieces.
        """
        if not self.finds_parts:
            raise UsageError(f"{self.name} has no doubts to show: it does not find parts")
        doubts = self.regions(sketch, corrections).doubts
        assert doubts is not None
        mask = np.zeros((*doubts.shape, 2), np.uint8)  # black, and alpha
        mask[..., 1][doubts] = 255
        return encode_png(Image.fromarray(mask, "LA"))

    def areas(self, sketch: StoredPicture) -> np.ndarray:
        """Return the attribute that colors each pixel, `[H, W]` uint8: its number from 1; 0 for none.

        Raises:
            UsageError: the model takes no colors.
        """
        if not self.takes_colors:
            raise UsageError(f"{self.name} has no areas: it takes no colours")
        covers = self.regions(sketch).covers
        return np.where(covers.max(axis=0) >= HALF, covers.argmax(axis=0) + 1, 0).astype(np.uint8)

    def photograph(
        self,
        sketch: StoredPicture,
        vivid: float | None,
        recolor: Recolor = "no",
        hints: Sequence[Hint] = (),
        longer: int | None = None,
    ) -> bytes:
        """Return the PNG of a model of photographs, its chroma times `vivid`, with hints.

        A photograph that has colors is returned as it is, unless `recolor` asks for more: "grey" colors its
        grey areas, "all" the whole of it. Reduced to `longer` pixels, it is colored at that size.

        Raises:
            UsageError: the model is not of photographs, `vivid` is out of range, or a hint is outside.
        """
        colorizer, picture = self.colorizer, sketch.picture
        if vivid is not None:
            colorizer.codec.with_vivid(vivid)  # raises before the value is rounded
            colorizer = colorizer.with_vivid(round(round(vivid / VIVID_STEP) * VIVID_STEP, 2))
        is_photograph = not colorizer.codec.line_art
        if not is_photograph and recolor != "no":
            raise UsageError("recolor is for photographs: this model colours drawings")
        if is_photograph and longer is not None:
            picture, hints = self._reduced(sketch.picture, hints, longer)
        if not (is_photograph and sketch.has_colors) or recolor == "all":
            return encode_png(colorizer(picture, hints=hints), longer)
        if recolor == "no":
            return encode_png(sketch_image(picture), longer)
        image = colorizer(picture, hints=hints)
        return encode_png(keep_colored_areas(picture.rgb, image)[0], longer)

    @staticmethod
    def _reduced(
        picture: Picture, hints: Sequence[Hint], longer: int
    ) -> tuple[Picture, tuple[Hint, ...]]:
        """Return a photograph whose longer side has at most `longer` pixels, and its hints there."""
        image = sketch_image(picture)
        image.thumbnail((longer, longer), Image.Resampling.LANCZOS)
        scales = [small / side for small, side in zip(image.size, picture.size, strict=True)]

        def moved(hint: Hint) -> Hint:
            x, y = (int((at + 0.5) * scale) for at, scale in zip(hint.point, scales, strict=True))
            return replace(hint, point=(x, y))

        return picture_of(image), tuple(map(moved, hints))

    def layers(self, sketch: StoredPicture, coloring: Coloring) -> Layers:
        """Return the layers of the colored sketch; the last are kept, since requests read them in turn."""
        kept = sketch.layers.get(self.name)
        if kept is None or kept[0] != coloring:
            layers = make_layers(*self._of_persons(sketch, coloring))
            kept = sketch.layers[self.name] = coloring, layers
        return kept[1]

    def layer_names(self, sketch: StoredPicture, coloring: Coloring) -> list[str]:
        return list(self.layers(sketch, coloring).names)

    def layer(self, sketch: StoredPicture, coloring: Coloring, name: str) -> bytes | None:
        """Return one layer as a PNG with alpha; None where there is none of that name."""
        layers = self.layers(sketch, coloring)
        if name not in layers.names:
            return None
        return encode_png(Image.fromarray(layers.images[layers.names.index(name)]))

    def layer_file(self, sketch: StoredPicture, coloring: Coloring, suffix: str) -> bytes:
        """Return the layers as a file of this suffix, a key of LAYER_FORMATS."""
        return LAYER_FORMATS[suffix](self.layers(sketch, coloring))

    def without(
        self,
        sketch: StoredPicture,
        coloring: Coloring,
        hidden: Collection[str],
        longer: int | None = None,
    ) -> bytes:
        """Return the PNG of the picture without the `hidden` layers; UsageError for an unknown one."""
        layers = self.layers(sketch, coloring)
        for name in hidden:
            if name not in layers.names:
                raise UsageError(
                    f"there is no layer '{name}'; there are {', '.join(layers.names)}"
                    f"{did_you_mean(name, layers.names)}"
                )
        left = [i for i, name in enumerate(layers.names) if name not in hidden]
        if not left:
            return encode_png(Image.new("RGBA", layers.size), longer)
        names = tuple(layers.names[i] for i in left)
        images = tuple(layers.images[i] for i in left)
        return encode_png(replace(layers, names=names, images=images).composed(), longer)

    def combinations(self) -> list[dict[str, str]]:
        """Return every combination of values; UsageError where a page cannot show them."""
        if not self.variants:
            raise UsageError(
                f"{self.name} has no variants to show: it takes no values, or too many of them"
            )
        return self.colorizer.combinations()

    def thumbnails(
        self,
        sketch: StoredPicture,
        colorings: Sequence[Mapping[str, str]],
        corrections: Corrections = (),
    ) -> list[np.ndarray]:
        if self.finds_parts:
            regions = self.regions(sketch, corrections)
            return [reduced(regions.recolor(**values), CELL) for values in colorings]
        images = self.colorizer.colorings(sketch.picture, colorings)
        return [reduced(image, CELL) for image in images]

    def sheet(self, small: Sequence[np.ndarray], *, labels: bool) -> bytes:
        """Return the PNG of the contact sheet of all variants, with or without labels."""
        combinations = self.combinations()
        if labels:
            return encode_png(Image.fromarray(contact_sheet(small, combinations, CELL)))
        along = self.schema.required.sizes[-1]
        rows = [small[i : i + along] for i in range(0, len(small), along)]
        return encode_png(Image.fromarray(sheet(rows, cell=CELL)))


def sketch_image(picture: Picture) -> Image.Image:
    """Return a picture as it was uploaded."""
    return Image.fromarray(as_it_came(picture.rgb, picture.alpha))


def encode_png(image: Image.Image, longer: int | None = None) -> bytes:
    """Return a PNG of the picture, its longer side reduced to at most `longer` pixels."""
    if longer is not None and longer < max(image.size):
        image = image.copy()
        image.thumbnail((longer, longer), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=ZLIB_LEVEL)
    return buffer.getvalue()
