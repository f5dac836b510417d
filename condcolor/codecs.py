"""Codecs: pictures <-> the tensors a network sees. Encode and decode of a recipe live in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.color import lab_to_srgb, luma, srgb8_to_lab, srgb_to_lab
from condcolor.errors import UsageError
from condcolor.upsampling import enlarged, joined3, linear_model

LEVELS = 127.5  # half the range of uint8: x / 127.5 - 1 maps 0..255 to [-1, 1]
LIGHT_ENOUGH = 0.25  # below this lightness (of 1) a sketch pixel is a line and says no fill colour
EVENNESS = 16  # a pixel 10 % darker than the lightest beside it is trusted a fifth as much

L_SCALE = 50.0  # L / 50 - 1 maps 0..100 to [-1, 1]
AB_SCALE = 110.0  # sRGB spans a -86..98, b -108..94
FLAT = 200 / L_SCALE**2  # lightness that varies by 14 (of 100) in a window is an edge, less is not
MOST_VIVID = 4  # times the chroma that the network gave; almost every colour is at its limit then


class Codec(Protocol):
    """What a recipe's pictures are to its networks. All pictures are RGB, `[B, 3, H, W]`."""

    source_channels: int  # conditions not counted
    output_channels: int
    pairs: bool  # data is sketches and their colourings; False: a coloured picture is both
    fill: int | None  # grey level around a picture that is no square; None repeats its edge

    def encode_source(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, source_channels, H, W]` float in [-1, 1]."""

    def encode_target(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, output_channels, H, W]` float in [-1, 1]."""

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Both of a batch, the same tensor twice where a coloured picture is both."""

    def shown(self, rgb: Tensor) -> Tensor:
        """What a person would call the source of a picture (uint8 0..255) -> RGB float in [0, 1]."""

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        """Encoded source and network output, both in [-1, 1] -> RGB float in [0, 1]."""

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Like `decode`, at the size of `original` (uint8, same framing as `output`) -> float in [0, 1]."""

    def bands_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """What `decode_at` gives, in bands from the top down: their rows, and `[B, 3, rows, W]`."""

    def enlivened(self, vivid: float) -> Codec:
        """The codec with the chroma of its pictures times `vivid`; UsageError where that cannot be."""


class SketchToRgb:
    """Line art in, coloured picture out, both RGB scaled to [-1, 1]."""

    source_channels = 3
    output_channels = 3
    pairs = True
    fill = 255

    def encode_source(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def encode_target(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode_source(source), self.encode_target(target)

    def shown(self, rgb: Tensor) -> Tensor:
        return rgb.float() / 255

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        return ((output.float() + 1) / 2).clamp(0, 1)

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Multiply the fill colours of the small picture onto the lines of the original."""
        fill, trust = self.fills(original, output)
        return self.spread(fill, trust, original.shape[-2:]) * original.float() / 255

    def fills(self, original: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        """Fill colours of outputs `[N, 3, h, w]` of an `original [1, 3, H, W]`, or of N; and their trust.

        The fill colour of a pixel is the output over the sketch's lightness, a ratio that knows no line. It
        is trusted, `[1 or N, 1, h, w]` in [0, 1], where the sketch is as light as its surroundings (not on a
        line, nor half on one).
        """
        paper, size = original.float() / 255, output.shape[-2:]
        if paper.shape[-2:] != size:
            paper = F.interpolate(paper, size=size, mode="area")
        small = paper.mean(dim=1, keepdim=True)  # (B, 1, h, w)
        around = _around(small, torch.maximum).clamp_min(LIGHT_ENOUGH)
        lit = ((small - LIGHT_ENOUGH) / (1 - LIGHT_ENOUGH)).clamp(0, 1)
        trust = lit * (small / around).clamp(0, 1) ** EVENNESS
        fill = (self.decode(original, output) / paper.clamp_min(LIGHT_ENOUGH)).clamp(0, 1)
        return fill, trust

    def spread(self, planes: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
        """Planes `[B, C, h, w]`, such as fills, grown under the lines from both sides, and enlarged.

        By what is trusted, so that colours meet under a line. Linear in the planes.
        """
        grown = _grow(planes, trust)
        return grown if planes.shape[-2:] == size else _enlarge(grown, trust, size)

    def bands_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        yield slice(0, original.shape[-2]), self.decode_at(original, output)

    def enlivened(self, vivid: float) -> Codec:
        raise UsageError("vivid is for photographs: this model paints the colours asked for")


@dataclass(frozen=True)
class LToAb:
    """Lightness in, the two colour axes of CIE Lab out (Zhang et al. 2016, section 2)."""

    vivid: float = 1.0  # chroma of what is decoded, over what the network gave

    source_channels = 1
    output_channels = 2
    pairs = False
    fill = None

    def encode_source(self, rgb: Tensor) -> Tensor:
        return _lightness(srgb8_to_lab(rgb))

    def encode_target(self, rgb: Tensor) -> Tensor:
        return srgb8_to_lab(rgb)[:, 1:] / AB_SCALE

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        if source is not target:
            return self.encode_source(source), self.encode_target(target)
        lab = srgb8_to_lab(source)  # of which both are parts
        return _lightness(lab), lab[:, 1:] / AB_SCALE

    def shown(self, rgb: Tensor) -> Tensor:
        """The photograph in grey."""
        source = self.encode_source(rgb)
        return self.decode(source, torch.zeros_like(source).expand(-1, 2, -1, -1))

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        lightness = (source.float() + 1) * L_SCALE
        return lab_to_srgb(torch.cat((lightness, output.float() * AB_SCALE * self.vivid), dim=1))

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        return torch.cat([band for _, band in self.bands_at(original, output)], dim=2)

    def bands_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The original's own lightness, in the output's colours brought up along its edges."""
        small = F.interpolate(original, output.shape[-2:], mode="bilinear", antialias=True)
        model = linear_model(self.encode_source(small), output.float(), FLAT)
        for rows, band in enlarged(model, original.shape[-2:]):
            lightness = self.encode_source(original[:, :, rows])
            slope, offset = band.chunk(2, dim=1)
            yield rows, self.decode(lightness, slope * lightness + offset)

    def enlivened(self, vivid: float) -> LToAb:
        return replace(self, vivid=_checked(vivid))


@dataclass(frozen=True)
class GrayToRgb:
    """Grey in, RGB out, both scaled to [-1, 1]. Grey is the luma of ITU-R BT.601, as Pillow's "L" is."""

    vivid: float = 1.0  # distance from grey of what is decoded, over what the network gave

    source_channels = 1
    output_channels = 3
    pairs = False
    fill = None

    def encode_source(self, rgb: Tensor) -> Tensor:
        return luma(rgb.float()) / LEVELS - 1

    def encode_target(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return self.encode_source(source), self.encode_target(target)

    def shown(self, rgb: Tensor) -> Tensor:
        """The photograph in grey."""
        return luma(rgb.float() / 255).repeat(1, 3, 1, 1)

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        rgb = ((output.float() + 1) / 2).clamp(0, 1)
        return luma(rgb).lerp(rgb, self.vivid).clamp(0, 1)

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        return torch.cat([band for _, band in self.bands_at(original, output)], dim=2)

    def bands_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The original's own lightness, in the output's colours: its ab, brought up as LToAb's is."""
        ab = srgb_to_lab(((output.float() + 1) / 2).clamp(0, 1))[:, 1:] / AB_SCALE
        return LToAb(self.vivid).bands_at(original, ab)

    def enlivened(self, vivid: float) -> GrayToRgb:
        return replace(self, vivid=_checked(vivid))


def _lightness(lab: Tensor) -> Tensor:
    return (lab[:, :1] / L_SCALE - 1).clamp_(-1, 1)  # white is 100 but for rounding


def _checked(vivid: float) -> float:
    if not 0 <= vivid <= MOST_VIVID:  # NaN, too
        raise UsageError(f"vivid {vivid} is not between 0 (grey) and {MOST_VIVID}; 1 is as learnt")
    return float(vivid)


def _enlarge(fill: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
    """`fill [B, C, h, w]` at a larger `size`, each new pixel a mean by `trust [B, 1, h, w]`.

    Knutsson and Westin, "Normalized and differential convolution" (1993), with a bilinear kernel.
    """
    weight = trust + 1e-3  # far under a line nothing is trusted: there all count alike
    known, weight = (
        F.interpolate(part, size=size, mode="bilinear", align_corners=False)
        for part in (fill * weight, weight)
    )
    return known / weight


def _grow(fill: Tensor, trust: Tensor, rounds: int = 6) -> Tensor:
    """Spread `fill [B, C, H, W]` from where `trust [B, 1, H, W]` is high to where it is low."""
    known = torch.cat((fill * trust, trust), dim=1)  # (B, C + 1, H, W)
    weight = known[:, -1:]
    for _ in range(rounds):  # each round reaches one pixel further and never repaints the trusted
        known.addcmul_(1 - weight, _around(known, torch.add), value=1 / 9)
    known = known[:, :-1]
    return torch.where(weight > 1e-3, known / weight.clamp_min(1e-3), fill)


def _around(planes: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Each pixel of `[B, C, H, W]` joined with its eight neighbours; outside all is 0."""
    return joined3(F.pad(planes, (1, 1, 1, 1)), join)
