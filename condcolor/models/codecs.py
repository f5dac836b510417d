"""Codecs: pictures to the tensors of a recipe and back, one object each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.conditions.colors import checked_vivid, refuse_vivid
from condcolor.conditions.parts import PARTS, SHARPNESS, Part
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.color import lab_to_srgb, luma, srgb8_to_lab, srgb_to_lab
from condcolor.imaging.geometry import decode_strips
from condcolor.imaging.lab import AB_SCALE
from condcolor.imaging.upsampling import cubic, joined3, linear, linear_model, rows_at, shrunk

LEVELS = 127.5  # half the range of uint8: x / 127.5 - 1 maps 0..255 to [-1, 1]
LIGHT_ENOUGH = (
    0.25  # lightness (of 1) of a sketch pixel below which it is a line, without fill color
)
EVENNESS = (
    16  # exponent of trust: a pixel 10 % darker than its lightest neighbor has a fifth of the trust
)
LABEL_TOLERANCE = 24  # levels in each channel that a pixel's color may be off that of a label
L_SCALE = 50.0  # L / 50 - 1 maps 0..100 to [-1, 1]
FLAT = (
    200 / L_SCALE**2
)  # variance of lightness of a flat window: a standard deviation of 14 (of 100)


class Codec(ABC):
    """The conversion between pictures, RGB `[B, 3, H, W]`, and the tensors of a recipe's networks."""

    source_channels: int  # without conditions
    output_channels: int
    line_art: bool  # sources are line art, whose parts can be found; False: photographs in grey
    takes_vivid: bool  # whether `with_vivid` changes the chroma of what it decodes
    fill: int | None  # grey level around a picture that is no square; None repeats its edge
    parts: tuple[str, ...] = ()  # what the outputs stand for, where they are scores of parts

    @abstractmethod
    def encode_source(self, rgb: Tensor) -> Tensor:
        """Encode a source, uint8, as `[B, source_channels, H, W]` float in [-1, 1]."""

    @abstractmethod
    def encode_target(self, rgb: Tensor) -> Tensor:
        """Encode a target, uint8, as `[B, output_channels, H, W]` float in [-1, 1]."""

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Encode the sources and targets of a batch, which are the same tensor for photographs."""
        return self.encode_source(source), self.encode_target(target)

    @abstractmethod
    def shown(self, rgb: Tensor) -> Tensor:
        """Return the source of a picture, uint8, as a person sees it: RGB float in [0, 1]."""

    @abstractmethod
    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        """Decode an encoded source and a network output, both in [-1, 1], to RGB float in [0, 1]."""

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Decode an output at the size of its `original [B, 3, H, W]` uint8: float in [0, 1]."""
        return torch.cat([strip for _, strip in self.strips_at(original, output)], dim=2)

    def strips_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Decode as `decode_at` strip by strip, from the top; yields rows and `[B, 3, rows, W]`."""
        return decode_strips(self, original, output)

    @abstractmethod
    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """Return the planes for `decode_strip`, see `geometry.StripDecoder`."""

    @abstractmethod
    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """Decode a strip in [0, 1], see `geometry.StripDecoder`."""

    @abstractmethod
    def with_vivid(self, vivid: float) -> Codec:
        """Return the codec with the chroma of its pictures scaled by `vivid`.

        Raises:
            UsageError: the codec has no chroma factor, or `vivid` is out of range.
        """

    def scaled(self, vivid: float | Tensor) -> Codec:
        """Return `with_vivid` unchecked; `vivid` is a tensor in an exported graph."""
        raise NotImplementedError(f"{type(self).__name__} has no chroma factor")

    def fills(self, original: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        """Return fill colors and their trust, see `SketchToRgb.fills`."""
        raise NotImplementedError(f"{type(self).__name__} has no fills")

    def spread(self, planes: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
        """Enlarge planes weighted by their trust, see `SketchToRgb.spread`."""
        raise NotImplementedError(f"{type(self).__name__} has no fills")


class SketchToRgb(Codec):
    """Line art to a colored picture, both RGB scaled to [-1, 1]."""

    source_channels = 3
    output_channels = 3
    line_art = True
    takes_vivid = False
    fill = 255

    def encode_source(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def encode_target(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def shown(self, rgb: Tensor) -> Tensor:
        return rgb.float() / 255

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        return ((output.float() + 1) / 2).clamp(0, 1)

    def fills(self, original: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        """Compute fill colors and how far they are trusted.

        The fill color of a pixel is the output divided by the sketch's lightness, so that lines cancel. It is
        trusted where the sketch is as light as its surroundings: off the lines and their soft edges.

        Args:
            original: `[1, 3, H, W]` or `[N, 3, H, W]` uint8.
            output: `[N, 3, h, w]` float in [-1, 1].

        Returns:
            Fills `[N, 3, h, w]` and trust `[1 or N, 1, h, w]`, in [0, 1].
        """
        paper = shrunk(original.float() / 255, output.shape[-2:])
        small = paper.mean(dim=1, keepdim=True)  # (B, 1, h, w)
        around = _around(small, torch.maximum).clamp_min(LIGHT_ENOUGH)
        lit = ((small - LIGHT_ENOUGH) / (1 - LIGHT_ENOUGH)).clamp(0, 1)
        trust = lit * (small / around).clamp(0, 1) ** EVENNESS
        fill = (self.decode(original, output) / paper.clamp_min(LIGHT_ENOUGH)).clamp(0, 1)
        return fill, trust

    def spread(self, planes: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
        """Enlarge planes `[B, C, h, w]`, such as fills, to `size` (H, W), weighted by their trust.

        Normalized convolution (Knutsson and Westin, "Normalized and differential convolution", 1993) with a
        bilinear kernel: values grow under a line from both sides and meet below it. Linear in the planes.
        """
        known = F.interpolate(_known(planes, trust), size=size, mode="bilinear")
        return known[:, :-1] / known[:, -1:]

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """Return fill colors, grown under the lines, times their trust, and the trust: `[B, 4, h, W]`."""
        size = (output.shape[-2], original.shape[-1])
        return F.interpolate(_known(*self.fills(original, output)), size=size, mode="bilinear")

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """Multiply the fill colors, enlarged as by `spread`, with the original."""
        known = rows_at(positions, near, linear, taps=2)
        return known[:, :-1] / known[:, -1:] * rows.float() / 255

    def with_vivid(self, vivid: float) -> Codec:
        refuse_vivid()


class SketchToParts(SketchToRgb):
    """Line art to the score of each of PARTS in each pixel; targets are pictures of their label colors."""

    def __init__(self, table: Sequence[Part] = PARTS):
        self.table = tuple(table)
        self.output_channels = len(self.table)
        self.parts = tuple(part.name for part in self.table)

    def encode_target(self, rgb: Tensor) -> Tensor:
        """Encode labels, uint8, as one-hot planes `[B, K, H, W]` in 0 and 1: all 0 without a label.

        A color between two labels, as resizing and warps leave at a border, is none: halfway from the ground
        to a line it would be that of another part.
        """
        labels = torch.tensor([part.label for part in self.table], device=rgb.device).float()
        away = rgb.float()[:, None] - labels[None, :, :, None, None]  # (B, K, 3, H, W)
        return (away.abs_().amax(dim=2) <= LABEL_TOLERANCE).float()  # labels are 127 apart or more

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        """Return the mean of the label colors, weighted by the probabilities of the parts."""
        labels = torch.tensor([part.label for part in self.table], device=output.device).float()
        return torch.einsum("bkhw,kc->bchw", probabilities(output), labels / 255)


class SketchToOwnParts(SketchToParts):
    """Line art to the score of each part of a table of its own; targets are bits of the parts that may be.

    Bit `k % 8` of channel `k // 8` is set where a pixel may be of part k: of one part where that is known, of
    several where it is one of them, of all where nothing is known. See `data.part_labels`.
    """

    def encode_target(self, rgb: Tensor) -> Tensor:
        """Return planes `[B, K, H, W]` in 0 and 1 of the bits, uint8."""
        numbers = range(self.output_channels)
        return torch.stack([(rgb[:, k // 8] >> (k % 8)) & 1 for k in numbers], dim=1).float()


@dataclass(frozen=True)
class LToAb(Codec):
    """Lightness to the axes a and b of CIE Lab (Zhang et al. 2016, section 2)."""

    vivid: float | Tensor = 1.0  # factor of the network's chroma

    source_channels = 1
    output_channels = 2
    line_art = False
    takes_vivid = True
    fill = None

    def encode_source(self, rgb: Tensor) -> Tensor:
        return _lightness(srgb8_to_lab(rgb))

    def encode_target(self, rgb: Tensor) -> Tensor:
        return srgb8_to_lab(rgb)[:, 1:] / AB_SCALE

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        if source is not target:
            return self.encode_source(source), self.encode_target(target)
        lab = srgb8_to_lab(source)
        return _lightness(lab), lab[:, 1:] / AB_SCALE

    def shown(self, rgb: Tensor) -> Tensor:
        """Return the photograph in grey."""
        source = self.encode_source(rgb)
        return self.decode(source, torch.zeros_like(source).expand(-1, 2, -1, -1))

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        lightness = (source.float() + 1) * L_SCALE
        return lab_to_srgb(torch.cat((lightness, output.float() * AB_SCALE * self.vivid), dim=1))

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """Return slope and offset of ab as a linear function of lightness: `[B, 4, h, W]`."""
        small = F.interpolate(original, output.shape[-2:], mode="bilinear", antialias=True)
        model = linear_model(self.encode_source(small), output.float(), FLAT)
        return F.interpolate(model, (output.shape[-2], original.shape[-1]), mode="bicubic")

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """Decode the original's lightness with ab upsampled along its edges."""
        lightness = self.encode_source(rows)
        slope, offset = rows_at(positions, near, cubic, taps=4).chunk(2, dim=1)
        return self.decode(lightness, slope * lightness + offset)

    def with_vivid(self, vivid: float) -> LToAb:
        return self.scaled(checked_vivid(vivid))

    def scaled(self, vivid: float | Tensor) -> LToAb:
        return replace(self, vivid=vivid)


