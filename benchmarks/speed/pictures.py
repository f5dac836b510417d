"""Pictures to measure with: drawn ones, or photographs of the user's own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from condcolor.data.metadata import open_photograph, write_metadata
from condcolor.errors import DataError
from condcolor.imaging.formats import find_pictures
from condcolor.runtime.messages import shown_name

SIDE = 256  # of a drawn icon
WIDTH, HEIGHT = 640, 480  # of a drawn photograph
PHOTOGRAPHS, CHARACTERS = 48, 2
GRAIN = 6.0  # standard deviation, of 255 levels
COLORS = {
    "blue": "#3faee1",
    "brown": "#b86b4b",
    "green": "#6db581",
    "red": "#e94743",
    "yellow": "#fbd04b",
}
READ_BY_ALL = {".jpg", ".jpeg", ".png"}  # textbook code goes by the name


def draw_icons(folder: Path) -> None:
    """Sketches and their 25 colourings, with a metadata.csv of hair and shirt."""
    (folder / "inputs").mkdir(parents=True)
    (folder / "outputs").mkdir()
    rows = []
    for character in range(CHARACTERS):
        sketch = f"inputs/{character}.png"
        _icon(character, "white", "white", "white").save(folder / sketch)
        for hair in COLORS:
            for shirt in COLORS:
                icon = f"outputs/{character}-{hair}-{shirt}.png"
                _icon(character, COLORS[hair], COLORS[shirt], "#fbd3c0").save(folder / icon)
                rows.append((sketch, icon, hair, shirt))
    write_metadata(folder / "metadata.csv", rows, ("input", "output", "hair", "shirt"))


def draw_photographs(folder: Path) -> None:
    """JPEGs of smooth coloured noise with some grain."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(PHOTOGRAPHS):
        blobs = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        smooth = np.asarray(blobs.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32)
        grain = rng.normal(0, GRAIN, (HEIGHT, WIDTH, 1))
        pixels = np.clip(smooth + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.jpg", quality=90)


def link_photographs(source: Path, folder: Path) -> None:
    """Links to the first PHOTOGRAPHS of the user's own that can be read and have colours.

    Raises:
        DataError: there are none.
    """
    folder.mkdir(parents=True)
    if not source.is_dir():
        raise DataError(f"{shown_name(source)}: no such folder: name one of photographs")
    linked = 0
    for path in find_pictures(source)[0]:
        if linked == PHOTOGRAPHS:
            break
        if Path(path).suffix.lower() not in READ_BY_ALL:
            continue
        try:
            open_photograph(Path(path))
        except DataError:
            continue
        os.symlink(Path(path).resolve(), folder / f"{linked:02}{Path(path).suffix.lower()}")
        linked += 1
    if not linked:
        raise DataError(f"{shown_name(source)}: no JPEG or PNG in colour there to measure with")


def _icon(character: int, hair: str, shirt: str, skin: str) -> Image.Image:
    """A head with hair over a shirt, in thick lines."""
    icon = Image.new("RGB", (SIDE, SIDE), "white")
    draw = ImageDraw.Draw(icon)
    lines = {"outline": "black", "width": 5}
    low = 20 * character
    draw.rounded_rectangle((48, 176, 208, 300), 40, fill=shirt, **lines)
    draw.ellipse((64 - low // 2, 24, 192 + low // 2, 160 + low), fill=hair, **lines)
    draw.ellipse((84, 64, 172, 176), fill=skin, **lines)
    for left in (106, 140):
        draw.ellipse((left, 108, left + 10, 120), fill="black")
    draw.arc((108, 120, 148, 152), 20, 160, fill="black", width=4)
    return icon
