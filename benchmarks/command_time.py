"""Seconds of one whole command, from a cold process: median of several runs.

python benchmarks/command_time.py --runs 5
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKETCH = Path(__file__).parent.parent / "data/icons/test/inputs/0000.png"
CONDCOLOR = [sys.executable, "-m", "condcolor"]
COMMANDS = {
    "condcolor --help": "--help",
    "condcolor colorize, one 256 px sketch": "colorize {sketch} --hair red --shirt blue -o {out}/a.png",
    "condcolor variants, one 256 px sketch": "variants {sketch} -o {out}/sheet.png",
}


def seconds_of(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print("| command | median s | min | max |\n|---|---|---|---|")
    for name, words in COMMANDS.items():
        times = []
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as out:
                arguments = [word.format(sketch=SKETCH, out=out) for word in words.split()]
                times.append(seconds_of(CONDCOLOR + arguments))
        print(f"| {name} | {statistics.median(times):.2f} | {min(times):.2f} | {max(times):.2f} |")


if __name__ == "__main__":
    main()
