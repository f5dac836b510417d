"""Pictures in colour are told from grey and toned ones."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import encoded, opened
from PIL import Image

from condcolor.imaging.has_colors import colored_areas, has_colors


def scene(side: int = 120) -> np.ndarray:
    """A grey scene of many tones, `[side, side]` float in [0, 1]."""
    x, y = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    return (0.5 + 0.5 * np.sin(9 * x + 4 * np.sin(7 * y))) * (0.3 + 0.7 * y)


def toned(powers, white) -> np.ndarray:
    return (scene()[..., None] ** np.array(powers) * np.array(white)).astype(np.uint8)


@pytest.mark.parametrize(
    "print_",
    [
        toned((1, 1, 1), (255, 255, 255)),
        toned((0.8, 1, 1.35), (250, 235, 205)),  # sepia
        toned((1.6, 1, 0.7), (240, 250, 255)),  # cyanotype
        toned((1, 1, 1), (255, 240, 200)),  # yellowed paper
    ],
)
def test_grey_and_toned_prints_have_no_colours(print_):
    assert not has_colors(print_)
    noise = np.random.default_rng(0).normal(0, 5, print_.shape)
    grainy = (print_ + noise).clip(0, 255).astype(np.uint8)
    assert not has_colors(grainy)
    assert not has_colors(opened(encoded(Image.fromarray(grainy), "JPEG", quality=60)).rgb)


def test_colours_are_found_at_one_lightness_and_at_several():
    grey = toned((1, 1, 1), (255, 255, 255))
    patch = grey.copy()
    patch[:40, :40] = patch[:40, :40] // 2 + np.array([100, 10, 10], np.uint8)
    assert has_colors(patch)
    stripes = np.zeros((30, 90, 3), np.uint8)
    for i, color in enumerate([(220, 40, 40), (40, 200, 40), (40, 40, 220)]):
        stripes[:, 30 * i : 30 * i + 30] = color
    assert has_colors(stripes)


def test_a_small_stain_is_no_colour():
    grey = toned((1, 1, 1), (255, 255, 255))
    grey[:10, :10] = (200, 120, 40)
    assert not has_colors(grey)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (7, 3), (3000, 2)])
def test_pictures_of_any_shape_are_looked_at(size):
    assert not has_colors(np.full((*size, 3), 128, np.uint8))


STAMP = (slice(30, 80), slice(150, 220))


@pytest.mark.parametrize(
    ("powers", "white"), [((1, 1, 1), (255, 255, 255)), ((0.8, 1, 1.35), (250, 235, 205))]
)
def test_a_stamp_on_a_grey_or_toned_page_is_a_colored_area(powers, white):
    page = (scene(240)[..., None] ** np.array(powers) * np.array(white)).astype(np.uint8)
    assert colored_areas(page).max() == 0
    page[STAMP] = page[STAMP] // 3 + np.array([20, 30, 160], np.uint8)
    areas = colored_areas(page)
    assert (areas.dtype, areas.shape) == (np.float32, (240, 240))
    assert areas[STAMP].mean() > 0.97
    outside = np.ones(areas.shape, bool)
    outside[20:90, 140:230] = False
    assert areas[outside].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (7, 3), (3000, 2)])
def test_areas_of_pictures_of_any_shape(size):
    assert colored_areas(np.full((*size, 3), 128, np.uint8)).shape == size
