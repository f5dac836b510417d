import numpy as np
import pytest

from condcolor.fills import even_fills, find_pieces

RED, BLUE = (0.9, 0.3, 0.3), (0.2, 0.7, 0.9)


def box(gap: int = 0) -> np.ndarray:
    """`[32, 32]` lightness: a box of black lines on white, with a gap of some pixels in its top."""
    light = np.ones((32, 32))
    light[8:24, [8, 23]] = light[[8, 23], 8:24] = 0
    light[8, 15 : 15 + gap] = 1
    return light


def filled(inside, outside=(1, 1, 1)) -> np.ndarray:
    rgb = np.full((32, 32, 3), outside, dtype=float)
    rgb[9:23, 9:23] = inside
    return rgb


@pytest.mark.parametrize("gap", [0, 2])
def test_lines_part_the_inside_from_the_ground_and_small_gaps_do_not_join_them(gap):
    pieces = find_pieces(box(gap))
    assert (pieces[8:24, 8] == 0).all()
    assert pieces[15, 15] != pieces[0, 0]
    assert (pieces[9:23, 9:23] == pieces[15, 15]).mean() > 0.97


def test_a_wide_gap_joins_them():
    pieces = find_pieces(box(gap=8))
    assert pieces[15, 15] == pieces[0, 0]


def test_a_blotch_takes_the_colour_of_its_piece():
    rgb = filled(RED)
    rgb[10:15, 10:15] = BLUE
    even = even_fills(find_pieces(box()), rgb)
    assert np.allclose(even[9:23, 9:23], RED)
    assert np.allclose(rgb[12, 12], BLUE)  # the argument is left alone


def test_a_fill_that_is_nearly_even_becomes_even():
    rgb = filled(RED)
    rgb[9:23, 9:23] += np.random.default_rng(0).uniform(-0.05, 0.05, (14, 14, 3))
    even = even_fills(find_pieces(box()), rgb)
    assert np.ptp(even[9:23, 9:23], axis=(0, 1)).max() < 1e-9


def test_a_piece_in_two_colours_stays_as_it_is():
    rgb = filled(RED)
    rgb[9:16, 9:23] = BLUE
    assert np.array_equal(even_fills(find_pieces(box()), rgb), rgb)


def test_a_figure_open_to_the_ground_is_not_wiped_out():
    rgb = filled(RED)
    even = even_fills(find_pieces(box(gap=8)), rgb)
    assert np.array_equal(even, rgb)


def test_grey_parts_are_pieces_too():
    light = box()
    light[9:23, 9:23] = 0.7
    assert find_pieces(light)[15, 15] not in (0, find_pieces(light)[0, 0])
