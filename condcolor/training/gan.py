"""Generator and discriminator with their optimizers: one step, moving average of weights, loss meter."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.data.augmentation import in_order
from condcolor.data.cache import blank
from condcolor.data.dataset import Batch, ImageDataset, one_hot
from condcolor.models.codecs import Codec
from condcolor.models.config import ModelConfig
from condcolor.models.losses import (
    FeatureLoss,
    accuracy,
    adversarial_loss,
    discriminator_loss,
    pixel_loss,
)
from condcolor.models.networks import PatchGAN, UNet, make_generator
from condcolor.recipes import Phase, TrainConfig
from condcolor.runtime.devices import autocast, pick_precision
from condcolor.runtime.distributed import ALONE, ProcessGroup

READINGS = ("generator", "pixel", "gan", "feature", "discriminator", "accuracy")
MOST_AT_ONCE = 32  # pictures in a pass that only looks


class Gan:
    """Two networks that learn from each other.

    `averaged` are the weights to use: a moving average of the generator's, or its own. Besides weights and
    moments, `generators_turn` (in a phase with a switch) and `generator_steps` are all there is to remember.

    Args:
        sizes: how many values each attribute has.
        features: the loss for phases with a `feature_weight`.
        ranks: the processes that learn together, each from its share of a batch.
    """

    def __init__(
        self,
        codec: Codec,
        config: TrainConfig,
        model: ModelConfig,
        sizes: Sequence[int],
        device: torch.device,
        features: FeatureLoss | None = None,
        group: ProcessGroup = ALONE,
    ):
        self.codec, self.config, self.sizes, self.device = codec, config, tuple(sizes), device
        self.multiple, self.group = model.multiple, group
        self.precision = pick_precision(config.precision, device)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.generator: UNet = self._placed(make_generator(model))
            self.discriminator = self._placed(PatchGAN(model))
        self.features = self._placed(features) if features is not None else None
        self.averaged = copy.deepcopy(self.generator).eval() if config.ema else self.generator
        self._verdicts = group.shared(_Verdicts(self.discriminator))
        self._paints = group.shared(self.generator)
        self.optimizer_g = self._optimizer(self.generator)
        self.optimizer_d = self._optimizer(self.discriminator)
        self.generators_turn = False
        self.generator_steps = 0

    # -- learning --------------------------------------------------------------------------------

    def step(
        self, phase: Phase, batch: Batch, step: int, generated: Batch | None = None
    ) -> dict[str, Tensor]:
        """One step of D, then one of G, on one forward of the latter; or of the one whose turn it is.

        Args:
            step: steps done before.
            painted: the same rows with pictures that G made before for targets, when it does not learn.

        Returns:
            Those of READINGS that were computed, each a scalar on the device.
        """
        source, target = self.encoded(batch)
        d_learns = phase.trains_discriminator and not self.generators_turn
        g_learns = phase.trains_generator and (self.generators_turn or not phase.switch_below)
        losses: dict[str, Tensor] = {}
        self.generator.train(phase.trains_generator)
        self.discriminator.train()

        # colour the sources
        if generated is not None:
            _, fake = self.encoded(generated)
        else:
            with autocast(self.precision, self.device), torch.set_grad_enabled(g_learns):
                fake = (self._paints if g_learns else self.generator)(source, batch.cond)

        # tell real pictures from coloured ones, and from real ones in other colours than asked
        if d_learns:
            with autocast(self.precision, self.device):
                shown = [(target, batch.cond), (fake.detach(), batch.cond)]
                if self.config.wrong_colors:
                    shown.append((target, batch.wrong))
                real, *fakes = self._verdicts(source, shown)
                loss = discriminator_loss(real, fakes)
            _descend(self.optimizer_d, loss)
            losses |= {"discriminator": loss, "accuracy": accuracy(real, fakes[0])}

        # be taken for real, and be near the target
        if g_learns:
            losses["pixel"] = pixel_loss(phase.pixel_loss, fake, target, phase.chroma_weight)
            loss = phase.pixel_weight * losses["pixel"]
            if phase.feature_weight:
                colored, truth = self.codec.decode(source, fake), batch.target.float() / 255
                with autocast(self.precision, self.device):
                    losses["feature"] = self.features(colored, truth)
                loss = loss + phase.feature_weight * losses["feature"]
            if phase.gan_weight:
                self.discriminator.requires_grad_(False)
                with autocast(self.precision, self.device):
                    logits = self.discriminator(source, fake, batch.cond)
                losses["gan"] = adversarial_loss(logits, real=True)
                loss = loss + phase.gan_weight * losses["gan"]
                self.discriminator.requires_grad_(True)
            _descend(self.optimizer_g, loss)
            losses["generator"] = loss
            self.generator_steps += 1
            if self.config.ema:
                average(self.averaged, self.generator, self.config.ema, step)

        # whose turn is next, where they alternate: to know it, the device is waited for
        self.generators_turn = bool(
            phase.switch_below
            and d_learns
            and self.group.mean(losses["discriminator"].detach()) < phase.switch_below
        )
        return {name: loss.detach() for name, loss in losses.items()}

    def set_lr(self, phase: Phase, factor: float) -> None:
        """The run's learning rate times `factor`, as each network learns in this phase."""
        for optimizer, own in (
            (self.optimizer_g, phase.lr_generator),
            (self.optimizer_d, phase.lr_discriminator),
        ):
            for group in optimizer.param_groups:
                group["lr"] = self.config.lr * own * factor

    def freeze_encoder(self, frozen: bool) -> None:
        """Let a trained encoder rest, or learn with the rest of the generator."""
        learning = [p.requires_grad for p in self.generator.parameters()]
        self.generator.freeze_encoder(frozen)
        if learning != [p.requires_grad for p in self.generator.parameters()]:
            self._paints = self.group.shared(self.generator)

    def settle(self) -> None:
        """End a phase: the next one goes on from the averaged weights, which were measured."""
        self.generators_turn = False
        if self.averaged is not self.generator:
            self.generator.load_state_dict(self.averaged.state_dict())

    # -- looking ---------------------------------------------------------------------------------

    @torch.no_grad()
    def color(self, sketch: Tensor, asked: Tensor, network: nn.Module | None = None) -> Tensor:
        """A picture in several colourings.

        Args:
            sketch: `[3, H, W]` uint8.
            asked: `[N, A]` value indices.
            network: another generator than the averaged one.

        Returns:
            `[N, 3, H, W]` float in [0, 1], on the CPU.
        """
        network = (network or self.averaged).eval()
        cond = one_hot(asked, self.sizes).to(self.device)
        source = self.codec.encode_source(sketch[None].to(self.device))
        colored = []
        for part in cond.split(MOST_AT_ONCE):
            repeated = _channels_last(source.expand(len(part), -1, -1, -1))
            with autocast(self.precision, self.device):
                output = network(repeated, part)
            colored.append(self.codec.decode(repeated, output))
        return torch.cat(colored).cpu()

    @torch.no_grad()
    def generate(
        self,
        pictures: ImageDataset,
        room: Path,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> ImageDataset:
        """The same rows, with what the averaged generator makes of them for targets, as 8-bit RGB.

        room: a folder for a file to keep them in, if they are many.
        """
        network, side = self.averaged.eval(), pictures.pictures.side
        generated = blank(len(pictures), side, room)
        for rows in in_order(len(pictures), MOST_AT_ONCE):
            rgb = pictures.pictures.take(pictures.source_of[rows]).to(self.device)
            cond = one_hot(pictures.values[rows], self.sizes).to(self.device)
            source = self.codec.encode_source(rgb)
            missing = -side % self.multiple  # pictures that are kept larger may fit no network
            padded = F.pad(source, (0, missing, 0, missing), mode="replicate")
            with autocast(self.precision, self.device):
                output = network(_channels_last(padded), cond)[..., :side, :side]
            colored = self.codec.decode(source, output)
            generated.shards[0][rows] = (colored * 255).round().to(torch.uint8).cpu()
            if on_progress is not None:
                on_progress(int(rows[-1]) + 1, len(pictures))
        return pictures.with_targets(generated)

    @torch.no_grad()
    def discriminator_accuracy(self, pictures: ImageDataset, generated: ImageDataset) -> float:
        """The share of real and of painted pictures that D tells right, in eval mode."""
        self.discriminator.eval()
        right = 0.0
        for rows in in_order(len(pictures), MOST_AT_ONCE):
            logits = []
            for shown in (pictures, generated):
                batch = shown.rows(rows, device=self.device)
                source, picture = self.encoded(batch)
                with autocast(self.precision, self.device):
                    logits.append(self.discriminator(source, picture, batch.cond))
            right += len(rows) * float(accuracy(*logits))
        return right / len(pictures)

    def encoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Source and target of a batch on the device, as the networks take them."""
        source, target = self.codec.encode(batch.source, batch.target)
        return _channels_last(source), _channels_last(target)

    # -- what a state holds ----------------------------------------------------------------------

    def modules(self) -> dict[str, nn.Module]:
        own = {"generator": self.generator, "discriminator": self.discriminator}
        return own | ({"averaged": self.averaged} if self.config.ema else {})

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}

    def _placed(self, module: nn.Module) -> nn.Module:
        placed = module.to(self.device, memory_format=torch.channels_last)
        return self.group.synced(placed, self.device)

    def _optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(module.parameters(), self.config.lr, betas, fused=True)


class _Verdicts(nn.Module):
    """All that the discriminator says in a step, as one forward: ranks average gradients once for each."""

    def __init__(self, discriminator: PatchGAN):
        super().__init__()
        self.discriminator = discriminator

    def forward(self, source: Tensor, shown: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Pictures and the conditions they are shown under -> logits of each."""
        return [self.discriminator(source, picture, cond) for picture, cond in shown]


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def average(averaged: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move the weights and norm statistics of `averaged` a little towards those of `network`.

    decay: share of its own that it keeps, less in the first steps: its memory is short then.
    """
    decay = min(decay, (1 + step) / (10 + step))
    theirs = list(averaged.state_dict().values())
    ours = list(network.state_dict().values())
    for their, our in zip(theirs, ours, strict=True):
        if their.is_floating_point():
            their.lerp_(our, 1 - decay)
        else:
            their.copy_(our)


class LossMeter:
    """Sums and counts of each of READINGS since they were last read."""

    def __init__(self, device: torch.device, group: ProcessGroup):
        self.group = group
        self.sums = torch.zeros(2, len(READINGS), device=device)

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Those that a step computed, each a scalar on the device."""
        for i, name in enumerate(READINGS):
            if name in losses:
                self.sums[0, i] += losses[name].float()
                self.sums[1, i] += 1

    def read(self) -> dict[str, float]:
        """Their means over steps and ranks since the last reading; empty where there was no step."""
        sums, counts = self.group.mean(self.sums).tolist()
        self.sums.zero_()
        pairs = zip(READINGS, sums, counts, strict=True)
        return {name: total / count for name, total, count in pairs if count}
