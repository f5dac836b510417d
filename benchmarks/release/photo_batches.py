"""Batches that the built-in model `photo` learns from: pieces of photographs, aged, with hints.

Run by train_photo.py. All random numbers come from one NumPy generator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from condcolor.conditions.hints import HINT_PLANES
from condcolor.imaging.color import srgb8_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.lab import AB_SCALE
from condcolor.imaging.open import open_picture

SHORT = 208  # pixels of the short side that are kept
CHUNK = 64  # pictures handed to a process at once


class PhotoBatch(NamedTuple):
    """Source, target and hints as the network takes them, float16 in [-1, 1].

    lightness: `[B, 1, S, S]`. ab: `[B, 2, S, S]`. hints: `[B, 3, S, S]`.
    """

    lightness: np.ndarray
    ab: np.ndarray
    hints: np.ndarray


class Store:
    """The photographs of a folder, decoded once into a file that is mapped into memory."""

    def __init__(self, path: Path):
        self.index = json.loads(path.with_suffix(".json").read_text())
        self.pixels = np.memmap(path, dtype=np.uint8, mode="r")

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> np.ndarray:
        """Return a photograph, `[H, W, 3]` uint8."""
        start, height, width = self.index[number]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)

    @classmethod
    def of_folder(cls, folder: Path, path: Path) -> Store:
        """Decode the photographs of a folder to `path`, unless that was done before."""
        beside = path.with_suffix(".json")
        if not beside.is_file():
            index, start = [], 0
            with path.open("wb") as file, ProcessPoolExecutor() as pool:
                for rgb in pool.map(_decode, find_pictures(folder)[0], chunksize=CHUNK):
                    file.write(rgb.tobytes())
                    index.append((start, *rgb.shape[:2]))
                    start += rgb.size
            beside.write_text(json.dumps(index))
        return cls(path)


def _decode(path: Path) -> np.ndarray:
    """Return a photograph with a short side of at most SHORT, and a long one of at most twice that."""
    rgb = open_picture(path).rgb
    height, width = rgb.shape[:2]
    scale = SHORT / min(height, width)
    if scale < 1:
        size = max(SHORT, round(width * scale)), max(SHORT, round(height * scale))
        rgb = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
        height, width = rgb.shape[:2]
    most = 2 * min(height, width)
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return np.ascontiguousarray(rgb[top : top + most, left : left + most])


def batches(store: Store, size: int, side: int, seed: int) -> Iterator[PhotoBatch]:
    """Yield batches of `size` squares of `side` pixels, without end."""
    draws = np.random.default_rng(seed)
    while True:
        numbers = draws.integers(0, len(store), size)
        paired = draws.random(size) < PAIRED
        rgb = np.stack(
            [_square(draws, store[n], side, p) for n, p in zip(numbers, paired, strict=True)]
        )
        planes = torch.from_numpy(np.ascontiguousarray(rgb.transpose(0, 3, 1, 2)))
        lab = srgb8_to_lab(planes).numpy()
        hints = np.zeros((size, HINT_PLANES, side, side), np.float32)
        for own, picture, hint, is_pair in zip(lab, rgb, hints, paired, strict=True):
            _age(draws, own, picture)
            if is_pair and draws.random() < PAIR_GIVEN:
                _give_side(draws, own, hint)
            elif draws.random() < HINTED:
                _give_points(draws, own, hint)
        lightness, ab = lab[:, :1] / 50 - 1, lab[:, 1:] / AB_SCALE
        yield PhotoBatch(*(each.astype(np.float16) for each in (lightness, ab, hints)))


PAIRED = 0.07  # of the squares: two pieces of one photograph side by side
PAIR_GIVEN = 0.85  # of these: the colors of one side are given, as for `--like`
HINTED = 0.5  # of the others
OTHER_FIRST, OTHER_MORE = (
    0.65,
    0.25,
)  # of first and of further hints: the thing there gets another color
AREA = (0.3, 1.0)  # of the photograph that a piece has
ASPECT = 0.25  # largest change of its aspect, as a logarithm
WHOLE = 0.3  # of the pieces: the largest square


def _square(draws: np.random.Generator, rgb: np.ndarray, side: int, paired: bool) -> np.ndarray:
    if not paired:
        return _piece(draws, rgb, side, side)
    return np.concatenate([_piece(draws, rgb, side, side // 2) for _ in range(2)], axis=1)


def _piece(draws: np.random.Generator, rgb: np.ndarray, high: int, wide: int) -> np.ndarray:
    """Return a random piece of a photograph, `[high, wide, 3]`, mirrored half of the time."""
    height, width = rgb.shape[:2]
    area = height * width * draws.uniform(*AREA)
    aspect = np.exp(draws.uniform(-ASPECT, ASPECT)) * wide / high
    rows = min(height, max(64, int(np.sqrt(area / aspect))))
    columns = min(width, max(64, int(np.sqrt(area * aspect))))
    if high == wide and draws.random() < WHOLE:
        rows = columns = min(height, width)
    top, left = draws.integers(0, height - rows + 1), draws.integers(0, width - columns + 1)
    piece = Image.fromarray(np.ascontiguousarray(rgb[top : top + rows, left : left + columns]))
    method = Image.Resampling.BICUBIC if rows < high else Image.Resampling.BILINEAR
    square = np.asarray(piece.resize((wide, high), method))
    return square[:, ::-1] if draws.random() < 0.5 else square


def _age(draws: np.random.Generator, lab: np.ndarray, rgb: np.ndarray) -> None:
    """Change the lightness of `lab [3, S, S]` as films, prints and scans do, in place; colors stay."""
    light = lab[0]
    if draws.random() < 0.12:  # a film that sees the colors in other weights
        grey = (rgb @ draws.dirichlet((1.5, 2.5, 2.0))).clip(0, 255).astype(np.uint8)
        light = srgb8_to_lab(torch.from_numpy(np.stack([grey] * 3))).numpy()[0]
    if draws.random() < 0.25:  # gamma, and contrast around a middle
        light = 100 * (light / 100).clip(0, 1) ** np.exp(draws.uniform(-0.35, 0.35))
        contrast, middle = draws.uniform(0.5, 1.05), draws.uniform(30, 60)
        light = (light - middle) * contrast + middle + draws.uniform(-16, 16) * (1 - contrast)
    if draws.random() < 0.15:
        light = ndimage.gaussian_filter(light, draws.uniform(0.4, 1.3))
    if draws.random() < 0.2:  # grain, half of it coarse
        grain = draws.standard_normal(light.shape, dtype=np.float32)
        if draws.random() < 0.5:
            grain = 2.2 * ndimage.gaussian_filter(grain, 0.8)
        light = light + grain * draws.uniform(0.5, 5)
    if draws.random() < 0.03:  # the border of a print, light or dark
        width = draws.integers(3, 18)
        border = np.ones(light.shape, bool)
        border[width:-width, width:-width] = False
        light = np.where(border, draws.choice([2.0, 97.0]), light)
        lab[1:, border] = 0
    lab[0] = np.clip(light, 0, 100)


def _give_side(draws: np.random.Generator, lab: np.ndarray, hint: np.ndarray) -> None:
    """Give the colors of the left or right half, of all its pixels or of many places."""
    side = lab.shape[-1]
    half = slice(0, side // 2) if draws.random() < 0.5 else slice(side // 2, side)
    given = np.ones((side, side // 2), bool)
    if draws.random() < 0.5:
        given = ndimage.binary_dilation(draws.random(given.shape) < 10 ** draws.uniform(-3, -1.3))
    hint[2, :, half] = given
    hint[:2, :, half] = lab[1:, :, half] / AB_SCALE * given


def _give_points(draws: np.random.Generator, lab: np.ndarray, hint: np.ndarray) -> None:
    """Give the colors of points, or rarely of an area; often the thing at one gets another color first."""
    side = lab.shape[-1]
    if draws.random() < 0.06:
        (top, left), (high, wide) = draws.integers(0, side - 30, 2), draws.integers(25, 110, 2)
        area = slice(top, top + high), slice(left, left + wide)
        hint[2, *area] = 1
        hint[:2, *area] = lab[1:, *area] / AB_SCALE
        return
    for point in range(min(12, draws.geometric(0.3))):
        row, column = draws.integers(0, side, 2)
        reach = int(draws.integers(0, 4))
        place = (
            slice(max(0, row - reach), row + reach + 1),
            slice(max(0, column - reach), column + reach + 1),
        )
        if draws.random() < (OTHER_FIRST if point == 0 else OTHER_MORE):
            _recolor(draws, lab, row, column)
        hint[:2, *place] = lab[1:, *place].mean(axis=(1, 2))[:, None, None] / AB_SCALE
        hint[2, *place] = 1


def _recolor(draws: np.random.Generator, lab: np.ndarray, row: int, column: int) -> None:
    """Give the thing at a point any color, in place: a network so learns that a hint stops at its edge.

    The thing is what hangs together with the point and differs little from it.
    """
    light, ab = lab[0], lab[1:]
    own = ab[:, row, column].copy()
    near = np.hypot(*(ab - own[:, None, None])) < draws.uniform(7, 14)
    near &= abs(light - light[row, column]) < draws.uniform(20, 45)
    labels, _ = ndimage.label(near)
    thing = ndimage.grey_closing((labels == labels[row, column]).astype(np.float32), 3)
    angle, chroma = draws.uniform(0, 2 * np.pi), 70 * draws.random() ** 0.7
    color = chroma * np.array([np.cos(angle), np.sin(angle)], np.float32)
    ab += ndimage.gaussian_filter(thing, 0.8) * (color - own)[:, None, None]
    np.clip(ab, -100, 100, out=ab)
