"""What a training says while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from condcolor.cli.progress import Progress

if TYPE_CHECKING:
    from condcolor.trainer import Trainer


class Told:
    """What a run says: a bar of steps or a line now and then, and a line an epoch."""

    def __init__(self, progress: Progress):
        self.progress = progress

    def decoding(self, done: int, total: int) -> None:
        self.progress(done, total, "pictures decoded")

    def painting(self, done: int, total: int) -> None:
        self.progress(done, total, "pictures coloured")

    def begins(self, trainer: Trainer) -> None:
        rows = f"{len(trainer.train)} rows to train on"
        rows += f", {len(trainer.test)} to test on" if trainer.test else ", none to test on"
        start = f"step {trainer.step}, epoch {trainer.epoch} of {trainer.epochs}"
        self.note(f"{rows}; {trainer.device.type}, {trainer.nets.precision}; from {start}")

    def check(self, step: int, said: str) -> None:
        self.note(f"step {step:>4}  {said}")

    def step(self, done: int, total: int, losses: dict) -> None:
        self.progress(done, total, _said(losses, digits=2))

    def epoch(self, entry: dict, said: str) -> None:
        told = _said(entry, digits=3)
        minutes = f"{entry['seconds'] / 60:.1f} min"
        parts = (f"epoch {entry['epoch']:>3}", entry["phase"], told, minutes, said)
        self.note("  ".join(part for part in parts if part))

    def note(self, text: str) -> None:
        self.progress.say(text)


def _said(losses: Mapping[str, float], digits: int) -> str:
    """The losses of those that learnt, and how much D tells right."""
    known = (("G", "generator"), ("D", "discriminator"))
    said = [f"{short} {losses[name]:.{digits}f}" for short, name in known if name in losses]
    for word, name in (("right", "accuracy"), ("in test", "accuracy_test")):
        if name in losses:
            said.append(f"{word} {100 * losses[name]:.1f} %")
    return " ".join(said)
