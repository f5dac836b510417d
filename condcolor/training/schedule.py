"""The learning-rate schedule, the extension of a run, early stopping."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from condcolor.errors import UsageError
from condcolor.recipes import Phase, TrainConfig, start_of


def check_extension(
    phases: Sequence[Phase], planned: Sequence[Phase], epoch: int, begun: int | None
) -> None:
    """Check that the epochs trained so far fit other numbers of epochs.

    Args:
        phases: the phases of the run so far.
        planned: the same phases with other numbers of epochs.
        epoch: epochs trained, including one in progress.
        begun: index of the phase in progress; None between two phases.

    Raises:
        UsageError: a finished phase would have other epochs, or the current one fewer than trained.
    """
    trained = [
        min(max(epoch - start_of(phases, i), 0), phase.epochs) for i, phase in enumerate(phases)
    ]
    last = max((i for i, count in enumerate(trained) if count), default=0)
    last = max(last, begun or 0)
    for i, (phase, count) in enumerate(zip(planned, trained, strict=True)):
        if i < last and phase.epochs != count:
            raise UsageError(
                f"epochs: {phase.name} has {count} and is over, since {phases[last].name} began: "
                f"{phase.epochs} cannot be"
            )
        least = max(count, int(i == begun))
        if phase.epochs < least:
            raise UsageError(f"epochs: {phase.name} has {least} already, more than {phase.epochs}")


def lr_factor(progress: float, decay: float, warmup: float = 0.0) -> float:
    """Return the learning rate's factor: linearly up to 1 over `warmup`, and to 0 over the last `decay`.

    All arguments are shares of the phase, in [0, 1].
    """
    rising = min(1.0, progress / warmup) if warmup else 1.0
    return min(rising, (1 - progress) / decay) if decay else rising


def augmentation_at(config: TrainConfig, epoch: int) -> TrainConfig:
    """Return the augmentation of `epoch` (from 0): without flips before `flips_from`."""
    return dataclasses.replace(config, flips=config.flips and epoch >= config.flips_from)


@dataclass
class EarlyStopping:
    """Early stopping on a figure that is to be low; NaN is never the best."""

    step: int | None = None  # of the best check
    epoch: int | None = None
    figure: float | None = None
    worse: int = 0  # checks since the best one
    learnt: int | None = None  # steps of the generator at the last check

    def update(self, figure: float, *, step: int, epoch: int) -> bool:
        """Record a check; return whether it is the best so far."""
        best = figure == figure and (self.figure is None or figure < self.figure)
        if best:
            self.step, self.epoch, self.figure, self.worse = step, epoch, figure, 0
        else:
            self.worse += 1
        return best

    def should_stop(self, patience: int) -> bool:
        """Return whether the last `patience` checks were no better; a patience of 0 never stops."""
        return 0 < patience <= self.worse
