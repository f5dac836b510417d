"""Ends of lines: found, joined to the lines that they face, so that gaps in line art are closed."""

from __future__ import annotations

import numpy as np

# All lengths are for a picture of 256 pixels on the longer side.
NEAR = 4.0  # pixels beyond a line's radius; the ink this near tells whether a line ends
END = 0.45  # of that; how far to one side the center of the ink is at an end
MOST_ENDS = 600  # the clearest ones; more are no gaps, but hatching or noise
BRIDGE = 22.0  # pixels; ends that are further apart are not joined
AHEAD = 12.0  # pixels; a line further ahead of an end is not joined
FACING = 0.6  # cosine between an end's direction and that of the other end


def close_gaps(is_open: np.ndarray, usual: float, scale: float) -> np.ndarray:
    """Draw lines from ends of lines to other ends that face them, or to the lines ahead of them.

    Args:
        is_open: `[H, W]` bool, pixels on no line.
        usual: pixels, half the usual width of lines.
        scale: the picture's size, of that which the lengths in pixels above are meant for.

    Returns:
        `[H, W]` bool, open pixels without those of the lines drawn.
    """
    height, width = is_open.shape
    rows, columns, down, right = line_ends(~is_open, max(2, round(NEAR * scale + usual)))
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
    steps = np.arange(1, max(1, int(AHEAD * scale)) + 1)
    y = np.rint(rows[alone, None] + down[alone, None] * steps).astype(np.intp)
    x = np.rint(columns[alone, None] + right[alone, None] * steps).astype(np.intp)
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    open_ahead = is_open[y.clip(0, height - 1), x.clip(0, width - 1)] & inside
    left_line = np.logical_or.accumulate(open_ahead, axis=1)
    hit = left_line & ~open_ahead & inside
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


def line_ends(
    ink: np.ndarray, radius: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the ends of lines: there, the center of the ink around lies to one side.

    Args:
        ink: `[H, W]` bool.
        radius: pixels; half the side of the window around each pixel.

    Returns:
        Rows `[E]`, columns `[E]`, and the direction in which each end points: down `[E]`, right `[E]`.
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
    around = largest_around(largest_around(size))
    is_end = np.flatnonzero((length > END * radius) & (length >= around[rows, columns]))
    is_end = is_end[np.argsort(-length[is_end], kind="stable")[:MOST_ENDS]]
    length = length[is_end]
    return rows[is_end], columns[is_end], down[is_end] / length, right[is_end] / length


def largest_around(values: np.ndarray) -> np.ndarray:
    """Return the maximum of each 3x3 window, several times as fast as scipy's filter."""
    wide = np.pad(values, 1, mode="edge")
    rows = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
