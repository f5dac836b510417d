"""What each choice of the training step is worth: the step as it is, and with one choice undone.

    .venv/bin/python benchmarks/speed/training_step.py [--turns 5] [--width 64] [VARIANT ...]

Icons at 256 px, batch 10, on the CPU. A variant and the step as it is are processes of their own that take
turns, one step a turn; who waits computes nothing. Figures are medians of the turns and of each turn's ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from condcolor.data.dataset import Batch, one_hot
from condcolor.models import networks
from condcolor.recipes import RECIPES
from condcolor.runtime.process import keep_memory
from condcolor.training import gan
from condcolor.training.gan import Gan

BATCH, SIDE, SIZES = 10, 256, (5, 5)
AS_IT_IS = "as it is"


def by_cat() -> None:
    networks.join = lambda *parts: torch.cat(parts, dim=1)


def contiguous() -> None:
    gan._channels_last = lambda x: x.contiguous()
    Gan._placed = lambda self, module: module.to(self.device)


def adam(**how) -> Callable[[], None]:
    def change() -> None:
        Gan._optimizer = lambda self, module: torch.optim.Adam(
            module.parameters(), self.config.lr, (0.5, 0.999), **how
        )

    return change


def twice() -> None:
    def step(self, phase, batch, number, painted=None):
        source, _ = self.encoded(batch)
        with torch.no_grad(), gan.autocast(self.precision, self.device):
            self.generator(source, batch.cond)
        return plain(self, phase, batch, number, painted)

    plain, Gan.step = Gan.step, step


def unfrozen() -> None:
    networks.PatchGAN.requires_grad_ = lambda self, wanted=True: self


def joined() -> None:
    def forward(self, source, shown):
        pictures, conds = (torch.cat(parts) for parts in zip(*shown, strict=True))
        logits = self.discriminator(source.repeat(len(shown), 1, 1, 1), pictures, conds)
        return list(logits.chunk(len(shown)))

    gan._Verdicts.forward = forward


def compiled() -> None:
    def placed(self, module):
        module = plain(self, module)
        module.forward = torch.compile(module.forward)
        return module

    plain, Gan._placed = Gan._placed, placed


# what is changed, the network's norm, and the variant it is held against
VARIANTS: dict[str, tuple[Callable[[], None] | None, str, str]] = {
    AS_IT_IS: (None, "batch", AS_IT_IS),
    "fp32": (None, "batch", AS_IT_IS),
    "channels first": (contiguous, "batch", AS_IT_IS),
    "maps joined by torch.cat": (by_cat, "batch", AS_IT_IS),
    "memory given back": (None, "batch", AS_IT_IS),
    "Adam foreach": (adam(foreach=True), "batch", AS_IT_IS),
    "Adam by a loop": (adam(foreach=False), "batch", AS_IT_IS),
    "G computed twice": (twice, "batch", AS_IT_IS),
    "D learns in G's step": (unfrozen, "batch", AS_IT_IS),
    "torch.compile": (compiled, "batch", AS_IT_IS),
    "spectral norm": (None, "spectral", AS_IT_IS),
    "spectral norm, D on one joined batch": (joined, "spectral", "spectral norm"),
}
LEFT_OUT = (AS_IT_IS, "spectral norm", "torch.compile")  # unless they are named; the last is slow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", help=f"default: all but {', '.join(LEFT_OUT)}")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.work:
        return work(told.work, told.width)
    chosen = told.variants or [name for name in VARIANTS if name not in LEFT_OUT]
    print("| | s a step | pictures/s | speed, of the step it is held against |\n|---|---|---|---|")
    for name in chosen:
        beside = VARIANTS[name][2]
        workers = {one: start(one, told.width) for one in (beside, name)}
        for worker in workers.values():
            ask(worker), ask(worker)  # warms up
        turns = [{one: ask(worker) for one, worker in workers.items()} for _ in range(told.turns)]
        for worker in workers.values():
            worker.communicate()
        seconds = statistics.median(turn[name] for turn in turns)
        ratio = statistics.median(turn[beside] / turn[name] for turn in turns)
        against = "" if beside == AS_IT_IS else f" ({beside})"
        row = f"| {name} | {seconds:.2f} | {BATCH / seconds:.2f} | {ratio:.2f}{against} |"
        print(row, flush=True)


def start(name: str, width: int) -> subprocess.Popen:
    command = [sys.executable, __file__, "--work", name, "--width", str(width)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, "OMP_WAIT_POLICY": "passive"}, **pipes)


def ask(worker: subprocess.Popen) -> float:
    worker.stdin.write("step\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def work(name: str, width: int) -> None:
    """Do a step for each line of stdin, and print its seconds."""
    change, norm, _ = VARIANTS[name]
    if name != "memory given back":
        keep_memory()
    if change:
        change()
    recipe = RECIPES["icons"]
    config = recipe.train_config(precision="fp32" if name == "fp32" else "bf16")
    model = recipe.model_config(
        sum(SIZES), base_channels=width, disc_channels=width, disc_norm=norm
    )
    nets = Gan(recipe.codec, config, model, SIZES, torch.device("cpu"))
    pictures = torch.randint(0, 256, (2, BATCH, 3, SIDE, SIDE), dtype=torch.uint8)
    cond, wrong = (one_hot(torch.randint(5, (BATCH, 2)), SIZES) for _ in range(2))
    batch = Batch(*pictures, cond, wrong)
    for number, _ in enumerate(sys.stdin):
        started = time.perf_counter()
        nets.step(recipe.phases[0], batch, number)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
