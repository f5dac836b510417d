"""Ends of lines: found, joined to the lines that they face, so that gaps in line art are closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from condcolor.imaging.windows import reduce_windows

# All lengths are for a picture of 256 pixels on the longer side.
NEAR = 4.0  # pixels beyond a line's radius; the ink this near tells whether a line ends
END = 0.45  # of that; how far to one side the center of the ink is at an end
SOLID = 0.4  # of the pixels this near; with more ink, this is the edge of an area
MOST_ENDS = 600  # the clearest ones; more are no gaps, but hatching or noise
BRIDGE = 22.0  # pixels; ends that are further apart are not joined
AHEAD = 12.0  # pixels; a line further ahead of an end is not joined
BORDER = 28.0  # pixels; ends that are further above the picture's lower border are not joined to it
UPWARD = (
    -0.3
)  # downward part of an end's direction; an end that points further up is not joined to it
FACING = 0.6  # cosine between an end's direction and that of the other end


@dataclass(frozen=True)
class LineEnds:
    """Ends of lines: `rows`, `columns` `[E]` int, and the unit direction `down`, `right` `[E]` of each."""

    rows: np.ndarray
    columns: np.ndarray
    down: np.ndarray
    right: np.ndarray

    @property
    def places(self) -> np.ndarray:
        """Rows and columns, `[2, E]`."""
        return np.stack((self.rows, self.columns))

    def __getitem__(self, chosen: np.ndarray) -> LineEnds:
        """Return the ends of these indices, or where this mask is true."""
        return LineEnds(
            self.rows[chosen], self.columns[chosen], self.down[chosen], self.right[chosen]
        )


def close_gaps(is_open: np.ndarray, usual: float, scale: float) -> np.ndarray:
    """Draw lines from ends of lines to other ends that face them, to the lines ahead, or to the border below.

    Args:
        is_open: `[H, W]` bool, pixels on no line.
        usual: pixels, half the usual width of lines.
        scale: the picture's size, of that which the lengths in pixels above are meant for.

    Returns:
        `[H, W]` bool, open pixels without those of the lines drawn.
    """
    ends = line_ends(~is_open, max(2, round(NEAR * scale + usual)), 2 * usual)
    closed = is_open.copy()
    if len(ends.rows) == 0:
        return closed
    faces = _faces(ends, BRIDGE * scale)
    one, other = np.nonzero(np.triu(faces))
    alone = ends[np.flatnonzero(~faces.any(axis=1))]
    met, hits = _lines_ahead(alone, is_open, AHEAD * scale)
    cut = alone[~met]
    cut = cut[_is_cut_off(cut, is_open, scale)]
    below = np.stack((np.full_like(cut.rows, len(is_open) - 1), cut.columns))

    start = np.concatenate((ends[one].places, alone[met].places, cut.places), axis=1)
    stop = np.concatenate((ends[other].places, hits, below), axis=1)
    share = np.linspace(0, 1, 2 * int(max(BRIDGE, AHEAD, BORDER) * scale) + 2)
    points = np.rint(start[:, :, None] + (stop - start)[:, :, None] * share).astype(np.intp)
    closed[points[0], points[1]] = False
    return closed


def _faces(ends: LineEnds, reach: float) -> np.ndarray:
    """Return which ends `[E, E]` are near each other and point at each other."""
    dy, dx = (place[None] - place[:, None] for place in ends.places)
    distance = np.hypot(dy, dx) + 1e-6
    cosine = (ends.down[:, None] * dy + ends.right[:, None] * dx) / distance
    return (distance <= reach) & (cosine > FACING) & (cosine.T > FACING)


def _lines_ahead(
    ends: LineEnds, is_open: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return which ends `[E]` have a line ahead, and for these the first pixel of that, `[2, those]`."""
    height, width = is_open.shape
    steps = np.arange(1, max(1, int(reach)) + 1)
    y = np.rint(ends.rows[:, None] + ends.down[:, None] * steps).astype(np.intp)
    x = np.rint(ends.columns[:, None] + ends.right[:, None] * steps).astype(np.intp)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    open_there = is_open[y.clip(0, height - 1), x.clip(0, width - 1)] & inside
    left_own_line = np.logical_or.accumulate(open_there, axis=1)
    hit = left_own_line & ~open_there & inside
    met = hit.any(axis=1)
    first = hit.argmax(axis=1)[met]
    return met, np.stack((y[met, first], x[met, first]))


def _is_cut_off(ends: LineEnds, is_open: np.ndarray, scale: float) -> np.ndarray:
    """Return which ends `[E]` are outlines that end above the lower border, where a figure is cut off.

    An outline has no other line beside it, on one side.
    """
    height, width = is_open.shape
    above = height - 1 - ends.rows
    ink = ~is_open[ends.rows]
    first, last = ink.argmax(axis=1), width - 1 - ink[:, ::-1].argmax(axis=1)
    near = NEAR * scale
    outer = (first >= ends.columns - near) | (last <= ends.columns + near)
    return (above > near) & (above <= BORDER * scale) & (ends.down > UPWARD) & outer


def line_ends(ink: np.ndarray, radius: int, width: float) -> LineEnds:
    """Find the ends of lines: there, the center of the ink around lies to one side.

    Args:
        ink: `[H, W]` bool.
        radius: pixels; half the side of the window around each pixel.
        width: pixels; ends that are nearer to each other than the width of a line are one.
    """
    # The count and the sums of rows and columns of the ink in each window, in 16, 24 and 24 bits of one
    # summed-area table. The table may overflow, since only differences are used; these must not.
    radius = min(radius, 60, int((2**24 / (max(ink.shape) + 120)) ** 0.5) // 2 - 1)
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
    around = reduce_windows(size, 5, np.maximum)
    is_end = (length > END * radius) & (length >= around[rows, columns]) & (mass < SOLID * high**2)
    is_end = np.flatnonzero(is_end)
    is_end = is_end[np.argsort(-length[is_end], kind="stable")[:MOST_ENDS]]
    found = np.stack((rows, columns, down, right))[:, is_end]
    # the corners of one end become one
    same = np.hypot(*(found[:2, :, None] - found[:2, None])) < max(width, 1)
    is_first = np.flatnonzero(~np.tril(same, -1).any(axis=1))
    rows, columns, down, right = (found @ same)[:, is_first] / same.sum(axis=0)[is_first]
    ends = np.stack((rows, columns, down, right))
    ends = ends[:, np.hypot(down, right) > 0]  # not where corners that point apart became one
    (rows, columns), (down, right) = np.rint(ends[:2]).astype(np.intp), ends[2:]
    length = np.hypot(down, right)
    return LineEnds(rows, columns, down / length, right / length)
