"""Pieces of line art: areas that lines enclose, gaps in the lines closed; the part of each by vote.

Areas are found as by trapped balls (Zhang et al. 2009, "Vectorizing cartoon animations", section 4.1): a ball
does not pass a gap that is narrower than itself, so an area is what the largest ball that fits can reach, and
smaller balls take what is left. Here balls of all radii are used at once: the distance to the next line is the
radius of the ball that fits, basins of its watershed are the places where balls are trapped, and the saddle
between two basins is the radius of the ball that passes from one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SIDE = 256  # pixels on the longer side; the lengths in pixels below are meant for such a picture
LARGEST_SIDE = 1024  # pixels; a larger picture is reduced, and its labels are brought to its size

LINE_WIDTH = 0.05  # of the longer side; thinner structures darker than their surroundings are lines
LIGHT = 0.9  # of the lightness around; a lighter pixel is not on a line
BLACK = 0.25  # lightness; a darker pixel is never open

GAP = 12.0  # pixels, radius; a wider opening never divides
NARROW = 0.85  # of the radius of the smaller area; a narrower opening divides two areas
BOTTOM = 3.0  # of 2; how much narrower a passage between a line and the bottom border counts
SMALLEST = 24  # pixels; a smaller piece joins its neighbor, or is a line where it has none

NEAR = 4.0  # pixels beyond a line's radius; the ink this near tells whether a line ends
END = 0.45  # of that; how far to one side the center of the ink is at an end
BRIDGE = 22.0  # pixels; ends that are further apart are not joined
AHEAD = 12.0  # pixels; a line further ahead of an end is not joined
FACING = 0.6  # cosine between an end's direction and that of the other end

THICK = 2.0  # of the usual line's radius; thicker ink is a black area
THICKEST_LINE = 9.0  # pixels, radius; thicker ink is a black area in every drawing
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
        return _find_pieces(light, _is_open(light, around, edges=True))
    small = _min_pool(light, factor)
    around = _lightness_around(small)
    pieces = _find_pieces(small, _is_open(small, around, edges=True))
    return Pieces(_enlarge(pieces, light, around, factor), pieces.dark)


def _lightness_around(light: np.ndarray) -> np.ndarray:
    """Return the lightness `[H, W]` without lines, by a closing that is wider than they are."""
    factor = max(1, max(light.shape) // (2 * SIDE))  # a coarser picture will do, and takes less time
    small = -_min_pool(-light, factor)
    width = 2 * round(LINE_WIDTH / 2 * max(small.shape)) + 1
    closed = ndimage.grey_closing(small, (width, width), mode="nearest")
    return _repeat(closed, factor, light.shape)


def _is_open(light: np.ndarray, around: np.ndarray, *, edges: bool) -> np.ndarray:
    """Return which pixels `[H, W]` are on no line; `edges` between two greys are lines, too."""
    is_open = (light > LIGHT * around) & (light > BLACK)
    if edges:
        is_open &= light > LIGHT * _largest_around(light)
    return is_open


def _largest_around(values: np.ndarray) -> np.ndarray:
    """Return the maximum of each 3x3 window, several times as fast as scipy's filter."""
    wide = np.pad(values, 1, mode="edge")
    rows = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _find_pieces(light: np.ndarray, is_open: np.ndarray) -> Pieces:
    scale = max(light.shape) / SIDE
    ink_radii, usual = _ink_radii(~is_open)
    closed = _close_gaps(is_open, usual, scale)
    labels = _open_areas(closed, scale)
    _grow_rings(labels, np.flatnonzero(is_open & ~closed), 2)
    count = int(labels.max())
    black, black_count = _black_areas(ink_radii, usual, scale)
    labels[black > 0] = black[black > 0] + count
    return Pieces(labels, np.arange(count + black_count + 1) > count)


