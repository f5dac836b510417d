"""Codecs: pictures <-> the tensors a network sees. Encode and decode of a recipe live in one object."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 127.5  # half the range of uint8: x / 127.5 - 1 maps 0..255 to [-1, 1]
LIGHT_ENOUGH = 0.25  # below this lightness (of 1) a sketch pixel is a line and says no fill colour


class Codec(Protocol):
    """What a recipe's pictures are to its networks. All pictures are RGB, `[B, 3, H, W]`."""

    source_channels: int  # conditions not counted
    output_channels: int

    def encode_source(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, source_channels, H, W]` float in [-1, 1]."""

    def encode_target(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, output_channels, H, W]` float in [-1, 1]."""

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        """Encoded source and network output, both in [-1, 1] -> RGB float in [0, 1]."""

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Like `decode`, at the size of `original` (uint8, same framing as `output`) -> float in [0, 1]."""


class SketchToRgb:
    """Line art in, coloured picture out, both RGB scaled to [-1, 1]."""

    source_channels = 3
    output_channels = 3

    def encode_source(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def encode_target(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        return ((output.float() + 1) / 2).clamp(0, 1)

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Multiply the fill colours of the small picture onto the lines of the original.

        The fill colour of a pixel is the output over the sketch's lightness, a ratio that knows no
        line. It is taken where the sketch is light, grown under the lines from both sides, and brought to
        the original's size, so that colours meet under a line and the line itself stays the original's.
        """
        sketch = original.float().mean(dim=1, keepdim=True) / 255  # (B, 1, H, W)
        small = F.interpolate(sketch, size=output.shape[-2:], mode="area")
        trust = ((small - LIGHT_ENOUGH) / (1 - LIGHT_ENOUGH)).clamp(0, 1) ** 4
        fill = (self.decode(original, output) / small.clamp_min(LIGHT_ENOUGH)).clamp(0, 1)
        fill = _grow(fill, trust)
        fill = F.interpolate(fill, size=original.shape[-2:], mode="bilinear", align_corners=False)
        return fill * original.float() / 255


def _grow(fill: Tensor, trust: Tensor, rounds: int = 6) -> Tensor:
    """Spread `fill [B, C, H, W]` from where `trust [B, 1, H, W]` is high to where it is low."""
    known, weight = fill * trust, trust
    for _ in range(rounds):  # each round reaches one pixel further and never repaints the trusted
        near = F.avg_pool2d(known, 3, 1, 1)
        near_weight = F.avg_pool2d(weight, 3, 1, 1)
        known = known + (1 - weight) * near
        weight = weight + (1 - weight) * near_weight
    return torch.where(weight > 1e-3, known / weight.clamp_min(1e-3), fill)
