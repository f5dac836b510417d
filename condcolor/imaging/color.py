"""Color spaces on tensors: sRGB and CIE Lab, CIEDE2000, luma; flat fills composed.

Every function takes channels at dimension -3 (`[..., 3, H, W]`), any leading dimensions, float32.
RGB is sRGB in [0, 1]; Lab has L in 0..100 and, inside sRGB, a in -86.18..98.23, b in -107.86..94.48.

A conversion is a power function between two matrix products. Transfer curves have a linear segment at the
dark end; power and line are added instead of selected, `power(max(x, edge)) + slope * (min(x, edge) - edge)`,
which is faster. On a CPU, tensors are converted in pieces that fit the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from condcolor.imaging.lab import D65_WHITE, DARK_CODE, DARK_LIGHT, DELTA, LINE, XYZ_FROM_RGB

LUMA = (0.299, 0.587, 0.114)  # of R, G and B as they are coded, ITU-R BT.601
PIECE = 1 << 15  # pixels per thread; with fewer, the overhead of calls dominates
# linear RGB -> XYZ / white; their cube roots f -> L + 16, a, b; and the inverses
_XYZ = torch.tensor(XYZ_FROM_RGB, dtype=torch.float64)
_XYZ /= torch.tensor(D65_WHITE, dtype=torch.float64)[:, None]
_LAB = torch.tensor([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=torch.float64)
_RGB, _F = _XYZ.inverse(), _LAB.inverse()


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB `[..., 3, H, W]` in [0, 1] to CIE Lab under D65 (CIE 15:2004, 8.2.1). Differentiable."""
    return _in_pieces(lambda part, out: _lab(_linear(part), out), rgb, rgb.dtype)


