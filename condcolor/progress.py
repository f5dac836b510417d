"""What a caller may want to hear of a run."""

from __future__ import annotations


class Progress:
    """Says nothing; override what you want to hear. The engine itself prints nothing."""

    def decoding(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are decoded."""

    def painting(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are coloured, for a discriminator that learns alone."""

    def begins(self, trainer) -> None:
        """The pictures are decoded, the state of the Trainer is restored; the first step comes next."""

    def epoch(self, entry: dict, said: str) -> None:
        """An epoch ended; `entry` is its line of log.jsonl, `said` what was measured after it."""

    def check(self, step: int, said: str) -> None:
        """The model was measured after so many steps, between the ends of two epochs."""

    def step(self, done: int, total: int, losses: dict) -> None:
        """A step ended: `done` of `total` in the run; `losses` are the last ones read."""

    def note(self, text: str) -> None:
        """Something worth a line."""
