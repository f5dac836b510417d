"""Codecs: pictures <-> the tensors a network sees. Encode and decode of a recipe live in one object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.conditions.colors import checked_vivid, refuse_vivid
from condcolor.errors import UsageError, did_you_mean
from condcolor.imaging.color import lab_to_srgb, luma, srgb8_to_lab, srgb_to_lab
from condcolor.imaging.geometry import decode_strips
from condcolor.imaging.upsampling import cubic, joined3, linear, linear_model, rows_at, shrunk

LEVELS = 127.5  # half the range of uint8: x / 127.5 - 1 maps 0..255 to [-1, 1]
LIGHT_ENOUGH = 0.25  # below this lightness (of 1) a sketch pixel is a line and says no fill color
EVENNESS = 16  # a pixel 10 % darker than the lightest beside it is trusted a fifth as much
L_SCALE = 50.0  # L / 50 - 1 maps 0..100 to [-1, 1]
AB_SCALE = 110.0  # sRGB spans a -86..98, b -108..94
FLAT = 200 / L_SCALE**2  # lightness that varies by 14 (of 100) in a window is an edge, less is not


class Codec(ABC):
    """What a recipe's pictures are to its networks. All pictures are RGB, `[B, 3, H, W]`."""

    source_channels: int  # conditions not counted
    output_channels: int
    line_art: bool  # sources are line art, whose parts can be found; False: photographs in grey
    takes_vivid: bool  # whether `with_vivid` changes the chroma of what it decodes
    fill: int | None  # grey level around a picture that is no square; None repeats its edge

    @abstractmethod
    def encode_source(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, source_channels, H, W]` float in [-1, 1]."""

    @abstractmethod
    def encode_target(self, rgb: Tensor) -> Tensor:
        """uint8 0..255 -> `[B, output_channels, H, W]` float in [-1, 1]."""

    def encode(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Both of a batch, the same tensor twice where a colored picture is both."""
        return self.encode_source(source), self.encode_target(target)

    @abstractmethod
    def shown(self, rgb: Tensor) -> Tensor:
        """What a person would call the source of a picture (uint8 0..255) -> RGB float in [0, 1]."""

    @abstractmethod
    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        """Encoded source and network output, both in [-1, 1] -> RGB float in [0, 1]."""

    def decode_at(self, original: Tensor, output: Tensor) -> Tensor:
        """Like `decode`, at the size of `original` (uint8, same framing as `output`) -> float in [0, 1]."""
        return torch.cat([strip for _, strip in self.strips_at(original, output)], dim=2)

    def strips_at(self, original: Tensor, output: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """What `decode_at` gives, in bands from the top down: their rows, and `[B, 3, rows, W]`."""
        return decode_strips(self, original, output)

    @abstractmethod
    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """What the bands are painted with, see `geometry.StripDecoder`."""

    @abstractmethod
    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """A band of what `decode_at` gives, see `geometry.StripDecoder`."""

    @abstractmethod
    def with_vivid(self, vivid: float) -> Codec:
        """The codec with the chroma of its pictures times `vivid`; UsageError where that cannot be."""

    def scaled(self, vivid: float | Tensor) -> Codec:
        """`with_vivid` without its check, which an exported graph cannot make of a tensor."""
        raise NotImplementedError(f"{type(self).__name__} has no chroma factor")

    def fills(self, original: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
        """Fill colors and their trust, see `SketchToRgb.fills`."""
        raise NotImplementedError(f"{type(self).__name__} has no fills")

    def spread(self, planes: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
        """Planes enlarged by what is trusted, see `SketchToRgb.spread`."""
        raise NotImplementedError(f"{type(self).__name__} has no fills")


class SketchToRgb(Codec):
    """Line art in, colored picture out, both RGB scaled to [-1, 1]."""

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
        """Fill colors of outputs `[N, 3, h, w]` of an `original [1, 3, H, W]`, or of N; and their trust.

        The fill color of a pixel is the output over the sketch's lightness, a ratio that knows no line. It
        is trusted, `[1 or N, 1, h, w]` in [0, 1], where the sketch is as light as its surroundings (not on a
        line, nor half on one).
        """
        paper = shrunk(original.float() / 255, output.shape[-2:])
        small = paper.mean(dim=1, keepdim=True)  # (B, 1, h, w)
        around = _around(small, torch.maximum).clamp_min(LIGHT_ENOUGH)
        lit = ((small - LIGHT_ENOUGH) / (1 - LIGHT_ENOUGH)).clamp(0, 1)
        trust = lit * (small / around).clamp(0, 1) ** EVENNESS
        fill = (self.decode(original, output) / paper.clamp_min(LIGHT_ENOUGH)).clamp(0, 1)
        return fill, trust

    def spread(self, planes: Tensor, trust: Tensor, size: tuple[int, int]) -> Tensor:
        """Planes `[B, C, h, w]`, such as fills, grown under the lines from both sides, and enlarged.

        By what is trusted (Knutsson and Westin, "Normalized and differential convolution", 1993, with a
        bilinear kernel), so that colors meet under a line. Linear in the planes.
        """
        known = F.interpolate(_known(planes, trust), size=size, mode="bilinear")
        return known[:, :-1] / known[:, -1:]

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """The fill colors, grown under the lines from both sides, times their trust; and the trust."""
        size = (output.shape[-2], original.shape[-1])
        return F.interpolate(_known(*self.fills(original, output)), size=size, mode="bilinear")

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """Multiply the fill colors, as `spread` enlarges them, onto the lines of the original."""
        known = rows_at(positions, near, linear, taps=2)
        return known[:, :-1] / known[:, -1:] * rows.float() / 255

    def with_vivid(self, vivid: float) -> Codec:
        refuse_vivid()


@dataclass(frozen=True)
class LToAb(Codec):
    """Lightness in, the two color axes of CIE Lab out (Zhang et al. 2016, section 2)."""

    vivid: float | Tensor = 1.0  # chroma of what is decoded, over what the network gave

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
        lab = srgb8_to_lab(source)  # of which both are parts
        return _lightness(lab), lab[:, 1:] / AB_SCALE

    def shown(self, rgb: Tensor) -> Tensor:
        """The photograph in grey."""
        source = self.encode_source(rgb)
        return self.decode(source, torch.zeros_like(source).expand(-1, 2, -1, -1))

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        lightness = (source.float() + 1) * L_SCALE
        return lab_to_srgb(torch.cat((lightness, output.float() * AB_SCALE * self.vivid), dim=1))

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """The output's colors, each a linear function of the lightness beside it."""
        small = F.interpolate(original, output.shape[-2:], mode="bilinear", antialias=True)
        model = linear_model(self.encode_source(small), output.float(), FLAT)
        return F.interpolate(model, (output.shape[-2], original.shape[-1]), mode="bicubic")

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """The original's own lightness, in colors brought up along its edges."""
        lightness = self.encode_source(rows)
        slope, offset = rows_at(positions, near, cubic, taps=4).chunk(2, dim=1)
        return self.decode(lightness, slope * lightness + offset)

    def with_vivid(self, vivid: float) -> LToAb:
        return self.scaled(checked_vivid(vivid))

    def scaled(self, vivid: float | Tensor) -> LToAb:
        return replace(self, vivid=vivid)


@dataclass(frozen=True)
class GrayToRgb(Codec):
    """Grey in, RGB out, both scaled to [-1, 1]. Grey is the luma of ITU-R BT.601, as Pillow's "L" is."""

    vivid: float | Tensor = 1.0  # distance from grey of what is decoded, over what the network gave

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
        """The photograph in grey."""
        return luma(rgb.float() / 255).repeat(1, 3, 1, 1)

    def decode(self, source: Tensor, output: Tensor) -> Tensor:
        rgb = ((output.float() + 1) / 2).clamp(0, 1)
        return luma(rgb).lerp(rgb, self.vivid).clamp(0, 1)

    def prepare_strips(self, original: Tensor, output: Tensor) -> Tensor:
        """Of the output's colors only their ab, as in LToAb."""
        ab = srgb_to_lab(((output.float() + 1) / 2).clamp(0, 1))[:, 1:] / AB_SCALE
        return LToAb().prepare_strips(original, ab)

    def decode_strip(self, rows: Tensor, near: Tensor, positions: np.ndarray | Tensor) -> Tensor:
        """The original's own lightness, in colors brought up as LToAb's are."""
        return LToAb(self.vivid).decode_strip(rows, near, positions)

    def with_vivid(self, vivid: float) -> GrayToRgb:
        return self.scaled(checked_vivid(vivid))

    def scaled(self, vivid: float | Tensor) -> GrayToRgb:
        return replace(self, vivid=vivid)


# by the name of the recipe
CODECS: dict[str, Codec] = {"icons": SketchToRgb(), "photo": LToAb(), "pets": GrayToRgb()}


def checked_recipe(name: str) -> str:
    """The name of a recipe as it came; UsageError with the closest one when there is none of it."""
    if name not in CODECS:
        raise UsageError(
            f"recipe {name!r} is not one of {', '.join(CODECS)}{did_you_mean(name, CODECS)}"
        )
    return name


def _lightness(lab: Tensor) -> Tensor:
    return (lab[:, :1] / L_SCALE - 1).clamp_(-1, 1)  # white is 100 but for rounding


def levels(picture: Tensor) -> Tensor:
    """`[1, 3, H, W]` float in [0, 1] -> `[H, W, 3]` uint8, rounded."""
    return (picture[0] * 255).round().to(torch.uint8).permute(1, 2, 0)


def _known(planes: Tensor, trust: Tensor) -> Tensor:
    """Planes `[B, C, h, w]`, grown, times their trust `[B, 1, h, w]`, and then the trust.

    Enlarged and divided, each new pixel is a mean by what is trusted (Knutsson and Westin, "Normalized
    and differential convolution", 1993).
    """
    weight = trust + 1e-3  # far under a line nothing is trusted: there all count alike
    return torch.cat((_grow(planes, trust) * weight, weight), dim=1)


def _grow(fill: Tensor, trust: Tensor, rounds: int = 6) -> Tensor:
    """Spread `fill [B, C, H, W]` from where `trust [B, 1, H, W]` is high to where it is low."""
    known = torch.cat((fill * trust, trust), dim=1)  # (B, C + 1, H, W)
    weight = known[:, -1:]
    for _ in range(rounds):  # each round reaches one pixel further and never repaints the trusted
        known.addcmul_(1 - weight, _around(known, torch.add), value=1 / 9)
    known = known[:, :-1]
    return torch.where(weight > 1e-3, known / weight.clamp_min(1e-3), fill)


def _around(planes: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Each pixel of `[B, C, H, W]` joined with its eight neighbors; outside all is 0."""
    return joined3(F.pad(planes, (1, 1, 1, 1)), join)
