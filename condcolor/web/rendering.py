"""What a model makes of a stored picture: PNGs, layers, sheets as bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from condcolor.conditions.color_spec import ColorSpec
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.layer_files import encode_ora
from condcolor.imaging.layers import Layers
from condcolor.imaging.line_art import as_it_came
from condcolor.imaging.open import Picture
from condcolor.imaging.sheets import contact_sheet, reduced, sheet
from condcolor.inference.colorizer import Colorizer
from condcolor.web.store import StoredPicture

CELL = 160  # pixels of a variant, the longer side
MOST_VARIANTS = 256  # on a page: some ten seconds of work
VIVID_STEP = 0.05  # of the slider
ZLIB_LEVEL = 1  # twice as fast as Pillow's 6, for files a tenth larger


class Renderer:
    """A model under the name that requests call it by. Made once, then only read: safe to share.

    What makes a picture takes long enough to be done in a `JobQueue`.
    """

    def __init__(self, name: str, colorizer: Colorizer):
        self.name, self.colorizer = name, colorizer
        self.schema = colorizer.schema
        self.takes_colors = colorizer.takes_colors

    @property
    def variants(self) -> int:
        """How many a page can show; 0 where there are none, or too many."""
        count = math.prod(self.schema.sizes)
        return count if self.takes_colors and count <= MOST_VARIANTS else 0

    def describe(self) -> dict[str, object]:
        """Return what a page needs to know, for JSON."""
        return {
            "name": self.name,
            "attributes": self.schema.to_json(),
            "any_color": self.takes_colors,
            "variants": self.variants,
            "vivid": self.colorizer.vivid if self.colorizer.codec.takes_vivid else None,
            "image_size": self.colorizer.image_size,
        }

    def find_regions(self, sketch: StoredPicture) -> None:
        """Take the sketch apart, unless that is done. Raises as `Colorizer.regions`."""
        if self.name not in sketch.regions:
            sketch.regions[self.name] = self.colorizer.regions(sketch.picture)

    def colored(self, sketch: StoredPicture, values: Mapping[str, ColorSpec]) -> bytes:
        """Return the PNG of `Colorizer.__call__`, for values of the model."""
        return encode_png(self.colorizer(sketch.picture, **values))

    def recolored(self, sketch: StoredPicture, values: Mapping[str, ColorSpec]) -> bytes:
        """Return the PNG in any colors, by regions that are found."""
        return encode_png(sketch.regions[self.name].recolor(**values))

    def photograph(self, sketch: StoredPicture, vivid: float | None) -> bytes:
        """Return the PNG of a model of photographs, its colors that strong; UsageError for another model."""
        colorizer = self.colorizer
        if vivid is not None:
            colorizer.codec.with_vivid(vivid)  # complains of what cannot be
            colorizer = colorizer.with_vivid(round(round(vivid / VIVID_STEP) * VIVID_STEP, 2))
        return encode_png(colorizer(sketch.picture))

    def layers(self, sketch: StoredPicture, values: Mapping[str, ColorSpec]) -> Layers:
        """Return the layers of the colored sketch; the last are kept, as they are asked for in turn."""
        self.find_regions(sketch)
        asked, kept = sketch.layers.get(self.name, (None, None))
        if asked != values:
            kept = self.colorizer.layers(sketch.regions[self.name], **values)
            sketch.layers[self.name] = dict(values), kept
        return kept

    def layer_names(self, sketch: StoredPicture, values: Mapping[str, ColorSpec]) -> list[str]:
        return list(self.layers(sketch, values).names)

    def layer(
        self, sketch: StoredPicture, values: Mapping[str, ColorSpec], name: str
    ) -> bytes | None:
        """Return one layer as a PNG with alpha; None where there is none of that name."""
        layers = self.layers(sketch, values)
        if name not in layers.names:
            return None
        return encode_png(Image.fromarray(layers.images[layers.names.index(name)]))

    def ora(self, sketch: StoredPicture, values: Mapping[str, ColorSpec]) -> bytes:
        return encode_ora(self.layers(sketch, values))

    def without(
        self, sketch: StoredPicture, values: Mapping[str, ColorSpec], hidden: Collection[str]
    ) -> bytes:
        """Return the PNG of the picture without some of its layers; UsageError for one that is not there."""
        layers = self.layers(sketch, values)
        for name in hidden:
            if name not in layers.names:
                raise UsageError(
                    f"there is no layer '{name}'; there are {', '.join(layers.names)}"
                    f"{did_you_mean(name, layers.names)}"
                )
        left = [i for i, name in enumerate(layers.names) if name not in hidden]
        if not left:
            return encode_png(Image.new("RGBA", layers.size))
        names = tuple(layers.names[i] for i in left)
        images = tuple(layers.images[i] for i in left)
        return encode_png(replace(layers, names=names, images=images).composed())

    def combinations(self) -> list[dict[str, str]]:
        """Return what `Colorizer.combinations` does; UsageError for more than a page can show."""
        if not self.variants:
            raise UsageError(
                f"{self.name} has no variants to show: it takes no values, or too many of them"
            )
        return self.colorizer.combinations()

    def thumbnails(
        self, sketch: StoredPicture, asked: Sequence[Mapping[str, str]]
    ) -> list[np.ndarray]:
        return [reduced(im, CELL) for im in self.colorizer.colorings(sketch.picture, asked)]

    def sheet(self, small: Sequence[np.ndarray], *, labels: bool) -> bytes:
        """Return all variants on one PNG, as `condcolor variants` draws it, or without its labels."""
        asked = self.combinations()
        if labels:
            return encode_png(Image.fromarray(contact_sheet(small, asked, CELL)))
        along = self.schema.sizes[-1]
        rows = [small[i : i + along] for i in range(0, len(small), along)]
        return encode_png(Image.fromarray(sheet(rows, cell=CELL)))


def sketch_image(picture: Picture) -> Image.Image:
    """Return a picture as it came."""
    return Image.fromarray(as_it_came(picture.rgb, picture.alpha))


def encode_png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=ZLIB_LEVEL)
    return buffer.getvalue()
