"""Losses: pixel, adversarial, of the discriminator, of features (perceptual); accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.models.encoders import ENCODERS

SMOOTH = 1e-3  # under this distance (of a range of 2) the slope fades, so that it is defined at 0
# what each pixel of two pictures `[B, C, H, W]` differs by, `[B, H, W]`
PIXEL_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": lambda output, target: (output - target).abs().mean(dim=1),
    "mse": lambda output, target: (output - target).square().mean(dim=1),
    # Euclidean: of ab, what the ab error measures
    "distance": lambda output, target: torch.sqrt(
        (output - target).square().sum(dim=1) + SMOOTH**2
    ),
}


def pixel_loss(kind: str, output: Tensor, target: Tensor, chroma_weight: float = 0.0) -> Tensor:
    """The mean of one of PIXEL_LOSSES.

    Args:
        chroma_weight: a pixel counts `1 + chroma_weight * |target|`, so that the many grey ones do not
            outvote the few colored ones (as Zhang et al. 2016, section 2.2, by a weight for each color).
    """
    output, target = output.float(), target.float()
    errors = PIXEL_LOSSES[kind](output, target)
    if not chroma_weight:
        return errors.mean()
    weights = 1 + chroma_weight * torch.linalg.vector_norm(target, dim=1)
    return (weights * errors).sum() / weights.sum()


def adversarial_loss(logits: Tensor, *, real: bool) -> Tensor:
    """Binary cross-entropy of `logits` against all-real or all-fake (Goodfellow et al. 2014, section 3).

    -log sigmoid(x) = softplus(-x) for real, -log(1 - sigmoid(x)) = softplus(x) for fake. For the
    generator ask for `real=True` on its own pictures: the non-saturating form of the same section.
    """
    return F.softplus(-logits.float() if real else logits.float()).mean()


def discriminator_loss(real: Tensor, fakes: list[Tensor]) -> Tensor:
    """Half for the real pictures, half shared by the kinds of fake (pix2pix, section 3.3 halves D's loss).

    Args:
        real: logits `[B, 1, h, w]` of real pictures under their own condition.
        fakes: logits of each kind of fake: generated ones, and real ones under a wrong condition.
    """
    against_fakes = sum(adversarial_loss(logits, real=False) for logits in fakes) / len(fakes)
    return (adversarial_loss(real, real=True) + against_fakes) / 2


def accuracy(real: Tensor, fake: Tensor) -> Tensor:
    """The share of pictures that a discriminator tells right, by the mean logit of each.

    Args:
        real, fake: logits `[B, 1, h, w]` of real and of generated pictures.
    """
    rates = [(logits.float().flatten(1).mean(dim=1) > 0).float().mean() for logits in (real, fake)]
    return (rates[0] + 1 - rates[1]) / 2


class FeatureLoss(nn.Module):
    """Mean absolute difference of an encoder's features, over all its levels alike.

    A perceptual loss (Johnson et al. 2016, section 3.2) with absolute differences for squared ones. The
    encoder never learns.

    Args:
        encoder: one of ENCODERS.
        weights: as `find_weights` gives them.
    """

    def __init__(self, encoder: str, weights: Mapping[str, Tensor]):
        super().__init__()
        self.encoder = ENCODERS[encoder](3)
        self.encoder.load_published(weights)
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> FeatureLoss:
        return super().train(False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """RGB `[B, 3, H, W]` in [0, 1] both -> a scalar."""
        with torch.no_grad():
            truths = self.encoder(target * 2 - 1)
        features = self.encoder(output * 2 - 1)
        distances = [F.l1_loss(a.float(), b.float()) for a, b in zip(features, truths, strict=True)]
        return torch.stack(distances).mean()
