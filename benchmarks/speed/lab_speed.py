"""Speed and exactness of condcolor's Lab conversions beside scikit-image's, on the same pictures.

    .venv/bin/python benchmarks/speed/lab_speed.py [FOLDER]

A batch of 16 pictures of 256 px, on the CPU: photographs of FOLDER, or drawn noise. scikit-image is
given each as it likes it best (channels last), in the type that the row names; it computes in float32
only when the picture is float32 already. Times are medians of several runs, the two by turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from skimage.color import lab2rgb, rgb2lab

from condcolor.imaging.color import lab_to_srgb, srgb8_to_lab, srgb_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.geometry import cover
from condcolor.imaging.open import open_picture

COUNT, SIDE = 16, 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="photographs; default: drawn noise")
    parser.add_argument("--runs", type=int, default=15, help="of which the median is told")
    parser.add_argument("--threads", type=int, help="of torch; default: its own choice")
    told = parser.parse_args()
    if told.threads:
        torch.set_num_threads(told.threads)
    codes = photographs(told.folder) if told.folder else noise()  # (N, H, W, 3) uint8
    rgb, lab = codes / 255, rgb2lab(codes / 255)
    print(
        f"{len(codes)} pictures of {SIDE} px, {torch.get_num_threads()} threads, {told.runs} runs"
    )
    print("                        scikit-image       ours      ratio   largest difference")
    with torch.inference_mode():
        first, exact = (_channels_first(pixels).float() for pixels in (rgb, lab))
        bytes_first = _channels_first(codes)
        for name, theirs, ours, truth, unit in (
            ("uint8   to Lab", lambda: rgb2lab(codes), lambda: srgb8_to_lab(bytes_first), lab, 1),
            ("float64 to Lab", lambda: rgb2lab(rgb), lambda: srgb_to_lab(first), lab, 1),
            (
                "float32 to Lab",
                _given(rgb2lab, rgb.astype(np.float32)),
                lambda: srgb_to_lab(first),
                lab,
                1,
            ),
            ("Lab to float64", lambda: lab2rgb(lab), lambda: lab_to_srgb(exact), rgb, 255),
            (
                "Lab to float32",
                _given(lab2rgb, lab.astype(np.float32)),
                lambda: lab_to_srgb(exact),
                rgb,
                255,
            ),
        ):
            slow, fast = medians(theirs, ours, told.runs)
            apart = np.abs(ours().movedim(1, -1).numpy() - truth).max() * unit
            said = f"{apart:.5f} {'of 255 levels' if unit == 255 else 'Lab units'}"
            print(f"{name:20s} {slow:12.1f} ms {fast:7.1f} ms {slow / fast:9.1f}   {said}")


def medians(theirs: Callable, ours: Callable, runs: int) -> tuple[float, float]:
    """Milliseconds of each, taken by turns so that other load meets both."""
    taken: tuple[list, list] = ([], [])
    for _ in range(runs + 1):
        for times, run in zip(taken, (theirs, ours), strict=True):
            started = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])  # the first warms up


def photographs(folder: Path) -> np.ndarray:
    found = find_pictures(folder)[0][:COUNT]
    return np.stack([cover(open_picture(path).rgb, SIDE) for path in found])


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype=np.uint8)


def _given(function: Callable, pixels: np.ndarray) -> Callable:
    return lambda: function(pixels)


def _channels_first(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).movedim(-1, 1).contiguous()


if __name__ == "__main__":
    main()
