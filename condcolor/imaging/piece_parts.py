"""The part of each piece of line art: by the vote of its pixels, divided where they are sure of several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from condcolor.imaging.growth import grow, nearest
from condcolor.imaging.pieces import Pieces
from condcolor.imaging.windows import reduce_windows


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
    """Return the mean probabilities `[count, K]` of the pixels with each label; even where it has none."""
    flat = probabilities.reshape(len(probabilities), -1)
    if weights is None and labels.shape == probabilities.shape[1:]:
        own = labels.ravel().astype(np.intp)  # else each bincount converts them
        total = np.bincount(own, minlength=count)
        sums = np.stack([np.bincount(own, plane, count) for plane in flat], axis=1)
        return _ratios(sums, total)
    heavy = np.ones(flat.shape[1]) if weights is None else weights.reshape(-1)
    # pieces are large beside the pixels of a large picture: a sample of these is enough for most
    step = max(1, min(np.floor_divide(labels.shape, probabilities.shape[1:])) // 2)
    sample = labels[step // 2 :: step, step // 2 :: step]
    own, cells = sample.ravel().astype(np.intp), _cells(labels.shape, probabilities.shape[1:], step)
    if step > 1:
        missing = np.bincount(own, minlength=count) == 0
        if missing.any():
            places = np.flatnonzero(missing[labels])
            own = np.append(own, labels.ravel()[places])
            cells = np.append(cells, _cells_of(places, labels.shape, probabilities.shape[1:]))
    heavy = heavy[cells] + 1e-9  # a piece without weight is decided by all of its pixels alike
    total = np.bincount(own, heavy, count)
    sums = np.stack([np.bincount(own, heavy * plane[cells], count) for plane in flat], axis=1)
    return _ratios(sums, total)


def _ratios(sums: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return `sums [N, K]` by `total [N]` as float32; even where the total is 0."""
    means = sums / np.maximum(total, 1e-12)[:, None]
    means[total == 0] = 1 / sums.shape[1]
    return means.astype(np.float32)


