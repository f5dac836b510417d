"""`Pieces`: areas that the lines of a drawing enclose, found in spite of gaps; solid black areas.

Areas are found as by trapped balls (Zhang et al. 2009, "Vectorizing cartoon animations", section 4.1): a ball
does not pass a gap that is narrower than itself, so an area is what the largest ball that fits can reach, and
smaller balls take what is left. Here balls of all radii are used at once. The distance to the next line is
the radius of the ball that fits, the basins of its watershed are the places where balls are trapped, and the
saddle between two basins is the radius of the ball that passes from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from condcolor.imaging.growth import grow, grow_rings, nearest
from condcolor.imaging.line_art import LINE_WIDTH
from condcolor.imaging.line_ends import close_gaps
from condcolor.imaging.windows import reduce_windows

SIDE = 256  # pixels on the longer side; the lengths in pixels below are meant for such a picture
LARGEST_SIDE = 1024  # pixels; a larger picture is reduced, and its labels are brought to its size

LIGHT = 0.9  # of the lightness around; a lighter pixel is not on a line
FAINT = 0.5  # of the lightness around; a darker pixel is no speck of noise
SPECK = 2  # pixels of 9; fewer dark ones are no line
BLACK = 0.25  # lightness; a darker pixel is never open

GAP = 12.0  # pixels, radius; a wider opening never divides an area
COMMON_GAP = 7.0  # pixels, radius; wider openings must be narrower beside the areas to divide them
NARROW = (
    0.8  # of the smaller area's radius; a narrower opening, up to COMMON_GAP, divides two areas
)
NARROW_WIDE = 0.55  # of it, for an opening of GAP
SMALLEST = 24  # pixels; a smaller piece joins its neighbor, or is a line where it has none

THICK = 2.0  # of the usual line's radius; thicker ink is a black area
THICKEST_LINE = 13.0  # pixels, radius; thicker ink is a black area in every drawing
THINNEST_BLACK = 2.5  # pixels, radius; thinner ink is never a black area
SMALLEST_BLACK = 40  # pixels


@dataclass(frozen=True)
class Pieces:
    """The pieces of a drawing.

    labels: `[H, W]` int32: the number of each pixel's piece, 1 to `count`; 0 on lines.
    dark: `[count + 1]` bool: whether the piece is a solid black area instead of an open one.
    """

    labels: np.ndarray
    dark: np.ndarray

    @property
    def count(self) -> int:
        """The number of pieces."""
        return len(self.dark) - 1


def find_pieces(light: np.ndarray, *, largest_side: int = LARGEST_SIDE) -> Pieces:
    """Find the areas that the lines of a drawing enclose, and its solid black areas.

    Gaps in lines of up to 12 pixels at 256 do not join areas, unless an area is hardly wider than the gap.

    Args:
        light: `[H, W]` float32 in [0, 1], lightness of the drawing.
        largest_side: pixels; the pieces of a larger picture are found in a reduced one that keeps its lines.
    """
    factor = -(-max(light.shape) // largest_side)
    if factor == 1:
        around = _lightness_around(light)
        return _find_pieces(light, _is_open(light, around))
    small = _min_pool(light, factor)
    around = _lightness_around(small)
    pieces = _find_pieces(small, _is_open(small, around))
    return Pieces(_enlarge(pieces, light, around, factor), pieces.dark)


def _lightness_around(light: np.ndarray) -> np.ndarray:
    """Return the lightness `[H, W]` without lines, by a closing that is wider than they are."""
    factor = max(1, max(light.shape) // (2 * SIDE))  # a coarser picture will do
    small = -_min_pool(-light, factor)
    width = 2 * round(LINE_WIDTH / 2 * max(small.shape)) + 1
    closed = reduce_windows(reduce_windows(small, width, np.maximum), width, np.minimum)
    return _repeat(closed, factor, light.shape)


def _is_open(light: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Return which pixels `[H, W]` are on no line and on no edge between two greys."""
    open_pixels = (light > LIGHT * np.maximum(around, reduce_windows(light, 3, np.maximum))) & (
        light > BLACK
    )
    if open_pixels.all():
        return open_pixels
    # specks of noise are faint and alone
    height, width = light.shape
    ink = np.zeros((height + 2, width + 2), np.uint8)
    np.logical_not(open_pixels, out=ink[1:-1, 1:-1].view(bool))
    rows = ink[:-2] + ink[1:-1] + ink[2:]
    near = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return open_pixels | ((near <= SPECK) & (light > FAINT * around))


def _find_pieces(light: np.ndarray, is_open: np.ndarray) -> Pieces:
    scale = max(light.shape) / SIDE
    ink_radii, usual = _ink_radii(~is_open)
    closed = close_gaps(is_open, usual, scale)
    labels = _open_areas(closed, scale)
    grow_rings(labels, np.flatnonzero(is_open & ~closed), 2)
    count = int(labels.max())
    black, black_count = _black_areas(ink_radii, usual, scale)
    if black_count:
        np.copyto(labels, black + count, where=black > 0)
    return Pieces(labels, np.arange(count + black_count + 1) > count)


