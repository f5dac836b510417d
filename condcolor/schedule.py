"""Where a run stands: phase and learning rate as functions of the epoch, with no state of their own."""

from __future__ import annotations

from collections.abc import Sequence

from condcolor.recipes import Phase


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
