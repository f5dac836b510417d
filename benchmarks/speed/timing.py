"""Seconds of a step that is repeated, with the device waited for; the FLOPs that it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from condcolor.models.config import ModelConfig
from condcolor.models.networks import PatchGAN, make_generator
from condcolor.recipes import Phase

Samples = list[tuple[int, float]]  # pictures, and the seconds that they took
BURST = {"cpu": 0.05, "cuda": 0.25, "mps": 0.25}  # seconds at least between two looks at the clock
LONG = 2.0  # seconds of a first step after which one is enough to warm up


class Timed:
    """A step and how many pictures it takes; warmed up where it is made.

    A sample is a burst: as many steps as it takes for the clock, and on a GPU the wait for the last of
    them, not to count.
    """

    def __init__(self, step: Callable[[], object], pictures: int, device: torch.device):
        self.step, self.pictures, self.device = step, pictures, device
        seconds = self._burst(1)
        if seconds < LONG:
            seconds = self._burst(1)
        self.steps = 1
        while seconds < BURST.get(device.type, BURST["cpu"]):
            self.steps *= 2
            seconds = self._burst(self.steps)

    def run(self, seconds: float) -> Samples:
        """Bursts for about so long, one at least."""
        samples: Samples = []
        started = time.perf_counter()
        while not samples or time.perf_counter() - started < seconds:
            samples.append((self.pictures * self.steps, self._burst(self.steps)))
        return samples

    def _burst(self, steps: int) -> float:
        self._wait()
        started = time.perf_counter()
        for _ in range(steps):
            self.step()
        self._wait()
        return time.perf_counter() - started

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()


@cache
def forward_flops(config: ModelConfig, size: int) -> tuple[int, int]:
    """FLOPs of one forward of the generator and of one of the discriminator, for a picture of `size` px."""
    bare = replace(config, cond_planes=0)
    with torch.device("meta"):
        source = torch.empty(1, bare.source_channels, size, size)
        picture = torch.empty(1, bare.output_channels, size, size)
        cond = torch.empty(1, 0)
        generator, discriminator = make_generator(bare), PatchGAN(bare)
    return _counted(generator, source, cond), _counted(discriminator, source, picture, cond)


def training_flops(config: ModelConfig, size: int, phase: Phase) -> int:
    """FLOPs of a training step for each of its pictures; 3 G + 8 D of a phase that trains both.

    A backward costs two forwards: one for the gradients of the activations, one for those of the weights. D's
    step has a forward and a backward of real pictures and of generated ones: 6 D. G's step has 3 G, a
    forward of D, and of its backward the first half, since its weights rest then: 2 D.
    """
    g, d = forward_flops(config, size)
    total = 3 * g if phase.trains_generator else g
    if phase.trains_discriminator:
        total += 6 * d
    if phase.trains_generator and phase.gan_weight:
        total += 2 * d
    return total


def _counted(network: nn.Module, *inputs: torch.Tensor) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(*inputs)
    return counter.get_total_flops()
