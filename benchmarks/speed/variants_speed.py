"""Milliseconds of the network for all colourings of a sketch: sharing its one pass, and each on its own.

python benchmarks/speed/variants_speed.py examples/sketches/ada.png --model icons
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from condcolor.inference.colorizer import Colorizer
from condcolor.inference.framing import Prepared
from condcolor.inference.runner import BATCH
from condcolor.runtime.process import keep_memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sketch", type=Path)
    parser.add_argument("--model", default="icons")
    parser.add_argument("--rounds", type=int, default=9)
    told = parser.parse_args()
    keep_memory()
    colorizer = Colorizer.load(told.model, precision="auto", engine="torch")
    asked = [colorizer.prepare(told.sketch, values) for values in colorizer.combinations()]
    parts = [asked[i : i + BATCH] for i in range(0, len(asked), BATCH)]
    square = asked[0].framed.square[None]

    def shared(part: list[Prepared]) -> None:
        colorizer.predict(square, np.stack([one.cond for one in part]))

    times: dict[str, list[float]] = {"shared": [], "each its own": []}
    for _ in range(told.rounds + 1):  # the first is warming up
        for name, run in (("shared", shared), ("each its own", colorizer.predict_batch)):
            started = time.perf_counter()
            for part in parts:
                run(part)
            times[name].append(time.perf_counter() - started)
    for name, seconds in times.items():
        print(f"{len(asked)} colourings, {name}: {1000 * statistics.median(seconds[1:]):.0f} ms")


if __name__ == "__main__":
    main()
