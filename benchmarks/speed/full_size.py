"""Seconds, peak memory and lightness of `condcolor colorize` on a large photograph.

    .venv/bin/python benchmarks/speed/full_size.py --model photo [photograph.jpg]
    .venv/bin/python benchmarks/speed/full_size.py --model photo --pictures 5

Enlarges the photograph (default: one that is drawn) to 4000x3000, saves it as a JPEG and colours it with
the whole command, each time in a process of its own; then once more as a PNG, whose lightness is held
against the scan's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from condcolor.imaging.color import srgb_to_lab
from condcolor.imaging.open import open_picture

ROWS = 64  # whose lightness is compared at a time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photograph", type=Path, nargs="?")
    parser.add_argument("--model", default="photo", help="a built-in model or a model folder")
    parser.add_argument("--size", type=int, nargs=2, default=(4000, 3000), metavar=("W", "H"))
    parser.add_argument("--runs", type=int, default=5, help="of which the median is told")
    parser.add_argument("--pictures", type=int, default=1, help="in a folder, coloured together")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder, "scan.jpg")
        picture = Image.open(told.photograph) if told.photograph else _drawn()
        picture.convert("RGB").resize(told.size, Image.Resampling.BICUBIC).save(scan, quality=92)
        source = Path(folder, "scans") if told.pictures > 1 else scan
        if source != scan:
            source.mkdir()
            for number in range(told.pictures):
                shutil.copy(scan, source / f"{number}.jpg")
        out = Path(folder, "out" if source != scan else "out.jpg")
        runs = [colored(source, told.model, out) for _ in range(told.runs)]
        colored(scan, told.model, Path(folder, "out.png"))
        difference = lightness_difference(scan, Path(folder, "out.png"))
    seconds = [run[0] for run in runs]
    width, height = told.size
    print(
        f"{told.pictures} of {width}x{height}, {scan.suffix[1:]}, {os.cpu_count()} cores, {len(runs)} runs"
    )
    print(f"seconds  {statistics.median(seconds):6.2f}  ({min(seconds):.2f} to {max(seconds):.2f})")
    print(f"peak RSS {max(run[1] for run in runs):6.2f} GiB")
    print(f"mean |dL| {difference:5.3f}")


def colored(scan: Path, model: str, out: Path) -> tuple[float, float]:
    """Seconds and peak resident GiB of the whole command."""
    command = [sys.executable, "-m", "condcolor", "colorize", str(scan), "--model", model]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "-o", str(out), "--overwrite"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)  # of this process, where RUSAGE_CHILDREN is of all
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, used.ru_maxrss / 2**20  # Linux gives KiB


def lightness_difference(first: Path, second: Path) -> float:
    """Mean |dL| of two pictures, in bands so that this takes little memory."""
    pictures = [open_picture(path).rgb for path in (first, second)]
    total = 0.0
    for top in range(0, len(pictures[0]), ROWS):
        strips = [torch.from_numpy(rgb[top : top + ROWS].copy()) for rgb in pictures]
        light = [srgb_to_lab(strip.permute(2, 0, 1).float() / 255)[0] for strip in strips]
        total += float((light[0] - light[1]).abs().sum())
    return total / pictures[0][..., 0].size


def _drawn() -> Image.Image:
    """A grey scene with smooth parts, edges and grain."""
    y, x = np.mgrid[:750, :1000] / 1000
    scene = 0.5 + 0.3 * np.sin(9 * x + 4 * y * y) + 0.3 * (np.hypot(x - 0.4, y - 0.3) < 0.2)
    grain = np.random.default_rng(0).normal(0, 0.03, scene.shape)
    grey = (255 * np.clip(scene + grain, 0, 1)).astype(np.uint8)
    return Image.fromarray(grey)


if __name__ == "__main__":
    main()
