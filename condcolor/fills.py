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
    around = _around(light, np.maximum)
    open_pixels = (light > LIGHT * around) & (light > 0.25)
    cores, _ = ndimage.label(_around(open_pixels, np.logical_and))
    grown = _around(cores, np.maximum)  # the rim that was taken
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
    found = pieces.ravel()
    counts = np.bincount(found)
    kind = (
        np.uint16 if len(counts) < 2**16 else found.dtype
    )  # the short ones are sorted in one pass
    order = np.argsort(found.astype(kind), kind="stable")  # the pixels of each piece in a row
    colors = np.take(np.moveaxis(rgb, -1, 0).reshape(3, -1), order, axis=1)
    border = np.unique(np.concatenate((pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1])))
    starts = np.cumsum(counts) - counts
    for number in np.flatnonzero(counts >= SMALLEST):
        if number == 0:
            continue
        own = colors[:, starts[number] : starts[number] + counts[number]]  # (3, N)
        main = np.median(own, axis=1)
        if number in border and main.min() >= WHITE:
            continue
        red, green, blue = np.abs(own - main[:, None]) < ALIKE
        alike = red & green & blue
        if alike.mean() >= MOST:
            own[:] = own[:, alike].mean(axis=1)[:, None]
    even = np.empty_like(colors)
    for channel, sorted_channel in zip(even, colors, strict=True):
        channel[order] = sorted_channel
    return np.moveaxis(even.reshape(3, *pieces.shape), 0, -1)


def _around(values: np.ndarray, join: np.ufunc) -> np.ndarray:
    """Each of `[H, W]` joined with its eight neighbours; beyond the edge is what is at the edge.

    By rows and then by columns, which is several times as fast as scipy's filters.
    """
    wide = np.pad(values, 1, mode="edge")
    rows = join(join(wide[:-2], wide[1:-1]), wide[2:])
    return join(join(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
