"""Trainings that end after so many minutes, for tables of variants that had the same time."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from condcolor.training.callbacks import Callbacks
from condcolor.training.train import train
from condcolor.training.trainer import Trainer


class Enough(Exception):
    """The minutes are up."""


class Clock(Callbacks):
    """Ends the training some minutes after its first step."""

    def __init__(self, minutes: float):
        self.minutes = minutes

    def on_begin(self, trainer: Trainer) -> None:
        self.trainer, self.started = trainer, time.monotonic()

    def on_step(self, done: int, total: int, losses: dict) -> None:
        if time.monotonic() - self.started > 60 * self.minutes:
            raise Enough


def train_for(minutes: float, data: Path, out: Path, **options) -> Trainer:
    """As `condcolor.training.train`, for `minutes`; the last state is saved as the model of `out`."""
    clock = Clock(minutes)
    with contextlib.suppress(Enough):
        train(data, out, callbacks=clock, **options)
    clock.trainer.save_model("model")
    return clock.trainer
