"""A moving average of a network's weights, which is steadier than the weights themselves."""

from __future__ import annotations

import torch
from torch import nn


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
