"""Line art: lines and fills apart, enclosed pieces evened, what is opaque behind the ink.

Fills are evened for models whose targets are flat, as those that training composed from masks. The network
decides each pixel for itself, and on a drawing unlike any it saw leaves blotches; the drawing's own lines say
which pixels belong together.

A network sees a transparent picture composited on white. What it answers is a coloring of that, so it is
taken apart again: a pixel's fill color is what it was multiplied by, and its own color, which shows where it
is opaque, gets the same fill.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

LINE_WIDTH = 0.05  # of the longer side: what is darker than its surroundings and thinner is a line
TINGED = 0.12  # spread of R, G and B, relative to the paper, from which a fill has a color
COLORED_SHARE = 0.01  # of the pixels: with more of them in color, a picture is no sketch
PAPER = 90  # percentile: the paper is as light as that
PAPER_SPREAD = 0.8  # of that lightness: what is as light is paper, too
DARKEST_PAPER = 128  # of 255: what is darker is none


def split_lines(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture taken apart into what its colors are multiplied by, and its colors.

    Args:
        rgb: `[H, W, 3]` uint8.

    Returns:
        The line art `[H, W]`, 1 on paper and fills; and the fills `[H, W, 3]`. Both are float32 in
        [0, 1], and their product is the picture.
    """
    light = rgb.astype(np.float32) / 255
    around = _without_lines(light)
    lines = (light / np.maximum(around, 1 / 255)).max(axis=-1).clip(0, 1)
    fills = np.where(
        lines[..., None] > 1 / 255, light / np.maximum(lines, 1 / 255)[..., None], around
    )
    return lines, fills.clip(0, 1)


def on_white(rgb: np.ndarray) -> np.ndarray:
    """A sketch `[H, W, 3]` uint8 as it would be on white paper; one without light paper as it is."""
    light = rgb.min(axis=-1)
    drawn_on = light >= PAPER_SPREAD * np.percentile(light, PAPER)
    paper = np.median(rgb[drawn_on], axis=0)
    if paper.min() < DARKEST_PAPER or paper.min() == 255:
        return rgb
    return (rgb * (255 / paper)).round().clip(0, 255).astype(np.uint8)


def has_colors(rgb: np.ndarray) -> bool:
    """Whether a picture `[H, W, 3]` uint8 is colored: not in its lines alone, nor as its paper is."""
    fills = _without_lines(rgb.astype(np.float32) / 255)
    paper = np.maximum(np.percentile(fills, PAPER, axis=(0, 1)), 1 / 255)
    relative = (fills / paper).clip(0, 1)
    return bool((np.ptp(relative, axis=-1) > TINGED).mean() > COLORED_SHARE)


def _without_lines(light: np.ndarray) -> np.ndarray:
    width = 2 * round(LINE_WIDTH / 2 * max(light.shape[:2])) + 1
    return ndimage.grey_closing(light, (width, width, 1), mode="nearest")


