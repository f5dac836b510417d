"""Alpha of coloured pictures: what was transparent, what becomes opaque, and no fringe between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from condcolor.imaging.line_art import (
    dark_ink,
    even_fills,
    find_pieces,
    is_ink_only,
    is_light_ink,
    recolor,
)

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


TRANSPARENCY_RED = np.array((233, 71, 67), np.uint8)


def on(ground: int, made: np.ndarray) -> np.ndarray:
    """`[H,W,4] uint8` composited on a grey level -> `[H,W,3] float`."""
    alpha = made[..., 3:].astype(float) / 255
    return made[..., :3] * alpha + ground * (1 - alpha)


def on_white(ink: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return on(255, np.dstack((ink, alpha))).round().astype(np.uint8)


def circle(side: int = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Black ink on nothing: a ring with soft edges; alpha, what is inside it, what is outside."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.hypot(x, y)
    alpha = np.clip(4.5 - abs(radius - side / 3), 0, 1) * 255
    return alpha.round().astype(np.uint8), radius < side / 3, radius > side / 3


def colored_circle(side: int = 64):
    """The ring on white, its alpha, how a network would colour it (red inside), inside, outside."""
    alpha, inside, outside = circle(side)
    rgb = on_white(np.zeros((*alpha.shape, 3), np.uint8), alpha)
    fill = np.where(inside[..., None], TRANSPARENCY_RED, 255).astype(float)
    return rgb, alpha, (fill * rgb / 255).round().astype(np.uint8), inside, outside


def test_ink_on_nothing_gets_opaque_fills_and_stays_transparent_outside():
    rgb, alpha, colored, inside, outside = colored_circle()
    assert is_ink_only(rgb, alpha)
    made = recolor(rgb, alpha, colored)
    assert (made[inside, 3] == 255).all()
    assert np.array_equal(made[outside, 3], alpha[outside])
    assert abs(on(255, made) - colored).max() <= 1.5


def test_the_outer_edge_of_ink_has_no_light_fringe_on_a_dark_ground():
    rgb, alpha, colored, _, outside = colored_circle()
    made = recolor(rgb, alpha, colored)
    assert on(0, made)[outside].max() <= 1.5  # black ink on black: nothing to be seen


def test_haze_that_nobody_sees_does_not_make_the_ground_opaque():
    rgb, alpha, colored, _, outside = colored_circle()
    hazy = np.where(outside[..., None], colored * 0.98, colored).round().astype(np.uint8)
    assert np.array_equal(recolor(rgb, alpha, hazy)[outside, 3], alpha[outside])


def test_what_lines_enclose_is_opaque_though_nothing_was_painted():
    """The white of an eye, the teeth."""
    rgb, alpha, _, inside, outside = colored_circle()
    made = recolor(rgb, alpha, rgb)
    assert (made[inside, 3] == 255).all()
    assert np.array_equal(made[outside, 3], alpha[outside])
    assert abs(on(255, made) - rgb).max() <= 1.5


def test_paint_that_runs_out_of_an_open_outline_is_opaque():
    alpha = np.zeros((64, 64), np.uint8)
    alpha[10, 10:54] = alpha[10:54, 10] = 255  # two sides of a square
    rgb = on_white(np.zeros((64, 64, 3), np.uint8), alpha)
    fill = np.full((64, 64, 3), 255.0)
    fill[10:54, 10:54] = TRANSPARENCY_RED
    made = recolor(rgb, alpha, (fill * rgb / 255).round().astype(np.uint8))
    assert (made[12:52, 12:52] == (*TRANSPARENCY_RED, 255)).all()
    assert made[:9, :, 3].max() == made[56:, :, 3].max() == 0


def test_color_that_seeps_through_a_line_is_dropped():
    rgb, alpha, colored, _, outside = colored_circle(400)
    beyond = outside & (alpha == 0)
    beside = beyond & (np.roll(alpha, 2, 0) | np.roll(alpha, -2, 0)).astype(bool)
    colored[beside] = (250, 200, 200)
    made = recolor(rgb, alpha, colored)
    assert made[beyond, 3].max() == 0


def test_a_thin_line_between_fills_is_opaque_and_as_dark():
    alpha = np.zeros((64, 64), np.uint8)
    alpha[8:56, 8:56] = 255
    alpha[10:54, 10:54] = 0
    alpha[32, 10:54] = 120  # a hair
    rgb = on_white(np.zeros((64, 64, 3), np.uint8), alpha)
    fill = np.full((64, 64, 3), 255.0)
    fill[8:56, 8:56] = TRANSPARENCY_RED
    colored = (fill * rgb / 255).round().astype(np.uint8)
    made = recolor(rgb, alpha, colored)
    assert (made[10:54, 10:54, 3] == 255).all()
    assert abs(made[10:54, 10:54, :3].astype(int) - colored[10:54, 10:54]).max() <= 1


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32 - 1))
def test_paper_keeps_its_alpha_and_the_colors_under_it_get_the_same_tint(level, alpha, seed):
    own = np.random.default_rng(seed).integers(0, 256, (4, 8, 3), dtype=np.uint8)
    own[:2] = 255  # paper: not ink only
    alphas = np.full((4, 8), alpha, np.uint8)
    alphas[:2] = 255
    rgb = on_white(own, alphas)
    tinted = (rgb.astype(float) * level / 255).round().astype(np.uint8)
    made = recolor(rgb, alphas, tinted)
    assert np.array_equal(made[..., 3], alphas)
    if alpha >= 128:  # what is nearly transparent cannot be known to a level
        off = abs(made[..., :3] - own.astype(float) * level / 255)
        assert (off <= 2 + 255 / alpha + (rgb < 16) * 16).all()


@pytest.mark.parametrize("alpha", [0, 1, 127, 128, 254, 255])
def test_a_picture_left_as_it_is_comes_back_as_it_was(alpha):
    own = np.full((8, 8, 3), (250, 240, 210), np.uint8)
    alphas = np.full((8, 8), 255, np.uint8)
    alphas[4:] = alpha
    rgb = on_white(own, alphas)
    made = recolor(rgb, alphas, rgb)
    assert np.array_equal(made[..., 3], alphas)
    assert abs(on(255, made) - on(255, np.dstack((own, alphas)))).max() <= 1


def test_a_wholly_transparent_picture_stays_so():
    nothing = np.zeros((4, 4), np.uint8)
    white = np.full((4, 4, 3), 255, np.uint8)
    assert not is_ink_only(white, nothing)
    assert (recolor(white, nothing, white)[..., 3] == 0).all()


def ring_in_a_sticker(cut: int = 64):
    """The ring, transparent inside and opaque white outside, its lowest rows cut off; as `colored_circle`."""
    _, alpha, _, inside, outside = colored_circle()
    ring = alpha.copy()
    alpha[outside] = 255
    ink = np.where(outside[..., None], 255 - ring[..., None], 0).repeat(3, axis=-1)
    rgb = on_white(ink.astype(np.uint8), alpha)
    fill = np.where(inside[..., None], TRANSPARENCY_RED, 255).astype(float)
    colored = (fill * rgb / 255).round().astype(np.uint8)
    return rgb[:cut], alpha[:cut], colored[:cut], inside[:cut], outside[:cut]


@pytest.mark.parametrize("cut", [64, 50])
def test_a_painted_hole_becomes_opaque_though_the_outside_is_opaque(cut):
    rgb, alpha, colored, inside, outside = ring_in_a_sticker(cut)
    assert not is_ink_only(rgb, alpha)
    made = recolor(rgb, alpha, colored)
    assert (made[inside, 3] == 255).all()
    assert abs(on(255, made) - colored).max() <= 1.5
    assert np.array_equal(made[outside], np.dstack((colored, alpha))[outside])


def test_a_hole_that_is_not_painted_stays_open():
    rgb, alpha, _, _, _ = ring_in_a_sticker()
    made = recolor(rgb, alpha, rgb)
    assert np.array_equal(made[..., 3], alpha)


def test_transparency_around_an_opaque_figure_stays_though_color_runs_out_onto_it():
    _, alpha, _, inside, _ = colored_circle()
    alpha[inside] = 255
    own = np.where(inside[..., None], 255, 0).repeat(3, axis=-1).astype(np.uint8)
    rgb = on_white(own, alpha)
    made = recolor(rgb, alpha, (rgb * (TRANSPARENCY_RED / 255)).round().astype(np.uint8))
    assert np.array_equal(made[..., 3], alpha)


def test_light_lines_on_transparency_are_seen_as_dark_ones_and_stay_light_over_their_fills():
    alpha, inside, outside = circle(200)
    white = np.full((*alpha.shape, 3), 255, np.uint8)
    assert is_light_ink(white, alpha)
    seen = dark_ink(white, alpha)
    fill = np.where(inside[..., None], TRANSPARENCY_RED, 255).astype(float)
    made = recolor(white, alpha, (fill * seen / 255).round().astype(np.uint8), light=True)
    assert (made[inside, 3] == 255).all()
    assert np.array_equal(made[outside, 3], alpha[outside])
    assert (made[inside & (alpha == 0), :3] == TRANSPARENCY_RED).all()
    assert (made[(alpha == 255), :3] == 255).all()


def test_light_lines_that_are_not_painted_come_back_as_they_were():
    alpha, _, _ = circle(200)
    white = np.full((*alpha.shape, 3), 255, np.uint8)
    made = recolor(white, alpha, dark_ink(white, alpha), light=True)
    assert np.array_equal(made, np.dstack((white, alpha)))


@pytest.mark.parametrize("kind", ["dark lines", "white figure", "opaque"])
def test_what_is_no_light_line_on_transparency(kind):
    alpha, inside, _ = circle()
    ink = np.full((*alpha.shape, 3), 0 if kind == "dark lines" else 255, np.uint8)
    if kind == "white figure":
        alpha[inside] = 255
    elif kind == "opaque":
        alpha[:] = 255
    assert not is_light_ink(on_white(ink, alpha), alpha)


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([0, 0.2, 0.6, 1]),
    st.integers(0, 2**32 - 1),
)
def test_any_shape_gets_an_alpha_no_lower_than_its_own(height, width, share, seed):
    draws = np.random.default_rng(seed)
    alpha = draws.integers(0, 256, (height, width), dtype=np.uint8)
    alpha[draws.random((height, width)) < share] = draws.choice([0, 255])
    rgb = on_white(np.zeros((height, width, 3), np.uint8), alpha)
    colored = draws.integers(0, 256, rgb.shape, dtype=np.uint8)
    made = recolor(rgb, alpha, colored)
    assert (made.shape, made.dtype) == ((height, width, 4), np.uint8)
    assert (made[..., 3] >= alpha).all()
    assert np.array_equal(made[alpha == 255, :3], colored[alpha == 255])
