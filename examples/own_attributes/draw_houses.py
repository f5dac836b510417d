"""Draw a data set with attributes of its own: houses, asked for by roof, wall and door.

python examples/own_attributes/draw_houses.py houses
condcolor data check houses
"""

from __future__ import annotations

import argparse
import itertools
import random
from pathlib import Path

from PIL import Image, ImageDraw

from condcolor.conditions.colors import parse_hex
from condcolor.data.metadata import write_metadata

SCALE = 4  # drawn this much larger and reduced, for smooth edges
COLORS = {
    "roof": {"slate": "#5b7083", "straw": "#e2bd62", "tile": "#c8553d"},
    "wall": {"cream": "#f3e3c3", "mint": "#a8d5ba", "rose": "#e8a0a8"},
    "door": {"navy": "#31487a", "oak": "#9c6b3f"},
}
WHITE = dict.fromkeys(COLORS, "#ffffff")


def draw_house(seed: int, colors: dict[str, str], size: int) -> Image.Image:
    """One house; the seed decides its shape, `colors` what its parts are filled with."""
    draw_from = random.Random(seed)
    side = size * SCALE
    page = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(page)
    line = {"outline": "black", "width": round(side * draw_from.uniform(0.012, 0.022))}
    left, right = side * draw_from.uniform(0.12, 0.25), side * draw_from.uniform(0.75, 0.88)
    top, eaves = side * draw_from.uniform(0.08, 0.2), side * draw_from.uniform(0.42, 0.52)
    ground, over = side * 0.9, side * draw_from.uniform(0.02, 0.07)
    ridge = side * draw_from.uniform(0.0, 0.2)
    middle = (left + right) / 2
    pen.rectangle((left, eaves, right, ground), parse_hex(colors["wall"]), **line)
    roof = [
        (left - over, eaves),
        (middle - ridge, top),
        (middle + ridge, top),
        (right + over, eaves),
    ]
    pen.polygon(roof, parse_hex(colors["roof"]), **line)
    width = side * draw_from.uniform(0.1, 0.16)
    at = left + (right - left - width) * draw_from.uniform(0.1, 0.5)
    door = (at, ground - side * draw_from.uniform(0.2, 0.28), at + width, ground)
    pen.rectangle(door, parse_hex(colors["door"]), **line)
    at = max(at + 1.3 * width, right - side * draw_from.uniform(0.2, 0.26))
    pen.rectangle((at, eaves + side * 0.08, at + side * 0.12, eaves + side * 0.2), "white", **line)
    return page.resize((size, size), Image.Resampling.LANCZOS)


def draw_houses(out: Path, count: int, size: int) -> None:
    """`count` houses, each in every colouring, with their metadata.csv."""
    for name in ("inputs", "outputs"):
        (out / name).mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(count):
        sketch = f"inputs/{seed:03}.png"
        draw_house(seed, WHITE, size).save(out / sketch)
        for values in itertools.product(*COLORS.values()):
            asked = dict(zip(COLORS, values, strict=True))
            picture = f"outputs/{seed:03}-{'-'.join(values)}.png"
            hexes = {part: COLORS[part][value] for part, value in asked.items()}
            draw_house(seed, hexes, size).save(out / picture)
            rows.append((sketch, picture, *values))
    write_metadata(out / "metadata.csv", rows, ("input", "output", *COLORS))
    print(f"{len(rows)} pictures of {count} houses in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--houses", type=int, default=20)
    parser.add_argument("--size", type=int, default=128)
    options = parser.parse_args()
    draw_houses(options.out, options.houses, options.size)
