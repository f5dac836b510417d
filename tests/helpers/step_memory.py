"""The memory that training steps take: `python tests/helpers/step_memory.py RECIPE JSON` prints bytes.

The JSON object has `config` and `model`, fields of TrainConfig and ModelConfig, and `phase`, the index of a
phase. Printed is the growth of the process's memory at its peak, from before the networks are made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from condcolor.data.dataset import Batch
from condcolor.models.codecs import CODECS
from condcolor.recipes import RECIPES
from condcolor.training.gan import Gan


def status(name: str) -> int:
    """A figure of /proc/self/status in bytes."""
    text = Path("/proc/self/status").read_text()
    return 1024 * int(text.split(f"{name}:")[1].split()[0])


def main(name: str, fields: dict) -> int:
    torch.set_num_threads(1)
    recipe = RECIPES[name]
    config = recipe.train_config(**fields["config"])
    planes, side, count = 4 * (name == "icons"), config.image_size, config.batch_size
    model = recipe.model_config(planes, **fields["model"])
    pictures = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)
    cond = torch.zeros(count, planes)
    batch = Batch(pictures, pictures.clone(), cond, cond)
    torch.nn.functional.conv2d(
        torch.zeros(1, 3, 16, 16), torch.zeros(4, 3, 4, 4)
    )  # oneDNN is there
    before = status("VmRSS")
    gan = Gan(CODECS[recipe.name], config, model, (2, 2) if planes else (), torch.device("cpu"))
    for step in range(2):
        gan.step(recipe.phases[fields["phase"]], batch, step)
    return status("VmHWM") - before


if __name__ == "__main__":
    print(main(sys.argv[1], json.loads(sys.argv[2])))
