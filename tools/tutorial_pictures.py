"""Draw the pictures of docs/tutorials from the examples, by the calls that the tutorials show.

python tools/tutorial_pictures.py
python tools/tutorial_pictures.py --run runs/houses     # also the sheet of a training on houses
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from condcolor import Colorizer

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs/tutorials"
ADA = ROOT / "examples/sketches/ada.png"
CLEO = ROOT / "examples/sketches/cleo.png"
COLLINS = ROOT / "examples/photographs/collins.jpg"
WHITE = (255, 255, 255)
GREEN = (232, 238, 228)  # behind layers, so that their transparency shows
COLORS = {"hair": "red", "shirt": "blue"}
PLAIT = ((285, 485), (251, 481), (280, 436), (331, 407), (297, 397), (337, 338))
HINTS = ["70,300=#d9642c", "210,290=#d9642c", "490,60=#8c94a4"]  # suit, suit, wall


def row(pictures: Sequence[Image.Image], height: int, ground: tuple[int, int, int]) -> Image.Image:
    """Pictures side by side, each `height` px high, on a ground that shows between them."""
    scaled = [
        each.convert("RGBA").resize((round(each.width * height / each.height), height))
        for each in pictures
    ]
    gap = height // 24
    sheet = Image.new("RGB", (sum(each.width + gap for each in scaled) - gap, height), "white")
    left = 0
    for each in scaled:
        sheet.paste(ground, (left, 0, left + each.width, height))
        sheet.paste(each, (left, 0), each)
        left += each.width + gap
    return sheet


def icons() -> None:
    colorizer = Colorizer.load("icons")
    sketch = Image.open(ADA)
    colored = colorizer(ADA, **COLORS)
    row([sketch, colored], 300, WHITE).save(OUT / "icon.png", optimize=True)

    layers = colorizer.layers(ADA, **COLORS)
    by_name = dict(zip(layers.names, layers.images, strict=True))
    shown = [Image.fromarray(by_name[name]) for name in ("lines", "hair", "shirt", "skin")]
    changed = layers.recolored(hair="#00aa88", paper="ivory").composed()
    row([*shown, changed], 200, GREEN).save(OUT / "layers.png", optimize=True)

    parts = colorizer.parts(CLEO)
    before = parts.colored(**COLORS)
    for point in PLAIT:
        parts.set(point, "hair")
    row([before, parts.colored(**COLORS)], 300, WHITE).save(OUT / "corrected.png", optimize=True)


def photographs() -> None:
    colorizer = Colorizer.load("photo")
    pictures = [Image.open(COLLINS), colorizer(COLLINS), colorizer(COLLINS, hints=HINTS)]
    row(pictures, 320, WHITE).save(OUT / "photograph.jpg", quality=88)


def training(run: Path) -> None:
    """The run's sheet of held-out houses, its six rows in two columns."""
    sheet = Image.open(run / "samples/test-after-labels.png").convert("RGB")
    head = sheet.height % 132  # rows of 128 px and a gap of 4
    half = (sheet.height - head) // 2
    two = Image.new("RGB", (2 * sheet.width + 24, head + half), "white")
    for column, top in enumerate((head, head + half)):
        left = column * (sheet.width + 24)
        two.paste(sheet.crop((0, 0, sheet.width, head)), (left, 0))
        two.paste(sheet.crop((0, top, sheet.width, top + half)), (left, head))
    two.save(ROOT / "examples/own_attributes/houses.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, help="a run of `condcolor train houses`")
    arguments = parser.parse_args()
    icons()
    photographs()
    if arguments.run:
        training(arguments.run)
