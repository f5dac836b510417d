"""`Trainer`: phases, epochs, steps and checks; the callbacks that it calls."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from condcolor import recipes
from condcolor.conditions.schema import AttributeSchema
from condcolor.data.augmentation import epoch_batches, seeded
from condcolor.data.dataset import ImageDataset, RawBatch
from condcolor.errors import CheckpointError
from condcolor.evaluation.evaluate import EVALUATORS
from condcolor.evaluation.measures import json_value
from condcolor.models.checkpoint import load_model
from condcolor.models.config import ModelConfig
from condcolor.models.losses import FeatureLoss
from condcolor.models.model_folder import CONFIG
from condcolor.recipes import Phase, Recipe, TrainConfig
from condcolor.runs import state
from condcolor.runs.state import load_state, newest_state, state_folder
from condcolor.runtime.distributed import ALONE, ProcessGroup
from condcolor.runtime.process import Interrupted, StopFlag, ahead
from condcolor.training import schedule
from condcolor.training.gan import Gan, LossMeter
from condcolor.training.run_writer import MODEL, BestModels, RunWriter
from condcolor.training.schedule import EarlyStopping

LOG_STEPS = 10  # steps between two readings of the losses, each of which makes a GPU wait


class Trainer:
    """The networks and counters of one run, in its folder.

    Every draw is a function of (seed, epoch, index), so the counters, weights and optimizer states are
    the whole state: a resumed run gives the bits of an uninterrupted one on the same device.

    Epochs are counted over all phases as planned: one that ended early is over at its last epoch.
    """

    def __init__(
        self,
        run: Path,
        *,
        recipe: Recipe,
        phases: Sequence[Phase],
        config: TrainConfig,
        model: ModelConfig,
        schema: AttributeSchema,
        train: ImageDataset,
        test: ImageDataset | None,
        device: torch.device,
        features: FeatureLoss | None = None,
        callbacks: Callbacks | None = None,
        group: ProcessGroup = ALONE,
    ):
        self.run, self.recipe, self.phases, self.config = run, recipe, tuple(phases), config
        self.train, self.test = train.near(device), test
        self.device, self.callbacks, self.group = device, callbacks or Callbacks(), group
        self.nets = Gan(recipe.codec, config, model, schema.sizes, device, features, group)
        self.writer = RunWriter(
            run,
            recipe=recipe,
            model=model,
            schema=schema,
            image_size=config.image_size,
            pictures={"train": self.train, "test": test},
            group=group,
        )
        self.best_models = BestModels(run, config.keep_best, self.save_model)
        self.phase = 0  # phases done, or passed over
        self.epoch = 0  # epochs done, over all phases
        self.step_in_epoch = 0
        self.step = 0  # steps done, over all epochs
        self.seconds = 0.0  # of training, without what was lost to interrupts
        self.early_stopping: EarlyStopping | None = None  # of the phase in progress
        self.went_back: dict | None = None  # the {"step", "epoch"} of the weights, if not now's
        self.loss_meter = LossMeter(device, group)
        self.losses: dict[str, float] = {}  # as they were last read
        self.generated: dict[
            str, ImageDataset
        ] = {}  # by split, for a discriminator that learns alone
        self.stop = StopFlag()

    # -- the run ---------------------------------------------------------------------------------

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    def fit(self) -> None:
        """Train to the end of the last phase.

        Raises:
            Interrupted: SIGINT or SIGTERM came; the state is saved, `resume` goes on from it.
            CheckpointError: a loss is not finite; the last good state stands.
        """
        self.callbacks.on_begin(self)
        if self.config.patience and self.test is None:
            self.callbacks.on_note("note: no pictures to test on, so no phase will end by itself")
        self.started = time.monotonic() - self.seconds
        with self.stop, torch.random.fork_rng():
            while self.phase < len(self.phases):
                phase = self.phases[self.phase]
                if not phase.epochs:
                    self.phase += 1
                    continue
                end = recipes.start_of(self.phases, self.phase + 1)
                self._begin_phase(phase)
                if self.epoch < end and (self.step_in_epoch or not self._is_over()):
                    self._train_epoch(phase, end)
                else:
                    self._end_phase(phase, end)
        self.save_model("model-last")
        if not self.best_models.best:  # no test split to choose by
            self.save_model(MODEL)

    def _train_epoch(self, phase: Phase, end: int) -> None:
        """What is left of the epoch, or of what the phase takes of it."""
        config, start = self.config, end - phase.epochs
        batches = epoch_batches(len(self.train), config.batch_size, config.seed, self.epoch)
        drawn = schedule.augmentation_at(config, self.epoch)
        self.nets.freeze_encoder(self.epoch < config.freeze_epochs)
        for fed in self._feed(batches, drawn):
            if self._is_over():
                break
            done = self.epoch - start + self.step_in_epoch / len(batches)
            self.nets.set_lr(phase, schedule.lr_factor(done / phase.epochs, config.lr_decay))
            self._step(phase, *fed)
            self.step += 1
            self.step_in_epoch += 1
            self.seconds = time.monotonic() - self.started
            if self.step % LOG_STEPS == 0:
                self._read_losses(phase)
            if config.check_steps and self.step % config.check_steps == 0:
                _, summary = self._check(phase)
                if summary:
                    self.callbacks.on_check(self.step, summary)
                    if self.config.patience and self.early_stopping.step == self.step:
                        self.save()  # to come back to
            steps = self.epoch * len(batches) + self.step_in_epoch
            self.callbacks.on_step(steps, self.epochs * len(batches), self.losses)
            if signal := self.group.highest(self.stop.signal):
                self.save()
                self._interrupt(signal)
        self.epoch += 1
        self.step_in_epoch = 0
        self._end_epoch(phase, last=self.epoch == end or self._is_over())
        self.seconds = time.monotonic() - self.started

    def _feed(self, batches: Sequence[Tensor], drawn: TrainConfig) -> Iterator[tuple]:
        """What `_step` takes of each batch that is left of the epoch, read ahead of it."""

        def read(index: int) -> tuple[RawBatch, RawBatch | None, int]:
            seed, rows = (self.config.seed, self.epoch, 1 + index), batches[index]
            draws, part = seeded(*seed), self.group.part(len(rows))
            raw = self.train.read(rows, draws, drawn, part).to(self.device)
            dropout = int(torch.randint(2**62, (1,), generator=draws)) + self.group.rank
            generated = None
            if self.generated:  # under the same draws
                generated = self.generated["train"].read(rows, seeded(*seed), drawn, part)
            return raw, generated and generated.to(self.device), dropout

        return ahead(read, range(self.step_in_epoch, len(batches)))

    def _step(self, phase: Phase, raw: RawBatch, generated: RawBatch | None, dropout: int) -> None:
        """Make the batch on the device, and let the networks learn from it."""
        batch, generated = self.train.to_batch(raw), generated and self.train.to_batch(generated)
        torch.manual_seed(dropout)
        losses = self.nets.step(phase, batch, self.step, generated)
        self.went_back = None if "generator" in losses else self.went_back
        self.loss_meter.add(losses)

    def _interrupt(self, signal: int) -> None:
        raise Interrupted(signal, f"saved at step {self.step} in {self.run}")

    # -- between steps ---------------------------------------------------------------------------

    def _begin_phase(self, phase: Phase) -> None:
        """Paint what D is to learn from alone; measure what a phase that may go back starts from."""
        if phase.generates_once and not self.config.compose and not self.generated:
            self.generated = {
                split: self.nets.generate(pictures, self.run, self._report_generated)
                for split, pictures in (("train", self.train), ("test", self.test))
                if pictures is not None
            }
        if self.early_stopping is None:
            self.early_stopping = EarlyStopping()
            if self.config.patience:
                _, summary = self._check(phase, opening=True)
                if summary:
                    self.callbacks.on_check(self.step, summary)

    def _report_generated(self, done: int, total: int) -> None:
        self.callbacks.on_generated(done, total)
        if self.stop.signal:  # nothing was learnt since the last state
            self._interrupt(self.stop.signal)

    def _is_over(self) -> bool:
        """Whether the phase ends by itself: its checks have been no better for too long."""
        return self.early_stopping is not None and self.early_stopping.should_stop(
            self.config.patience
        )

    def _check(self, phase: Phase, *, opening: bool = False) -> tuple[dict, str]:
        """Measure the model, and keep it if it is good; what was measured, and in a few words.

        Nothing is measured where the generator has not learnt since the last check.
        """
        learnt = self.nets.generator_steps
        if self.test is None or not phase.trains_generator or self.early_stopping.learnt == learnt:
            return {}, ""
        evaluator = EVALUATORS[self.recipe.task.name]
        scores = self.group.of_first(lambda: evaluator.measure(self.nets.color, self.test))
        logged = {"test": scores.to_json(), "score": json_value(scores.score)}
        counters = {"step": self.step, "epoch": self.epoch}
        self.writer.log({"kind": "check", "phase": phase.name, **counters, **logged})
        offered = opening and self.best_models.best  # it was, when the phase before ended
        if self.group.is_first and not offered:
            self.best_models.offer(scores.score, logged["test"], **counters)
        # without an adversary a phase is to be near the truth, and nothing else
        self.early_stopping.update(
            scores.score if phase.trains_discriminator else scores.error, **counters
        )
        self.early_stopping.learnt = learnt
        return logged, f"test {scores.summary}"

    def _end_epoch(self, phase: Phase, *, last: bool) -> None:
        """Read the losses, measure, sample, log, and keep the state."""
        self._read_losses(phase)
        config = self.config
        entry: dict = {"kind": "epoch", "epoch": self.epoch, "step": self.step, "phase": phase.name}
        entry |= {"seconds": round(self.seconds, 1), **self.losses}
        summary = ""
        if last or (not config.check_steps and self.epoch % config.measure_epochs == 0):
            logged, summary = self._check(phase)
            entry |= logged
        if "test" in self.generated and self.group.is_first:
            entry["accuracy_test"] = self.nets.discriminator_accuracy(
                self.test, self.generated["test"]
            )
        if self.epoch in config.sample_epochs:
            self.writer.samples(f"epoch-{self.epoch:04d}", {"output": self.nets.color})
        self.writer.log(entry)
        to_come_back_to = config.patience and summary and self.early_stopping.step == self.step
        if not last and (to_come_back_to or self.epoch % config.checkpoint_epochs == 0):
            self.save()
        self.callbacks.on_epoch(entry, summary)

    def _end_phase(self, phase: Phase, end: int) -> None:
        """Go back to the phase's best, if it is to stop by itself, and leave what it came to."""
        if self.config.patience and phase.trains_generator:
            self._go_back(phase)
        self.nets.settle()
        self._leave_behind(phase)
        self.epoch, self.step_in_epoch = end, 0
        self.phase += 1
        self.early_stopping, self.generated, self.losses = None, {}, {}
        self.save()

    def _go_back(self, phase: Phase) -> None:
        """To the networks and optimizers of the phase's best check."""
        best, now = self.early_stopping.step, self.step
        if best in (None, now):
            return
        folder = state_folder(self.run, best)
        self.group.barrier()  # until it is written
        try:
            tensors, _ = load_state(folder)
            state.unpack(tensors, self.nets.modules(), self.nets.optimizers(), folder)
        except CheckpointError as error:
            self.callbacks.on_note(f"{error}: {phase.name} stays at step {now}")
            return
        self.went_back = {"step": best, "epoch": self.early_stopping.epoch}
        why = (
            f"no better in {self.early_stopping.worse} checks"
            if self._is_over()
            else "its epochs are over"
        )
        self.callbacks.on_note(
            f"{phase.name} ends at step {now}: {why}; back to step {best}, its best"
        )

    def _leave_behind(self, phase: Phase) -> None:
        """Sheets of what the phase came to, its model where there are others, and a line in the log."""
        self.writer.samples(f"after-{phase.name}", {"output": self.nets.color})
        if phase.trains_generator and len(self.phases) > 1:
            self.save_model(f"after-{phase.name}")
        earlier = [self.run / f"after-{p.name}" for p in self.phases[: self.phase]]
        before = [folder for folder in earlier if (folder / CONFIG).is_file()]
        if self.group.is_first and before and phase.trains_generator and phase.trains_discriminator:
            network = load_model(before[-1]).generator.to(self.device)
            older = partial(self.nets.color, network=network)
            colors = {f"before {phase.name}": older, f"after {phase.name}": self.nets.color}
            self.writer.samples(f"before-and-after-{phase.name}", colors)
        entry = {"kind": "phase", "phase": phase.name, "index": self.phase}
        entry |= {"epoch": self.epoch, "step": self.step}
        if self.config.patience and phase.trains_generator:
            kept = self.went_back or {"step": self.step}
            entry |= {"kept_step": kept["step"], "stopped": self._is_over()}
        self.writer.log(entry)

    def _read_losses(self, phase: Phase) -> None:
        """Means since the last reading into the log; a loss that is not finite ends the run."""
        if not (losses := self.loss_meter.read()):
            return
        self.losses = losses
        bad = [name for name, value in self.losses.items() if not abs(value) < float("inf")]
        if bad:
            raise CheckpointError(
                f"the {bad[0]} loss is not finite near step {self.step}: training diverged. The last "
                "good state stands; start anew with a lower --lr, or with --precision fp32"
            )
        entry = {"kind": "step", "step": self.step, "phase": phase.name}
        self.writer.log(entry | self.losses)

    # -- disk ------------------------------------------------------------------------------------

    _counters = ("phase", "epoch", "step_in_epoch", "step", "seconds", "went_back", "losses")

    def save(self) -> None:
        """Write the training state, then prune the older ones, once what was written verifies."""
        if self.early_stopping is not None:
            self._read_losses(self.phases[self.phase])
        tensors = state.pack(self.nets.modules(), self.nets.optimizers())
        counters = {name: getattr(self, name) for name in self._counters}
        counters["best"] = self.best_models.best
        counters["watch"] = self.early_stopping and asdict(self.early_stopping)
        counters["generators_turn"] = self.nets.generators_turn
        counters["generator_steps"] = self.nets.generator_steps
        spare = self.early_stopping.step if self.early_stopping else None
        self.writer.state(self.step, tensors, counters, spare=spare)

    def restore(self) -> None:
        """Go back to the newest state that loads; say so when a newer one is damaged.

        Raises:
            CheckpointError: there are states, and none loads.
        """
        newest = newest_state(self.run, self.callbacks.on_note)
        if newest is None:
            return  # nothing saved yet: start over
        tensors, counters, folder = newest
        state.unpack(tensors, self.nets.modules(), self.nets.optimizers(), folder)
        counters = state.upgraded(counters)
        for name in self._counters:
            setattr(self, name, counters[name])
        self.best_models.best = counters["best"]
        self.early_stopping = EarlyStopping(**counters["watch"]) if counters["watch"] else None
        self.nets.generators_turn = counters["generators_turn"]
        self.nets.generator_steps = counters["generator_steps"]
        if self.early_stopping is None:  # between two phases, of which there may be others now
            self.phase = recipes.phase_at(self.phases, self.epoch)
        self.writer.cut_log(self.step, phases=self.phase)

    def extend(self, phases: Sequence[Phase]) -> None:
        """Go on with other numbers of epochs.

        Raises:
            UsageError: they would change what has been trained already.
        """
        begun = self.phase if self.early_stopping is not None else None
        done = self.epoch + (self.step_in_epoch > 0)
        schedule.check_extension(self.phases, phases, done, begun)
        self.phases = tuple(phases)
        if self.early_stopping is None:
            self.phase = recipes.phase_at(self.phases, self.epoch)

    def save_model(self, name: str, metrics: dict | None = None) -> None:
        """Write the averaged weights as the model folder `name` of the run."""
        learnt = self.went_back or {"epoch": self.epoch, "step": self.step}
        training = {
            "epoch": learnt["epoch"],
            "steps": learnt["step"],
            "minutes": round(self.seconds / 60, 1),
            "device": self.device.type,
            "precision": self.nets.precision,
            "pictures": len(self.train),
            "phases": [asdict(phase) for phase in self.phases],
            "config": asdict(self.config),
        }
        weights = self.nets.averaged.state_dict()
        self.writer.model(name, weights, training=training, metrics=metrics or {})


class Callbacks:
    """Says nothing; override what you want to hear. The engine itself prints nothing."""

    def on_decoded(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are decoded."""

    def on_generated(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are coloured, for a discriminator that learns alone."""

    def on_begin(self, trainer) -> None:
        """The pictures are decoded, the state of the Trainer is restored; the first step comes next."""

    def on_epoch(self, entry: dict, summary: str) -> None:
        """An epoch ended; `entry` is its line of log.jsonl, `summary` its measures, or empty."""

    def on_check(self, step: int, summary: str) -> None:
        """The model was measured after so many steps, between the ends of two epochs."""

    def on_step(self, done: int, total: int, losses: dict) -> None:
        """A step ended: `done` of `total` in the run; `losses` are the last ones read."""

    def on_note(self, text: str) -> None:
        """Something worth a line."""
