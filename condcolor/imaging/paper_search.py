"""The paper of a small picture: the smooth area that is large, light and at the border; light lines on dark.

Lines are removed first. A fill is parted from the paper by a line, black hair by its darkness; where the
paper is covered, it is interpolated.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage

from condcolor.imaging.line_art import LINE_WIDTH
from condcolor.imaging.windows import reduce_windows

NEAR_WHITE = 253  # of 255; paper that is as light is white
INK = 0.12  # of the paper; a darker cell has a line
LINED_STEP = 0.035  # of the light, across three cells; a larger one at a line is the edge of a fill
BARE_STEP = 0.18  # without a line; a smaller one is a shadow's edge
ALIKE = 0.07  # of the paper expected; an area as light is paper, too
LEAST_SHARE = 0.1  # of the cells; a smaller area is not paper
LEAST_LIGHT = 60  # of 255, of the lightest channel; a darker area is not paper
LEAST_TINT = (
    0.3  # of the lightest channel, what the darkest has at least; a more colored area is a fill
)
DARKER = 0.5  # of the paper expected; a darker area is never paper
BARELY_GREY = 160  # of 255; darker than white paper in the shade
ENOUGH = 0.8  # of 9 cells; with fewer known, a cell is interpolated
CLOSED = 0.1  # of a bare cell's weight, that of paper that lines cover
Index = tuple[int | slice, ...]
BORDERS: tuple[Index, ...] = ((0,), (-1,), (slice(1, -1), 0), (slice(1, -1), -1))
AROUND = 1 / 3  # of the border; a darker area that has more is ground, too
WHITE_SHARE = (
    0.75  # of the paper; with more white and a white border it is white paper with shading
)


def find_paper(grid: np.ndarray, *, white: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
    """Find the paper of a small picture.

    Args:
        grid: `[h, w, 3]` uint8, of about GRID cells a side.
        white: white paper is found, too, for its noise.

    Returns:
        Its paper `[h, w, 3]` float32 in (0, 1], and the cells `[h, w]` bool that show nothing else; None if
        it is white, or if there is none.
    """
    planes = np.ascontiguousarray(grid.transpose(2, 0, 1))
    closed = _without_lines(planes)
    lightest = closed.min(axis=0)
    is_white = lightest >= NEAR_WHITE
    ring = np.concatenate([lightest[border] for border in BORDERS])
    if not white and is_white.mean() > 0.5 and ((ring >= NEAR_WHITE) | (ring < BARELY_GREY)).all():
        return None
    light = closed.astype(np.float32)
    trend = _trend(light)
    even = light / (trend / trend.max(axis=(1, 2), keepdims=True))
    high, low = reduce_windows(even, 3, np.maximum), reduce_windows(even, 3, np.minimum)
    step = ((high - low) / np.maximum(high, 12)).max(axis=0)
    depth = ((closed - planes) / np.maximum(light, 1)).max(axis=0)
    lined = reduce_windows(depth > INK, 3, np.maximum)
    smooth = step < np.where(lined, np.float32(LINED_STEP), np.float32(BARE_STEP))
    areas, count = ndimage.label(reduce_windows(smooth, 3, np.minimum))
    if count == 0:
        return None
    areas = (
        np.where(areas == 0, reduce_windows(areas, 3, np.maximum), areas) * smooth
    )  # the eroded rim
    sizes = np.bincount(areas.ravel(), minlength=count + 1)
    sizes[0] = 0
    edge = np.concatenate([areas[border] for border in BORDERS])
    touching = np.bincount(edge, minlength=count + 1) / len(edge)
    levels = _means(light, areas, sizes)
    main = int(np.argmax(sizes * np.square(levels.mean(axis=0)) * (1 + touching)))
    is_paper = areas == main
    level = levels[:, main]
    if (
        sizes[main] < LEAST_SHARE * areas.size
        or level.max() < LEAST_LIGHT
        or level.min() < LEAST_TINT * level.max()
        or (not white and _is_white(is_white, is_paper))
    ):
        return None
    expected = _quadratic(light, is_paper)
    off = _means(light / expected, areas, sizes)
    also = (abs(off - 1) < ALIKE).all(axis=0) | ((touching > AROUND) & (off.min(axis=0) > DARKER))
    also[0], also[main] = False, True
    is_paper = also[areas]
    least, most = np.quantile(light[:, is_paper][:, ::8], (0.01, 0.99), axis=1).astype(np.float32)
    expected = expected.clip(least[:, None, None], most[:, None, None])
    bare = is_paper & (depth < INK / 2) & ~lined
    # means where nothing is drawn, which noise leaves alone; the closed picture is lighter
    own = np.where(bare, planes, light) / expected
    paper = expected * _spread(own, np.where(bare, 1, CLOSED * is_paper))
    return np.clip(paper.transpose(1, 2, 0) / 255, 1 / 255, 1).astype(np.float32), bare


def _without_lines(planes: np.ndarray) -> np.ndarray:
    width = _line_width(planes.shape[1:])
    return reduce_windows(reduce_windows(planes, width, np.maximum), width, np.minimum)


def _line_width(shape: tuple[int, ...]) -> int:
    return 2 * round(LINE_WIDTH / 2 * max(shape)) + 1


def _means(planes: np.ndarray, areas: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the mean of `[3, h, w]` in each area, `[3, N]`."""
    flat = areas.ravel()
    sums = [np.bincount(flat, plane.ravel(), len(sizes)) for plane in planes]
    return np.stack(sums) / np.maximum(sizes, 1)