def srgb8_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB `[..., 3, H, W]` uint8 to CIE Lab float32 by a lookup table; faster than from floats."""
    if rgb.dtype != torch.uint8:
        raise ValueError(f"expected uint8, got {rgb.dtype}: use srgb_to_lab")
    table = _LINEAR_OF_CODE.to(rgb.device)

    def convert(part: Tensor, out: Tensor | None) -> Tensor:
        return _lab(table.index_select(0, part.flatten().int()).view(part.shape), out)

    return _in_pieces(convert, rgb, torch.float32)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """Convert CIE Lab (D65) `[..., 3, H, W]` to sRGB in [0, 1]. Differentiable.

    A color outside the gamut of sRGB loses chroma and keeps its L. Clipping R, G and B would shift both
    hue and L.
    """

    def convert(part: Tensor, out: Tensor | None) -> Tensor:
        linear, luminance = _linear_of_lab(part)
        rgb = _encoded(_toward_grey(linear, luminance.clamp(0, 1)))
        return rgb if out is None else out.copy_(rgb)

    return _in_pieces(convert, lab, lab.dtype)


def _lab(linear: Tensor, out: Tensor | None) -> Tensor:
    """Convert linear RGB `[..., 3, P]` to Lab."""
    xyz = torch.matmul(_XYZ.to(linear), linear)
    f = _power(xyz.clamp_min(DELTA**3), 1 / 3)
    f = f.add(xyz.clamp_max(DELTA**3), alpha=1 / LINE)
    lab = torch.matmul(_LAB.to(f), f, out=out)
    lightness = lab.select(-2, 0)
    # in a and b the offset of the line cancels
    lightness.sub_(116 * DELTA**3 / LINE + 16).clamp_(0, 100)
    return lab


def _linear_of_lab(lab: Tensor) -> tuple[Tensor, Tensor]:
    """Convert Lab `[..., 3, P]` to unbounded linear RGB `[..., 3, P]` and luminance `[..., P]`."""
    f = torch.matmul(_F.to(lab), lab).add_(16 / 116)
    curve = f.clamp_min(DELTA)
    xyz = curve.square().mul(curve).add_(f.clamp_max(DELTA).sub_(DELTA), alpha=LINE)
    return torch.matmul(_RGB.to(lab), xyz), xyz.select(-2, 1)


def _toward_grey(linear: Tensor, luminance: Tensor) -> Tensor:
    """Map unbounded linear RGB `[..., 3, P]` into [0, 1] at constant `luminance [..., P]` in [0, 1].

    A pixel outside the gamut moves toward the grey of its own luminance Y: `Y + t (c - Y)` with the largest
    t in [0, 1] that keeps every channel c in [0, 1] (to rounding). Y is linear in c, so Y and L stay; the
    line is one of constant dominant wavelength.
    """
    above = (linear.amax(-2) - luminance).clamp_min(1e-7)
    below = (luminance - linear.amin(-2)).clamp_min(1e-7)
    share = torch.minimum((1 - luminance) / above, luminance / below).clamp_max(1)
    return torch.lerp(luminance.unsqueeze(-2), linear, share.unsqueeze(-2))


def _linear(code: Tensor) -> Tensor:
    """Decode sRGB to linear RGB (IEC 61966-2-1)."""
    curve = _power((code.clamp_min(DARK_CODE) + 0.055).mul_(1 / 1.055), 2.4)
    return curve.add(code.clamp_max(DARK_CODE).sub_(DARK_CODE), alpha=1 / 12.92)


def _encoded(linear: Tensor) -> Tensor:
    """Encode linear RGB as sRGB (IEC 61966-2-1), both in [0, 1]."""
    curve = _power(linear.clamp(DARK_LIGHT, 1.0), 1 / 2.4).mul(1.055)
    line = linear.clamp(0.0, DARK_LIGHT)
    return curve.add_(line, alpha=12.92).sub_(0.055 + 12.92 * DARK_LIGHT).clamp_(0, 1)


def _power(base: Tensor, exponent: float) -> Tensor:
    """Compute `base ** exponent` of positive values in a third of its time, and as exactly."""
    return base.log2().mul_(exponent).exp2()


def _in_pieces(
    convert: Callable[[Tensor, Tensor | None], Tensor], picture: Tensor, dtype: torch.dtype
) -> Tensor:
    """Apply `convert(pixels [..., 3, P], out)` to `picture [..., 3, H, W]`; on a CPU, piece by piece."""
    _check_channels(picture)
    pixels = picture.flatten(-2)  # (..., 3, P)
    # under autocast a matmul has half precision: errors of whole units of Lab
    with torch.autocast(picture.device.type, enabled=False):
        # an exported graph has no fixed size
        whole = not picture.is_cpu or torch.compiler.is_exporting()
        if whole or (picture.requires_grad and torch.is_grad_enabled()):
            return convert(pixels, None).view(picture.shape)
        pixels = pixels.reshape(-1, 3, pixels.shape[-1])
        result = torch.empty(pixels.shape, dtype=dtype)
        step = PIECE * torch.get_num_threads()
        for own, out in zip(pixels, result, strict=True):
            for part, target in zip(own.split(step, 1), out.split(step, 1), strict=True):
                convert(part, target)
    return result.view(picture.shape)


# sRGB 0..255 -> linear
_LINEAR_OF_CODE = _linear(torch.arange(256, dtype=torch.float64) / 255).float()


def luma(rgb: Tensor) -> Tensor:
    """Return the luma `[..., 1, H, W]` (ITU-R BT.601) of sRGB `[..., 3, H, W]`, in the same range."""
    _check_channels(rgb)
    return (rgb * rgb.new_tensor(LUMA).view(3, 1, 1)).sum(dim=-3, keepdim=True)


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """Return the CIEDE2000 difference `[..., H, W]` of Lab tensors `[..., 3, H, W]`, broadcast, k = 1.

    Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula" (2005), equations 2-22.
    """
    light1, a1, b1 = first.unbind(-3)
    light2, a2, b2 = second.unbind(-3)
    chroma_mean = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    boost = 0.5 * (1 - torch.sqrt(chroma_mean**7 / (chroma_mean**7 + 25.0**7)))
    a1, a2 = a1 * (1 + boost), a2 * (1 + boost)
    chroma1, chroma2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    hue1 = torch.atan2(b1, a1) % (2 * math.pi)
    hue2 = torch.atan2(b2, a2) % (2 * math.pi)
    grey = chroma1 * chroma2 == 0  # hue is undefined

    d_hue = hue2 - hue1
    d_hue = torch.where(d_hue > math.pi, d_hue - 2 * math.pi, d_hue)
    d_hue = torch.where(d_hue < -math.pi, d_hue + 2 * math.pi, d_hue).masked_fill(grey, 0)
    hue_sum = hue1 + hue2
    around = torch.where(hue_sum < 2 * math.pi, hue_sum + 2 * math.pi, hue_sum - 2 * math.pi)
    hue_mean = torch.where((hue1 - hue2).abs() > math.pi, around, hue_sum) / 2
    hue_mean = torch.where(grey, hue_sum, hue_mean)

    light_mean, chroma_mean = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    t = (
        1
        - 0.17 * torch.cos(hue_mean - math.radians(30))
        + 0.24 * torch.cos(2 * hue_mean)
        + 0.32 * torch.cos(3 * hue_mean + math.radians(6))
        - 0.20 * torch.cos(4 * hue_mean - math.radians(63))
    )
    bump = math.radians(30) * torch.exp(-(((torch.rad2deg(hue_mean) - 275) / 25) ** 2))
    twist = 2 * torch.sqrt(chroma_mean**7 / (chroma_mean**7 + 25.0**7)) * -torch.sin(2 * bump)
    scale_l = 1 + 0.015 * (light_mean - 50) ** 2 / torch.sqrt(20 + (light_mean - 50) ** 2)
    scale_c = 1 + 0.045 * chroma_mean
    scale_h = 1 + 0.015 * chroma_mean * t

    d_l = (light2 - light1) / scale_l
    d_c = (chroma2 - chroma1) / scale_c
    d_h = 2 * torch.sqrt(chroma1 * chroma2) * torch.sin(d_hue / 2) / scale_h
    return torch.sqrt((d_l**2 + d_c**2 + d_h**2 + twist * d_c * d_h).clamp_min(0))


def compose(blank: Tensor, masks: Tensor, colors: Tensor) -> Tensor:
    """Fill the parts of a drawing with flat colors, exactly as a renderer does.

    A rendering is linear in the colors of its parts. So the drawing with white parts and a coverage mask for
    each part give every coloring: `blank - sum_k mask_k * (1 - color_k)`.

    Args:
        blank: `[..., 3 or 1, H, W]` float in [0, 1], the drawing with every part white.
        masks: `[..., K, H, W]` float in [0, 1], how much of each part shows in a pixel.
        colors: `[..., K, 3]` float in [0, 1], the sRGB color of each part.

    Returns:
        `[..., 3, H, W]` float in [0, 1].
    """
    missing = torch.einsum("...khw,...kc->...chw", masks, 1 - colors)
    return (blank - missing).clamp(0, 1)


def _check_channels(picture: Tensor) -> None:
    if picture.ndim < 3 or picture.shape[-3] != 3:
        raise ValueError(f"expected [..., 3, H, W], got {list(picture.shape)}")