@dataclass(frozen=True)
class GrayToRgb(Codec):
    """Grey to RGB, both scaled to [-1, 1]. Grey is luma of ITU-R BT.601, like Pillow's mode "L"."""

    vivid: float | Tensor = 1.0  # factor of the distance from grey

    source_channels = 1
    output_channels = 3
    line_art = False
    takes_vivid = True
    fill = None

    def encode_source(self, rgb: Tensor) -> Tensor:
        return luma(rgb.float()) / LEVELS - 1

    def encode_target(self, rgb: Tensor) -> Tensor:
        return rgb.float() / LEVELS - 1

    def shown(self, rgb: Tensor) -> Tensor:
        """Return the photograph in grey."""
        return luma(rgb.float() / 255).repeat(1, 3, 1, 1)

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        rgb = ((output.float() + 1) / 2).clamp(0, 1)
        return luma(rgb).lerp(rgb, self.vivid).clamp(0, 1)

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """Return the planes of LToAb for the output's ab."""
        ab = srgb_to_lab(((output.float() + 1) / 2).clamp(0, 1))[:, 1:] / AB_SCALE
        return LToAb().prepare_strips(original, ab)

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """Decode the original's lightness with ab upsampled, as LToAb does."""
        return LToAb(self.vivid).decode_strip(rows, near, positions)

    def with_vivid(self, vivid: float) -> GrayToRgb:
        return self.scaled(checked_vivid(vivid))

    def scaled(self, vivid: float | Tensor) -> GrayToRgb:
        return replace(self, vivid=vivid)


