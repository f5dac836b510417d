"""Short trainings: numbers, callbacks that stop or record, and the state of a trainer."""

from __future__ import annotations

import os
import signal

from safetensors.torch import load_file

from condcolor.runs.state import state_folders
from condcolor.training.callbacks import Callbacks

SMALL = {"base_channels": 4, "max_channels": 8, "depth": 4, "disc_channels": 4, "disc_layers": 1}
QUICK = {"image_size": 16, "batch_size": 4, "precision": "fp32", "sample_epochs": (1,)}


def state_of(run):
    return load_file(state_folders(run)[0] / "state.safetensors")


class StopAt(Callbacks):
    """Sends the process a signal at a step, as a person's Ctrl-C would come."""

    def __init__(self, step: int, number: int = signal.SIGINT):
        self.at, self.number = step, number

    def on_step(self, done, total, losses):
        if done == self.at:
            os.kill(os.getpid(), self.number)


class KeepsTrainer(Callbacks):
    """Keeps the trainer, to look at it afterwards."""

    def on_begin(self, trainer):
        self.trainer = trainer
