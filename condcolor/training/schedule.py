"""The learning-rate schedule, the extension of a run, and early stopping."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from condcolor.errors import UsageError
from condcolor.recipes import Phase, TrainConfig, start_of


def check_extension(
    phases: Sequence[Phase], planned: Sequence[Phase], epoch: int, begun: int | None
) -> None:
    """UsageError unless the epochs trained so far are the same epochs of the phases `planned`, too.

    Args:
        epoch: epochs trained, one in progress counted as a whole.
        begun: index of the phase in progress; None between two.
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


def lr_factor(progress: float, decay: float) -> float:
    """1, then, over the last `decay` of a phase, linearly down to 0. Both are shares of the phase."""
    return min(1.0, (1 - progress) / decay) if decay else 1.0


def augmentation_at(config: TrainConfig, epoch: int) -> TrainConfig:
    """`config` as `epoch` (counted from 0) draws by it: without flips before they begin."""
    return dataclasses.replace(config, flips=config.flips and epoch >= config.flips_from)


@dataclass
class EarlyStopping:
    """The lower a figure, the better; NaN is never the best."""

    step: int | None = None  # of the best check
    epoch: int | None = None
    figure: float | None = None
    worse: int = 0  # checks since
    learnt: int | None = None  # steps that the generator had made at the last check

    def update(self, figure: float, *, step: int, epoch: int) -> bool:
        """Take in a check; whether it is the best so far."""
        best = figure == figure and (self.figure is None or figure < self.figure)
        if best:
            self.step, self.epoch, self.figure, self.worse = step, epoch, figure, 0
        else:
            self.worse += 1
        return best

    def should_stop(self, patience: int) -> bool:
        """Whether so many checks in a row were no better; a patience of 0 never ends."""
        return 0 < patience <= self.worse
