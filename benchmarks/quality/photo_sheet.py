"""A sheet of photographs in grey, coloured and as they were, one below the other.

    python benchmarks/quality/photo_sheet.py docs/photos.jpg --own
    python benchmarks/quality/photo_sheet.py docs/photos-fair.jpg photographs/val --glob 'cal_*' --count 24

`--own`: the free pictures that scikit-image and matplotlib carry. Of a folder every n-th by name, so that
nobody chose them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import skimage
from PIL import Image

from condcolor.imaging.open import open_picture
from condcolor.imaging.sheets import sheet
from condcolor.inference.colorizer import Colorizer

ACROSS = 6  # photographs in a row of the sheet
OWN = ("astronaut.png", "chelsea.png", "rocket.jpg", "coffee.png")


def own() -> list[Path]:
    data = Path(skimage.__file__).parent / "data"
    hopper = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return [*(data / name for name in OWN), hopper]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--glob", default="*")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--cell", type=int, default=160)
    parser.add_argument("--model", default="photo")
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    if options.own:
        paths = own()
    else:
        found = sorted(options.folder.glob(options.glob))
        places = np.linspace(0, len(found) - 1, options.count).round().astype(int)
        paths = [found[place] for place in places]
    rows: list[list[np.ndarray]] = []
    for start in range(0, len(paths), ACROSS):
        block: list[list[np.ndarray]] = [[], [], []]
        for path in paths[start : start + ACROSS]:
            truth = open_picture(path).rgb
            grey = np.asarray(Image.fromarray(truth).convert("L").convert("RGB"))
            made = (grey, np.asarray(colorizer(Image.fromarray(grey))), truth)
            for row, picture in zip(block, made, strict=True):
                row.append(picture)
        rows += block
    page = sheet(rows, cell=options.cell)
    Image.fromarray(page).save(options.out, quality=87)


if __name__ == "__main__":
    main()
