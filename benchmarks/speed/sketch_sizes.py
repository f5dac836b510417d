"""Milliseconds that a sketch takes at several sizes, after the first: in a value of the model, in any color.

python benchmarks/speed/sketch_sizes.py examples/sketches/ada.png [--engine torch]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from pathlib import Path

from PIL import Image

from condcolor.inference.colorizer import Colorizer

SIDES = {256: 15, 1024: 7, 3000: 4, 8000: 2}  # pixels -> rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sketch", type=Path)
    parser.add_argument("--engine", default="torch")
    options = parser.parse_args()
    colorizer = Colorizer.load("icons", engine=options.engine, precision="auto")
    sketch = Image.open(options.sketch).convert("RGB")
    colorizer(sketch.resize((256, 256)), hair="red", shirt="blue")
    print("| px | a value, ms | any colour, ms | peak memory of the process |\n|---|---|---|---|")
    for side, rounds in SIDES.items():
        large = sketch.resize((side, side), Image.Resampling.BICUBIC)
        taken: dict[str, list[float]] = {"blue": [], "#ff8800": []}
        for _ in range(rounds):
            for shirt, times in taken.items():
                started = time.perf_counter()
                colorizer(large, hair="red", shirt=shirt)
                times.append(1000 * (time.perf_counter() - started))
        value, color = (statistics.median(times) for times in taken.values())
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(f"| {side} | {value:.0f} | {color:.0f} | {memory:.2f} GB |", flush=True)


if __name__ == "__main__":
    main()
