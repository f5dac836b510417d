"""The textbook with the step of pix2pix itself: the fairer thing to be held against.

    python -m benchmarks.speed --what training --recipe icons --textbook benchmarks/speed/pix2pix_step.py

As in the authors' code (Isola et al. 2017; their PyTorch version), the generator runs once a step for both
networks, and the discriminator's weights need no gradients in the generator's step. All else is textbook.py.
"""

from __future__ import annotations

from torch import Tensor

from benchmarks.speed import textbook
from benchmarks.speed.textbook import RECIPES, loader  # noqa: F401  # asked for by the benchmark


class Pix2Pix(textbook.Pix2Pix):
    """The textbook's networks and losses, the generator run once."""

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[float, float]:
        """Train on a batch of the loader: first D, then G; returns their losses."""
        source, target, planes = (part.to(self.device) for part in batch)
        self.generator.train()
        fake = self.generator(source, planes)
        self.discriminator.requires_grad_(True)
        loss_d = self.learn_d(source, target, planes, fake)
        self.discriminator.requires_grad_(False)
        loss_g = self.learn_g(source, target, planes, fake)
        return loss_g.item(), loss_d.item()
