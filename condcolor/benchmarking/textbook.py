"""A file of ordinary code to be held against: what it must have, and its steps to time.

It has `RECIPES`, the names of the recipes it knows; `loader(recipe, folder, size=, batch_size=, workers=,
batches=)`, which gives so many batches (source, target, condition as planes); and `Pix2Pix(device=,
**shape)`, the shape as fields of ModelConfig, with `training_step(batch)` and `infer(batch)`.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import torch

from condcolor.benchmarking.subject import DATA, ENCODED, TRAINING, Subject
from condcolor.benchmarking.timing import Samples, Timed
from condcolor.cores import cores
from condcolor.devices import pick_device
from condcolor.errors import UsageError
from condcolor.filetypes import shown_name
from condcolor.recipes import find_recipe

NAMES = ("RECIPES", "loader", "Pix2Pix")
MOST_WORKERS = 4  # processes of a loader, as tutorials have it
SHAPE = ("source_channels", "output_channels", "cond_planes", "base_channels", "max_channels")
SHAPE += ("depth", "dropout", "disc_channels", "disc_layers")


def load_textbook(path: str | Path) -> ModuleType:
    """The module of a textbook file; UsageError when it cannot be imported or lacks something."""
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"textbook {shown_name(path)}: no such file: name one, or leave it out")
    spec = importlib.util.spec_from_file_location("textbook", path)
    if spec is None:
        raise UsageError(f"textbook {shown_name(path)}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["textbook"] = module  # the loader's processes look it up
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever it is, it is that file's
        raise UsageError(f"textbook {shown_name(path)}: {type(error).__name__}: {error}") from error
    missing = [name for name in NAMES if not hasattr(module, name)]
    if missing:
        raise UsageError(f"textbook {shown_name(path)}: has no {', '.join(missing)}")
    return module


def prepare_textbook(subject: Subject) -> Timed | Loading:
    """What the subject says, warmed up."""
    module, device = load_textbook(subject.textbook), pick_device(subject.device)
    if subject.what in (DATA, ENCODED):
        return Loading(module, subject)
    (batch,) = _loaded(module, subject, workers=0, batches=1)
    source, _, planes = batch
    model = subject.model(planes.shape[1])
    pair = module.Pix2Pix(device=subject.device, **{name: getattr(model, name) for name in SHAPE})
    step = pair.training_step if subject.what == TRAINING else pair.infer
    return Timed(lambda: step(batch), len(source), device)


class Loading:
    """The textbook's loader, its processes as many as there are cores, up to MOST_WORKERS."""

    def __init__(self, module: ModuleType, subject: Subject):
        self.module, self.subject = module, subject
        self.workers = min(MOST_WORKERS, cores())
        self.seconds = 1.0
        for _ in range(2):  # how long batches take, in its own processes
            _, self.seconds = self._samples(3 * self.workers)[-1]

    def run(self, seconds: float) -> Samples:
        """Rounds of one batch a process, for about so long."""
        return self._samples(self.workers * (1 + max(2, round(seconds / self.seconds))))

    def _samples(self, batches: int) -> Samples:
        batches = _loaded(self.module, self.subject, workers=self.workers, batches=batches)
        return rounds(batches, self.workers)


def rounds(batches: Iterable, workers: int) -> Samples:
    """Samples of `workers` batches each, the first of which only starts the clock.

    Processes that load side by side take a while to start, and hand over their batches at about one time.
    """
    samples: Samples = []
    started, pictures = 0.0, 0
    for number, (source, *_) in enumerate(batches, start=1):
        pictures += len(source)
        if number % workers == 0:
            now = time.perf_counter()
            if number > workers:
                samples.append((pictures, now - started))
            started, pictures = now, 0
    return samples


def _loaded(module: ModuleType, subject: Subject, *, workers: int, batches: int) -> Iterable:
    torch.manual_seed(0)
    return module.loader(
        find_recipe(subject.recipe).name,
        Path(subject.folder),
        size=subject.size,
        batch_size=subject.batch,
        workers=workers,
        batches=batches,
    )
