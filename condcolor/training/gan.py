"""`Gan`: generator and discriminator with their optimizers, one step; moving average of the weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.data.augmentation import in_order, random_hints
from condcolor.data.cache import blank
from condcolor.data.dataset import Batch, ImageDataset, one_hot
from condcolor.errors import CheckpointError
from condcolor.models.codecs import Codec
from condcolor.models.config import ModelConfig
from condcolor.models.losses import (
    FeatureLoss,
    accuracy,
    adversarial_loss,
    discriminator_loss,
    pixel_loss,
)
from condcolor.models.networks import Module, PatchGAN, UNet, make_generator, to_channels_last
from condcolor.recipes import Phase, TrainConfig
from condcolor.runtime.devices import autocast, pick_precision
from condcolor.runtime.distributed import ALONE, ProcessGroup

READINGS = ("generator", "pixel", "gan", "feature", "discriminator", "accuracy")
# a sketch `[3, H, W]` uint8, scores `[K, H, W]`, values `[N, A]` -> `[N, 3, H, W]` float in [0, 1]
Paint = Callable[[Tensor, Tensor, Tensor], Tensor]
DIVERGED = "The last good state stands: resume from it with a lower --lr, or with --precision fp32"
FAR_ABOVE, ABOVE_FIRST = 50.0, 3.0  # times the lowest and the first reading; beyond, it exploded
MOST_AT_ONCE = 32  # pictures in a forward pass without gradients


class Gan:
    """Generator and discriminator, trained against each other.

    `averaged` is the generator for inference: an exponential moving average of the generator, or itself. The
    state is the weights, the optimizers' moments, `generators_turn` and `generator_steps`.

    Args:
        sizes: number of values of each attribute.
        features: the loss of phases with a `feature_weight`.
        group: the processes that train together, each on its share of a batch.
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
        self.multiple, self.planes, self.group = model.multiple, model.cond_planes, group
        self.hints = model.hints
        self.precision = pick_precision(config.precision, device)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.generator: UNet = self._placed(make_generator(model))
            self.discriminator = self._placed(PatchGAN(model))
        self.features = self._placed(features) if features is not None else None
        self.averaged = copy.deepcopy(self.generator).eval() if config.ema else self.generator
        self._discriminate = group.shared(_DiscriminatorPasses(self.discriminator))
        self._shared_generator = group.shared(self.generator)
        self.optimizer_g = self._optimizer(self.generator)
        self.optimizer_d = self._optimizer(self.discriminator)
        self.generators_turn = False  # in a phase with `switch_below`
        self.generator_steps = 0  # in which the generator was trained
        self.paint: Paint | None = None  # colors by the scores of parts

    def step(
        self, phase: Phase, batch: Batch, step: int, generated: Batch | None = None
    ) -> dict[str, Tensor]:
        """Train D and then G for a step, on one forward pass of G, or one of them as the phase has it.

        Args:
            phase: weights of the losses, and which networks are trained.
            batch: the batch on the device.
            step: steps done before.
            generated: the same rows with generated targets, in a phase that does not train G.

        Returns:
            The computed ones of READINGS, each a scalar on the device.
        """
        if not self.planes:  # parts are found without being asked for
            batch = batch._replace(cond=batch.cond[:, :0], wrong=batch.wrong[:, :0])
        source, target = self.encoded(batch)
        d_learns = phase.trains_discriminator and not self.generators_turn
        g_learns = phase.trains_generator and (self.generators_turn or not phase.switch_below)
        losses: dict[str, Tensor] = {}
        self.generator.train(phase.trains_generator)
        self.discriminator.train()

        # forward pass of the generator
        if generated is not None:
            _, fake = self.encoded(generated)
        else:
            with autocast(self.precision, self.device), torch.set_grad_enabled(g_learns):
                seen = torch.cat((source, random_hints(target)), dim=1) if self.hints else source
                fake = (self._shared_generator if g_learns else self.generator)(seen, batch.cond)

        # discriminator: real against generated pictures, and against real ones with a wrong condition
        if d_learns:
            with autocast(self.precision, self.device):
                pairs = [(target, batch.cond), (fake.detach(), batch.cond)]
                if self.config.wrong_colors:
                    pairs.append((target, batch.wrong))
                real, *fakes = self._discriminate(source, pairs)
                loss = discriminator_loss(real, fakes)
            _descend(self.optimizer_d, loss)
            losses |= {"discriminator": loss, "accuracy": accuracy(real, fakes[0])}

        # generator: pixel, feature and adversarial loss
        if g_learns:
            losses["pixel"] = pixel_loss(phase.pixel_loss, fake, target, phase.chroma_weight)
            loss = phase.pixel_weight * losses["pixel"]
            if phase.feature_weight:
                assert self.features is not None, "a phase with a feature_weight needs features"
                decoded, truth = self.codec.decode(source, fake), batch.target.float() / 255
                with autocast(self.precision, self.device):
                    losses["feature"] = self.features(decoded, truth)
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

        # whose turn is next, in a phase with switch_below; this synchronizes the device
        self.generators_turn = bool(
            phase.switch_below
            and d_learns
            and self.group.mean(losses["discriminator"].detach()) < phase.switch_below
        )
        return {name: loss.detach() for name, loss in losses.items()}

    def set_lr(self, phase: Phase, factor: float) -> None:
        """Set the learning rates: the run's, times the phase's for each network, times `factor`."""
        for optimizer, own in (
            (self.optimizer_g, phase.lr_generator),
            (self.optimizer_d, phase.lr_discriminator),
        ):
            for group in optimizer.param_groups:
                group["lr"] = self.config.lr * own * factor

    def freeze_encoder(self, frozen: bool) -> None:
        """Freeze a pretrained encoder, or train it with the rest of the generator."""
        learning = [p.requires_grad for p in self.generator.parameters()]
        self.generator.freeze_encoder(frozen)
        if learning != [p.requires_grad for p in self.generator.parameters()]:
            self._shared_generator = self.group.shared(self.generator)

    def settle(self) -> None:
        """End a phase: the generator takes the averaged weights, which were measured."""
        self.generators_turn = False
        if self.averaged is not self.generator:
            self.generator.load_state_dict(self.averaged.state_dict())

    @torch.no_grad()
    def color(self, sketch: Tensor, values: Tensor, network: nn.Module | None = None) -> Tensor:
        """Color a picture with several conditions.

        Args:
            sketch: `[3, H, W]` uint8.
            values: `[N, A]` value indices.
            network: another generator in place of the averaged one.

        Returns:
            `[N, 3, H, W]` float in [0, 1], on the CPU.
        """
        network = (network or self.averaged).eval()
        cond = one_hot(values, self.sizes).to(self.device)
        source = self.codec.encode_source(sketch[None].to(self.device))
        if self.paint is not None:
            with autocast(self.precision, self.device):
                scores = network(_channels_last(source), cond[:1, :0])
            return self.paint(sketch, scores[0].float().cpu(), values)
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
        folder: Path,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> ImageDataset:
        """Return the dataset with targets that the averaged generator makes, as 8-bit RGB.

        Args:
            pictures: the dataset.
            folder: for a file with the pictures of a large set.
            on_progress: called with (done, total) pictures.
        """
        network, side = self.averaged.eval(), pictures.pictures.side
        generated = blank(len(pictures), side, folder)
        for rows in in_order(len(pictures), MOST_AT_ONCE):
            rgb = pictures.pictures.take(pictures.source_of[rows]).to(self.device)
            cond = one_hot(pictures.values[rows], self.sizes).to(self.device)
            source = self.codec.encode_source(rgb)
            missing = -side % self.multiple  # with jitter, the side may be no multiple
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
        """Return the share of real and generated pictures that D classifies correctly, in eval mode."""
        self.discriminator.eval()
        correct = 0.0
        for rows in in_order(len(pictures), MOST_AT_ONCE):
            logits = []
            for dataset in (pictures, generated):
                batch = dataset.rows(rows, device=self.device)
                source, picture = self.encoded(batch)
                with autocast(self.precision, self.device):
                    logits.append(self.discriminator(source, picture, batch.cond))
            correct += len(rows) * float(accuracy(*logits))
        return correct / len(pictures)

    def encoded(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Encode source and target of a batch, in channels_last."""
        source, target = self.codec.encode(batch.source, batch.target)
        return _channels_last(source), _channels_last(target)

    def modules(self) -> dict[str, nn.Module]:
        """Return the networks by their names in a training state."""
        own = {"generator": self.generator, "discriminator": self.discriminator}
        return own | ({"averaged": self.averaged} if self.config.ema else {})

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimizers by their names in a training state."""
        return {"optimizer_g": self.optimizer_g, "optimizer_d": self.optimizer_d}

    def _placed(self, module: Module) -> Module:
        return self.group.synced(to_channels_last(module, self.device), self.device)

    def _optimizer(self, module: nn.Module) -> torch.optim.Optimizer:
        betas = (self.config.beta1, self.config.beta2)
        return torch.optim.Adam(module.parameters(), self.config.lr, betas, fused=True)


class _DiscriminatorPasses(nn.Module):
    """All passes of the discriminator in a step as one forward: DDP averages gradients once for each."""

    def __init__(self, discriminator: PatchGAN):
        super().__init__()
        self.discriminator = discriminator

    def forward(self, source: Tensor, pairs: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Return the logits of each pair of picture and condition."""
        return [self.discriminator(source, picture, cond) for picture, cond in pairs]


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def average(averaged: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Update an exponential moving average of weights and BatchNorm statistics, in place.

    Args:
        averaged: the average.
        network: the current weights.
        decay: weight of the average; smaller in the first steps.
        step: steps done before.
    """
    decay = min(decay, (1 + step) / (10 + step))
    for mean, new in zip(
        averaged.state_dict().values(), network.state_dict().values(), strict=True
    ):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - decay)
        else:
            mean.copy_(new)


class LossMeter:
    """Means of READINGS over the steps since the last reading."""

    def __init__(self, device: torch.device, group: ProcessGroup):
        self.group = group
        self.sums = torch.zeros(2, len(READINGS), device=device)

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Add the losses of a step, each a scalar on the device."""
        for i, name in enumerate(READINGS):
            if name in losses:
                self.sums[0, i] += losses[name].float()
                self.sums[1, i] += 1

    def read(self, step: int) -> dict[str, float]:
        """Return the means over steps and ranks since the last reading; empty if there was no step.

        Raises:
            CheckpointError: a loss is not finite near `step`.
        """
        sums, counts = self.group.mean(self.sums).tolist()
        self.sums.zero_()
        pairs = zip(READINGS, sums, counts, strict=True)
        losses = {name: total / count for name, total, count in pairs if count}
        if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
            raise CheckpointError(
                f"the {bad[0]} loss is not finite near step {step}: training diverged. {DIVERGED}"
            )
        return losses


class Explosion:
    """Watches the pixel loss of a phase, which a rate of learning that is too high drives up and up."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.lowest = math.inf

    def check(self, losses: Mapping[str, float], step: int) -> None:
        """Raise CheckpointError where the loss is far above where it has been, and where it began."""
        loss = losses.get("pixel")
        if loss is None:
            return
        self.first = loss if self.first is None else self.first
        self.lowest = min(self.lowest, loss)
        if loss > FAR_ABOVE * self.lowest and loss > ABOVE_FIRST * self.first:
            raise CheckpointError(
                f"the pixel loss is {loss:.3g} near step {step}, after {self.lowest:.3g}: training "
                f"diverged. {DIVERGED}"
            )
