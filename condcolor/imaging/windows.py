"""Square windows of a picture reduced by a NumPy function, such as maximum or logical_and."""

from __future__ import annotations

import numpy as np


def reduce_windows(values: np.ndarray, width: int, join: np.ufunc) -> np.ndarray:
    """Reduce each `width` x `width` window of `[..., h, w]` by `join`, edge cells repeated.

    Separable, rows first, the window doubled: several times as fast as scipy's filters.
    """
    half = width // 2
    wide = np.pad(values, ((0, 0),) * (values.ndim - 2) + ((half, half),) * 2, mode="edge")
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
