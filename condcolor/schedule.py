"""Where a run stands, as functions of the epoch with no state of their own: phase, learning rate ..."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from condcolor.recipes import Phase, TrainConfig


def phase_at(phases: Sequence[Phase], epoch: int) -> tuple[Phase, int]:
    """The phase that `epoch` (counted from 0 over all phases) belongs to, and its first epoch."""
    start = 0
    for phase in phases:
        if epoch < start + phase.epochs:
            return phase, start
        start += phase.epochs
    raise ValueError(f"epoch {epoch} is after the last phase, which ends at {start}")


def lr_factor(progress: float, decay: float) -> float:
    """1, then, over the last `decay` of a phase, linearly down to 0. Both are shares of the phase."""
    return min(1.0, (1 - progress) / decay) if decay else 1.0


def augmentation_at(config: TrainConfig, epoch: int) -> TrainConfig:
    """`config` as `epoch` (counted from 0) draws by it: without flips before they begin."""
    return dataclasses.replace(config, flips=config.flips and epoch >= config.flips_from)
