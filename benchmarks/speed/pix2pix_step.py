"""The textbook with the step of pix2pix itself: the fairer thing to be held against.

    python -m benchmarks.speed --what training --recipe icons --textbook benchmarks/speed/pix2pix_step.py

As in the authors' code (Isola et al. 2017; their PyTorch version), the generator runs once a step for both
networks, and the discriminator's weights need no gradients in the generator's step. All else is textbook.py.
"""

from __future__ import annotations

import torch
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
        real_logits = self.discriminator(source, target, planes)
        fake_logits = self.discriminator(source, fake.detach(), planes)
        loss_d = self.bce(real_logits, torch.ones_like(real_logits))
        loss_d = (loss_d + self.bce(fake_logits, torch.zeros_like(fake_logits))) / 2
        self.optimizer_d.zero_grad()
        loss_d.backward()
        self.optimizer_d.step()

        self.discriminator.requires_grad_(False)
        fake_logits = self.discriminator(source, fake, planes)
        loss_g = self.bce(fake_logits, torch.ones_like(fake_logits)) + 100 * self.l1(fake, target)
        self.optimizer_g.zero_grad()
        loss_g.backward()
        self.optimizer_g.step()
        return loss_g.item(), loss_d.item()