def _cells(shape: tuple[int, ...], coarse: tuple[int, ...], step: int) -> np.ndarray:
    """Return for each `step`-th pixel of a picture of `shape` its flat index in one of the `coarse` shape."""
    rows, columns = (
        np.arange(step // 2, size, step) * small // size
        for size, small in zip(shape, coarse, strict=True)
    )
    return (rows[:, None] * coarse[1] + columns).ravel()


def _cells_of(places: np.ndarray, shape: tuple[int, ...], coarse: tuple[int, ...]) -> np.ndarray:
    """Return the flat index in a picture of the `coarse` shape for flat indices in one of `shape`."""
    rows, columns = np.divmod(places, shape[1])
    return rows * coarse[0] // shape[0] * coarse[1] + columns * coarse[1] // shape[1]


SURE = 0.8  # probability from which a pixel is sure of its part
SPLIT_SHARE = 0.15  # of a piece; a sure connected area of another part becomes a piece from here on
NEAR = 5  # pixels, the window in which a line is near
LINED = 0.2  # of the rim of an area; with fewer lines near it nothing is drawn there
SPLIT_AREA = 0.02  # of the picture; or from here on, however large the piece
LEAST_SPLIT = 0.002  # of the picture; a smaller area never does
DOUBTFUL = 0.2  # margin between the first and the second part; below, a piece is a doubt
LEAST_DOUBT = 0.001  # of the picture; a smaller piece is no doubt


@dataclass(frozen=True)
class Decision:
    """The part of each piece.

    grown: `[H, W]` int32, the number of the piece of each pixel, grown under the lines.
    pieces: those that were decided: as found, or divided where no line divides them but their pixels do.
    part, means, margins: of each piece, as from `vote`.
    doubts: `[N]` int, the numbers of the pieces of some size whose margin is small.
    """

    grown: np.ndarray
    pieces: Pieces
    part: np.ndarray
    means: np.ndarray
    margins: np.ndarray
    doubts: np.ndarray

    @property
    def parts(self) -> np.ndarray:
        """The part of each pixel, `[H, W]` int32 in 0..K - 1."""
        return self.part.astype(np.int32)[self.grown]


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
    doubts = np.flatnonzero(is_doubt)
    return Decision(grow(pieces.labels), pieces, part, means, margins, doubts)


def divide(pieces: Pieces, probabilities: np.ndarray) -> Pieces:
    """Divide pieces in which large connected areas are sure of different parts.

    Each pixel of such a piece joins the nearest of these areas. Black areas stay whole.

    Args:
        pieces: of a picture of `[H, W]`.
        probabilities: `[K, h, w]` float32 in [0, 1], for each of K parts; h and w at most H and W.
    """
    coarse, full = probabilities.shape[1:], pieces.labels.shape
    best = probabilities.max(axis=0)
    sure = np.zeros(coarse, np.int32)  # (h, w)
    for part in range(
        len(probabilities), 0, -1
    ):  # the first of equal ones; argmax takes much longer
        np.copyto(sure, part, where=probabilities[part - 1] == best)
    sure *= best > SURE
    rows, columns = (
        (2 * np.arange(small) + 1) * size // (2 * small)
        for size, small in zip(full, coarse, strict=True)
    )
    labels = pieces.labels[rows[:, None], columns]  # (h, w)
    divided, count = pieces.labels.copy(), pieces.count
    gone = []
    near_lines = reduce_windows(labels == 0, NEAR, np.logical_or)
    for number, least in _mixed(labels, sure, pieces.dark, len(probabilities) + 1):
        seeds = _sure_areas(np.where(labels == number, sure, 0), least, near_lines)
        if seeds is None:
            continue
        grown = seeds[nearest(seeds == 0)] + count
        own = np.flatnonzero(pieces.labels == number)
        divided.reshape(-1)[own] = grown.reshape(-1)[_cells_of(own, full, coarse)]
        count += int(seeds.max())
        gone.append(number)
    if not gone:
        return pieces
    kept = np.ones(count + 1, bool)
    kept[gone] = False
    dark = np.append(pieces.dark, np.zeros(count - pieces.count, bool))
    return Pieces((np.cumsum(kept, dtype=np.int32) - 1)[divided], dark[kept])


def _mixed(
    labels: np.ndarray, sure: np.ndarray, dark: np.ndarray, kinds: int
) -> list[tuple[int, float]]:
    """Return the pieces that may have to be divided, and the pixels that each of their parts must have."""
    counts = np.bincount((labels * kinds + sure).ravel(), minlength=len(dark) * kinds)
    counts = counts.reshape(-1, kinds)
    share = np.minimum(SPLIT_SHARE * counts.sum(axis=1), SPLIT_AREA * labels.size)
    least = np.maximum(share, LEAST_SPLIT * labels.size)
    is_mixed = ((counts[:, 1:] >= least[:, None]).sum(axis=1) > 1) & ~dark
    is_mixed[0] = False
    return [(int(number), float(least[number])) for number in np.flatnonzero(is_mixed)]


def _sure_areas(sure: np.ndarray, least: float, near_lines: np.ndarray) -> np.ndarray | None:
    """Label the large connected areas of one part each, `[h, w]` int32; None if all are of the same part.

    An area that lines hardly touch, beside larger ones, is a mistake of the network: nothing is drawn there.

    Args:
        sure: `[h, w]` int, the part from 1 of each pixel; 0 for none.
        least: pixels; smaller areas do not count.
        near_lines: `[h, w]` bool, the pixels within a few of a line.
    """
    seeds, count, parts = np.zeros(sure.shape, np.int32), 0, 0
    largest = np.bincount(sure.ravel())[1:].max()
    for part in np.flatnonzero(np.bincount(sure.ravel())[1:] >= least) + 1:
        areas, found = ndimage.label(sure == part)
        sizes = np.bincount(areas.ravel())
        rim = areas * (reduce_windows(areas, 3, np.minimum) != areas)
        rims = np.bincount(rim.ravel(), minlength=found + 1)
        lined = np.bincount(rim[near_lines], minlength=found + 1) >= LINED * rims
        large = (sizes >= least) & (lined | (sizes > largest / 2))
        large[0] = False
        seeds += ((np.cumsum(large) + count) * large).astype(np.int32)[areas]
        count += int(large.sum())
        parts += bool(large.any())
    return seeds if parts > 1 else None
