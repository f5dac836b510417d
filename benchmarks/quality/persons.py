"""How well the persons of a drawing are told apart, on scenes composed of characters nobody trained on.

    tar xf faces.tar                                # 120 faces of facesjs, a set with masks
    python benchmarks/quality/persons.py faces data/icons/test

Each scene has two or three characters, beside each other or overlapping, of 80 to 100 % of its height.
`whose` is the share given to the right person of those pixels of hair and shirt that were found as such;
`obeyed` is their share of all pixels of hair and shirt. Prints rows of the table in docs/how-well.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from strangers import LIGHT, Sketch, read_set

from condcolor.conditions.parts import part_index
from condcolor.imaging.open import Picture
from condcolor.inference.colorizer import Colorizer

HEIGHT, MARGIN = 256, 10  # pixels
PARTS = tuple(map(part_index, ("hair", "shirt")))  # the channels of masks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="icons")
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    characters = [cut_out(sketch) for folder in options.folders for sketch in read_set(folder)]
    rng = np.random.default_rng(options.seed)
    print("| scenes | counted right | whose | obeyed |\n|---|---|---|---|")
    for name, overlap in (("side by side", False), ("overlapping", True)):
        rows = [measure(colorizer, rng, characters, overlap=overlap) for _ in range(options.scenes)]
        counted, whose, obeyed = np.mean(rows, axis=0)
        print(f"| {len(rows)} {name} | {counted:.2f} | {whose:.3f} | {obeyed:.3f} |", flush=True)


Character = tuple[
    np.ndarray, np.ndarray, np.ndarray
]  # sketch, masks, `[H, W]` bool: what hides others


def cut_out(sketch: Sketch) -> Character:
    """Return a sketch without its empty margins, and its silhouette."""
    rgb, masks = sketch
    solid = ndimage.binary_fill_holes((rgb.mean(axis=-1) < 200) | (masks.max(axis=-1) > 127))
    rows, columns = (np.flatnonzero(solid.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return rgb[box], masks[box], solid[box]


def scaled(character: Character, height: int) -> Character:
    width = round(character[0].shape[1] * height / character[0].shape[0])
    filters = (Image.Resampling.LANCZOS, Image.Resampling.NEAREST, Image.Resampling.NEAREST)
    rgb, masks, solid = (
        np.array(Image.fromarray(plane).resize((width, height), how))
        for plane, how in zip(character, filters, strict=True)
    )
    return rgb, masks, solid


def compose(
    rng: np.random.Generator, characters: list[Character], *, overlap: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a scene `[H, W, 3]` uint8, its masks, and the person of each pixel, from 1 from the left."""
    chosen = rng.choice(len(characters), rng.integers(2, 4), replace=False)
    own = [scaled(characters[i], int(HEIGHT * rng.uniform(0.8, 1))) for i in chosen]
    places, left = [], MARGIN
    for rgb, _, _ in own:
        places.append(left)
        step = rng.uniform(0.6, 0.85) if overlap else 1
        left += int(rgb.shape[1] * step) + (0 if overlap else int(rng.integers(3, 30)))
    width = max(x + each[0].shape[1] for x, each in zip(places, own, strict=True)) + MARGIN
    height = HEIGHT + 2 * MARGIN
    scene, masks = (np.full((height, width, 3), level, np.uint8) for level in (255, 0))
    whose = np.zeros((height, width), int)
    for i in rng.permutation(len(own)):
        rgb, mask, solid = own[i]
        bottom = HEIGHT + MARGIN
        box = np.s_[bottom - len(rgb) : bottom, places[i] : places[i] + rgb.shape[1]]
        scene[box][solid], masks[box][solid], whose[box][solid] = rgb[solid], mask[solid], i + 1
    return scene, masks, whose


def measure(
    colorizer: Colorizer, rng: np.random.Generator, characters: list[Character], *, overlap: bool
) -> tuple[bool, float, float]:
    scene, masks, whose = compose(rng, characters, overlap=overlap)
    parts = colorizer.parts(Picture(scene, None))
    persons = parts.persons
    given, made = persons[parts.labels], parts.regions().parts
    light = scene.mean(axis=-1) >= LIGHT
    right = found = every = 0
    for channel, part in enumerate(PARTS):
        own = (masks[..., channel] > 127) & (masks.argmax(axis=-1) == channel) & light
        every += int(own.sum())
        found += int((own & (made == part)).sum())
        right += int((own & (made == part) & (given == whose)).sum())
    return bool(persons.max() == whose.max()), right / max(found, 1), right / max(every, 1)


if __name__ == "__main__":
    main()
