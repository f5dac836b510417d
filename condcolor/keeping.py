"""The best models of a run, by their score: the first as `model`, a few more under `best`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

MODEL = "model"


class Keeper:
    """Keeps the `count` best.

    `best` is all it knows: {"step", "epoch", "score"} of each, the best first.

    Args:
        save: writes the present model as a folder of the run, by name.
    """

    def __init__(self, run: Path, count: int, save: Callable[[str, dict], None]):
        self.run, self.count, self.save = run, count, save
        self.best: list[dict] = []

    def offer(self, score: float, measures: dict, *, step: int, epoch: int) -> None:
        """Keep the present model, if it is one of the best; drop one that is none any more."""
        if score != score:
            return
        mine = {"step": step, "epoch": epoch, "score": score}
        ranked = sorted([*self.best, mine], key=lambda one: one["score"])[: self.count]
        if mine not in ranked:
            return
        if ranked[0] is mine:
            self.save(MODEL, measures)
        if self.count > 1:
            self.save(_name(mine), measures)
        for one in self.best:
            if one not in ranked:
                shutil.rmtree(self.run / _name(one), ignore_errors=True)
        self.best = ranked


def _name(one: dict) -> str:
    return f"best/step-{one['step']:08d}"
