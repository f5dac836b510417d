"""Even fills: an enclosed piece of a drawing that is nearly all one colour becomes all of it.

For models whose targets are flat fills, as those that training composed from masks. The network decides each
pixel for itself, and on a drawing unlike any it saw leaves blotches; the drawing's own lines say which pixels
belong together.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LIGHT = 0.9  # lightness, of the lightest pixel beside it, from which a pixel is not on a line
SMALLEST = 9  # pixels of a piece; smaller ones say too little of their colour
ALIKE = 0.12  # largest difference of a channel (of 1) at which two pixels have the same fill
MOST = 0.75  # share of a piece that must be alike before the rest is taken for a blotch
WHITE = 0.95  # darkest channel from which a fill is the paper's own white


def find_pieces(light: np.ndarray) -> np.ndarray:
    """The pieces that lines enclose, gaps of a pixel or two closed.

    Args:
        light: `[H, W]` float in [0, 1], the sketch's lightness.

    Returns:
        `[H, W]` int, 0 on lines, else the piece's number.
    """
    around = ndimage.maximum_filter(light, 3)
    open_pixels = (light > LIGHT * around) & (light > 0.25)
    cores, _ = ndimage.label(ndimage.binary_erosion(open_pixels, np.ones((3, 3)), border_value=1))
    grown = ndimage.maximum_filter(cores, 3)  # the rim that the erosion took
    return np.where(cores == 0, grown, cores) * open_pixels


def even_fills(pieces: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Give each piece that is nearly all one colour that colour throughout.

    White pieces that touch the border stay: there the ground may run into a figure that is open.

    Args:
        pieces: `[H, W]` int, from `find_pieces`.
        rgb: `[H, W, 3]` float in [0, 1].

    Returns:
        `[H, W, 3]`, a new array.
    """
    even = rgb.copy()
    border = {*pieces[0], *pieces[-1], *pieces[:, 0], *pieces[:, -1]}
    for number, where in enumerate(ndimage.find_objects(pieces), start=1):
        if where is None:
            continue
        inside = pieces[where] == number
        if inside.sum() < SMALLEST:
            continue
        colors = rgb[where][inside]  # (N, 3)
        main = np.median(colors, axis=0)
        if number in border and main.min() >= WHITE:
            continue
        alike = np.abs(colors - main).max(axis=1) < ALIKE
        if alike.mean() >= MOST:
            even[where][inside] = colors[alike].mean(axis=0)
    return even
