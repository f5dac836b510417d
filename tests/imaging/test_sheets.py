"""Sheets of pictures: cut exactly, put together exactly, and nothing done to empty cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from models import ICONS, color_specs, make_model
from PIL import Image

from condcolor.batch.rendering import RenderOptions
from condcolor.errors import DataError, UsageError
from condcolor.imaging.open import Picture, picture_of
from condcolor.imaging.sheets import Grid, as_image, is_blank, parse_grid
from condcolor.inference.torch_colorizer import TorchColorizer

RED_BLUE = color_specs()


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_cells_put_together_are_the_sheet(columns, rows, wide, high, transparent):
    rng = np.random.default_rng(columns * rows)
    drawn = rng.integers(0, 256, (rows * high, columns * wide, 4 if transparent else 3))
    sheet = picture_of(Image.fromarray(drawn.astype(np.uint8)))
    grid = Grid(columns, rows)
    cells = grid.cells(sheet)
    assert len(cells) == columns * rows
    assert {cell.size for cell in cells} == {(wide, high)}
    made = grid.joined(sheet, [as_image(cell) for cell in cells])
    if transparent:
        assert np.array_equal(np.asarray(made)[..., 3], drawn[..., 3])
    # on white, as it was opened, it is the very same, but for what is rounded twice
    assert np.abs(picture_of(made).rgb.astype(int) - sheet.rgb).max() <= transparent


def test_a_cell_comes_out_in_the_colours_under_its_alpha():
    came = Image.new("RGBA", (4, 4), (200, 0, 0, 128))
    assert (
        np.abs(np.asarray(as_image(picture_of(came))).astype(int) - came.getpixel((0, 0))).max()
        <= 1
    )


def test_a_size_that_does_not_divide_is_told_with_what_would():
    sheet = Picture(np.zeros((64, 130, 3), np.uint8), None)
    with pytest.raises(
        DataError, match=r"130x64 pixels do not divide into 4x3 .* crop it to 128x63"
    ):
        Grid(4, 3).cells(sheet)
    with pytest.raises(DataError, match="take fewer cells"):
        Grid(200, 1).cells(sheet)


@pytest.mark.parametrize("text", ["", "4", "4x", "0x3", "4x-1", "4.5x3", "4x3x2", "101x100"])
def test_what_is_no_grid(text):
    with pytest.raises(UsageError, match=r"^grid '"):
        parse_grid(text)


def test_grids_are_columns_times_rows():
    assert parse_grid("4x3") == parse_grid(" 4X3 ") == Grid(4, 3)
    assert str(Grid(4, 3)) == "4x3"


def frame(color: tuple, alpha: bool) -> Image.Image:
    """One drawn cell, 32 pixels: a black frame, and transparent outside where there is alpha."""
    drawn = Image.new("RGBA" if alpha else "RGB", (32, 32), color)
    drawn.paste((0, 0, 0, 255)[: len(color)], (4, 4, 28, 28))
    drawn.paste((255, 255, 255, 255)[: len(color)], (6, 6, 26, 26))
    return drawn


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("paint", [{}, {"lock": True}, {"check": True}])
def test_drawn_cells_are_coloured_as_single_pictures_and_blank_ones_stay(alpha, paint):
    colorizer = TorchColorizer(make_model(), device="cpu")
    ground = (255, 255, 255, 0) if alpha else (200, 210, 220)
    sheet = Image.new("RGBA" if alpha else "RGB", (96, 64), ground)
    cell = frame(ground, alpha)
    for place in ((0, 0), (64, 0), (32, 32)):
        sheet.paste(cell, place)
    made = RenderOptions(grid=Grid(3, 2), **paint).render(colorizer, picture_of(sheet), RED_BLUE)
    assert (made.image.size, made.image.mode) == (sheet.size, sheet.mode)
    alone = np.asarray(RenderOptions(**paint).render(colorizer, picture_of(cell), RED_BLUE).image)
    pixels, before = np.asarray(made.image), np.asarray(sheet)
    if alpha:
        assert np.array_equal(pixels[..., 3], before[..., 3])
    for number in range(6):
        top, left = 32 * (number // 3), 32 * (number % 3)
        where = slice(top, top + 32), slice(left, left + 32)
        drawn = number in (0, 2, 4)
        assert np.array_equal(pixels[where], alone if drawn else before[where])
        if paint:
            assert made.cores["hair"][where].any() == drawn
    assert (made.inconsistencies is not None) == ("check" in paint)


def test_blank_is_transparent_or_of_one_colour():
    blank = np.full((8, 8, 3), 250, np.uint8)
    noisy = blank + np.arange(8, dtype=np.uint8)[:, None, None] // 2
    drawn = blank.copy()
    drawn[4, 4] = 0
    assert is_blank(Picture(blank, None))
    assert is_blank(Picture(noisy, None))
    assert is_blank(Picture(drawn, np.zeros((8, 8), np.uint8)))
    assert not is_blank(Picture(drawn, None))
    shape = np.zeros((8, 8), np.uint8)
    shape[2:4] = 255
    assert not is_blank(Picture(blank, shape))  # white on nothing


def test_a_sheet_of_blank_cells_has_no_colours():
    made = RenderOptions(grid=Grid(2, 1), check=True).render(
        TorchColorizer(make_model(), device="cpu"),
        picture_of(Image.new("RGB", (64, 32), "white")),
        RED_BLUE,
    )
    assert not any(core.any() for core in made.cores.values())
    assert set(made.cores) == set(ICONS.names)
    assert made.inconsistencies == {}