def _open_areas(is_open: np.ndarray, scale: float) -> np.ndarray:
    """Label open areas `[H, W]` int32, divided where the opening between two is narrow; 0 elsewhere."""
    if not is_open.any():
        return np.zeros(is_open.shape, np.int32)
    radii = _radii(is_open)
    gap = GAP * scale
    basins, count = _basins(radii, is_open, gap)
    peaks, own = np.zeros(count, np.float32), basins[is_open]
    np.maximum.at(peaks, own, radii[is_open])
    areas = np.bincount(own, minlength=count)
    pairs, widths = _saddles(basins, count, radii, is_open)
    narrow = np.interp(widths, (COMMON_GAP * scale, gap), (NARROW, NARROW_WIDE))
    least = np.where(widths <= gap, widths / narrow, np.inf)
    numbers = _merge(pairs, least, peaks, areas, SMALLEST * scale**2)
    return numbers.astype(np.int32)[basins] * is_open


def _radii(is_open: np.ndarray) -> np.ndarray:
    """Return the radius `[H, W]` float32 of the largest ball without a line around each pixel.

    The picture's border is no line, but a passage between it and a line is as wide as one between two lines:
    outlines of figures that are cut off often end before it. A passage at the top is open, since there the
    ground surrounds a head.
    """
    if is_open.all():
        return np.full(is_open.shape, max(is_open.shape), np.float32)
    height, width = is_open.shape
    down, right = nearest(is_open)
    down -= np.arange(height, dtype=np.int32)[:, None]
    right -= np.arange(width, dtype=np.int32)
    radii = np.sqrt((down * down + right * right).astype(np.float32))
    columns = np.arange(1, width + 1, dtype=np.float32)
    beside = np.minimum(columns, columns[::-1])
    below = np.arange(height, 0, -1, dtype=np.float32)[:, None]
    # in a passage of width w, the radius and the distance to the border add up to w everywhere
    return np.minimum(radii, (radii + np.minimum(beside, below)) / 2)


FINENESS = 8  # levels per pixel of radius; finer differences are no ridge


def _basins(radii: np.ndarray, is_open: np.ndarray, gap: float) -> tuple[np.ndarray, int]:
    """Label each open pixel with its basin: the peak of the radii that it reaches by steepest ascent.

    Pixels of radii over `gap` are one basin where they are connected.

    Returns:
        Basins `[H, W]` in 0..count - 1, anything on lines, and their count.
    """
    # level and place in one number, whose maximum over the neighbors is the next pixel of the ascent
    bits, highest_level = int(radii.size).bit_length(), gap * FINENESS + 1
    kind = np.int32 if bits + int(highest_level).bit_length() < 32 else np.int64
    keys = np.minimum(radii * FINENESS, highest_level).astype(kind)
    keys <<= bits
    keys += np.arange(radii.size, dtype=kind).reshape(radii.shape)
    highest = keys.copy()
    np.maximum(highest[1:], keys[:-1], out=highest[1:])
    np.maximum(highest[:-1], keys[1:], out=highest[:-1])
    np.maximum(highest[:, 1:], keys[:, :-1], out=highest[:, 1:])
    np.maximum(highest[:, :-1], keys[:, 1:], out=highest[:, :-1])
    highest &= (1 << bits) - 1
    ascent = highest.reshape(-1).astype(np.intp)

    is_core = radii > gap
    cores, core_count = ndimage.label(is_core)
    inside, own = np.flatnonzero(is_core), cores[is_core]
    first = np.zeros(core_count + 1, np.intp)
    first[own[::-1]] = inside[::-1]
    ascent[inside] = first[own]

    peaks = np.zeros(radii.size, bool)
    peaks[first[1:]] = True
    places = np.flatnonzero(is_open & ~is_core)
    below = ascent[places]
    while places.size:
        above = ascent[below]
        climbs = above != below
        peaks[below[~climbs]] = True
        places, below = places[climbs], above[climbs]
        ascent[places] = below
    numbers = np.cumsum(peaks, dtype=np.int32) - 1
    return numbers[ascent].reshape(radii.shape), int(numbers[-1]) + 1


