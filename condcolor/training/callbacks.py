"""`Callbacks`: the events of a training, for whoever shows or records it; imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from condcolor.training.trainer import Trainer


class Callbacks:
    """The events of a training, ignored here; override those of interest. Training itself prints nothing."""

    def on_decoded(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are decoded."""

    def on_generated(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are generated, for a discriminator trained alone."""

    def on_begin(self, trainer: Trainer) -> None:
        """Pictures are decoded and the trainer's state is restored, before the first step."""

    def on_epoch(self, entry: dict[str, Any], summary: str) -> None:
        """An epoch ended; `entry` is its line of log.jsonl, `summary` its measures as text, or empty."""

    def on_check(self, step: int, summary: str) -> None:
        """The model was measured at `step` within an epoch; `summary` is the measures as text."""

    def on_step(self, done: int, total: int, losses: Mapping[str, float]) -> None:
        """Step `done` of the run's `total` ended; `losses` are those of the last reading."""

    def on_note(self, text: str) -> None:
        """A note for the user, a line of text."""
