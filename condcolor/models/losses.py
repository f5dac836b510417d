"""Losses: pixel, adversarial, discriminator, feature (perceptual); the discriminator's accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.conditions.parts import SHARPNESS
from condcolor.models.encoders import ENCODERS

SMOOTH = 1e-3  # of a range of 2: makes the distance differentiable at 0


def _cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    """Return -log of the probability of the target's parts together; 0 where it has none."""
    logits = SHARPNESS * scores
    may_be = (target > 0) | (target == 0).all(dim=1, keepdim=True)
    own = torch.where(may_be, logits, torch.finfo(logits.dtype).min)
    return logits.logsumexp(dim=1) - own.logsumexp(dim=1)


# error of each pixel, `[B, C, H, W]` twice -> `[B, H, W]`
PIXEL_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": lambda output, target: (output - target).abs().mean(dim=1),
    "mse": lambda output, target: (output - target).square().mean(dim=1),
    # Euclidean; for ab this is the ab error
    "distance": lambda output, target: torch.sqrt(
        (output - target).square().sum(dim=1) + SMOOTH**2
    ),
    # of scores of parts to planes of 0 and 1: the part, or those that it may be; 0 where there is none
    "cross-entropy": _cross_entropy,
}


def pixel_loss(kind: str, output: Tensor, target: Tensor, chroma_weight: float = 0.0) -> Tensor:
    """Return the weighted mean of one of PIXEL_LOSSES, a scalar.

    Args:
        kind: key of PIXEL_LOSSES.
        output: `[B, C, H, W]` in [-1, 1].
        target: `[B, C, H, W]` in [-1, 1].
        chroma_weight: the weight of a pixel is `1 + chroma_weight * |target|`, so that many grey pixels do
            not dominate few colored ones (Zhang et al. 2016, section 2.2, use a weight for each color).
    """
    output, target = output.float(), target.float()
    errors = PIXEL_LOSSES[kind](output, target)
    if not chroma_weight:
        return errors.mean()
    weights = 1 + chroma_weight * torch.linalg.vector_norm(target, dim=1)
    return (weights * errors).sum() / weights.sum()


def adversarial_loss(logits: Tensor, *, real: bool) -> Tensor:
    """Return the binary cross-entropy of `logits` to real or fake (Goodfellow et al. 2014, section 3).

    -log sigmoid(x) = softplus(-x) for real, -log(1 - sigmoid(x)) = softplus(x) for fake. The generator's
    loss is `real=True` on its own pictures, the non-saturating form of the same section.
    """
    return F.softplus(-logits.float() if real else logits.float()).mean()


def discriminator_loss(real: Tensor, fakes: list[Tensor]) -> Tensor:
    """Return the mean of the real loss and the mean fake loss (pix2pix, section 3.3, halves it as well).

    Args:
        real: logits `[B, 1, h, w]` of real pictures with their own condition.
        fakes: logits of each kind of fake: generated pictures, and real ones with a wrong condition.
    """
    against_fakes = sum(adversarial_loss(logits, real=False) for logits in fakes) / len(fakes)
    return (adversarial_loss(real, real=True) + against_fakes) / 2


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """Return the share of pictures that a discriminator classifies correctly by their mean logit.

    Args:
        real, fake: logits `[B, 1, h, w]` of real and of generated pictures.
    """
    rates = [(logits.float().flatten(1).mean(dim=1) > 0).float().mean() for logits in (real, fake)]
    return (rates[0] + 1 - rates[1]) / 2


class FeatureLoss(nn.Module):
    """The mean absolute difference of an encoder's features, averaged over its levels.

    A perceptual loss (Johnson et al. 2016, section 3.2) with absolute instead of squared differences. The
    encoder is frozen.

    Args:
        encoder: one of ENCODERS.
        weights: the encoder's weights, from `find_weights`.
    """

    def __init__(self, encoder: str, weights: Mapping[str, Tensor]):
        super().__init__()
        self.encoder = ENCODERS[encoder](3)
        self.encoder.load_published(weights)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> FeatureLoss:
        return super().train(False)  # frozen

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss, a scalar, of two pictures RGB `[B, 3, H, W]` in [0, 1]."""
        with torch.no_grad():
            truths = self.encoder(target * 2 - 1)
        features = self.encoder(output * 2 - 1)
        distances = [F.l1_loss(a.float(), b.float()) for a, b in zip(features, truths, strict=True)]
        return torch.stack(distances).mean()
