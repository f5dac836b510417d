"""Labels grown over a picture: ring by ring, or to the nearest labelled pixel."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def grow_rings(labels: np.ndarray, places: np.ndarray, rings: int) -> np.ndarray:
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
    if not lines.any() or lines.all():
        return labels.copy()
    if labels.size <= EXACT:
        nearest = ndimage.distance_transform_edt(lines, return_distances=False, return_indices=True)
        return labels[tuple(nearest)]
    grown = np.ascontiguousarray(labels).copy()
    rest = grow_rings(grown, np.flatnonzero(lines), RINGS)
    if rest.size:
        step = 4
        deep = grow(grown[::step, ::step])
        rows, columns = np.divmod(rest, labels.shape[1])
        grown.ravel()[rest] = deep[rows // step, columns // step]
    return grown
