"""When to stop: the checks of a phase, and how long the best of them has stood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Watch:
    """The lower a figure, the better; NaN is never the best."""

    step: int | None = None  # of the best check
    epoch: int | None = None
    figure: float | None = None
    worse: int = 0  # checks since
    learnt: int | None = None  # steps that the generator had made at the last check

    def see(self, figure: float, *, step: int, epoch: int) -> bool:
        """Take in a check; whether it is the best so far."""
        best = figure == figure and (self.figure is None or figure < self.figure)
        if best:
            self.step, self.epoch, self.figure, self.worse = step, epoch, figure, 0
        else:
            self.worse += 1
        return best

    def is_over(self, patience: int) -> bool:
        """Whether so many checks in a row were no better; a patience of 0 never ends."""
        return 0 < patience <= self.worse
