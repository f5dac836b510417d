"""Seconds of whole commands from a cold start: one picture, and folders on either engine.

    python benchmarks/speed/cold_start.py
    python benchmarks/speed/cold_start.py --command light/bin/condcolor
    python benchmarks/speed/cold_start.py --folders 30

`light/bin/condcolor` is the command of a virtual environment of `pip install .`. Wall time is the median
and the least of all rounds; CPU time, the sum of all cores, is the median, and hardly rises where other
programs run beside. The folders hold copies of the examples: of 2 pictures, and of so many more.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
SKETCHES = sorted((EXAMPLES / "sketches").glob("*.png"))
PHOTOGRAPHS = sorted((EXAMPLES / "photographs").glob("*.jpg"))
WORDS = {"icons": ["--hair", "red", "--shirt", "blue"], "photo": []}
FEW = 2  # pictures of the small folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", default=str(Path(sys.executable).parent / "condcolor"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folders", type=int, help="measure engines, with this many more pictures")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        if told.folders:
            compare_engines(told, Path(work))
        else:
            measure_one(told, Path(work))


def measure_one(told: argparse.Namespace, work: Path) -> None:
    """Print a row for one picture of each built-in model."""
    print("| one picture | median, s | least, s | CPU, s |\n|---|---|---|---|")
    for model, picture in (("icons", SKETCHES[0]), ("photo", PHOTOGRAPHS[0])):
        words = [picture, "--model", model, *WORDS[model], "-o", work / "x.png", "--overwrite"]
        walls, cpus = zip(
            *(seconds(told.command, "colorize", *words) for _ in range(told.rounds)), strict=True
        )
        median, cpu = statistics.median(walls), statistics.median(cpus)
        print(f"| {picture.name} | {median:.2f} | {min(walls):.2f} | {cpu:.2f} |")


def compare_engines(told: argparse.Namespace, work: Path) -> None:
    """Print the CPU time of each engine for the start and for a picture, and where they meet."""
    print(
        f"| model | engine | {FEW} pictures, CPU s | {FEW + told.folders} pictures | one more, ms |\n"
        "|---|---|---|---|---|"
    )
    for model, pictures in (("icons", SKETCHES), ("photo", PHOTOGRAPHS)):
        lines = {}
        for engine in ("onnx", "torch"):
            costs = []
            for count in (FEW, FEW + told.folders):
                folder = work / f"{model}-{count}"
                folder.mkdir(exist_ok=True)
                for i, picture in zip(range(count), cycle(pictures), strict=False):
                    shutil.copy(picture, folder / f"{i:04}{picture.suffix}")
                words = [folder, "--model", model, *WORDS[model], "--engine", engine]
                words += ["-o", work / "out", "--overwrite"]
                rounds = [seconds(told.command, "colorize", *words)[1] for _ in range(told.rounds)]
                costs.append(statistics.median(rounds))
                shutil.rmtree(work / "out")
            each = (costs[1] - costs[0]) / told.folders
            lines[engine] = costs[0] - FEW * each, each
            print(f"| {model} | {engine} | {costs[0]:.2f} | {costs[1]:.2f} | {1000 * each:.0f} |")
        (start, slow), (later, fast) = lines["onnx"], lines["torch"]
        if slow > fast:
            print(f"{model}: torch pays from {(later - start) / (slow - fast):.0f} pictures on")
        else:
            print(f"{model}: torch does not pay")


def seconds(*command: object) -> tuple[float, float]:
    """Run a command; return its wall time and its CPU time."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*map(str, command)], check=True, capture_output=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
