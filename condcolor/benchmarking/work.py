"""Arithmetic of a picture, counted on the networks themselves: 2 FLOPs a multiply-add.

The planes of a condition are constant, so what a convolution of them adds is a constant of each channel, away
from the border: they are counted as free, whatever they cost.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from condcolor.networks import ModelConfig, PatchGAN, make_generator
from condcolor.recipes import Phase


@cache
def forward_flops(config: ModelConfig, size: int) -> tuple[int, int]:
    """FLOPs of one forward of the generator and of one of the discriminator, for a picture of `size` px."""
    bare = replace(config, cond_planes=0)
    with torch.device("meta"):
        source = torch.empty(1, bare.source_channels, size, size)
        picture = torch.empty(1, bare.output_channels, size, size)
        cond = torch.empty(1, 0)
        generator, discriminator = make_generator(bare), PatchGAN(bare)
    return _counted(generator, source, cond), _counted(discriminator, source, picture, cond)


def training_flops(config: ModelConfig, size: int, phase: Phase) -> int:
    """FLOPs of a training step for each of its pictures; 3 G + 8 D of a phase that trains both.

    A backward costs two forwards: one for the gradients of the activations, one for those of the weights. D's
    step has a forward and a backward of real pictures and of generated ones: 6 D. G's step has 3 G, a
    forward of D, and of its backward the first half, since its weights rest then: 2 D.
    """
    g, d = forward_flops(config, size)
    total = 3 * g if phase.trains_generator else g
    if phase.trains_discriminator:
        total += 6 * d
    if phase.trains_generator and phase.gan_weight:
        total += 2 * d
    return total


def _counted(network: nn.Module, *inputs: torch.Tensor) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(*inputs)
    return counter.get_total_flops()
