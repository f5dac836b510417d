"""Colour on tensors: sRGB <-> CIE Lab (D65), the CIEDE2000 difference, and composing flat fills.

Every function takes channels at dimension -3 (`[..., 3, H, W]`), any leading dimensions, float32.
RGB is sRGB in [0, 1]; Lab has L in 0..100 and, inside sRGB, a in -86.18..98.23, b in -107.86..94.48.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# IEC 61966-2-1: linear sRGB -> XYZ, and the D65 white (2 degree observer) it maps (1, 1, 1) to.
XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
D65_WHITE = (0.95047, 1.0, 1.08883)
DELTA = 6 / 29  # where the Lab cube root turns into a line (CIE 15:2004, 8.2.1)


def _matrix(rows, like: Tensor, *, inverse: bool = False) -> Tensor:
    matrix = torch.tensor(rows, dtype=torch.float64)
    return (matrix.inverse() if inverse else matrix).to(like)


def srgb_to_lab(rgb: Tensor) -> Tensor:
    """`[..., 3, H, W]` sRGB in [0, 1] -> `[..., 3, H, W]` CIE Lab under D65 (CIE 15:2004, 8.2.1)."""
    _check_channels(rgb)
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("ij,...jhw->...ihw", _matrix(XYZ_FROM_RGB, rgb), linear)
    xyz = xyz / torch.tensor(D65_WHITE).to(rgb).view(3, 1, 1)
    f = torch.where(xyz > DELTA**3, xyz.clamp_min(1e-12) ** (1 / 3), xyz / (3 * DELTA**2) + 4 / 29)
    x, y, z = f.unbind(-3)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-3)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """`[..., 3, H, W]` CIE Lab (D65) -> sRGB in [0, 1]; colours outside sRGB are clipped by channel."""
    _check_channels(lab)
    lightness, a, b = lab.unbind(-3)
    y = (lightness + 16) / 116
    f = torch.stack((y + a / 500, y, y - b / 200), dim=-3)
    xyz = torch.where(f > DELTA, f**3, 3 * DELTA**2 * (f - 4 / 29))
    xyz = xyz * torch.tensor(D65_WHITE).to(lab).view(3, 1, 1)
    linear = torch.einsum("ij,...jhw->...ihw", _matrix(XYZ_FROM_RGB, lab, inverse=True), xyz)
    linear = linear.clamp(0, 1)
    curve = 1.055 * linear.clamp_min(1e-12) ** (1 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curve).clamp(0, 1)


def delta_e_2000(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 between two Lab tensors `[..., 3, H, W]` (broadcast) -> `[..., H, W]`, k = 1.

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
    grey = chroma1 * chroma2 == 0  # hue says nothing then

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
    """Fill the parts of a drawing with flat colours, exactly as a renderer would.

    A render is linear in the colour of each of its parts, so the drawing with white parts and one
    coverage mask a part give every colouring: `blank - sum_k mask_k * (1 - color_k)`.

    Args:
        blank: `[..., 3 or 1, H, W]` float in [0, 1], the drawing with every part white.
        masks: `[..., K, H, W]` float in [0, 1], how much of each part shows in a pixel.
        colors: `[..., K, 3]` float in [0, 1], the sRGB colour of each part.

    Returns:
        `[..., 3, H, W]` float in [0, 1].
    """
    missing = torch.einsum("...khw,...kc->...chw", masks, 1 - colors)
    return (blank - missing).clamp(0, 1)


def _check_channels(picture: Tensor) -> None:
    if picture.ndim < 3 or picture.shape[-3] != 3:
        raise ValueError(f"expected [..., 3, H, W], got {list(picture.shape)}")
