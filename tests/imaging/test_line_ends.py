"""Ends of lines: found with their directions, joined across gaps."""

from __future__ import annotations

import numpy as np
import pytest

from condcolor.imaging.line_ends import close_gaps, line_ends


def is_open(*lines: tuple[slice, slice]) -> np.ndarray:
    pixels = np.ones((128, 128), bool)
    for line in lines:
        pixels[line] = False
    return pixels


def test_a_line_has_two_ends_that_point_outward():
    ends = line_ends(~is_open(np.s_[60:63, 30:90]), 6, 3)
    ends = ends[np.argsort(ends.columns)]
    assert ends.places.tolist() == [[61, 61], [30, 89]]
    assert np.allclose(ends.down, 0, atol=1e-6)
    assert np.allclose(ends.right, [-1, 1])


def test_a_closed_line_has_no_ends():
    y, x = np.mgrid[:128, :128] - 64
    ring = abs(np.hypot(y, x) - 40) < 1.5
    assert len(line_ends(ring, 6, 3).rows) == 0


def test_solid_ink_has_no_ends_but_its_corners():
    for radius in (30, 60, 500):
        assert len(line_ends(np.ones((400, 1200), bool), radius, 3).rows) <= 8


def test_ends_of_noise_have_directions():
    """The corners of one end may point apart, so that they cancel out."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        ink = rng.random((128, 128)) < rng.uniform(0.02, 0.5)
        ends = line_ends(ink, int(rng.integers(2, 9)), int(rng.integers(1, 6)))
        assert np.allclose(np.hypot(ends.down, ends.right), 1)


@pytest.mark.parametrize(("gap", "joined"), [(9, True), (12, True), (40, False)])
def test_ends_that_face_each_other_are_joined(gap, joined):
    line = np.s_[60:63, 10 : 64 - gap], np.s_[60:63, 64:118]
    closed = close_gaps(is_open(*line), usual=1.5, scale=1)
    assert (not closed[60:63, 10:118].all(axis=0).any()) == joined


def test_an_end_is_joined_to_the_line_ahead():
    closed = close_gaps(is_open(np.s_[60:63, 10:80], np.s_[20:100, 90:93]), usual=1.5, scale=1)
    assert not closed[60:63, 80:90].all(axis=0).any()


def test_the_end_of_an_outline_is_joined_to_the_lower_border_and_a_line_within_is_not():
    outline = np.s_[60:110, 20:23], np.s_[60:110, 100:103]
    closed = close_gaps(is_open(*outline, np.s_[80:105, 60:63]), usual=1.5, scale=1)
    assert not closed[110:, 18:25].all(axis=1).any()
    assert not closed[110:, 98:105].all(axis=1).any()
    assert closed[110:, 50:70].all()


def test_without_lines_nothing_is_drawn():
    assert close_gaps(is_open(), usual=0, scale=1).all()
