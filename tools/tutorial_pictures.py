"""Draw the pictures of docs/tutorials from the examples, by the calls that the tutorials show.

python tools/tutorial_pictures.py
"""

from __future__ import annotations

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


if __name__ == "__main__":
    icons()
    photographs()