def _is_white(white: np.ndarray, is_paper: np.ndarray) -> bool:
    """Return whether paper is white but for shading inside it, by which of the cells are white."""
    share = white[is_paper].mean()
    border = np.concatenate([white[border][is_paper[border]] for border in BORDERS])
    surrounds = len(border) > 0.3 * 2 * sum(white.shape) and border.mean() > 0.99
    return bool(share > 0.99 or (share > WHITE_SHARE and surrounds))


def _trend(light: np.ndarray) -> np.ndarray:
    """Return the quadratic surface through the light cells of `[3, h, w]`, `[3, h, w]`."""
    few = light[:, ::4, ::4]
    level = few.mean(axis=0)
    known = level >= 0.6 * np.quantile(level, 0.9)
    for _ in range(2):
        off = (few / _quadratic(few, known)).mean(axis=0)
        known &= abs(off - np.median(off[known])) < ALIKE
        if not known.any():
            return np.ones_like(light)
    return _quadratic(few, known, light.shape[1:])


def _quadratic(
    light: np.ndarray, known: np.ndarray, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return the quadratic surface through the known cells of `[3, h, w]`, float32 of this or its shape."""
    terms = _terms(*known.shape)
    some = terms[:, known][:, ::2]
    square = some @ some.T + 1e-3 * some.shape[1] * np.diag([0, 1, 1, 1, 1, 1]).astype(np.float32)
    factors = np.linalg.solve(square, some @ light[:, known][:, ::2].T)
    if shape is not None:
        terms = _terms(*shape)
    surface = factors.T @ terms.reshape(6, -1)
    return np.maximum(surface, 16).reshape(3, *terms.shape[1:])


@lru_cache(8)
def _terms(height: int, width: int) -> np.ndarray:
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    terms = np.broadcast_arrays(np.ones((height, width)), x, y, x * x, x * y, y * y)
    return np.stack(terms).astype(np.float32)


def _spread(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Smooth `[C, h, w]` by weights `[h, w]`, and interpolate where they are 0, from coarse to fine."""
    parts = np.concatenate((values * weights, weights[None])).astype(np.float32)
    return _filled(parts)


def _filled(parts: np.ndarray) -> np.ndarray:
    """Return the smoothed values of `[C + 1, h, w]`, values times weights and weights."""
    sums = reduce_windows(parts, 3, np.add)
    smooth = sums[:-1] / np.maximum(sums[-1], 1e-6)
    height, width = parts.shape[1:]
    if min(height, width) < 2 or (sums[-1] > ENOUGH).all():
        return smooth
    wide = np.pad(parts, ((0, 0), (0, height % 2), (0, width % 2)))
    half = wide[:, ::2, ::2] + wide[:, 1::2, ::2] + wide[:, ::2, 1::2] + wide[:, 1::2, 1::2]
    coarse = _filled(half / 4).repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    return np.where(sums[-1] > ENOUGH, smooth, reduce_windows(coarse, 3, np.add) / 9)


WIDEST = (
    0.06  # of the cells; with more of wide light areas, a picture is no drawing on a dark ground
)
DARK_GROUND = 150  # of 255, the lightest ground on which lines are light


def has_light_lines(grid: np.ndarray) -> bool:
    """Return whether a small picture `[h, w, 3]` uint8 has thin light lines on a dark even ground."""
    light = grid.mean(axis=-1)
    ground = np.median(light)
    if ground > DARK_GROUND:
        return False
    lighter, darker = light > ground + 30, light < ground - 30
    width = _line_width(light.shape)
    wide = reduce_windows(reduce_windows(lighter, width, np.minimum), width, np.maximum) & lighter
    return bool(
        lighter.mean() > 0.003 and wide.mean() < WIDEST and lighter.mean() > 3 * darker.mean()
    )