# by the name of the recipe
CODECS: dict[str, Codec] = {
    "icons": SketchToRgb(),
    "parts": SketchToParts(),
    "photo": LToAb(),
    "pets": GrayToRgb(),
}


def checked_recipe(name: str) -> str:
    """Return the name of a recipe.

    Raises:
        UsageError: there is no such recipe; names the closest one.
    """
    if name not in CODECS:
        raise UsageError(
            f"recipe {name!r} is not one of {', '.join(CODECS)}{did_you_mean(name, CODECS)}"
        )
    return name


def codec_of(recipe: str, table: Sequence[Part] | None = None) -> Codec:
    """Return the codec of a recipe; for a model of parts with a `table` of its own, one of that."""
    return CODECS[recipe] if table is None else SketchToOwnParts(table)


def probabilities(scores: Tensor) -> Tensor:
    """Return the probability of each part, `[B, K, H, W]`, from scores in [-1, 1]."""
    return (SHARPNESS * scores.float()).softmax(dim=1)


def _lightness(lab: Tensor) -> Tensor:
    return (lab[:, :1] / L_SCALE - 1).clamp_(-1, 1)  # rounding can put white above 100


def levels(picture: Tensor) -> Tensor:
    """Round a picture `[1, 3, H, W]` float in [0, 1] to `[H, W, 3]` uint8."""
    return (picture[0] * 255).round().to(torch.uint8).permute(1, 2, 0)


def _known(planes: Tensor, trust: Tensor) -> Tensor:
    """Return grown planes `[B, C, h, w]` times their trust `[B, 1, h, w]`, and the trust: `[B, C + 1, h, w]`.

    Enlarged and divided, each pixel is a mean weighted by trust (Knutsson and Westin, "Normalized and
    differential convolution", 1993).
    """
    weight = trust + 1e-3  # deep under a line, where the trust is 0, all pixels have equal weight
    return torch.cat((_grow(planes, trust) * weight, weight), dim=1)


def _grow(fill: Tensor, trust: Tensor, rounds: int = 6) -> Tensor:
    """Spread `fill [B, C, H, W]` from where `trust [B, 1, H, W]` is high to where it is low."""
    known = torch.cat((fill * trust, trust), dim=1)  # (B, C + 1, H, W)
    weight = known[:, -1:]
    for _ in range(rounds):  # each round grows by a pixel and leaves trusted pixels
        known.addcmul_(1 - weight, _around(known, torch.add), value=1 / 9)
    known = known[:, :-1]
    return torch.where(weight > 1e-3, known / weight.clamp_min(1e-3), fill)


def _around(planes: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Reduce each 3x3 window of `[B, C, H, W]` by `join`; outside the picture is 0."""
    return joined3(F.pad(planes, (1, 1, 1, 1)), join)
