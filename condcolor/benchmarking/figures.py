"""From samples to figures: rates, how they compare, and the few that sum a machine up.

p50 is the median of the samples' pictures a second; p95 the rate that 95 % of them reached: the slow end.
Ratios are of the rates within one turn, and of those the median over the turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch

from condcolor.benchmarking.commands import CommandTime
from condcolor.benchmarking.subject import (
    DATA,
    ENCODED,
    INFERENCE,
    OURS,
    TRAINING,
    Kind,
    full_width,
)
from condcolor.benchmarking.timing import Samples
from condcolor.devices import pick_precision
from condcolor.recipes import find_recipe

HEADLINE = "icons"  # the recipe that sums a machine up, at its own width, size and batch
HEADLINE_BATCH = 16  # of inference
HEADLINE_DATA = ("photo", "icons")  # the first that was measured: photographs cost most to load


@dataclass(frozen=True)
class Row(Kind):
    """What one subject came to. Memory is the process's own peak; ratios are None where there is nothing to
    compare with."""

    pictures_per_s_p50: float
    pictures_per_s_p95: float
    samples: int
    seconds: float
    peak_memory_bytes: int | None
    peak_device_memory_bytes: int | None
    gflop_per_picture: float | None = None
    share_of_matmul: float | None = None
    vs_textbook: float | None = None


@dataclass(frozen=True)
class Report:
    """All that was measured, and where."""

    machine: dict[str, object]
    device: str
    textbook: str | None
    matmul_gflops: dict[str, float]  # by precision
    rows: tuple[Row, ...]
    commands: tuple[CommandTime, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """The headline's figures first; those that were not measured are None."""
        training, inference = self.headline(TRAINING), self.headline(INFERENCE)
        data, encoded = self.headline(DATA), self.headline(ENCODED)
        return {
            "training_vs_textbook": training and training.vs_textbook,
            "inference_vs_textbook": inference and inference.vs_textbook,
            "data_vs_textbook": data and data.vs_textbook,
            "data_encoded_vs_textbook": encoded and encoded.vs_textbook,
            "training_share_of_matmul": training and training.share_of_matmul,
            "inference_share_of_matmul": inference and inference.share_of_matmul,
            "headline": {
                row.what: {"recipe": row.recipe, "batch": row.batch, "precision": row.precision}
                for row in (training, inference, data, encoded)
                if row is not None
            },
            "machine": self.machine,
            "device": self.device,
            "textbook": self.textbook,
            "settings": self.settings,
            "matmul_gflops": self.matmul_gflops,
            "rows": [asdict(row) for row in self.rows],
            "commands": [command.to_json() for command in self.commands],
        }

    def headline(self, what: str) -> Row | None:
        """Our row that stands for a kind of work, if it was measured at the recipe's own width and size."""
        rows = {
            (row.recipe, row.precision, row.batch, row.width, row.size): row
            for row in self.rows
            if (row.whose, row.what) == (OURS, what)
        }
        if what in (DATA, ENCODED):
            names, precision = HEADLINE_DATA, DATA_PRECISION[what]
        else:
            names, precision = (HEADLINE,), pick_precision("auto", torch.device(self.device))
        for name in names:
            recipe = find_recipe(name)
            batch = HEADLINE_BATCH if what == INFERENCE else recipe.defaults.batch_size
            key = (name, precision, batch, full_width(recipe), recipe.defaults.image_size)
            if key in rows:
                return rows[key]
        return None


DATA_PRECISION = {DATA: "uint8", ENCODED: "fp32"}  # what batches are made of


def spread(samples: Samples) -> tuple[float, float]:
    """p50 and p95 of pictures a second."""
    rates = [pictures / seconds for pictures, seconds in samples]
    return float(np.percentile(rates, 50)), float(np.percentile(rates, 5))


def rate(samples: Samples) -> float:
    """Pictures a second over all the samples."""
    return sum(pictures for pictures, _ in samples) / sum(seconds for _, seconds in samples)


def ratio(turns: Sequence[Samples], others: Sequence[Samples]) -> float:
    """How many times as fast as others that took their turns with it."""
    return float(np.median([rate(a) / rate(b) for a, b in zip(turns, others, strict=True)]))
