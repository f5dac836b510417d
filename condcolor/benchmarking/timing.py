"""Seconds of a step that is done again and again, with the device waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

Samples = list[tuple[int, float]]  # pictures, and the seconds that they took

BURST = {"cpu": 0.05, "cuda": 0.25}  # seconds at least between two looks at the clock
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
