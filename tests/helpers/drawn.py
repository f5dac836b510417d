"""Small data sets, drawn: a character is a head of hair, a shirt and a face in a 16x16 picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from condcolor.conditions.colors import parse_hex
from condcolor.data.metadata import read_metadata, write_metadata
from condcolor.errors import DataError

PALETTE = {"blue": "#3faee1", "brown": "#b86b4b", "red": "#e94743"}
SKIN = "#fbd3c0"


def masks(character: int) -> np.ndarray:
    """`[16,16,3]` uint8: hair, shirt, skin; each character has a shape of its own."""
    parts = np.zeros((16, 16, 3), np.uint8)
    parts[1:4, 3 : 9 + character, 0] = 255
    parts[10:15, 2:12, 1] = 255
    parts[5:9, 4:10, 2] = 255
    return parts


def picture(character: int, hair: str | None = None, shirt: str | None = None) -> np.ndarray:
    """`[16,16,3]` uint8; the sketch (all parts white) without colours."""
    drawn = np.full((16, 16, 3), 255, np.uint8)
    parts = masks(character)
    if hair and shirt:
        for channel, color in enumerate((PALETTE[hair], PALETTE[shirt], SKIN)):
            drawn[parts[..., channel] == 255] = parse_hex(color)
    drawn[9] = drawn[:, 15 - character] = 0
    return drawn


def save(path, pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def draw_set(folder, characters=(0, 1), *, masked=False, columns=("input", "output")):
    """Every colouring of each character, and the rows of the metadata.csv that was written."""
    rows = []
    for character in characters:
        save(folder / f"inputs/{character}.png", picture(character))
        if masked:
            save(folder / f"masks/{character}.png", masks(character))
        for hair in PALETTE:
            for shirt in PALETTE:
                name = f"{character}-{hair}-{shirt}.png"
                save(folder / f"outputs/{name}", picture(character, hair, shirt))
                rows.append([f"inputs/{character}.png", f"outputs/{name}", hair, shirt])
    write_metadata(folder / "metadata.csv", rows, (*columns, "hair", "shirt"))
    return rows


def write_csv(folder, *lines: str, name="metadata.csv"):
    """A csv of these lines beside pictures `a.png` .. `d.png`; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, letter in enumerate("abcd"):
        save(folder / f"{letter}.png", np.full((8, 8, 3), 40 * number, np.uint8))
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def problems(path, **options) -> str:
    """All problems as one text."""
    with pytest.raises(DataError) as caught:
        read_metadata(path, **options)
    assert caught.value.problems
    return "\n".join(caught.value.problems)


def photograph(seed: int, width: int = 24, height: int = 18) -> np.ndarray:
    """`[H,W,3]` uint8: a blue sky over green land with a red ball, in shades of its own."""
    rng = np.random.default_rng(seed)
    drawn = np.empty((height, width, 3), np.uint8)
    drawn[:] = (60, 120, 220)
    drawn[height // 2 :] = (50, 160, 60)
    top, left = rng.integers(1, height - 6), rng.integers(1, width - 6)
    drawn[top : top + 5, left : left + 5] = (200, 40, 40)
    return (drawn * rng.uniform(0.6, 1.0) + rng.integers(0, 9, drawn.shape)).astype(np.uint8)


def shoot(folder, count: int = 6, first: int = 0) -> None:
    """A folder of photographs, 0.png and on."""
    for number in range(first, first + count):
        save(folder / f"{number}.png", photograph(number))
