"""Training: phases of alternating steps, on any recipe, that stop and go on at any step."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from condcolor import runlog, schedule, state
from condcolor.attributes import AttributeSchema
from condcolor.averaging import average
from condcolor.checkpoint import (
    load_state,
    prune_states,
    save_model,
    save_state,
    state_folders,
)
from condcolor.dataset import Batch, PictureSet, epoch_batches, one_hot, seeded
from condcolor.devices import autocast, pick_precision
from condcolor.errors import CheckpointError
from condcolor.losses import adversarial_loss, discriminator_loss, pixel_loss
from condcolor.measuring import measure
from condcolor.networks import ModelConfig, PatchGAN, make_generator
from condcolor.recipes import Phase, Recipe, TrainConfig
from condcolor.samples import write_samples
from condcolor.signals import Interrupted, StopFlag

LOG_STEPS = 10  # steps between two readings of the losses, each of which makes a GPU wait
LOSSES = ("generator", "pixel", "gan", "discriminator")


class Progress:
    """What a caller may want to hear of a run. The engine itself prints nothing."""

    def decoding(self, done: int, total: int) -> None:
        """`done` of `total` pictures of a split are decoded."""

    def begins(self, trainer: Trainer) -> None:
        """The pictures are decoded, the state is restored, and the first step comes next."""

    def epoch(self, entry: dict, said: str) -> None:
        """An epoch ended; `entry` is its line of log.jsonl, `said` what was measured after it."""

    def step(self, done: int, total: int, losses: dict) -> None:
        """A step ended: `done` of `total` in the run; `losses` are the last ones read."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class Trainer:
    """The networks, optimizers and counters of one run, in its folder.

    Every draw is a function of (seed, epoch, index), so the counters, weights and optimizer states are
    the whole state: a resumed run gives the bits of an uninterrupted one on the same device.
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
        train: PictureSet,
        test: PictureSet | None,
        device: torch.device,
        progress: Progress | None = None,
    ):
        self.run, self.recipe, self.phases, self.config = run, recipe, tuple(phases), config
        self.model, self.schema, self.train, self.test = model, schema, train, test
        self.device, self.progress = device, progress or Progress()
        self.precision = pick_precision(config.precision, device)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.generator = self._placed(make_generator(model))
            self.discriminator = self._placed(PatchGAN(model))
        self.averaged = copy.deepcopy(self.generator).eval() if config.ema else self.generator
        self.optimizer_g = self._optimizer(self.generator)
        self.optimizer_d = self._optimizer(self.discriminator)
        self.epoch = 0  # epochs done, over all phases
        self.step_in_epoch = 0
        self.step = 0  # steps done, over all epochs
        self.seconds = 0.0  # of training, without what was lost to interrupts
        self.best: dict | None = None  # {"epoch", "score"} of the model in model/
        self.sums = torch.zeros(len(LOSSES) + 1, device=device)  # losses since the last reading
        self.losses: dict[str, float] = {}

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
        self.progress.begins(self)
        started = time.monotonic() - self.seconds
        with StopFlag() as stop, torch.random.fork_rng():
            while self.epoch < self.epochs:
                phase, start = schedule.phase_at(self.phases, self.epoch)
                batches = epoch_batches(
                    len(self.train), self.config.batch_size, self.config.seed, self.epoch
                )
                total = len(batches) * self.epochs
                drawn = schedule.augmentation_at(self.config, self.epoch)
                self.generator.freeze_encoder(self.epoch < self.config.freeze_epochs)
                for rows in batches[self.step_in_epoch :]:
                    draws = seeded(self.config.seed, self.epoch, 1 + self.step_in_epoch)
                    batch = self.train.rows(rows, draws, drawn).to(self.device)
                    torch.manual_seed(int(torch.randint(2**62, (1,), generator=draws)))  # dropout
                    done = self.epoch - start + self.step_in_epoch / len(batches)
                    self._set_lr(schedule.lr_factor(done / phase.epochs, self.config.lr_decay))
                    self._step(phase, batch)
                    self.step += 1
                    self.step_in_epoch += 1
                    self.seconds = time.monotonic() - started
                    if self.step % LOG_STEPS == 0:
                        self._read_losses()
                    self.progress.step(self.step, total, self.losses)
                    if stop.signal:
                        self.save()
                        raise Interrupted(stop.signal, f"saved at step {self.step} in {self.run}")
                self.epoch += 1
                self.step_in_epoch = 0
                self._end_epoch(phase)
                self.seconds = time.monotonic() - started

    def _step(self, phase: Phase, batch: Batch) -> None:
        """One step of the discriminator, then one of the generator, on one forward of the latter."""
        codec = self.recipe.codec
        source, target = codec.encode_source(batch.source), codec.encode_target(batch.target)
        source, target = self._channels_last(source), self._channels_last(target)
        losses = dict.fromkeys(LOSSES, torch.zeros((), device=self.device))
        self.generator.train()
        self.discriminator.train()

        # colour the sources
        with autocast(self.precision, self.device), torch.set_grad_enabled(phase.trains_generator):
            fake = self.generator(source, batch.cond)

        # tell real pictures from coloured ones, and from real ones in other colours than asked
        if phase.trains_discriminator:
            with autocast(self.precision, self.device):
                real = self.discriminator(source, target, batch.cond)
                fakes = [self.discriminator(source, fake.detach(), batch.cond)]
                if self.config.wrong_colors:
                    fakes.append(self.discriminator(source, target, batch.wrong))
                loss = discriminator_loss(real, fakes)
            self.optimizer_d.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer_d.step()
            losses["discriminator"] = loss.detach()

        # be taken for real, and be near the target
        if phase.trains_generator:
            losses["pixel"] = pixel_loss(phase.pixel_loss, fake, target, phase.chroma_weight)
            loss = phase.pixel_weight * losses["pixel"]
            if phase.gan_weight:
                self.discriminator.requires_grad_(False)
                with autocast(self.precision, self.device):
                    logits = self.discriminator(source, fake, batch.cond)
                losses["gan"] = adversarial_loss(logits, real=True)
                loss = loss + phase.gan_weight * losses["gan"]
                self.discriminator.requires_grad_(True)
            self.optimizer_g.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer_g.step()
            losses["generator"] = loss
            if self.config.ema:
                average(self.averaged, self.generator, self.config.ema, self.step)

        values = torch.stack([losses[name].detach().float() for name in LOSSES])
        self.sums += torch.cat((values, values.new_ones(1)))

    def _end_epoch(self, phase: Phase) -> None:
        """Read the losses, measure, sample, log, and keep the best and the newest."""
        self._read_losses()
        last = self.epoch == self.epochs
        entry: dict = {"kind": "epoch", "epoch": self.epoch, "step": self.step, "phase": phase.name}
        entry |= {"seconds": round(self.seconds, 1), **self.losses}
        said = ""
        if self.test is not None and (last or self.epoch % self.config.measure_epochs == 0):
            measured = measure(self.recipe.codec, self.colour, self.test)
            entry["test"], said = measured.to_json(), f"test {measured.said}"
            if self.best is None or measured.score < self.best["score"]:
                self.best = {"epoch": self.epoch, "score": measured.score}
                self.save_model("model", entry["test"])
        if last:
            self.save_model("model-last")
            if self.best is None:  # no test split to choose by
                self.save_model("model")
        if last or self.epoch in self.config.sample_epochs:
            for split, pictures in (("train", self.train), ("test", self.test)):
                if pictures is not None:
                    path = self.run / "samples" / f"{split}-epoch-{self.epoch:04d}.png"
                    write_samples(path, self.recipe.codec, self.colour, pictures)
        runlog.append(self.run, entry)
        if last or self.epoch % self.config.checkpoint_epochs == 0:
            self.save()
        self.progress.epoch(entry, said)

    # -- parts of a step -------------------------------------------------------------------------

    def _set_lr(self, factor: float) -> None:
        for optimizer in (self.optimizer_g, self.optimizer_d):
            for group in optimizer.param_groups:
                group["lr"] = self.config.lr * factor

    def _read_losses(self) -> None:
        """Means since the last reading into the log; a loss that is not finite ends the run."""
        *sums, count = self.sums.tolist()
        if not count:
            return
        self.sums.zero_()
        self.losses = {name: total / count for name, total in zip(LOSSES, sums, strict=True)}
        bad = [name for name, value in self.losses.items() if not abs(value) < float("inf")]
        if bad:
            raise CheckpointError(
                f"the {bad[0]} loss is not finite near step {self.step}: training diverged. The last "
                "good state stands; start anew with a lower --lr, or with --precision fp32"
            )
        runlog.append(self.run, {"kind": "step", "step": self.step, **self.losses})

    # -- looking at the model --------------------------------------------------------------------

    @torch.no_grad()
    def colour(self, sketch: Tensor, asked: Tensor) -> Tensor:
        """`sketch [3, H, W]` uint8 in each of `asked [N, A]` value indices -> `[N, 3, H, W]` in [0, 1]."""
        codec, network = self.recipe.codec, self.averaged
        network.eval()
        cond = one_hot(asked, self.schema.sizes).to(self.device)
        source = codec.encode_source(sketch[None].to(self.device))
        colored = []
        for part in cond.split(32):
            repeated = self._channels_last(source.expand(len(part), -1, -1, -1))
            with autocast(self.precision, self.device):
                output = network(repeated, part)
            colored.append(codec.decode(repeated, output))
        return torch.cat(colored).cpu()

    # -- disk ------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the training state, then prune the older ones, once what was written verifies."""
        self._read_losses()
        folder = self.run / "checkpoints" / f"step-{self.step:08d}"
        tensors = state.pack(self._modules(), self._optimizers())
        counters = {name: getattr(self, name) for name in self._counters}
        save_state(folder, tensors, counters | {"losses": self.losses})
        prune_states(self.run)

    _counters = ("epoch", "step_in_epoch", "step", "seconds", "best")

    def restore(self) -> None:
        """Go back to the newest state that loads; say so when a newer one is damaged.

        Raises:
            CheckpointError: there are states, and none loads.
        """
        folders = state_folders(self.run)
        failures = []
        for folder in folders:
            try:
                tensors, counters = load_state(folder)
                break
            except CheckpointError as error:
                failures.append(str(error))
                self.progress.note(f"{error}: falling back to the one before")
        else:
            if failures:
                raise CheckpointError("no training state loads: " + "; ".join(failures))
            return  # nothing saved yet: start over
        state.unpack(tensors, self._modules(), self._optimizers(), folder)
        for name in self._counters:
            setattr(self, name, counters[name])
        if self.best is not None:
            self.best.setdefault("score", self.best.get("mse"))  # as runs called it before
        self.losses = counters["losses"]
        runlog.truncate(self.run, self.step)

    def _modules(self) -> dict[str, nn.Module]:
        modules = {"generator": self.generator, "discriminator": self.discriminator}
        return modules | ({"averaged": self.averaged} if self.config.ema else {})

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}

    def save_model(self, name: str, metrics: dict | None = None) -> None:
        """Write the averaged weights as the model folder `name` of the run."""
        save_model(
            self.run / name,
            self.averaged.state_dict(),
            recipe=self.recipe,
            config=self.model,
            schema=self.schema,
            image_size=self.config.image_size,
            training={
                "epoch": self.epoch,
                "steps": self.step,
                "minutes": round(self.seconds / 60, 1),
                "device": self.device.type,
                "precision": self.precision,
                "pictures": len(self.train),
                "phases": [asdict(phase) for phase in self.phases],
                "config": asdict(self.config),
            },
            metrics=metrics or {},
        )

    def _placed(self, module: nn.Module) -> nn.Module:
        return module.to(self.device, memory_format=torch.channels_last)

    def _channels_last(self, x: Tensor) -> Tensor:
        return x.contiguous(memory_format=torch.channels_last)

    def _optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(module.parameters(), self.config.lr, betas, fused=True)
