"""Drawings are told from photographs, whatever their paper, light and frame."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.picture_kind import DRAWING, NAMES, PHOTOGRAPH, UNKNOWN, kind_of, measures
from condcolor.models.model_folder import MADE_FOR, built_in_models

EXAMPLES = Path(__file__).parents[2] / "examples"
SKETCHES = sorted((EXAMPLES / "sketches").glob("*.png"))
PHOTOGRAPHS = sorted((EXAMPLES / "photographs").glob("*.jpg"))


def rgb_of(path: Path) -> np.ndarray:
    return open_picture(path).rgb


def on_grey_paper(rgb: np.ndarray) -> np.ndarray:
    """A drawing on grey paper that is lit from one side, with the grain of a scan."""
    light = np.linspace(0.6, 0.95, rgb.shape[1])[None, :, None]
    grain = np.random.default_rng(1).normal(0, 2, rgb.shape[:2])[..., None]
    return (rgb * light * 0.9 + grain).clip(0, 255).astype(np.uint8)


def faint(rgb: np.ndarray) -> np.ndarray:
    return (255 - (255 - rgb.astype(float)) * 0.3).astype(np.uint8)


def as_jpeg(rgb: np.ndarray) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=60)
    return np.asarray(Image.open(data))


def inverted(rgb: np.ndarray) -> np.ndarray:
    return 255 - rgb


def grey(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).convert("L").convert("RGB"))


def framed(rgb: np.ndarray) -> np.ndarray:
    return np.pad(rgb, ((30, 30), (20, 20), (0, 0)), constant_values=255)


def faded(rgb: np.ndarray) -> np.ndarray:
    return (140 + (rgb.astype(float) - 128) * 0.6).astype(np.uint8)


def same(rgb: np.ndarray) -> np.ndarray:
    return rgb


@pytest.mark.parametrize("alter", [same, on_grey_paper, faint, as_jpeg, inverted, framed])
@pytest.mark.parametrize("path", SKETCHES, ids=lambda path: path.stem)
def test_sketches_are_drawings(path, alter):
    assert kind_of(Picture(alter(rgb_of(path)), None)) == DRAWING


@pytest.mark.parametrize("alter", [same, grey, as_jpeg, framed, faded])
@pytest.mark.parametrize("path", PHOTOGRAPHS, ids=lambda path: path.stem)
def test_photographs_are_photographs(path, alter):
    assert kind_of(Picture(alter(rgb_of(path)), None)) == PHOTOGRAPH


@pytest.mark.parametrize("side", [96, 256, 900])
def test_a_flat_icon_is_a_drawing_at_any_size(side):
    image = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(image)
    width = max(2, side // 60)
    pen.ellipse([0.2 * side, 0.1 * side, 0.8 * side, 0.7 * side], "#f2c9a0", "black", width)
    pen.rectangle([0.15 * side, 0.7 * side, 0.85 * side, 0.95 * side], "#3060c0", "black", width)
    assert kind_of(Picture(np.asarray(image), None)) == DRAWING


def test_light_ink_on_transparency_is_a_drawing():
    ink = 255 - rgb_of(SKETCHES[0])[..., 0]
    white = np.full((*ink.shape, 3), 255, np.uint8)
    assert kind_of(Picture(white, ink)) == DRAWING


@pytest.mark.parametrize("size", [(1, 1), (9, 200), (200, 47)])
def test_nothing_is_told_of_very_small_pictures(size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert kind_of(Picture(noise, None)) == UNKNOWN


def test_nothing_is_told_of_one_color():
    assert kind_of(Picture(np.full((90, 90, 3), 77, np.uint8), None)) == UNKNOWN


@pytest.mark.parametrize("size", [(48, 48), (48, 3000), (3000, 50)])
def test_there_is_a_number_for_each_name(size):
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = measures(Picture(noise, None))
    assert found.shape == (len(NAMES),)
    assert np.isfinite(found).all()


def test_each_built_in_model_is_made_for_one_kind():
    assert sorted(MADE_FOR) == built_in_models()
    assert set(MADE_FOR.values()) == {DRAWING, PHOTOGRAPH}
