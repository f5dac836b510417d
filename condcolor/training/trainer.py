"""`Trainer`: phases, epochs and steps; what is read, saved and logged between them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from condcolor import recipes
from condcolor.data.augmentation import epoch_batches, seeded
from condcolor.data.dataset import ImageDataset, RawBatch
from condcolor.evaluation.metrics import ColorFunction
from condcolor.models.checkpoint import load_model
from condcolor.models.losses import FeatureLoss
from condcolor.models.model_folder import CONFIG
from condcolor.recipes import Phase
from condcolor.runs import state
from condcolor.runs.config import RunConfig
from condcolor.runtime.distributed import ALONE, ProcessGroup
from condcolor.runtime.process import Interrupted, StopFlag, ahead
from condcolor.training import schedule
from condcolor.training.callbacks import Callbacks
from condcolor.training.checks import Check, Checks, Progress
from condcolor.training.gan import Explosion, Gan, LossMeter
from condcolor.training.part_colors import part_colors
from condcolor.training.run_writer import MODEL, RunWriter
from condcolor.training.schedule import EarlyStopping

LOG_STEPS = 10  # steps between readings of the losses, each of which synchronizes the GPU
# a batch, generated targets of its rows, seed of dropout
StepInputs = tuple[RawBatch, RawBatch | None, int]
# attributes of the Trainer and of its Gan that a training state holds
COUNTERS = ("phase", "epoch", "step_in_epoch", "step", "seconds", "went_back", "losses")
PHASE_BEGAN = "phase_began"  # a counter that the states of earlier versions lack
GAN_COUNTERS = ("generators_turn", "generator_steps")


class Trainer:
    """The training of a run: networks, counters and callbacks.

    All random numbers are functions of (seed, epoch, index). So counters, weights and optimizer states are
    the whole state, and a resumed run is bit-identical to an uninterrupted one on the same device.

    Epochs are counted over all phases as planned; a phase that stops early jumps to its last epoch.

    Args:
        run: folder of the run.
        plan: its settings.
        train, test: the pictures; without `test` nothing is measured.
        features: the loss of phases with a `feature_weight`.
        group: the processes that train together.
    """

    def __init__(
        self,
        run: Path,
        plan: RunConfig,
        *,
        train: ImageDataset,
        test: ImageDataset | None,
        device: torch.device,
        features: FeatureLoss | None = None,
        callbacks: Callbacks | None = None,
        group: ProcessGroup = ALONE,
    ):
        self.run, self.plan, self.phases, self.config = run, plan, plan.phases, plan.config
        self.recipe = recipe = recipes.find_recipe(plan.recipe)
        self.train, self.test = train.near(device), test
        self.device, self.callbacks, self.group = device, callbacks or Callbacks(), group
        sizes = plan.schema.sizes
        self.nets = Gan(plan.codec, plan.config, plan.model, sizes, device, features, group)
        self.nets.paint = part_colors(plan) if plan.parts else None
        sheets = {"train": train.colored, "test": test}
        self.writer = RunWriter(run, recipe, plan, sheets, group)
        self.checks = Checks(
            self.nets, self.writer, plan.config, test, self.save_model, self.callbacks.on_note
        )
        self.phase = 0  # phases done or skipped
        self.epoch = 0  # epochs done, over all phases
        self.step_in_epoch = 0
        self.step = 0  # steps done, over all epochs
        self.seconds = 0.0  # of training, without time lost by interrupts
        self.phase_began = 0.0  # `seconds` at the start of the phase in progress
        self.went_back: Progress | None = None  # of the weights, if a phase went back to its best
        self.loss_meter = LossMeter(device, group)
        self.exploding = Explosion()
        self.losses: dict[str, float] = {}  # last reading
        self.generated: dict[str, ImageDataset] = {}  # by split, for a discriminator trained alone
        self.stop = StopFlag()

    @property
    def epochs(self) -> int:
        """The number of epochs of all phases."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def is_over(self) -> bool:
        """Whether the phase in progress ends before its epochs are over: by its checks, or by the time."""
        return self.checks.is_over or self._share_of_time >= 1

    @property
    def _share_of_time(self) -> float:
        """How much of its minutes the phase in progress has used; 0 without a limit."""
        limit = 60 * self.config.minutes
        return (self.seconds - self.phase_began) / limit if limit else 0.0

    def fit(self) -> None:
        """Train to the end of the last phase.

        Raises:
            Interrupted: SIGINT or SIGTERM was received; the state is saved for `resume`.
            CheckpointError: a loss is not finite; the last good state is kept.
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
                while self.epoch < end and (self.step_in_epoch or not self.is_over):
                    self._train_epoch(phase, end)
                self._end_phase(phase, end)
        self.save_model("model-last")
        if not self.checks.best_models.best:  # no test split to choose by
            self.save_model(MODEL)

    def _begin_phase(self, phase: Phase) -> None:
        """Generate the fakes of a discriminator trained alone; with early stopping, check the start."""
        if phase.generates_once and not self.config.compose and not self.generated:
            self.generated = {
                split: self.nets.generate(pictures, self.run, self._report_generated)
                for split, pictures in (("train", self.train), ("test", self.test))
                if pictures is not None
            }
        if self.checks.stopping is None:
            self.checks.stopping = EarlyStopping()
            if self.config.patience and (check := self._check(phase, opening=True)):
                self.callbacks.on_check(self.step, check.summary)

    def _train_epoch(self, phase: Phase, end: int) -> None:
        """Train the rest of the epoch, or until the phase stops."""
        config, first = self.config, end - phase.epochs
        batches = epoch_batches(len(self.train), config.batch_size, config.seed, self.epoch)
        self.nets.freeze_encoder(self.epoch < config.freeze_epochs)
        for raw, generated, dropout in self._prefetched(batches):
            if self.is_over:
                break
            progress = (self.epoch - first + self.step_in_epoch / len(batches)) / phase.epochs
            progress = min(1.0, max(progress, self._share_of_time))
            self.nets.set_lr(phase, schedule.lr_factor(progress, config.lr_decay, config.warmup))
            self._step(phase, raw, generated, dropout)
            self.step += 1
            self.step_in_epoch += 1
            self.seconds = time.monotonic() - self.started
            self._end_step(phase, len(batches))
        self.epoch += 1
        self.step_in_epoch = 0
        self._end_epoch(phase, last=self.epoch == end or self.is_over)
        self.seconds = time.monotonic() - self.started

    def _prefetched(self, batches: Sequence[Tensor]) -> Iterator[StepInputs]:
        """Prefetch the arguments of `_step` for the remaining batches of the epoch."""
        augmentation = schedule.augmentation_at(self.config, self.epoch)

        def read(index: int) -> StepInputs:
            seed, rows = (self.config.seed, self.epoch, 1 + index), batches[index]
            draws, part = seeded(*seed), self.group.part(len(rows))
            raw = self.train.read(rows, draws, augmentation, part).to(self.device)
            dropout = int(torch.randint(2**62, (1,), generator=draws)) + self.group.rank
            if not self.generated:
                return raw, None, dropout
            generated = self.generated["train"].read(rows, seeded(*seed), augmentation, part)
            return raw, generated.to(self.device), dropout  # under the same draws

        return ahead(read, range(self.step_in_epoch, len(batches)))

    def _step(self, phase: Phase, raw: RawBatch, generated: RawBatch | None, dropout: int) -> None:
        """Make the batch on the device and train the networks on it."""
        batch = self.train.to_batch(raw)
        fakes = None if generated is None else self.train.to_batch(generated)
        torch.manual_seed(dropout)
        losses = self.nets.step(phase, batch, self.step, fakes)
        self.went_back = None if "generator" in losses else self.went_back
        self.loss_meter.add(losses)

    def _end_step(self, phase: Phase, steps_in_epoch: int) -> None:
        """Read the losses, check, and save the state when a signal was received, each in its turn."""
        config = self.config
        if self.step % LOG_STEPS == 0:
            self._read_losses(phase)
        is_due = config.check_steps and self.step % config.check_steps == 0
        if is_due and (check := self._check(phase)):
            self.callbacks.on_check(self.step, check.summary)
            if config.patience and check.is_best:
                self.save()  # the state to go back to
        done, total = self.epoch * steps_in_epoch + self.step_in_epoch, self.epochs * steps_in_epoch
        done = min(total, max(done, int(total * self._share_of_time)))
        self.callbacks.on_step(done, total, self.losses)
        if signal := self.group.highest(self.stop.signal):
            self.save()
            self._interrupt(signal)

    def _end_epoch(self, phase: Phase, *, last: bool) -> None:
        """Read the losses, measure, write samples and log, save the state."""
        self._read_losses(phase)
        config, check = self.config, None
        entry: dict[str, Any] = {"kind": "epoch", "epoch": self.epoch, "step": self.step}
        entry |= {"phase": phase.name, "seconds": round(self.seconds, 1), **self.losses}
        if last or (not config.check_steps and self.epoch % config.measure_epochs == 0):
            check = self._check(phase)
        entry |= check.logged if check else {}
        generated = self.generated.get("test")
        if self.test is not None and generated is not None and self.group.is_first:
            entry["accuracy_test"] = self.nets.discriminator_accuracy(self.test, generated)
        if self.epoch in config.sample_epochs:
            self.writer.samples(f"epoch-{self.epoch:04d}", {"output": self.nets.color})
        self.writer.log(entry)
        is_to_return_to = bool(config.patience and check and check.is_best)
        if not last and (is_to_return_to or self.epoch % config.checkpoint_epochs == 0):
            self.save()
        self.callbacks.on_epoch(entry, check.summary if check else "")

    def _end_phase(self, phase: Phase, end: int) -> None:
        """With early stopping, go back to the best check; write the phase's results and the state."""
        if self.config.patience and phase.trains_generator:
            why = "its time is over" if self._share_of_time >= 1 else "its epochs are over"
            self.went_back = self.checks.go_back(phase, self.step, why) or self.went_back
        self.nets.settle()
        self._write_results(phase)
        self.epoch, self.step_in_epoch = end, 0
        self.phase += 1
        self.checks.stopping, self.generated, self.losses = None, {}, {}
        self.exploding = Explosion()
        self.phase_began = self.seconds
        self.save()

    def _write_results(self, phase: Phase) -> None:
        """Write sample sheets, the model if there are several phases, and a line of the log."""
        self.writer.samples(f"after-{phase.name}", {"output": self.nets.color})
        if phase.trains_generator and len(self.phases) > 1:
            self.save_model(f"after-{phase.name}")
        earlier = [self.run / f"after-{p.name}" for p in self.phases[: self.phase]]
        before = [folder for folder in earlier if (folder / CONFIG).is_file()]
        if self.group.is_first and before and phase.trains_generator and phase.trains_discriminator:
            network = load_model(before[-1]).generator.to(self.device)
            older: ColorFunction = partial(self.nets.color, network=network)
            colors = {f"before {phase.name}": older, f"after {phase.name}": self.nets.color}
            self.writer.samples(f"before-and-after-{phase.name}", colors)
        entry = {"kind": "phase", "phase": phase.name, "index": self.phase}
        entry |= {"epoch": self.epoch, "step": self.step}
        if self.config.patience and phase.trains_generator:
            kept = self.went_back["step"] if self.went_back else self.step
            entry |= {"kept_step": kept, "stopped": self.is_over}
        elif self.is_over:
            entry["stopped"] = True
        self.writer.log(entry)

    def _report_generated(self, done: int, total: int) -> None:
        self.callbacks.on_generated(done, total)
        if self.stop.signal:  # nothing was trained since the last state
            self._interrupt(self.stop.signal)

    def _interrupt(self, signal: int) -> None:
        raise Interrupted(signal, f"saved at step {self.step} in {self.run}")

    def _check(self, phase: Phase, *, opening: bool = False) -> Check | None:
        return self.checks.measure(phase, step=self.step, epoch=self.epoch, opening=opening)

    def _read_losses(self, phase: Phase) -> None:
        """Log the mean losses since the last reading.

        Raises:
            CheckpointError: a loss is not finite, or has exploded.
        """
        if losses := self.loss_meter.read(self.step):
            self.exploding.check(losses, self.step)
            self.losses = losses
            self.writer.log({"kind": "step", "step": self.step, "phase": phase.name} | losses)

    def save(self) -> None:
        """Save the training state; older ones are pruned once it is verified."""
        stopping = self.checks.stopping
        if stopping is not None:
            self._read_losses(self.phases[self.phase])
        tensors = state.pack(self.nets.modules(), self.nets.optimizers())
        counters = {name: getattr(self, name) for name in COUNTERS}
        counters |= {PHASE_BEGAN: self.phase_began}
        counters |= {"best": self.checks.best_models.best, "watch": stopping and asdict(stopping)}
        counters |= {name: getattr(self.nets, name) for name in GAN_COUNTERS}
        spare = stopping.step if stopping else None
        self.writer.state(self.step, tensors, counters, spare=spare)

    def restore(self) -> None:
        """Load the newest intact state, with a note for each damaged newer one.

        Raises:
            CheckpointError: there are states, but none can be loaded.
        """
        newest = state.newest_state(self.run, self.callbacks.on_note)
        if newest is None:
            return  # no state yet: start over
        tensors, counters, folder = newest
        state.unpack(tensors, self.nets.modules(), self.nets.optimizers(), folder)
        for owner, names in ((self, COUNTERS), (self.nets, GAN_COUNTERS)):
            for name in names:
                setattr(owner, name, counters[name])
        self.phase_began = counters.get(PHASE_BEGAN, 0.0)
        self.checks.best_models.best = counters["best"]
        self.checks.stopping = EarlyStopping(**counters["watch"]) if counters["watch"] else None
        if self.checks.stopping is None:  # between two phases, whose lengths may have changed
            self.phase = recipes.phase_at(self.phases, self.epoch)
        self.writer.cut_log(self.step, phases=self.phase, say=self.callbacks.on_note)

    def extend(self, phases: Sequence[Phase]) -> None:
        """Continue with other numbers of epochs.

        Raises:
            UsageError: they contradict the epochs trained so far.
        """
        begun = self.phase if self.checks.stopping is not None else None
        trained = self.epoch + (self.step_in_epoch > 0)
        schedule.check_extension(self.phases, phases, trained, begun)
        self.phases = tuple(phases)
        if begun is None:
            self.phase = recipes.phase_at(self.phases, self.epoch)

    def save_model(self, name: str, metrics: dict[str, Any] | None = None) -> None:
        """Save the averaged weights as the model folder `name` of the run."""
        progress: Progress = self.went_back or {"step": self.step, "epoch": self.epoch}
        training = {
            "epoch": progress["epoch"],
            "steps": progress["step"],
            "minutes": round(self.seconds / 60, 1),
            "device": self.device.type,
            "precision": self.nets.precision,
            "pictures": len(self.train),
            "phases": [asdict(phase) for phase in self.phases],
            "config": asdict(self.config),
        }
        self.writer.model(name, self.nets.averaged, training=training, metrics=metrics or {})