def _saddles(
    basins: np.ndarray, count: int, radii: np.ndarray, is_open: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs `[E, 2]` of basins that touch and the saddle `[E]` between them, widest first.

    The saddle is the radius of the largest ball that passes.
    """
    pairs, widths = [], []
    for one, other in (
        (np.s_[:-1], np.s_[1:]),
        (np.s_[:, :-1], np.s_[:, 1:]),
    ):
        meet = (basins[one] != basins[other]) & is_open[one] & is_open[other]
        pairs.append(np.stack((basins[one][meet], basins[other][meet])))
        widths.append(np.minimum(radii[one][meet], radii[other][meet]))
    pair, width = np.sort(np.concatenate(pairs, axis=1), axis=0), np.concatenate(widths)
    order = np.argsort(-width, kind="stable")
    _, first = np.unique(pair[0, order] * np.int64(count) + pair[1, order], return_index=True)
    order = order[np.sort(first)]
    return pair[:, order].T, width[order]


def _merge(
    pairs: np.ndarray, least: np.ndarray, peaks: np.ndarray, areas: np.ndarray, smallest: float
) -> np.ndarray:
    """Merge basins, widest opening first, unless both are so wide that the opening divides them.

    Args:
        pairs: `[E, 2]`, basins that touch, widest opening first.
        least: `[E]`, the radius that both areas must exceed for the opening to divide them.
        peaks: `[N]`, largest radius in each basin.
        areas: `[N]`, pixels of each basin.
        smallest: pixels; smaller areas are merged through any opening.

    Returns:
        `[N]`, for each basin the number of its piece, from 1; 0 for one that is too small and alone.
    """
    parents, peak, area = list(range(len(peaks))), peaks.tolist(), areas.tolist()

    def root(basin: int) -> int:
        while parents[basin] != basin:
            parents[basin] = parents[parents[basin]]
            basin = parents[basin]
        return basin

    def join(one: int, other: int) -> None:
        parents[other] = one
        peak[one] = max(peak[one], peak[other])
        area[one] += area[other]

    dividing = []
    for (one, other), radius in zip(pairs.tolist(), least.tolist(), strict=True):
        one, other = root(one), root(other)
        if one == other:
            continue
        if min(peak[one], peak[other]) > radius:
            dividing.append((one, other))
        else:
            join(one, other)
    for one, other in dividing:
        one, other = root(one), root(other)
        if one != other and min(area[one], area[other]) < smallest:
            join(one, other)

    roots = np.array([root(basin) for basin in range(len(parents))], np.int64)
    kept = np.array(area)[roots] >= smallest
    numbers = np.zeros(len(roots), np.int64)
    numbers[kept] = np.unique(roots[kept], return_inverse=True)[1] + 1
    return numbers


def _ink_radii(ink: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the distance `[H, W]` float32 to where there is no ink, and half the usual width of lines."""
    if not ink.any() or ink.all():
        return np.zeros(ink.shape, np.float32), 0.0
    # the mean of two metrics is within a tenth of the Euclidean one, and twice as fast
    twice = ndimage.distance_transform_cdt(ink, "taxicab")
    twice += ndimage.distance_transform_cdt(ink, "chessboard")
    radii = twice.astype(np.float32) / 2
    ridge = radii[ink] >= reduce_windows(radii, 3, np.maximum)[ink]
    return radii, float(np.median(radii[ink][ridge]))


def _black_areas(radii: np.ndarray, usual: float, scale: float) -> tuple[np.ndarray, int]:
    """Label the areas of ink that are much thicker than the drawing's lines, `[H, W]`, and count them."""
    limit = np.clip(THICK * usual + 0.5, THINNEST_BLACK * scale, THICKEST_LINE * scale)
    black, count = ndimage.label(radii > limit)
    if not count:
        return black, 0
    # grown back by what the limit took away: a morphological opening
    grow_rings(black, np.flatnonzero((radii > 0) & (black == 0)), round(limit))
    large = np.bincount(black.ravel(), minlength=count + 1) >= SMALLEST_BLACK * scale**2
    large[0] = False
    return (np.cumsum(large) * large).astype(np.int32)[black], int(large.sum())


def _min_pool(light: np.ndarray, factor: int) -> np.ndarray:
    """Return the darkest pixel of each block of `factor` by `factor` pixels."""
    height, width = light.shape
    if factor == 1:
        return light
    padded = np.pad(light, ((0, -height % factor), (0, -width % factor)), mode="edge")
    rows = padded.reshape(-1, factor, padded.shape[1]).min(axis=1)
    made = rows[:, ::factor].copy()
    for place in range(1, factor):
        np.minimum(made, rows[:, place::factor], out=made)
    return made


def _repeat(small: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return each pixel of `small` as a block of `factor` by `factor`, cut to `shape`."""
    if factor == 1:
        return small
    rows = np.arange(shape[0]) // factor
    return np.repeat(small, factor, axis=1)[:, : shape[1]][rows]


def _enlarge(pieces: Pieces, light: np.ndarray, around: np.ndarray, factor: int) -> np.ndarray:
    """Return the labels of a reduced picture at its full size, guided by the lines there.

    Open pixels of blocks that have a line, too, belong to the next open pixels on their side of the line.

    Args:
        pieces: of the reduced picture.
        light: `[H, W]`, of the full picture.
        around: lightness without lines, of the reduced picture.
        factor: pixels of the full picture for one of the reduced one.
    """
    large = _repeat(pieces.labels, factor, light.shape)
    is_open = light > _repeat(np.maximum(LIGHT * around, BLACK), factor, light.shape)
    missing = is_open & (large == 0)
    np.putmask(large, is_open == pieces.dark[large], 0)  # lines lie over areas
    missing |= is_open & (large == 0)
    rest = grow_rings(large, np.flatnonzero(missing), 2 * factor)
    if rest.size:
        near = grow(pieces.labels)
        rows, columns = np.divmod(rest, light.shape[1])
        large.ravel()[rest] = near[rows // factor, columns // factor]
    return large