def _open_areas(is_open: np.ndarray, scale: float) -> np.ndarray:
    """Label open areas `[H, W]` int32, divided where the opening between two is narrow; 0 elsewhere."""
    radii = _radii(is_open)
    gap = GAP * scale
    basins, count = _basins(radii, is_open, gap)
    peaks = np.zeros(count, np.float32)
    np.maximum.at(peaks, basins[is_open], radii[is_open])
    areas = np.bincount(basins[is_open], minlength=count)
    numbers = _merge(*_saddles(basins, radii, is_open), peaks, areas, gap, SMALLEST * scale**2)
    return np.where(is_open, numbers[basins], 0).astype(np.int32)


def _radii(is_open: np.ndarray) -> np.ndarray:
    """Return the radius `[H, W]` float32 of the largest ball without a line around each pixel.

    A passage between a line and the picture's border is as wide as one between two lines, although nothing
    bounds it there. At the bottom, where figures are cut off and their outlines often end before it, the
    passage counts as narrower; at the top it counts as open, since ground surrounds a head.
    """
    if is_open.all():
        return np.full(is_open.shape, max(is_open.shape), np.float32)
    radii = ndimage.distance_transform_edt(is_open).astype(np.float32)
    height, width = is_open.shape
    columns = np.arange(1, width + 1, dtype=np.float32)
    beside = np.minimum(columns, columns[::-1])
    below = np.arange(height, 0, -1, dtype=np.float32)[:, None]
    # for a passage of width w, radius + distance to the border is w in all of it
    return np.minimum(
        radii, np.minimum((radii + beside) / 2, (radii + below) / BOTTOM), dtype=np.float32
    )


FINENESS = 8  # levels per pixel of radius; finer differences are no ridge


def _basins(radii: np.ndarray, is_open: np.ndarray, gap: float) -> tuple[np.ndarray, int]:
    """Label each open pixel with its basin: the peak of the radii that it reaches by steepest ascent.

    Pixels of radii over `gap` are one basin where they are connected.

    Returns:
        Basins `[H, W]` in 0..count - 1, anything on lines, and their count.
    """
    # level and place in one number, whose maximum over the neighbors is the next pixel of the ascent
    bits = int(radii.size).bit_length()
    levels = np.minimum(radii * FINENESS, gap * FINENESS + 1).astype(np.int64)
    keys = (levels << bits) + np.arange(radii.size).reshape(radii.shape)
    highest = keys.copy()
    np.maximum(highest[1:], keys[:-1], out=highest[1:])
    np.maximum(highest[:-1], keys[1:], out=highest[:-1])
    np.maximum(highest[:, 1:], keys[:, :-1], out=highest[:, 1:])
    np.maximum(highest[:, :-1], keys[:, 1:], out=highest[:, :-1])
    ascent = (highest & ((1 << bits) - 1)).ravel()

    cores, core_count = ndimage.label(radii > gap)
    cores = cores.ravel()
    inside = np.flatnonzero(cores)
    first = np.zeros(core_count + 1, np.int64)
    first[cores[inside[::-1]]] = inside[::-1]
    ascent[inside] = first[cores[inside]]

    places = np.flatnonzero(is_open.ravel() & (cores == 0))
    below = ascent[places]
    while True:
        above = ascent[below]
        if np.array_equal(above, below):
            break
        ascent[places] = below = above
    peaks = np.zeros(radii.size, bool)
    peaks[first[1:]] = True
    peaks[below] = True
    numbers = np.cumsum(peaks) - 1
    return numbers[ascent].reshape(radii.shape), int(peaks.sum())


