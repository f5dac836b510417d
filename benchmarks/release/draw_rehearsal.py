"""Draw the sheet that `condcolor adapt` rehearses on, so that a model forgets nothing of what it knew.

    python benchmarks/release/draw_rehearsal.py condcolor/pretrained/icons/rehearsal.png

The ten training sketches of data/icons, and figures that condcolor/data/builders/figures.py draws; a sheet of
256 px squares in grey. Needs the icons extra.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from condcolor.data.builders.cutouts import cut_figure
from condcolor.data.builders.figures import draw_figure
from condcolor.imaging.geometry import letterbox
from condcolor.imaging.open import open_picture

SIDE, COLUMNS = 256, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--icons", type=Path, default=Path("data/icons/train/inputs"))
    parser.add_argument("--figures", type=int, default=30)
    options = parser.parse_args()
    squares = [
        letterbox(open_picture(path).rgb, SIDE, fill=255)[0][..., 0]
        for path in sorted(options.icons.glob("*.png"))
    ]
    rng = np.random.default_rng(16)
    for _ in range(options.figures):
        cutout = cut_figure(draw_figure(rng), SIDE)
        alpha = cutout.alpha.astype(np.float32) / 255
        grey = cutout.grey.astype(np.float32) * alpha + 255 * (1 - alpha)
        whole = np.repeat(grey.round().astype(np.uint8)[..., None], 3, axis=-1)
        squares.append(letterbox(whole, SIDE, fill=255)[0][..., 0])
    rows = -(-len(squares) // COLUMNS)
    squares += [np.full((SIDE, SIDE), 255, np.uint8)] * (rows * COLUMNS - len(squares))
    grid = np.stack(squares).reshape(rows, COLUMNS, SIDE, SIDE).transpose(0, 2, 1, 3)
    sheet = Image.fromarray(grid.reshape(rows * SIDE, COLUMNS * SIDE))
    sheet.quantize(16).save(options.out, optimize=True)


if __name__ == "__main__":
    main()
