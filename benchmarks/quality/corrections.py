"""Parts corrected: how many clicks a drawing needs, how long one takes, how skin is colored.

    tar xf faces.tar                                # 120 faces of facesjs, a set with masks
    python benchmarks/quality/corrections.py clicks faces data/icons/test
    python benchmarks/quality/corrections.py skin faces
    python benchmarks/quality/corrections.py time data/icons/test

A set has `inputs/` and `masks/` (red: hair, green: shirt, blue: skin). A click is simulated: it says of the
piece with most wrong pixels what most of them are. IoU counts the pixels that are light in the sketch. Prints
rows of the tables in docs/how-well.md.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from strangers import LIGHT, read_set

from condcolor.conditions.parts import PARTS, part_index
from condcolor.imaging.drawing_parts import Parts
from condcolor.imaging.open import Picture
from condcolor.inference.colorizer import Colorizer

NAMES = ("hair", "shirt", "skin")  # the channels of masks
WANTED = 0.95  # IoU of hair and of shirt, from which a drawing is done
MOST = 12  # clicks
LEAST = 50  # pixels; a smaller part is not measured
COLORS = {"hair": "red", "shirt": "blue"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--model", default="icons")
    parser.add_argument("--side", type=int, default=1024, help="pixels, of `time`")
    options = parser.parse_args()
    WHAT[options.what](Colorizer.load(options.model), options)


def read_parts(
    colorizer: Colorizer, folder: Path
) -> Iterator[tuple[Parts, np.ndarray, np.ndarray]]:
    """Yield the parts of each drawing, the true part of each pixel as an index in NAMES, and what counts."""
    for rgb, masks in read_set(folder):
        true = np.where(masks.max(axis=-1) > 127, masks.argmax(axis=-1), len(NAMES))
        yield (
            colorizer.parts(Picture(np.ascontiguousarray(rgb), None)),
            true,
            rgb.mean(axis=-1) >= LIGHT,
        )


def made_of(parts: Parts) -> np.ndarray:
    """Return the decided part of each pixel as an index in NAMES, or their number."""
    table = np.full(len(PARTS), len(NAMES))
    for index, name in enumerate(NAMES):
        table[part_index(name)] = index
    return table[parts.regions().parts]


def score(made: np.ndarray, true: np.ndarray, light: np.ndarray) -> float:
    """Return the smaller IoU of hair and shirt, of those that the drawing has."""
    scores = [1.0]
    for index in range(2):
        a, b = (made == index) & light, (true == index) & light
        if b.sum() >= LEAST:
            scores.append(float((a & b).sum() / (a | b).sum()))
    return min(scores)


def click(parts: Parts, true: np.ndarray, light: np.ndarray) -> bool:
    """Set the piece with most wrong pixels to what most of its pixels are; return whether there is one."""
    pieces = parts.pieces
    kinds = len(NAMES) + 1
    counts = np.bincount(
        (parts.labels * kinds + true)[light], minlength=(parts.labels.max() + 1) * kinds
    ).reshape(-1, kinds)
    best, gain = None, 0
    for piece in pieces:
        own = NAMES.index(piece.part) if piece.part in NAMES else len(NAMES)
        most = int(counts[piece.number].argmax())
        better = int(counts[piece.number][most] - counts[piece.number][own])
        if better > gain:
            best, gain = (piece.point, (*NAMES, "none")[most]), better
    if best is not None:
        parts.set(*best)
    return best is not None


def measure_clicks(colorizer: Colorizer, options: argparse.Namespace) -> None:
    steps = (0, 1, 2, 3, 5, MOST)
    print(f"| set | drawings | {' | '.join(map(str, steps))} clicks | for 90 % |")
    for folder in options.folders:
        needed = []
        for parts, true, light in read_parts(colorizer, folder):
            count = 0
            while score(made_of(parts), true, light) < WANTED:
                if count == MOST or not click(parts, true, light):
                    count = MOST + 1
                    break
                count += 1
            needed.append(count)
        values = np.sort(needed)
        cells = " | ".join(f"{100 * (values <= step).mean():.0f} %" for step in steps)
        enough = values[int(np.ceil(0.9 * len(values))) - 1]
        print(
            f"| {folder.name} | {len(values)} | {cells} | {enough if enough <= MOST else 'never'} |"
        )


def measure_skin(colorizer: Colorizer, options: argparse.Namespace) -> None:
    skin = NAMES.index("skin")
    print("| set | drawings | skin in its color | color outside of it |")
    for folder in options.folders:
        inside, outside = [], []
        for parts, true, light in read_parts(colorizer, folder):
            made, own = (made_of(parts) == skin) & light, (true == skin) & light
            if own.sum() >= LEAST:
                inside.append((made & own).sum() / own.sum())
                outside.append((made & ~own).sum() / (light & ~own).sum())
        print(f"| {folder.name} | {len(inside)} | {np.mean(inside):.3f} | {np.mean(outside):.4f} |")


def measure_time(colorizer: Colorizer, options: argparse.Namespace) -> None:
    sets, first = [], []
    for folder in options.folders:
        for path in sorted((folder / "inputs").iterdir()):
            with Image.open(path) as image:
                parts = colorizer.parts(image.convert("RGB").resize((options.side, options.side)))
            regions = parts.regions()
            for name in ("shirt", "hair"):
                for piece in parts.pieces[:8]:
                    started = time.perf_counter()
                    parts.set(piece.point, name)
                    sets.append(time.perf_counter() - started)
            started = time.perf_counter()
            regions.recolor(**COLORS)
            first.append(time.perf_counter() - started)
    for what, seconds in (("a correction", sets), ("all of it colored", first)):
        middle, high = (1000 * np.percentile(seconds, share) for share in (50, 95))
        print(f"| {options.side} px: {what} | {middle:.1f} ms | {high:.1f} ms |")


WHAT = {"clicks": measure_clicks, "skin": measure_skin, "time": measure_time}

if __name__ == "__main__":
    main()
