"""Where a run stands, as functions of the epoch with no state of their own: phase, learning rate ..."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from condcolor.errors import UsageError
from condcolor.recipes import Phase, TrainConfig


def start_of(phases: Sequence[Phase], index: int) -> int:
    """The first epoch of a phase, counted from 0 over all phases."""
    return sum(phase.epochs for phase in phases[:index])


def phase_at(phases: Sequence[Phase], epoch: int) -> int:
    """The index of the phase that `epoch` (counted from 0) belongs to; their count behind the last."""
    ends = (start_of(phases, i + 1) for i in range(len(phases)))
    return next((i for i, end in enumerate(ends) if epoch < end), len(phases))


def check_extension(
    phases: Sequence[Phase], wanted: Sequence[Phase], epoch: int, begun: int | None
) -> None:
    """UsageError unless the epochs trained so far are the same epochs of the phases `wanted`, too.

    Args:
        epoch: epochs trained, one in progress counted as a whole.
        begun: index of the phase in progress; None between two.
    """
    trained = [
        min(max(epoch - start_of(phases, i), 0), phase.epochs) for i, phase in enumerate(phases)
    ]
    last = max((i for i, count in enumerate(trained) if count), default=0)
    last = max(last, begun or 0)
    for i, (phase, count) in enumerate(zip(wanted, trained, strict=True)):
        if i < last and phase.epochs != count:
            raise UsageError(
                f"epochs: {phase.name} has {count} and is over, since {phases[last].name} began: "
                f"{phase.epochs} cannot be"
            )
        least = max(count, int(i == begun))
        if phase.epochs < least:
            raise UsageError(f"epochs: {phase.name} has {least} already, more than {phase.epochs}")


def lr_factor(progress: float, decay: float) -> float:
    """1, then, over the last `decay` of a phase, linearly down to 0. Both are shares of the phase."""
    return min(1.0, (1 - progress) / decay) if decay else 1.0


def augmentation_at(config: TrainConfig, epoch: int) -> TrainConfig:
    """`config` as `epoch` (counted from 0) draws by it: without flips before they begin."""
    return dataclasses.replace(config, flips=config.flips and epoch >= config.flips_from)
