"""Labels grown over a picture: ring by ring, or to the nearest labelled pixel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def grow_rings(labels: np.ndarray, places: np.ndarray, rings: int) -> np.ndarray:
    """Give pixels the label of a labelled neighbor, ring by ring, in place.

    Args:
        labels: `[H, W]`, contiguous; 0 where there is none.
        places: indices into the flat labels of the pixels that may get one; they have none.
        rings: how often.

    Returns:
        The places that have none yet.
    """
    if rings == 0 or places.size == 0:
        return places
    flat, (height, width) = labels.reshape(-1), labels.shape
    rows, columns = np.divmod(places, width)
    found = np.zeros(len(places), labels.dtype)
    for neighbors, inside in (  # the last that is labelled counts
        (places + width, rows < height - 1),
        (places - width, rows > 0),
        (places + 1, columns < width - 1),
        (places - 1, columns > 0),
    ):
        candidates = flat.take(neighbors, mode="clip")
        np.copyto(found, candidates, where=inside & (candidates > 0))
    flat[places] = found
    rest = places[found == 0]
    if rings == 1 or rest.size == 0:
        return rest

    # from here on, only neighbors of the pixels that were labelled last can be next
    wide = width + 2  # with a rim that is not free, each pixel has four neighbors
    rimmed = places + 2 * rows + wide + 1
    free = np.zeros((height + 2) * wide, bool)
    free[rimmed[found == 0]] = True
    last, rimmed = places[found > 0], rimmed[found > 0]
    steps = ((1, 1), (-1, -1), (width, wide), (-width, -wide))
    for ring in range(1, rings):
        nexts, rims = [], []
        for step, rim_step in steps[:: -1 if ring % 2 else 1]:  # the first that is labelled counts
            beside = rimmed + rim_step
            is_free = free[beside]
            beside, own = beside[is_free], last[is_free]
            free[beside] = False
            flat[own + step] = flat[own]
            nexts.append(own + step)
            rims.append(beside)
        last, rimmed = np.concatenate(nexts), np.concatenate(rims)
        if last.size == 0:
            break
    return rest[flat[rest] == 0]


def nearest(is_free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pixel the row and the column `[H, W]` int32 of the nearest one that is not free.

    is_free: `[H, W]` bool; one pixel at least is not.
    """
    height, width = is_free.shape
    lines = (
        -(-width // 16) | 1
    )  # of cache, odd: columns of a power of two bytes apart evict each other
    indices = np.empty((2, height, 16 * lines), np.int32)[..., :width]
    ndimage.distance_transform_edt(
        is_free, return_distances=False, return_indices=True, indices=indices
    )
    return indices[0], indices[1]


EXACT = 2**21  # pixels; a larger picture's labels are grown ring by ring, which is faster
RINGS = (
    12  # pixels; further from any piece, the nearest one in a picture of a quarter the size will do
)


def grow(labels: np.ndarray) -> np.ndarray:
    """Grow pieces under the lines: each line pixel gets the label of the piece that is nearest to it.

    Args:
        labels: `[H, W]` int32, 0 on lines.

    Returns:
        `[H, W]` int32 without 0, unless there are no pieces at all.
    """
    lines = labels == 0
    places = np.flatnonzero(lines)
    grown = np.array(labels, order="C")
    if places.size == 0 or places.size == labels.size:
        return grown
    flat, width = grown.reshape(-1), labels.shape[1]
    if labels.size <= EXACT:
        rows, columns = (of[lines] for of in nearest(lines))
        flat[places] = flat[rows * np.intp(width) + columns]
        return grown
    rest = grow_rings(grown, places, RINGS)
    if rest.size:
        step = 4
        deep = grow(grown[::step, ::step])
        rows, columns = np.divmod(rest, width)
        flat[rest] = deep[rows // step, columns // step]
    return grown
