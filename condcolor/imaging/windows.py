"""Square windows of a picture reduced by a NumPy function, such as maximum or logical_and."""

from __future__ import annotations

import numpy as np


def reduce_windows(values: np.ndarray, width: int, join: np.ufunc) -> np.ndarray:
    """Reduce each `width` x `width` window of `[..., h, w]` by `join`, edge cells repeated.

    Separable, rows first, the window doubled: several times as fast as scipy's filters.
    """
    wide = _with_edges(values, width // 2)
    height, across = values.shape[-2:]
    if join is np.add and width == 3:
        rows = wide[..., :-2, :] + wide[..., 1:-1, :] + wide[..., 2:, :]
        return rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    reach = 1  # the window, doubled
    rows = wide
    while 2 * reach <= width:
        rows = join(rows[..., :-reach, :], rows[..., reach:, :])
        reach *= 2
    rest = width - reach
    made = join(rows[..., :height, :], rows[..., rest : rest + height, :])
    reach = 1
    while 2 * reach <= width:
        made = join(made[..., :-reach], made[..., reach:])
        reach *= 2
    return join(made[..., :across], made[..., rest : rest + across])


def _with_edges(values: np.ndarray, width: int) -> np.ndarray:
    """Return `[..., h, w]` with its edge cells repeated `width` times (`np.pad` is slow)."""
    *planes, height, across = values.shape
    wide = np.empty((*planes, height + 2 * width, across + 2 * width), values.dtype)
    wide[..., width : width + height, width : width + across] = values
    wide[..., width : width + height, :width] = values[..., :1]
    wide[..., width : width + height, width + across :] = values[..., -1:]
    wide[..., :width, :] = wide[..., width : width + 1, :]
    wide[..., width + height :, :] = wide[..., width + height - 1 : width + height, :]
    return wide
