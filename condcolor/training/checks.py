"""Checks: the model measured as it trains, the best models kept, a phase stopped early."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from condcolor.data.dataset import ImageDataset
from condcolor.errors import CheckpointError
from condcolor.evaluation.evaluate import EVALUATORS
from condcolor.evaluation.measures import json_value
from condcolor.recipes import Phase, TrainConfig
from condcolor.runs.state import load_state, state_folder, unpack
from condcolor.training.gan import Gan
from condcolor.training.run_writer import MODEL, RunWriter
from condcolor.training.schedule import EarlyStopping


class Progress(TypedDict):
    """The steps and epochs of training behind some weights, as in a training state."""

    step: int
    epoch: int


class RankedModel(Progress):
    """A kept model, as in a training state."""

    score: float


class BestModels:
    """The `count` best models of a run.

    `best` is its whole state, best model first.

    Args:
        run: folder of the run.
        count: number of models that are kept.
        save: saves the current model as a folder of the run, by name, with its measures.
    """

    def __init__(self, run: Path, count: int, save: Callable[[str, dict[str, Any]], None]):
        self.run, self.count, self.save = run, count, save
        self.best: list[RankedModel] = []

    def offer(self, score: float, measures: dict[str, Any], *, step: int, epoch: int) -> None:
        """Save the current model if it is among the best, and remove one that is no longer."""
        if score != score:
            return
        current: RankedModel = {"step": step, "epoch": epoch, "score": score}
        ranked = sorted([*self.best, current], key=lambda model: model["score"])[: self.count]
        if current not in ranked:
            return
        if ranked[0] is current:
            self.save(MODEL, measures)
        if self.count > 1:
            self.save(_name(current), measures)
        for model in self.best:
            if model not in ranked:
                shutil.rmtree(self.run / _name(model), ignore_errors=True)
        self.best = ranked


def _name(model: RankedModel) -> str:
    return f"best/step-{model['step']:08d}"


class Check(NamedTuple):
    """What a check gave: the measures as log.jsonl has them, and as text."""

    logged: dict[str, Any]
    summary: str
    is_best: bool  # of the phase so far


class Checks:
    """The checks of a run, by which the best models are kept and a phase stops early.

    Args:
        test: the pictures to measure on; without them there are no checks.
        save_model: as for `BestModels`.
        say: takes notes for the user.
    """

    def __init__(
        self,
        nets: Gan,
        writer: RunWriter,
        config: TrainConfig,
        test: ImageDataset | None,
        save_model: Callable[[str, dict[str, Any]], None],
        say: Callable[[str], None],
    ):
        self.nets, self.writer, self.test, self.say = nets, writer, test, say
        self.run, self.group = writer.run, writer.group
        self.evaluator, self.patience = EVALUATORS[writer.recipe.task.name], config.patience
        self.best_models = BestModels(self.run, config.keep_best, save_model)
        self.stopping: EarlyStopping | None = None  # of the phase in progress

    @property
    def _stopping(self) -> EarlyStopping:
        assert self.stopping is not None, "no phase is in progress"
        return self.stopping

    @property
    def is_over(self) -> bool:
        """Whether early stopping ends the phase in progress."""
        return self.stopping is not None and self.stopping.should_stop(self.patience)

    def measure(
        self, phase: Phase, *, step: int, epoch: int, opening: bool = False
    ) -> Check | None:
        """Measure the model, log the measures, and keep the model if it is among the best.

        Args:
            step, epoch: the steps and epochs behind the model.
            opening: the phase has not begun, so the end of the one before may have measured this model.

        Returns:
            None where the generator is not trained by the phase, or was not since the last check.
        """
        learnt, stopping = self.nets.generator_steps, self._stopping
        if (test := self.test) is None or not phase.trains_generator or stopping.learnt == learnt:
            return None
        scores = self.group.of_first(lambda: self.evaluator.measure(self.nets.color, test))
        logged = {"test": scores.to_json(), "score": json_value(scores.score)}
        counters: Progress = {"step": step, "epoch": epoch}
        self.writer.log({"kind": "check", "phase": phase.name, **counters, **logged})
        was_offered = opening and self.best_models.best
        if self.group.is_first and not was_offered:
            self.best_models.offer(scores.score, logged["test"], **counters)
        # without an adversary a phase is to be near the truth, and nothing else
        figure = scores.score if phase.trains_discriminator else scores.error
        is_best = stopping.update(figure, **counters)
        stopping.learnt = learnt
        return Check(logged, f"test {scores.summary}", is_best)

    def go_back(self, phase: Phase, step: int, why: str = "its epochs are over") -> Progress | None:
        """Restore networks and optimizers of the phase's best check.

        why: the phase ends, where its checks do not end it.

        Returns:
            The progress behind them; None where the phase ends at its best `step`, or has no intact state.
        """
        best, epoch = self._stopping.step, self._stopping.epoch
        if best is None or epoch is None or best == step:
            return None
        folder = state_folder(self.run, best)
        self.group.barrier()  # the first rank writes it
        try:
            tensors, _ = load_state(folder)
            unpack(tensors, self.nets.modules(), self.nets.optimizers(), folder)
        except CheckpointError as error:
            self.say(f"{error}: {phase.name} stays at step {step}")
            return None
        worse = f"no better in {self._stopping.worse} checks"
        why = worse if self.is_over else why
        self.say(f"{phase.name} ends at step {step}: {why}; back to step {best}, its best")
        return {"step": best, "epoch": epoch}
