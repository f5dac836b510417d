"""How far pictures coloured in bf16 are from those in fp32, in levels of 255 of the finished files.

    python benchmarks/speed/precision.py photos/val

Sketches of `data/icons/test` and of `examples` in every fourth colouring by the model icons; the photographs
of the folder, of `examples` without one, by the model photo. A pixel differs as its worst channel does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from condcolor.imaging.formats import find_pictures
from condcolor.inference.colorizer import Colorizer

ROOT = Path(__file__).parents[2]
WITHIN = (1, 2, 4)  # levels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path, nargs="?", default=ROOT / "examples/photographs")
    parser.add_argument("--most", type=int, default=100, help="photographs, the first by name")
    told = parser.parse_args()
    sketches = [*find_pictures(ROOT / "data/icons/test/inputs")[0]]
    sketches += find_pictures(ROOT / "examples/sketches")[0]
    shares = " | ".join(f"within {w}" for w in WITHIN)
    print(f"| model | pictures | mean | largest | {shares} |")
    print("|---|---|---|---|" + "---|" * len(WITHIN))
    compare("icons", sketches, every=4)
    compare("photo", find_pictures(told.photographs)[0][: told.most], every=1)


def compare(model: str, pictures: Iterable[Path], every: int) -> None:
    exact, fast = (Colorizer.load(model, precision=p, engine="torch") for p in ("fp32", "bf16"))
    asked = exact.combinations()[::every]
    counts, made = np.zeros(256, int), 0
    for path in pictures:
        both = zip(exact.colorings(path, asked), fast.colorings(path, asked), strict=True)
        for one, other in both:
            apart = np.abs(np.asarray(one).astype(int) - np.asarray(other)).max(axis=-1)
            counts += np.bincount(apart.ravel(), minlength=256)
            made += 1
    share = counts.cumsum() / counts.sum()
    mean = (counts * np.arange(256)).sum() / counts.sum()
    within = " | ".join(f"{share[w]:.3%}" for w in WITHIN)
    print(f"| {model} | {made} | {mean:.2f} | {counts.nonzero()[0].max()} | {within} |")


if __name__ == "__main__":
    main()