LIGHT = 0.9  # lightness, of the lightest pixel beside it, from which a pixel is not on a line
SMALLEST = 9  # pixels of a piece; smaller ones say too little of their color
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
    """Give each piece that is nearly all one color that color throughout.

    White pieces that touch the border stay: there the ground may run into a figure that is open.

    Args:
        pieces: `[H, W]` int, from `find_pieces`.
        rgb: `[H, W, 3]` float in [0, 1].

    Returns:
        `[H, W, 3]`, a new array.
    """
    labels = pieces.ravel()
    counts = np.bincount(labels)
    kind = (
        np.uint16 if len(counts) < 2**16 else labels.dtype
    )  # the short ones are sorted in one pass
    order = np.argsort(labels.astype(kind), kind="stable")  # the pixels of each piece in a row
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
    """Each of `[H, W]` joined with its eight neighbors; beyond the edge is what is at the edge.

    By rows and then by columns, which is several times as fast as scipy's filters.
    """
    wide = np.pad(values, 1, mode="edge")
    rows = join(join(wide[:-2], wide[1:-1]), wide[2:])
    return join(join(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


OPAQUE = 128  # alpha from here on counts as drawn
INK = 200  # an opaque pixel darker than this is ink, not paper
PAPER_SHARE = 0.1  # with less paper than this among the opaque pixels, only the ink was drawn
PAINTED = 12.0  # of 255: a fill this far from white is one
SEEPAGE = 1 / 100  # of the longer side: a painted strip outside the lines no wider is none
EDGE = 5  # pixels: the neighborhood that says on which side of a line its soft edge lies


def as_it_came(rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """`[H,W,3]` or `[H,W,4] uint8`: a picture composited on white without the white, as near as can be."""
    return rgb if alpha is None else recolor(rgb, alpha, rgb, drawn=False)


def recolor(
    rgb: np.ndarray, alpha: np.ndarray, colored: np.ndarray, *, drawn: bool = True
) -> np.ndarray:
    """A colored picture with transparency, `[H,W,4] uint8`.

    The alpha stays. But where only ink was drawn on nothing, what the lines enclose and what was
    filled become opaque too.

    Args:
        rgb: `[H,W,3] uint8`, the picture composited on white.
        alpha: `[H,W] uint8`, the picture's own.
        colored: `[H,W,3] uint8`, `rgb` as it was colored.
        drawn: with lines that enclose something, as no photograph is.
    """
    rgba = np.dstack((colored, alpha))
    soft = alpha < 255  # where it is 255, all is as it should be
    own = alpha[soft, None].astype(np.float32) / 255  # (N, 1), as all below: 0..1 or 0..255
    seen, filled = rgb[soft].astype(np.float32), colored[soft].astype(np.float32)
    tint = filled / np.maximum(seen, 1)
    ink = np.clip((seen - 255 * (1 - own)) / np.maximum(own, 1 / 255), 0, 255)  # before white
    fill = np.clip(255 * tint, 0, 255)
    behind = np.zeros_like(own)
    if drawn and is_ink_only(rgb, alpha):
        painted = np.zeros(alpha.shape, bool)
        painted[soft] = fill.min(axis=1) < 255 - PAINTED
        behind = fill_behind(alpha, painted)[soft, None] * (1 - own)
    opacity = own + behind
    mixed = (np.clip(tint * ink, 0, 255) * own + fill * behind) / np.maximum(opacity, 1 / 255)
    visible = np.where(opacity > 0, mixed, filled)
    rgba[soft] = np.concatenate((visible, 255 * opacity), axis=1).round().clip(0, 255)
    return rgba


def is_ink_only(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Whether lines were drawn on nothing, so that the paper inside them is transparent too."""
    drawn = rgb[alpha >= OPAQUE]
    return len(drawn) > 0 and bool((drawn.mean(axis=-1) >= INK).mean() <= PAPER_SHARE)


def fill_behind(alpha: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """How far there is a fill behind each pixel's ink, `[H,W] float32` in [0, 1].

    There is one where lines enclose something (the white of an eye, too), or where paint goes on
    outside of them, unless it only seeped through. A line's soft edge has what its side has.
    """
    bare = alpha < OPAQUE
    regions, _ = ndimage.label(bare)
    borders = (regions[0], regions[-1], regions[:, 0], regions[:, -1])
    ground = np.isin(regions, np.unique(np.concatenate(borders))) & bare
    width = 2 * round(SEEPAGE * max(alpha.shape)) + 1
    # an opening; by separable filters, whose cost does not grow with the width
    eroded = ndimage.minimum_filter((painted & ground).view(np.uint8), width, mode="constant")
    spilt = ndimage.maximum_filter(eroded, width).view(bool)
    fills = (bare & ~ground) | spilt
    share, near = (ndimage.uniform_filter(m.astype(np.float32), EDGE) for m in (fills, bare))
    side = np.where(near > 1e-4, share / np.maximum(near, 1e-4), painted)  # else deep under ink
    return np.where(alpha > 0, side, fills).astype(np.float32).clip(0, 1)
