"""Line art: lines and fills apart, enclosed pieces made even, what is opaque behind the ink.

Fills are made even for models with flat targets, such as those composed from masks. The network decides each
pixel separately and leaves blotches on drawings unlike its training data; the lines of the drawing enclose
the pixels that belong together.

A transparent picture is composited on white for the network, and so is the coloring. To restore its alpha,
the fill color of a pixel is the factor between the two, which is then applied to the pixel's own color.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from condcolor.imaging.windows import reduce_windows

LINE_WIDTH = 0.05  # of the longer side; thinner structures darker than their surroundings are lines
TINGED = 0.12  # difference of R, G and B, relative to the paper, above which a fill has a hue
GREY = 8  # of 255; a picture whose R, G and B differ by no more has no colors
COLORED_SHARE = 0.01  # of the pixels; a picture with more tinged ones is not a sketch
PAPER = 90  # percentile of lightness that is taken for the paper's


def split_lines(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split a picture into lines and fills, whose product is the picture.

    Args:
        rgb: `[H, W, 3]` uint8.

    Returns:
        Lines `[H, W]`, 1 on paper and fills, and fills `[H, W, 3]`; both float32 in [0, 1].
    """
    light = rgb.astype(np.float32) / 255
    around = _without_lines(light)
    lines = (light / np.maximum(around, 1 / 255)).max(axis=-1).clip(0, 1)
    fills = np.where(
        lines[..., None] > 1 / 255, light / np.maximum(lines, 1 / 255)[..., None], around
    )
    return lines, fills.clip(0, 1)


def has_colors(rgb: np.ndarray) -> bool:
    """Return whether a picture `[H, W, 3]` uint8 has colored fills; tinted lines and paper do not count."""
    red, green, blue = (
        rgb[..., i] for i in range(3)
    )  # several times as fast as along the last axis
    most, least = (join(join(red, green), blue) for join in (np.maximum, np.minimum))
    if (most - least).max() <= GREY:
        return False
    fills = _without_lines(rgb.astype(np.float32) / 255)
    paper = np.maximum(np.percentile(fills, PAPER, axis=(0, 1)), 1 / 255)
    relative = (fills / paper).clip(0, 1)
    return bool((np.ptp(relative, axis=-1) > TINGED).mean() > COLORED_SHARE)


def _without_lines(light: np.ndarray) -> np.ndarray:
    width = 2 * round(LINE_WIDTH / 2 * max(light.shape[:2])) + 1
    return ndimage.grey_closing(light, (width, width, 1), mode="nearest")


LIGHT = 0.9  # of the lightest neighbor's lightness; a lighter pixel is not on a line
SMALLEST = 9  # pixels; the color of a smaller piece is too uncertain
ALIKE = 0.12  # largest difference of a channel (of 1) between pixels of the same fill
MOST = 0.75  # share of a piece with the same fill from which the rest counts as blotches
WHITE = 0.95  # smallest channel of a fill from which it is the white of the paper


def find_pieces(light: np.ndarray) -> np.ndarray:
    """Label the connected pieces that lines enclose, closing gaps of one or two pixels.

    Args:
        light: `[H, W]` float in [0, 1], lightness of the sketch.

    Returns:
        `[H, W]` int: the number of each pixel's piece, 0 on lines.
    """
    around = reduce_windows(light, 3, np.maximum)
    open_pixels = (light > LIGHT * around) & (light > 0.25)
    cores, _ = ndimage.label(reduce_windows(open_pixels, 3, np.logical_and))
    grown = reduce_windows(cores, 3, np.maximum)  # the rim that the erosion removed
    return np.where(cores == 0, grown, cores) * open_pixels


