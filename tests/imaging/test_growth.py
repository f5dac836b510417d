"""Labels grown over a picture: ring by ring as by hand, to the nearest pixel as by the distance transform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from condcolor.imaging.growth import grow, grow_rings, nearest
from condcolor.imaging.windows import reduce_windows


def rings_one_by_one(labels: np.ndarray, places: np.ndarray, rings: int) -> np.ndarray:
    """Labels grown by what `grow_rings` promises, pixel by pixel."""
    height, width = labels.shape
    for ring in range(rings):
        before = labels.copy()
        for place in places.tolist():
            row, column = divmod(place, width)
            if before[row, column]:
                continue
            beside = [(row, column - 1), (row, column + 1), (row - 1, column), (row + 1, column)]
            for y, x in beside[:: -1 if ring % 2 else 1]:  # the first that has a label
                if 0 <= y < height and 0 <= x < width and before[y, x]:
                    labels[row, column] = before[y, x]
                    break
    return labels


@pytest.mark.parametrize("rings", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (23, 31)])
def test_rings_grow_from_neighbor_to_neighbor(shape, rings):
    rng = np.random.default_rng(rings)
    labels = np.where(rng.random(shape) < 0.04, rng.integers(1, 9, shape), 0).astype(np.int32)
    places = np.flatnonzero((labels == 0) & (rng.random(shape) < 0.8))
    expected = rings_one_by_one(labels.copy(), places, rings)
    rest = grow_rings(labels, places, rings)
    assert np.array_equal(labels, expected)
    assert np.array_equal(rest, places[expected.ravel()[places] == 0])


@pytest.mark.parametrize("shape", [(1, 9), (256, 256), (40, 33), (65, 512)])
def test_the_nearest_pixel_is_that_of_the_distance_transform(shape):
    is_free = np.random.default_rng(0).random(shape) < 0.98
    is_free.flat[3] = False
    expected = ndimage.distance_transform_edt(is_free, return_distances=False, return_indices=True)
    assert np.array_equal(nearest(is_free), expected)


def test_lines_get_the_label_of_the_nearest_piece():
    labels = np.zeros((6, 20), np.int32)
    labels[:, :4], labels[:, 15:] = 1, 2
    grown = grow(labels)
    assert (grown[:, :9] == 1).all()
    assert (grown[:, 10:] == 2).all()
    assert labels[0, 9] == 0  # unchanged
    assert not grow(np.zeros((3, 3), np.int32)).any()


@pytest.mark.parametrize("width", [3, 5, 13])
@pytest.mark.parametrize("shape", [(1, 1), (4, 30), (2, 17, 9)])
def test_windows_at_the_border_repeat_its_pixels(shape, width):
    values = np.random.default_rng(0).random(shape)
    size = (1,) * (len(shape) - 2) + (width, width)
    expected = ndimage.maximum_filter(values, size, mode="nearest")
    assert np.array_equal(reduce_windows(values, width, np.maximum), expected)
