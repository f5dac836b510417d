"""Losses on logits and outputs, each a mean over all elements, computed in float32."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

PIXEL_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": lambda output, target: F.l1_loss(output.float(), target.float()),
    "mse": lambda output, target: F.mse_loss(output.float(), target.float()),
}


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
