"""A loss on what a trained encoder sees in two pictures, which says more of likeness than their pixels do."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from condcolor.encoders import ENCODERS


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
            wanted = self.encoder(target * 2 - 1)
        found = self.encoder(output * 2 - 1)
        apart = [F.l1_loss(a.float(), b.float()) for a, b in zip(found, wanted, strict=True)]
        return torch.stack(apart).mean()
