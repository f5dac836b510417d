"""Resizing keeps flat fills and lines; a letterboxed picture is found again in its square."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import noise

from condcolor.imaging.geometry import Box, letterbox, resize

SIDES = st.integers(1, 200)


@settings(max_examples=60, deadline=None, database=None)
@given(width=SIDES, height=SIDES, size=st.integers(1, 70))
def test_the_box_lies_inside_keeps_the_aspect_and_is_centred(width, height, size):
    square, box = letterbox(np.full((height, width, 3), 40, np.uint8), size, fill=200)
    assert square.shape == (size, size, 3)
    assert square.dtype == np.uint8
    assert max(box.width, box.height) == size
    assert abs(box.width - size * width / max(width, height)) <= 1
    assert abs(box.height - size * height / max(width, height)) <= 1
    assert abs(size - box.width - 2 * box.left) <= 1
    assert abs(size - box.height - 2 * box.top) <= 1
    inside = square[box.top : box.top + box.height, box.left : box.left + box.width]
    assert inside.shape[:2] == (box.height, box.width)
    assert (inside == 40).all()
    assert (square == 40).sum() == inside.size
    assert (square == 200).sum() == square.size - inside.size


@pytest.mark.parametrize(("width", "height"), [(4000, 1), (1, 4000), (1, 1)])
def test_the_thinnest_picture_keeps_a_pixel(width, height):
    square, box = letterbox(np.zeros((height, width, 3), np.uint8), 32)
    assert min(box.width, box.height) >= 1
    assert (square == 0).any()


def test_a_square_of_the_size_is_left_alone():
    drawn = noise(32, 32)
    square, box = letterbox(drawn, 32)
    assert np.array_equal(square, drawn)
    assert not np.shares_memory(square, drawn)
    assert box == Box(0, 0, 32, 32)


def test_the_fill_may_be_a_color():
    square, _ = letterbox(np.zeros((1, 3, 3), np.uint8), 9, fill=(1, 2, 3))
    assert square[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (90, 40), (41, 100), (4000, 1), (32, 32)])
def test_without_a_fill_the_edge_goes_on(width, height):
    drawn = noise(width, height)
    square, box = letterbox(drawn, 32, fill=None)
    on_ground, same_box = letterbox(drawn, 32)
    assert (square.shape, square.dtype, box) == ((32, 32, 3), np.uint8, same_box)
    rows = slice(box.top, box.top + box.height)
    columns = slice(box.left, box.left + box.width)
    assert np.array_equal(square[rows, columns], on_ground[rows, columns])
    assert (square[: box.top] == square[box.top]).all()
    assert (square[rows.stop :] == square[rows.stop - 1]).all()
    assert (square[:, : box.left] == square[:, [box.left]]).all()
    assert (square[:, columns.stop :] == square[:, [columns.stop - 1]]).all()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 50), (64, 3), (40, 30), (41, 100)])
def test_resizing_gives_the_size_and_keeps_a_flat_fill(width, height):
    flat = np.full((30, 40, 3), (233, 71, 67), np.uint8)
    resized = resize(flat, width, height)
    assert resized.shape == (height, width, 3)
    assert (resized == (233, 71, 67)).all()


def test_whole_blocks_become_their_mean():
    means = noise(64, 32).reshape(16, 2, 16, 4, 3).mean(axis=(1, 3))
    assert np.abs(resize(noise(64, 32), 16, 16) - means).max() <= 1


@pytest.mark.parametrize("size", [31, 40, 48, 63])
def test_a_thin_line_thins_out_evenly_and_never_vanishes(size):
    drawn = np.full((64, 64, 3), 255, np.uint8)
    columns = (5, 18, 33, 50)
    drawn[:, columns] = 0
    ink = (255 - resize(drawn, size, size)[..., 0].astype(float)).mean(axis=0) / 255
    centers = [round((at + 0.5) * size / 64) for at in columns]
    lines = [ink[center - 3 : center + 4].sum() for center in centers]
    # A little more than its share: what the filter would make whiter than white is lost.
    assert lines == pytest.approx([size / 64 * 1.15] * 4, rel=0.15)


@pytest.mark.parametrize("size", [0, -1])
def test_no_picture_is_smaller_than_a_pixel(size):
    with pytest.raises(ValueError, match="at least 1x1"):
        resize(noise(), size, 5)
