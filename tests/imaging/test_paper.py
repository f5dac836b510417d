"""Drawings on paper of any tint and light: what is paper, what is drawn, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from condcolor.imaging.paper import Sheet, split_paper

INPUTS = sorted((Path(__file__).parents[2] / "data/icons/test/inputs").glob("*.png"))
SIDE = 256
Y, X = np.mgrid[0:1:256j, 0:1:256j]
RED = np.array([0.9, 0.2, 0.2])


def flat(*color: int) -> np.ndarray:
    """Return even paper of a grey level or RGB in 0..255, `[S, S, 3]` float in [0, 1]."""
    return np.ones((SIDE, SIDE, 3)) * np.array(color) / 255


def lit(light: np.ndarray, *color: int) -> np.ndarray:
    return flat(*color) * light[..., None]


def hand() -> np.ndarray:
    covered = (X > 0.55) & (0.4 + 0.3 * np.sin(6 * X) < Y)
    return 1 - 0.35 * ndimage.gaussian_filter(covered.astype(float), 0.03 * SIDE)


PAPERS = {
    **{f"grey {level}": flat(level) for level in (245, 235, 200, 150)},
    "cream": flat(250, 240, 214),
    "blue": flat(205, 222, 240),
    "kraft": flat(200, 170, 130),
    "from one side": lit(1 - 0.4 * X, 255),
    "cream, from above": lit(1 - 0.4 * Y, 240, 225, 200),
    "vignette": lit(0.95 - 0.9 * ((X - 0.5) ** 2 + (Y - 0.5) ** 2), 255),
    "shadow of a hand": lit(hand(), 235),
    "fold": lit(np.where(X < 0.52, 1, 0.88), 237),
    "warm to cool": np.stack([0.95 - 0.1 * X, 0.9 - 0.2 * X, 0.85 - 0.35 * X], axis=-1),
}


def drawing(number: int) -> np.ndarray:
    return np.array(Image.open(INPUTS[number]).convert("RGB"))


def black_haired() -> np.ndarray:
    """Return a drawing on white, a third of it solid black."""
    rgb = drawing(1)
    rgb[40:150, 30:226] = 0
    return rgb


def noisy(light: np.ndarray, noise: float) -> np.ndarray:
    """Return `[S, S, 3]` in 0..255 as uint8, with noise of this standard deviation."""
    grain = np.random.default_rng(0).normal(0, noise, light.shape) if noise else 0
    return np.rint(np.clip(light + grain, 0, 255)).astype(np.uint8)


def tinted(sketch: np.ndarray) -> np.ndarray:
    """Return a coloring of a sketch: a red block in the middle."""
    light = sketch.astype(float)
    light[80:160, 80:160] *= RED
    return np.rint(light).astype(np.uint8)


def white_share(sheet: Sheet, white: np.ndarray) -> float:
    return float((sheet.sketch[(white == 255).all(axis=-1)] == 255).all(axis=-1).mean())


@pytest.mark.parametrize("noise", [0, 4])
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("draw", [lambda: drawing(0), lambda: drawing(3), black_haired])
def test_a_drawing_on_paper_comes_back_on_white(draw: Callable[[], np.ndarray], paper, noise):
    own = draw()
    sheet = split_paper(noisy(own * PAPERS[paper], noise))
    assert not sheet.inverted
    assert sheet.contrast == 1
    assert abs(sheet.sketch.astype(int) - own).mean() < 0.3 + 0.3 * noise
    assert white_share(sheet, own) >= 0.99


@pytest.mark.parametrize(
    "paper", ["grey 235", "kraft", "from one side", "vignette", "warm to cool"]
)
def test_a_grey_fill_inside_lines_is_no_paper(paper):
    own = drawing(2)
    fill = (own == 230).all(axis=-1)
    assert fill.mean() > 0.03
    sketch = split_paper(noisy(own * PAPERS[paper], 0)).sketch
    assert abs(np.median(sketch[fill]) - 230) <= 4


@pytest.mark.parametrize("number", range(4))
def test_a_drawing_on_white_is_its_own_sketch(number):
    rgb = drawing(number)
    sheet = split_paper(rgb)
    assert sheet.is_white
    assert sheet.sketch is rgb
    assert sheet.restore(tinted(rgb)).tobytes() == tinted(rgb).tobytes()


def test_black_hair_and_soft_shading_on_white_paper_change_nothing():
    assert split_paper(black_haired()).is_white
    shaded = 255 - 60 * np.exp(-((X - 0.5) ** 2 + (Y - 0.5) ** 2) / 0.01)
    assert split_paper(noisy(np.repeat(shaded[..., None], 3, axis=-1), 0)).is_white


@pytest.mark.parametrize("paper", PAPERS)
def test_sketch_times_paper_is_the_picture(paper):
    rgb = noisy(drawing(0) * PAPERS[paper], 0)
    sheet = split_paper(rgb)
    field = np.concatenate([strip for _, strip in sheet.paper_strips()])
    assert (field.shape, field.dtype) == (rgb.shape, np.float32)
    inside = sheet.sketch < 255
    assert abs(sheet.sketch * field - rgb)[inside].max() <= 1


@pytest.mark.parametrize("paper", PAPERS)
def test_what_is_not_colored_comes_back_as_it_was_and_fills_lie_in_the_light(paper):
    rgb = noisy(drawing(0) * PAPERS[paper], 3)
    sheet = split_paper(rgb)
    colored = tinted(sheet.sketch)
    made = sheet.restore(colored)
    same = (colored == sheet.sketch).all(axis=-1)
    assert np.array_equal(made[same], rgb[same])
    assert abs(made[~same] - rgb[~same] * RED).max() <= 2
    assert np.array_equal(sheet.restore(sheet.sketch), rgb)


def test_new_paper_replaces_the_old():
    sheet = split_paper(noisy(drawing(0) * PAPERS["vignette"], 3))
    colored = tinted(sheet.sketch)
    assert np.array_equal(sheet.restore(colored, paper="white"), colored)
    cream = sheet.restore(colored, paper=(250, 240, 200))
    assert (np.median(cream[:40, :40], axis=(0, 1)) == (250, 240, 200)).all()
    white = drawing(0)
    assert (split_paper(white).restore(white, paper=(250, 240, 200))[0, 0] == (250, 240, 200)).all()


def test_faint_lines_are_darker_in_the_sketch_alone():
    own = drawing(1)
    rgb = noisy(180 + own * (40 / 255), 2)
    sheet = split_paper(rgb)
    assert sheet.contrast > 2
    ink = (own == 0).all(axis=-1)
    assert np.median(sheet.sketch[ink]) < 120
    assert white_share(sheet, own) >= 0.99
    made = sheet.restore(tinted(sheet.sketch))
    assert abs(np.median(made[:40][ink[:40]].astype(int)) - 180) <= 2
    white = sheet.restore(sheet.sketch, paper="white")
    assert abs(np.median(white[ink].astype(int)) - 255 * 180 / 220) < 8


def test_colored_and_soft_pencil_lines_stay():
    own = 255 - (255 - drawing(1)) * np.array([0.6, 0.4, 0.15])
    sketch = split_paper(noisy(own * PAPERS["cream"], 3)).sketch
    ink = (drawing(1) == 0).all(axis=-1)
    assert abs(np.median(sketch[ink], axis=0) - own[ink][0]).max() <= 10


@pytest.mark.parametrize("columns", [False, True])
def test_pale_ruling_is_paper(columns):
    ruling, blue = np.ones((SIDE, SIDE, 3)), np.array([0.78, 0.86, 0.95])
    ruling[5::16] = blue
    if columns:
        ruling[:, 3::16] = blue
    own = drawing(1)
    rgb = noisy(own * ruling * PAPERS["grey 245"], 2)
    sheet = split_paper(rgb)
    assert white_share(sheet, own) >= 0.98
    assert abs(sheet.sketch.astype(int) - own).mean() < 1
    assert np.array_equal(sheet.restore(sheet.sketch), rgb)


def test_larger_pictures_have_the_same_paper():
    own = np.array(Image.fromarray(drawing(1)).resize((900, 1100), Image.Resampling.BICUBIC))
    light = np.linspace(1, 0.6, 1100)[:, None, None] * np.array([0.95, 0.9, 0.8])
    sheet = split_paper(noisy(own * light, 5))
    assert max(sheet.paper.shape) <= 128
    assert white_share(sheet, own) >= 0.99
    assert abs(sheet.sketch.astype(int) - own).mean() < 1.5


GROUNDS = {  # ground, lines
    "black": ((0, 0, 0), (255, 255, 255)),
    "chalk board": ((60, 80, 62), (225, 225, 215)),
    "blueprint": ((40, 80, 160), (240, 245, 255)),
    "navy": ((0, 0, 90), (255, 255, 255)),
    "grey lines": ((0, 0, 0), (120, 120, 120)),
    "white on kraft": ((140, 110, 80), (250, 250, 250)),
}


def on_ground(kind: str, noise: float = 0) -> np.ndarray:
    ground, lines = (np.array(color, float) for color in GROUNDS[kind])
    ink = 1 - drawing(1) / 255
    return noisy(ground * (1 - ink) + lines * ink, noise)


@pytest.mark.parametrize("noise", [0, 3])
@pytest.mark.parametrize("kind", GROUNDS)
def test_light_lines_are_dark_in_the_sketch_and_stay_light(kind, noise):
    rgb = on_ground(kind, noise)
    sheet = split_paper(rgb)
    assert sheet.inverted
    own = drawing(1)
    ink = (own == 0).all(axis=-1)
    assert np.median(sheet.sketch[ink]) < 170
    assert white_share(sheet, own) >= 0.99

    colored = tinted(sheet.sketch)
    made = sheet.restore(colored)
    same = (colored == sheet.sketch).all(axis=-1)
    assert np.array_equal(made[same], rgb[same])
    block = np.zeros(ink.shape, bool)
    block[80:160, 80:160] = True
    fill = block & (own == 255).all(axis=-1)
    assert abs(np.median(made[fill], axis=0) - 255 * RED).max() <= 6
    assert abs(np.median(made[ink & block].astype(int) - rgb[ink & block])) <= 60


def test_light_lines_on_new_ground_and_white_fills_where_they_are_painted():
    sheet = split_paper(on_ground("black"))
    made = sheet.restore(sheet.sketch, paper=(20, 40, 30))
    assert abs(made[0, 0].astype(int) - (20, 40, 30)).max() <= 1
    assert made.max() == 255
    assert np.array_equal(sheet.restore(sheet.sketch, paper="white"), sheet.sketch)
    painted = np.zeros((SIDE, SIDE))
    painted[80:160, 80:160] = 1
    made = sheet.restore(sheet.sketch, painted=painted)
    assert (made[80:160, 80:160].min(axis=-1) > 240).mean() > 0.9
    assert made[0, 0].max() == 0


@pytest.mark.parametrize("side", [1, 2, 3, 5, 17])
@pytest.mark.parametrize("level", [0, 90, 200, 255])
def test_any_size_and_no_drawing(side, level):
    for shape in ((side, 40, 3), (40, side, 3), (side, side, 3)):
        rgb = np.full(shape, level, np.uint8)
        sheet = split_paper(rgb)
        assert sheet.sketch.shape == rgb.shape
        assert np.array_equal(sheet.restore(sheet.sketch), rgb)


def test_noise_that_is_no_drawing_comes_back():
    rgb = np.random.default_rng(0).integers(0, 256, (61, 47, 3), dtype=np.uint8)
    sheet = split_paper(rgb)
    assert np.array_equal(sheet.restore(sheet.sketch), rgb)
