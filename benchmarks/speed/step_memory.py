"""The memory of a training step at full width: estimated, measured on the CPU, and what fits into 8 GB.

    .venv/bin/python benchmarks/speed/step_memory.py [--measure]

`--measure` runs two steps of each row in a process of its own (tests/helpers/step_memory.py) and takes the
growth of its memory at the peak. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch

from condcolor.recipes import RECIPES
from condcolor.training.memory import GIB, estimate

HELPER = Path(__file__).parents[2] / "tests/helpers/step_memory.py"
BATCH = 10
GPU = 8 * 10**9  # bytes of a small GPU
USABLE = 0.85  # of it; the rest is the driver's, and lost between blocks
COLUMNS = (
    *("recipe", "pictures", "precision", "networks", "a picture"),
    *("batch of 10", "measured", "batch in 8 GB"),
)
CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name in ("icons", "parts"):
        for precision in ("fp32", "bf16"):
            print(row(name, precision, options.measure), flush=True)


def row(name: str, precision: str, measure: bool) -> str:
    """Return a row of the table."""
    recipe, planes = RECIPES[name], 10 * (name == "icons")
    config = recipe.train_config(precision=precision, batch_size=BATCH)
    phase = recipe.phases[:1]
    need = estimate(config, recipe.model_config(planes), phase, CPU)
    measured = "-"
    if measure:
        fields = {"config": {"precision": precision, "batch_size": BATCH}, "model": {}, "phase": 0}
        command = [sys.executable, str(HELPER), name, json.dumps(fields)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        measured = f"{int(done.stdout) / GIB:.2f} GiB"
    cells = (
        *(name, f"{config.image_size} px", precision, f"{need.networks / GIB:.2f} GiB"),
        *(f"{need.each / 2**20:.0f} MiB", f"{need.total(BATCH) / GIB:.2f} GiB", measured),
        str(need.fitting(int(USABLE * GPU))),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
