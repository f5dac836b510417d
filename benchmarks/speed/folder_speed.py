"""Pictures a second of `condcolor colorize FOLDER`, whole command from cold, against the network's alone.

    python benchmarks/speed/folder_speed.py
    python benchmarks/speed/folder_speed.py --only photo --pictures 100

Three models: the icons recipe at full width with random weights, and the two built in. Command and network
(batches of 16, as the command runs them) by turns, medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from condcolor.conditions.schema import AttributeSchema
from condcolor.imaging.open import open_picture
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.runner import BATCH
from condcolor.models.checkpoint import save_model
from condcolor.models.model_folder import BUILT_IN, read_config
from condcolor.models.networks import UNet
from condcolor.recipes import RECIPES
from condcolor.runtime.process import keep_memory

ROOT = Path(__file__).parents[2]
ICONS = ("data/icons/train/inputs/*.png", "data/icons/test/inputs/*.png")
PHOTOGRAPHS = ("examples/photographs/*.jpg",)
NETWORK_SECONDS = 8.0  # of measuring the network, a round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("full width", "icons", "photo"))
    told = parser.parse_args()
    keep_memory()
    colors = ["--hair", "red", "--shirt", "blue"]
    rows = (
        ("full width", None, ICONS, colors),
        ("icons", "icons", ICONS, colors),
        ("photo", "photo", PHOTOGRAPHS, []),
    )
    print(f"{told.pictures} pictures, {told.rounds} rounds, {torch.get_num_threads()} threads")
    print(
        "| model | network, pictures/s | command, pictures/s | share | command, s | cold start, s |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        for name, model, patterns, words in rows:
            if told.only in (None, name):
                model = model or str(full_width(Path(work, "model")))
                fill(folder := Path(work, name), patterns, told.pictures)
                measured = [measure(folder, model, words) for _ in range(told.rounds)]
                network, seconds, start = map(statistics.median, zip(*measured, strict=True))
                rate = told.pictures / seconds
                figures = f"{network:.1f} | {rate:.1f} | {rate / network:.0%}"
                print(f"| {name} | {figures} | {seconds:.1f} | {start:.1f} |", flush=True)


def measure(folder: Path, model: str, words: list[str]) -> tuple[float, float, float]:
    """Pictures a second of the network; seconds of the command, and of it on one picture."""
    one = sorted(folder.iterdir())[0]
    network = network_rate(model, one)
    return network, command_seconds(folder, model, words), command_seconds(one, model, words)


def network_rate(model: str, picture: Path) -> float:
    colorizer = Colorizer.load(model, precision="auto", engine="torch")
    asked = [next(iter(colorizer.schema.combinations()))] * BATCH
    batch = [colorizer.prepare(open_picture(picture), values) for values in asked]
    colorizer.predict_batch(batch)
    times, started = [], time.perf_counter()
    while time.perf_counter() - started < NETWORK_SECONDS:
        began = time.perf_counter()
        colorizer.predict_batch(batch)
        times.append(time.perf_counter() - began)
    return BATCH / statistics.median(times)


def command_seconds(source: Path, model: str, words: list[str]) -> float:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "condcolor", "colorize", str(source), "--model", model]
        started = time.perf_counter()
        subprocess.run([*command, *words, "-o", f"{out}/"], check=True, capture_output=True)
        return time.perf_counter() - started


def full_width(folder: Path) -> Path:
    """The icons recipe's own network, with random weights, in a folder."""
    recipe = RECIPES["icons"]
    schema = AttributeSchema.from_json(read_config(BUILT_IN / "icons")["schema"])
    config = recipe.model_config(schema.planes)
    torch.manual_seed(0)
    save_model(
        folder,
        UNet(config).state_dict(),
        recipe=recipe.name,
        config=config,
        schema=schema,
        image_size=256,
        training={},
        metrics={},
    )
    return folder


def fill(folder: Path, patterns: tuple[str, ...], count: int) -> None:
    """So many pictures in a folder: those of the patterns again and again, each a little other."""
    folder.mkdir()
    sources = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    for i, path in zip(range(count), cycle(sources), strict=False):
        pixels = np.array(Image.open(path).convert("RGB"))
        pixels[0, 0] = i % 256
        Image.fromarray(pixels).save(folder / f"{i:05}{path.suffix}")


if __name__ == "__main__":
    main()
