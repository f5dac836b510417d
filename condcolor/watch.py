"""When to stop: the scores of a phase's checks, and how long the best of them has stood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Watch:
    """The lower a score, the better; NaN is never the best."""

    step: int | None = None  # of the best check
    score: float | None = None
    worse: int = 0  # checks since
    last: int | None = None  # step of the last check

    def see(self, step: int, score: float) -> bool:
        """Take in a check; whether it is the best so far."""
        self.last = step
        best = score == score and (self.score is None or score < self.score)
        if best:
            self.step, self.score, self.worse = step, score, 0
        else:
            self.worse += 1
        return best

    def is_over(self, patience: int) -> bool:
        """Whether so many checks in a row were no better; a patience of 0 never ends."""
        return 0 < patience <= self.worse
