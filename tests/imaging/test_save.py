"""Saving pictures: the pixels that went in, whole or not at all, and never over another file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pictures import noise, opened
from PIL import Image

from condcolor.errors import UsageError
from condcolor.imaging.formats import WRITE_FORMATS, WRITE_SUFFIXES
from condcolor.imaging.open import open_picture
from condcolor.imaging.save import encode_picture, save_picture

LOSSLESS = [suffix for suffix in WRITE_SUFFIXES if suffix not in (".jpg", ".jpeg")]


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_pixels_come_back_exactly(tmp_path, suffix):
    save_picture(tmp_path / f"a{suffix}", noise())
    assert np.array_equal(open_picture(tmp_path / f"a{suffix}").rgb, noise())
    assert names(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_keeps_flat_fills_beside_lines(tmp_path, suffix):
    drawn = np.full((32, 32, 3), (233, 71, 67), np.uint8)
    drawn[:, 15:17] = 0
    save_picture(tmp_path / f"a{suffix}", drawn)
    assert np.abs(open_picture(tmp_path / f"a{suffix}").rgb.astype(int) - drawn).max() <= 12


@pytest.mark.parametrize("suffix", WRITE_SUFFIXES)
def test_the_suffix_decides_the_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix.upper()}"
    save_picture(path, noise())
    with Image.open(path) as image:
        assert suffix in WRITE_FORMATS[image.format].suffixes


@pytest.mark.parametrize("format", WRITE_FORMATS)
def test_alpha_is_kept_or_composited_on_white(format):
    alpha = np.zeros((30, 40), np.uint8)
    alpha[:, 20:] = 255
    black = np.zeros((30, 40, 3), np.uint8)
    picture = opened(encode_picture(black, alpha, format))
    assert picture.rgb[:, :16].min() >= 250
    assert picture.rgb[:, 24:].max() <= 5
    if WRITE_FORMATS[format].alpha:
        assert np.array_equal(picture.alpha, alpha)
    else:
        assert picture.alpha is None


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_colors_under_transparency_are_kept(format):
    data = encode_picture(noise(), np.zeros((30, 40), np.uint8), format)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image)[..., :3], noise())


def test_any_layout_of_the_array_saves(tmp_path):
    channels_first = np.ascontiguousarray(noise().transpose(2, 0, 1))
    save_picture(tmp_path / "a.png", channels_first.transpose(1, 2, 0)[::-1])
    assert np.array_equal(open_picture(tmp_path / "a.png").rgb, noise()[::-1])


@pytest.mark.parametrize(
    "rgb",
    [noise().astype(float), noise()[..., 0], noise(channels=4), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_rgb_array_is_a_mistake_of_the_caller(rgb):
    with pytest.raises(ValueError, match=r"rgb must be uint8 \[H, W, 3\]"):
        encode_picture(rgb)
    with pytest.raises(ValueError, match="alpha must be uint8"):
        encode_picture(noise(), noise())


def test_an_unknown_suffix_lists_the_choices(tmp_path):
    for name in ("a.gif", "a.pgn", "a", ".png"):
        with pytest.raises(UsageError, match=r"one of \.png, \.jpg, \.jpeg, \.webp, \.bmp, \.tif"):
            save_picture(tmp_path / name, noise())
    with pytest.raises(UsageError, match=r"did you mean '\.png'"):
        save_picture(tmp_path / "a.pgn", noise())
    with pytest.raises(UsageError, match="format 'GIF' is not one of PNG, JPEG"):
        encode_picture(noise(), format="GIF")
    assert names(tmp_path) == []


def test_a_side_longer_than_the_format_holds_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"a\.webp: 16384x1 pixels do not fit in a WEBP"):
        save_picture(tmp_path / "a.webp", noise(16384, 1))
    with pytest.raises(UsageError, match="65501x1 pixels do not fit in a JPEG"):
        save_picture(tmp_path / "a.jpg", noise(65501, 1))
