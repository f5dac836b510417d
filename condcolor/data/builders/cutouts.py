"""Cutouts: a person or an object drawn once, as its sketch, the part of each pixel and its alpha."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from condcolor.conditions.colors import RGB, parse_hex
from condcolor.conditions.parts import PARTS, part_index
from condcolor.data.builders.avatar_kits import HAIR, SHIRT, SKIN
from condcolor.data.builders.avatar_svg import fill_marks
from condcolor.data.builders.avatars import Options, cutout_svg
from condcolor.data.builders.figure_pen import INK, PALE_INK, PART_FILL, SOLID_FILL
from condcolor.data.builders.figures import Figure
from condcolor.data.builders.svg_render import render_svg

NO_PART = 255  # in place of the index of a part: a line, or what has no certain part
GROUND, OTHER = part_index("ground"), part_index("other")
UNSURE_FILL = "#ff8000"  # in an SVG: white in the sketch, of no certain part
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)
_OPAQUE = 128  # alpha from which a pixel belongs to a cutout
_LINE = 140  # grey level below which a pixel of a kit's drawing is a line
_PURE = 100  # coverage, of 255, from which a pixel belongs to a part
_MARGIN = 0.03  # around a figure, of its longer side
_FILLS: dict[RGB, int] = {
    parse_hex(INK): NO_PART,
    parse_hex(UNSURE_FILL): NO_PART,
    (255, 255, 255): OTHER,
    **{parse_hex(fill): part_index(part) for part, fill in PART_FILL.items()},
}


class Cutout(NamedTuple):
    """A drawing on no ground, square; all `[side, side]` uint8."""

    grey: np.ndarray
    parts: np.ndarray  # indices of PARTS, or NO_PART
    alpha: np.ndarray


def cut_svg(svg: str, view: tuple[float, float, float, float], side: int) -> Cutout:
    """Draw the elements of an SVG, in the fills of PART_FILL, SOLID_FILL and UNSURE_FILL, as a cutout.

    view: x, y, width and height of the square that is seen.
    """
    box = " ".join(f"{number:.2f}" for number in view)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" fill="none">'
    marked = render_svg(f"{head}{svg}</svg>", side)
    fills = np.array(list(_FILLS), np.int32)
    away = np.square(marked[..., None, :3].astype(np.int32) - fills).sum(-1)
    parts = np.array(list(_FILLS.values()), np.uint8)[away.argmin(-1)]
    for solid in SOLID_FILL.values():
        svg = svg.replace(solid, INK)
    for fill in (*PART_FILL.values(), UNSURE_FILL):
        svg = svg.replace(fill, "#ffffff")
    for mark, grey in PALE_INK.items():
        svg = svg.replace(mark, grey)
    sketch = render_svg(f"{head}{svg}</svg>", side)
    parts[marked[..., 3] < _OPAQUE] = GROUND
    grey = np.rint(sketch[..., :3].astype(np.float32) @ _LUMA).astype(np.uint8)
    return Cutout(grey, parts, sketch[..., 3])


def cut_figure(figure: Figure, side: int) -> Cutout:
    """Draw a figure as a cutout; one that is cut stands on its lower edge."""
    x0, y0, x1, y1 = figure.box
    longer = max(x1 - x0, y1 - y0)
    width = longer * (1 + 2 * _MARGIN)
    y = y1 - width if figure.is_cut else (y0 + y1 - width) / 2
    return cut_svg(figure.svg, ((x0 + x1 - width) / 2, y, width, width), side)


def cut_kit_character(kit: str, index: int, options: Options) -> Cutout:
    """Draw the character `index` of an avatar kit as a cutout, by two renderings as in `avatars`."""
    svg = cutout_svg(kit, index, options)
    sketch = render_svg(fill_marks(svg, "#ffffff", "#ffffff", "#ffffff"), options.size)
    grey, alpha = np.rint(sketch[..., :3].mean(-1)).astype(np.uint8), sketch[..., 3].copy()
    lacking = render_svg(fill_marks(svg, "#00ffff", "#ff00ff", "#ffff00"), options.size)[..., :3]
    masks = grey[..., None].astype(np.int16) - lacking
    pure, inside = masks.max(-1) > _PURE, alpha >= _OPAQUE
    indices = np.array([part_index(part) for part in (HAIR, SHIRT, SKIN)], np.uint8)
    parts = np.where(inside, OTHER, GROUND).astype(np.uint8)
    parts[pure] = indices[masks.argmax(-1)[pure]]
    parts[(grey < _LINE) & inside & ~pure] = NO_PART
    holes = ndimage.binary_fill_holes(inside) & ~inside  # as in the frames of glasses
    parts[holes], alpha[holes] = OTHER, 255
    grey[holes | (alpha == 0)] = 255
    return Cutout(grey, parts, alpha)


def resize_cutout(cutout: Cutout, side: int) -> Cutout:
    """Return the cutout at another size."""

    def resized(plane: np.ndarray, method: Image.Resampling) -> np.ndarray:
        return np.asarray(Image.fromarray(plane).resize((side, side), method))

    smooth = Image.Resampling.BILINEAR
    on_white = np.where(cutout.alpha > 0, cutout.grey, 255).astype(np.uint8)
    return Cutout(
        resized(on_white, smooth),
        resized(cutout.parts, Image.Resampling.NEAREST),
        resized(cutout.alpha, smooth),
    )


def is_valid(drawings: np.ndarray) -> bool:
    """Return whether an array holds cutouts: `[N, 3, side, side]` uint8, with parts that there are."""
    if drawings.dtype != np.uint8 or drawings.ndim != 4 or drawings.shape[1] != 3:
        return False
    parts = drawings[:, 1]
    is_square = drawings.shape[2] == drawings.shape[3] >= 16
    return is_square and bool(((parts < len(PARTS)) | (parts == NO_PART)).all())