def even_fills(pieces: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    """Fill each piece that has nearly one color with that color.

    White pieces at the border are unchanged: there the ground may leak into a figure with open lines.

    Args:
        pieces: `[H, W]` int, from `find_pieces`.
        rgb: `[H, W, 3]` float in [0, 1].

    Returns:
        `[H, W, 3]`, a new array.
    """
    labels = pieces.ravel()
    counts = np.bincount(labels)
    kind = np.uint16 if len(counts) < 2**16 else labels.dtype  # 16 bits are radix-sorted
    order = np.argsort(labels.astype(kind), kind="stable")  # pixels grouped by piece
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


OPAQUE = 128  # alpha from here on counts as drawn
INK = 200  # an opaque pixel darker than this is ink, not paper
PAPER_SHARE = 0.1  # of the opaque pixels; with less paper, a picture is ink alone
PAINTED = 12.0  # of 255; a color this far from white is a fill
SEEPAGE = 1 / 100  # of the longer side; a fill outside the lines must be wider than this
MOST_OPEN = (
    0.25  # of the border; with more of it transparent, transparency at the border is the ground
)
MOST_FILLED = 0.5  # of the pixels of a hole; with more of them painted, it is filled
LIGHT_INK = 200  # smallest channel of ink that is light
DARK_SHARE = 0.05  # of the pixels of light ink that may be darker
MOST_INK = 0.5  # of a picture; with more opaque pixels, it is not ink on transparency
WIDE_SHARE = 0.2  # of the ink; with more of it in wide areas, it is not lines
EDGE = 5  # pixels, the window that decides to which side of a line its soft edge belongs


def as_it_came(rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Undo the compositing on white of a picture: `[H, W, 3]` or, with alpha, `[H, W, 4]` uint8."""
    return rgb if alpha is None else recolor(rgb, alpha, rgb, drawn=False)


def recolor(
    rgb: np.ndarray,
    alpha: np.ndarray,
    colored: np.ndarray,
    *,
    drawn: bool = True,
    light: bool = False,
) -> np.ndarray:
    """Give a colored picture the transparency of the original, `[H, W, 4]` uint8.

    The alpha of the original is kept. If it is line art, fills that lines enclose become opaque, too: all of
    them where the original is ink alone (see `is_ink_only`), else those that are painted.

    Args:
        rgb: `[H, W, 3]` uint8, the original composited on white.
        alpha: `[H, W]` uint8, of the original.
        colored: `[H, W, 3]` uint8, the coloring of `rgb`; with `light`, of `dark_ink(rgb, alpha)`.
        drawn: the picture is line art, not a photograph.
        light: the lines are light, on transparency (see `is_light_ink`); they keep their color.
    """
    rgba = np.dstack((colored, alpha))
    # opaque pixels need no change, but light lines do: they were colored as dark ones
    soft = np.ones(alpha.shape, bool) if light else alpha < 255
    # (N, 1); all below are (N, 1) or (N, 3), in 0..1 or 0..255
    own = alpha[soft, None].astype(np.float32) / 255
    white, filled = rgb[soft].astype(np.float32), colored[soft].astype(np.float32)
    seen = dark_ink(rgb, alpha)[soft].astype(np.float32) if light else white
    tint = filled / np.maximum(seen, 1)
    ink = np.clip(
        (white - 255 * (1 - own)) / np.maximum(own, 1 / 255), 0, 255
    )  # before compositing
    fill = np.clip(255 * tint, 0, 255)
    behind = np.zeros_like(own)
    if drawn:
        painted = np.zeros(alpha.shape, bool)
        painted[soft] = fill.min(axis=1) < 255 - PAINTED
        if light:  # its lines would not be seen on the white of an eye
            cover = fill_behind(alpha, painted, white=False)
        elif is_ink_only(rgb, alpha):
            cover = fill_behind(alpha, painted)
        else:
            cover = fill_inside(alpha, painted)
        behind = cover[soft, None] * (1 - own)
    opacity = own + behind
    tinted = ink if light else np.clip(tint * ink, 0, 255)
    mixed = (tinted * own + fill * behind) / np.maximum(opacity, 1 / 255)
    visible = np.where(opacity > 0, mixed, filled)
    rgba[soft] = np.concatenate((visible, 255 * opacity), axis=1).round().clip(0, 255)
    return rgba


def is_ink_only(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Return whether a picture is ink alone: the paper inside its lines is transparent, too.

    Args:
        rgb: `[H, W, 3]` uint8.
        alpha: `[H, W]` uint8.
    """
    drawn = rgb[alpha >= OPAQUE]
    return len(drawn) > 0 and bool((drawn.mean(axis=-1) >= INK).mean() <= PAPER_SHARE)


def is_light_ink(rgb: np.ndarray, alpha: np.ndarray) -> bool:
    """Return whether a picture is light ink alone, on transparency: on white nothing of it is seen.

    Args:
        rgb: `[H, W, 3]` uint8, composited on white.
        alpha: `[H, W]` uint8.
    """
    drawn = alpha >= OPAQUE
    if (
        not 0 < drawn.mean() <= MOST_INK
        or (rgb[drawn].min(axis=-1) >= LIGHT_INK).mean() < 1 - DARK_SHARE
    ):
        return False
    # a white figure is wide, lines are not
    width = 2 * round(LINE_WIDTH / 2 * max(alpha.shape)) + 1
    wide = ndimage.minimum_filter(drawn.view(np.uint8), width, mode="nearest")
    return bool(wide.mean() < WIDE_SHARE * drawn.mean())


def dark_ink(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return a picture of light ink on transparency as black ink on white, `[H, W, 3]` uint8.

    Args:
        rgb: `[H, W, 3]` uint8, composited on white.
        alpha: `[H, W]` uint8.
    """
    return np.repeat((255 - alpha)[..., None], 3, axis=-1)


def fill_behind(alpha: np.ndarray, painted: np.ndarray, *, white: bool = True) -> np.ndarray:
    """Return the coverage of fills behind the ink, `[H, W]` float32 in [0, 1].

    A fill is what lines enclose (the white of an eye, too), or what is painted outside of them in more than
    a narrow strip (SEEPAGE). The soft edge of a line has the coverage of its side.

    Args:
        alpha: `[H, W]` uint8.
        painted: `[H, W]` bool, pixels with a color.
        white: what lines enclose is filled though it is not painted.
    """
    bare = alpha < OPAQUE
    regions, _ = ndimage.label(bare)
    ground = np.isin(regions, np.unique(_border(regions))) & bare
    width = 2 * round(SEEPAGE * max(alpha.shape)) + 1
    # morphological opening by separable filters, whose cost does not grow with the width
    eroded = ndimage.minimum_filter((painted & ground).view(np.uint8), width, mode="constant")
    spilt = ndimage.maximum_filter(eroded, width).view(bool)
    inside = bare & ~ground
    fills = (inside if white else inside & painted) | spilt
    return _with_edges(fills, bare, alpha, painted)


def fill_inside(alpha: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Return the coverage of fills in the holes of an opaque picture, `[H, W]` float32 in [0, 1].

    A hole is a transparent region inside the picture; also one at its border if nearly all of the border
    is opaque. It is filled where most of it is painted.

    Args:
        alpha: `[H, W]` uint8.
        painted: `[H, W]` bool, pixels with a color.
    """
    bare = alpha < OPAQUE
    regions, count = ndimage.label(bare)
    sizes = np.maximum(np.bincount(regions.ravel(), minlength=count + 1), 1)
    filled = np.bincount(regions[painted], minlength=count + 1) > MOST_FILLED * sizes
    filled[0] = False
    border = _border(regions)
    if (border > 0).mean() > MOST_OPEN:
        filled[border] = False
    if not filled.any():
        return np.zeros(alpha.shape, np.float32)
    return _with_edges(filled[regions], bare, alpha, painted)


def _border(values: np.ndarray) -> np.ndarray:
    return np.concatenate((values[0], values[-1], values[:, 0], values[:, -1]))


def _with_edges(
    fills: np.ndarray, bare: np.ndarray, alpha: np.ndarray, painted: np.ndarray
) -> np.ndarray:
    """Return the coverage of fills, the soft edges of lines included, `[H, W]` float32 in [0, 1]."""
    share, near = (ndimage.uniform_filter(m.astype(np.float32), EDGE) for m in (fills, bare))
    # pixels without bare ones near are deep under ink
    side = np.where(near > 1e-4, share / np.maximum(near, 1e-4), painted)
    return np.where(alpha > 0, side, fills).astype(np.float32).clip(0, 1)