def _saddles(
    basins: np.ndarray, radii: np.ndarray, is_open: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs `[E, 2]` of basins that touch, and the radius `[E]` of the ball that passes, widest first."""
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
    count = int(basins.max()) + 1
    _, first = np.unique(pair[0, order] * count + pair[1, order], return_index=True)
    order = order[np.sort(first)]
    return pair[:, order].T, width[order]


def _merge(
    pairs: np.ndarray,
    widths: np.ndarray,
    peaks: np.ndarray,
    areas: np.ndarray,
    gap: float,
    smallest: float,
) -> np.ndarray:
    """Merge basins, widest opening first, except through openings that are narrow for both.

    Returns:
        For each basin the number of its piece, from 1; 0 for one that is too small and alone.
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

    narrow = []
    for (one, other), width in zip(pairs.tolist(), widths.tolist(), strict=True):
        one, other = root(one), root(other)
        if one == other:
            continue
        if width > gap or width >= NARROW * min(peak[one], peak[other]):
            join(one, other)
        else:
            narrow.append((one, other))
    for one, other in narrow:
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
    radii = ndimage.distance_transform_cdt(ink, "taxicab").astype(np.float32)
    radii = (radii + ndimage.distance_transform_cdt(ink, "chessboard")) / 2
    ridge = ink & (radii >= _largest_around(radii))
    return radii, float(np.median(radii[ridge]))


def _close_gaps(is_open: np.ndarray, usual: float, scale: float) -> np.ndarray:
    """Draw lines from ends of lines to other ends that face them, or to the lines ahead of them.

    Returns:
        `[H, W]` bool, open pixels without those of the lines drawn.
    """
    height, width = is_open.shape
    rows, columns, down, right = _line_ends(~is_open, max(2, round(NEAR * scale + usual)))
    closed = is_open.copy()
    if len(rows) == 0:
        return closed
    reach = BRIDGE * scale
    # ends that face each other
    dy, dx = rows[None] - rows[:, None], columns[None] - columns[:, None]
    distance = np.hypot(dy, dx) + 1e-6
    ahead = (down[:, None] * dy + right[:, None] * dx) / distance
    facing = (distance <= reach) & (ahead > FACING) & (ahead.T > FACING)
    one, other = np.nonzero(np.triu(facing))
    starts = [np.stack((rows[one], columns[one]))]
    stops = [np.stack((rows[other], columns[other]))]
    # ends before a line
    alone = np.flatnonzero(~facing.any(axis=1))
    steps = np.arange(1, int(AHEAD * scale) + 1)
    y = np.rint(rows[alone, None] + down[alone, None] * steps).astype(np.intp)
    x = np.rint(columns[alone, None] + right[alone, None] * steps).astype(np.intp)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    open_ahead = is_open[y.clip(0, height - 1), x.clip(0, width - 1)] & inside
    left = np.logical_or.accumulate(open_ahead, axis=1)
    hit = left & ~open_ahead & inside
    hits = hit.any(axis=1)
    first = hit.argmax(axis=1)[hits]
    alone = alone[hits]
    starts.append(np.stack((rows[alone], columns[alone])))
    stops.append(np.stack((y[hits, first], x[hits, first])))
    start, stop = np.concatenate(starts, axis=1), np.concatenate(stops, axis=1)
    share = np.linspace(0, 1, 2 * int(reach) + 1)
    points = np.rint(start[:, :, None] + (stop - start)[:, :, None] * share).astype(np.intp)
    closed[points[0], points[1]] = False
    return closed


def _line_ends(
    ink: np.ndarray, radius: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows and columns of the ends of lines, and the direction (down, right) in which each points.

    At an end, the center of the ink around lies to one side.
    """
    # the count, row and column sums of the ink in each window, in 16, 24 and 24 bits of one summed-area table;
    # it may overflow, since only differences are used
    radius = min(radius, 60)
    high = 2 * radius + 1
    padded = np.pad(ink, ((radius + 1, radius), (radius + 1, radius)))
    y, x = (np.arange(size, dtype=np.uint64) for size in padded.shape)
    table = padded * (1 + (y[:, None] << 16) + (x << 40))
    np.cumsum(table, axis=0, out=table)
    np.cumsum(table, axis=1, out=table)
    rows, columns = np.nonzero(ink)
    corner = rows * len(x) + columns
    table = table.ravel()
    sums = table[corner] + table[corner + high * (len(x) + 1)]
    sums -= table[corner + high] + table[corner + high * len(x)]
    mass = (sums & 0xFFFF).astype(np.float32)
    down = rows + radius + 1 - (sums >> 16 & 0xFFFFFF) / mass
    right = columns + radius + 1 - (sums >> 40) / mass
    length = np.hypot(down, right).astype(np.float32)
    size = np.zeros(ink.shape, np.float32)
    size[rows, columns] = length
    around = _largest_around(_largest_around(size))
    is_end = (length > END * radius) & (length >= around[rows, columns])
    length = length[is_end]
    return rows[is_end], columns[is_end], down[is_end] / length, right[is_end] / length


def _black_areas(radii: np.ndarray, usual: float, scale: float) -> tuple[np.ndarray, int]:
    """Label the areas of ink that are much thicker than the drawing's lines, `[H, W]`, and count them."""
    limit = np.clip(THICK * usual + 0.5, THINNEST_BLACK * scale, THICKEST_LINE * scale)
    black, count = ndimage.label(radii > limit)
    if count:  # grown back by what the limit took away: a morphological opening
        _grow_rings(black, np.flatnonzero((radii > 0) & (black == 0)), round(limit))
    large = np.bincount(black.ravel(), minlength=count + 1) >= SMALLEST_BLACK * scale**2
    large[0] = False
    return (np.cumsum(large) * large).astype(np.int32)[black], int(large.sum())


def _min_pool(light: np.ndarray, factor: int) -> np.ndarray:
    """Return the darkest pixel of each block of `factor` by `factor`, `[ceil(H / factor), ceil(W / factor)]`."""
    height, width = light.shape
    if factor == 1:
        return light
    padded = np.pad(light, ((0, -height % factor), (0, -width % factor)), mode="edge")
    rows = padded.reshape(-1, factor, padded.shape[1]).min(axis=1)
    return np.minimum.reduceat(rows, np.arange(0, padded.shape[1], factor), axis=1)


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
    np.putmask(large, is_open == np.append(pieces.dark, False)[large], 0)  # lines lie over areas
    missing |= is_open & (large == 0)
    rest = _grow_rings(large, np.flatnonzero(missing), 2 * factor)
    if rest.size:
        near = grow(pieces.labels)
        rows, columns = np.divmod(rest, light.shape[1])
        large.ravel()[rest] = near[rows // factor, columns // factor]
    return large


def _grow_rings(labels: np.ndarray, places: np.ndarray, rings: int) -> np.ndarray:
    """Give pixels the label of a labelled neighbor, ring by ring, in place.

    Args:
        labels: `[H, W]`, contiguous; 0 where there is none.
        places: indices into the flat labels of the pixels that may get one.
        rings: how often.

    Returns:
        The places that have none yet.
    """
    flat, (height, width) = labels.reshape(-1), labels.shape
    for ring in range(rings):
        if places.size == 0:
            break
        rows, columns = np.divmod(places, width)
        steps = [
            (places - 1, columns > 0),
            (places + 1, columns < width - 1),
            (places - width, rows > 0),
            (places + width, rows < height - 1),
        ]
        found = np.zeros(len(places), labels.dtype)
        for neighbors, inside in steps[:: 1 if ring % 2 else -1]:
            candidates = np.where(inside, flat[np.where(inside, neighbors, 0)], 0)
            np.copyto(found, candidates, where=candidates > 0)
        flat[places] = found
        places = places[found == 0]
    return places


EXACT = 2**21  # pixels; a larger picture's labels are grown ring by ring, which is faster
RINGS = 12  # pixels; further from any piece, the nearest one in a picture of a quarter the size will do


def grow(labels: np.ndarray) -> np.ndarray:
    """Grow pieces under the lines: each line pixel gets the label of the piece that is nearest to it.

    Args:
        labels: `[H, W]` int32, 0 on lines.

    Returns:
        `[H, W]` int32 without 0, unless there are no pieces at all.
    """
    lines = labels == 0
    if not lines.any() or lines.all():
        return labels.copy()
    if labels.size <= EXACT:
        nearest = ndimage.distance_transform_edt(
            lines, return_distances=False, return_indices=True
        )
        return labels[tuple(nearest)]
    grown = np.ascontiguousarray(labels).copy()
    rest = _grow_rings(grown, np.flatnonzero(lines), RINGS)
    if rest.size:
        step = 4
        deep = grow(grown[::step, ::step])
        rows, columns = np.divmod(rest, labels.shape[1])
        grown.ravel()[rest] = deep[rows // step, columns // step]
    return grown


def vote(
    pieces: Pieces, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the part of each piece: the one with the largest mean of its pixels' probabilities.

    Args:
        pieces: of a picture of `[H, W]`.
        probabilities: `[K, h, w]` float32 in [0, 1], for each of K parts; h and w at most H and W.
        weights: `[h, w]` float >= 0, how much a pixel counts; all alike if None.

    Returns:
        Parts `[count + 1]` int, means `[count + 1, K]` float32, and margins `[count + 1]` float32 between the
        means of the first and the second part. Number 0 stands for the pixels of lines.
    """
    means = _means(pieces.labels, pieces.count + 1, probabilities, weights)
    second, first = np.sort(means, axis=1)[:, -2:].T
    return means.argmax(axis=1), means, first - second


def _means(
    labels: np.ndarray, count: int, probabilities: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """Return the mean probabilities `[count, K]` of the pixels with each label; even ones where there are none."""
    flat = probabilities.reshape(len(probabilities), -1)
    heavy = np.ones(flat.shape[1]) if weights is None else weights.reshape(-1)
    # pieces are large beside the pixels of a large picture: a sample of these is enough for most
    step = max(1, min(labels.shape[0] // probabilities.shape[1], labels.shape[1] // probabilities.shape[2]) // 2)
    sample = labels[step // 2 :: step, step // 2 :: step]
    own, cells = sample.ravel(), _cells(labels.shape, probabilities.shape[1:], step)
    if step > 1:
        missing = np.bincount(own, minlength=count) == 0
        if missing.any():
            places = np.flatnonzero(missing[labels])
            own = np.append(own, labels.ravel()[places])
            cells = np.append(cells, _cells(labels.shape, probabilities.shape[1:], 1)[places])
    heavy = heavy[cells] + 1e-9  # a piece without weight is decided by all of its pixels alike
    total = np.bincount(own, heavy, count)
    sums = np.stack([np.bincount(own, heavy * plane[cells], count) for plane in flat], axis=1)
    means = sums / np.maximum(total, 1e-12)[:, None]
    means[total == 0] = 1 / len(probabilities)
    return means.astype(np.float32)


def _cells(shape: tuple[int, ...], coarse: tuple[int, ...], step: int) -> np.ndarray:
    """Return for each `step`-th pixel of a picture of `shape` its flat index in one of the `coarse` shape."""
    rows, columns = (
        np.arange(step // 2, size, step) * small // size
        for size, small in zip(shape, coarse, strict=True)
    )
    return (rows[:, None] * coarse[1] + columns).ravel()


SURE = 0.8  # probability from which a pixel is sure of its part
SPLIT_SHARE = 0.15  # of a piece; a sure connected area of another part that is as large becomes a piece
SPLIT_AREA = 0.02  # of the picture; so does one that is as large, however large the piece
LEAST_SPLIT = 0.002  # of the picture; a smaller area never does
DOUBTFUL = 0.2  # margin between the first and the second part; below, a piece is a doubt
LEAST_DOUBT = 0.001  # of the picture; a smaller piece is no doubt


@dataclass(frozen=True)
class Decision:
    """The part of each pixel and of each piece.

    parts: `[H, W]` int32 in 0..K - 1, grown under the lines.
    pieces: those that were decided: as found, or divided where no line divides them but their pixels do.
    part, means, margins: of each piece, as from `vote`.
    doubts: `[N]` int, the numbers of the pieces of some size whose margin is small.
    """

    parts: np.ndarray
    pieces: Pieces
    part: np.ndarray
    means: np.ndarray
    margins: np.ndarray
    doubts: np.ndarray


def decide(
    pieces: Pieces, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> Decision:
    """Decide the part of each piece, and divide pieces whose pixels are sure of different parts.

    Args:
        pieces: of a picture of `[H, W]`.
        probabilities: `[K, h, w]` float32 in [0, 1], for each of K parts; h and w at most H and W.
        weights: `[h, w]` float >= 0, how much a pixel counts; all alike if None.
    """
    pieces = divide(pieces, probabilities)
    part, means, margins = vote(pieces, probabilities, weights)
    areas = np.bincount(pieces.labels.ravel(), minlength=pieces.count + 1)
    is_doubt = (margins < DOUBTFUL) & (areas >= LEAST_DOUBT * pieces.labels.size)
    is_doubt[0] = False
    parts = part.astype(np.int32)[grow(pieces.labels)]
    return Decision(parts, pieces, part, means, margins, np.flatnonzero(is_doubt))


def divide(pieces: Pieces, probabilities: np.ndarray) -> Pieces:
    """Divide pieces in which large connected areas are sure of different parts.

    Each pixel of such a piece joins the nearest of these areas. Black areas stay whole.

    Args:
        pieces: of a picture of `[H, W]`.
        probabilities: `[K, h, w]` float32 in [0, 1], for each of K parts; h and w at most H and W.
    """
    best = probabilities.argmax(axis=0)
    sure = np.where(probabilities.max(axis=0) > SURE, best + 1, 0)  # (h, w), 0 or part + 1
    coarse, shape = sure.shape, pieces.labels.shape
    rows, columns = (
        (2 * np.arange(small) + 1) * size // (2 * small)
        for size, small in zip(shape, coarse, strict=True)
    )
    labels = pieces.labels[rows[:, None], columns]  # (h, w)
    kinds = len(probabilities) + 1
    counts = np.bincount(
        (labels * kinds + sure).ravel(), minlength=(pieces.count + 1) * kinds
    ).reshape(-1, kinds)
    areas = counts.sum(axis=1)
    least = np.maximum(
        np.minimum(SPLIT_SHARE * areas, SPLIT_AREA * labels.size), LEAST_SPLIT * labels.size
    )
    is_mixed = (counts[:, 1:] >= least[:, None]).sum(axis=1) > 1
    is_mixed &= ~pieces.dark
    is_mixed[0] = False
    if not is_mixed.any():
        return pieces
    seeds = np.zeros(coarse, np.int32)
    new, owners = pieces.count, []  # pieces that are divided
    for number in np.flatnonzero(is_mixed):
        own = labels == number
        areas_of: list[np.ndarray] = []
        parts_of: set[int] = set()
        for kind in np.flatnonzero(counts[number, 1:] >= least[number]) + 1:
            connected, _ = ndimage.label(own & (sure == kind))
            sizes = np.bincount(connected.ravel())
            sizes[0] = 0
            for area in np.flatnonzero(sizes >= least[number]):
                areas_of.append(connected == area)
                parts_of.add(int(kind))
        if len(parts_of) > 1:
            owners.append(number)
            for area in areas_of:
                new += 1
                seeds[area] = new
    if not owners:
        return pieces
    # the nearest seed of the own piece, for each piece divided
    large = pieces.labels.copy()
    cell_rows, cell_columns = (
        np.arange(size) * small // size for size, small in zip(shape, coarse, strict=True)
    )
    for number in owners:
        nearest = ndimage.distance_transform_edt(
            (seeds == 0) | (labels != number), return_distances=False, return_indices=True
        )
        grown = seeds[tuple(nearest)]
        rows_of, columns_of = np.nonzero(pieces.labels == number)
        large[rows_of, columns_of] = grown[cell_rows[rows_of], cell_columns[columns_of]]
    dark = np.append(pieces.dark, np.zeros(new - pieces.count, bool))
    present = np.ones(new + 1, bool)
    present[owners] = False
    renumbered = np.cumsum(present, dtype=np.int32) - 1
    return Pieces(renumbered[large], dark[present])
