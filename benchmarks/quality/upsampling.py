"""How well small colours come back at full size: the mean ab error of several ways, on true photographs.

    .venv/bin/python benchmarks/quality/upsampling.py photographs/

Each photograph's own ab is shrunk to a long side of 32, 64 and 128 pixels, once more at 64 and blurred, as
networks blur, and brought up again along the photograph's lightness.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from condcolor.imaging.color import srgb8_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.geometry import strips
from condcolor.imaging.open import open_picture
from condcolor.imaging.upsampling import cubic, linear_model, rows_at
from condcolor.models.codecs import AB_SCALE, FLAT, L_SCALE

SIZES = (("32 px", 32, 0.0), ("64 px", 64, 0.0), ("128 px", 128, 0.0), ("64 px, blurred", 64, 1.0))


def bilinear(large: Tensor, small: Tensor, ab: Tensor) -> Tensor:
    return F.interpolate(ab, size=large.shape[-2:], mode="bilinear")


def bicubic(large: Tensor, small: Tensor, ab: Tensor) -> Tensor:
    return F.interpolate(ab, size=large.shape[-2:], mode="bicubic")


def guided(large: Tensor, small: Tensor, ab: Tensor) -> Tensor:
    """The fast guided filter (He and Sun 2015), radius 1, epsilon 10 / 50^2: the best of a search."""
    slope, _ = linear_model(small, ab, 10 / L_SCALE**2).chunk(2, dim=1)
    model = _mean(torch.cat((slope, _mean(ab) - slope * _mean(small)), dim=1))
    slope, offset = F.interpolate(model, size=large.shape[-2:], mode="bilinear").chunk(2, dim=1)
    return slope * large + offset


def joint_bilateral(large: Tensor, small: Tensor, ab: Tensor) -> Tensor:
    """Kopf et al. 2007, 3x3, sigmas 0.7 pixels and 6 of lightness: the best of a search."""
    places = [
        (torch.arange(side) + 0.5) * low / side - 0.5
        for side, low in zip(large.shape[-2:], small.shape[-2:], strict=True)
    ]
    total, weights = 0, 1e-8
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            rows, columns = (p.round() + d for p, d in zip(places, (down, right), strict=True))
            far = (rows - places[0])[:, None] ** 2 + (columns - places[1]) ** 2
            rows, columns = (
                n.long().clamp(0, low - 1)
                for n, low in zip((rows, columns), small.shape[-2:], strict=True)
            )
            unlike = (large - small[:, :, rows][..., columns]) * L_SCALE / 6
            weight = torch.exp(-far / (2 * 0.7**2) - unlike**2 / 2)
            total = total + weight * ab[:, :, rows][..., columns]
            weights = weights + weight
    return total / weights


def ours(large: Tensor, small: Tensor, ab: Tensor) -> Tensor:
    model = linear_model(small, ab, FLAT)
    low, size = model.shape[-2], large.shape[-2:]
    wide = F.interpolate(model, (low, size[1]), mode="bicubic")
    rows = [rows_at(b.place, wide[:, :, b.near], cubic, taps=4) for b in strips(size, low)]
    whole = torch.cat(rows, dim=2)
    slope, offset = whole.chunk(2, dim=1)
    return slope * large + offset


WAYS = (bilinear, bicubic, guided, joint_bilateral, ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path)
    paths, _ = find_pictures(parser.parse_args().photographs)
    print("| | " + " | ".join(way.__name__ for way in WAYS) + " |\n|---|" + "---|" * len(WAYS))
    for name, side, blur in SIZES:
        errors = [_errors(path, side, blur) for path in paths]
        means = torch.tensor(errors).mean(0).tolist()
        print(f"| {name} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |", flush=True)


def _errors(path: Path, side: int, blur: float) -> list[float]:
    """The mean distance in ab of each way, for one photograph."""
    lab = srgb8_to_lab(torch.from_numpy(open_picture(path).rgb).permute(2, 0, 1)[None])
    large, truth = lab[:, :1] / L_SCALE - 1, lab[:, 1:] / AB_SCALE
    size = [max(1, round(n * side / max(lab.shape[-2:]))) for n in lab.shape[-2:]]
    small, ab = (F.interpolate(planes, size=size, mode="area") for planes in (large, truth))
    if blur:
        line = torch.exp(-(torch.arange(-3, 4) ** 2) / (2 * blur**2))
        kernel = (line[:, None] * line / line.sum() ** 2).expand(2, 1, -1, -1)
        ab = F.conv2d(F.pad(ab, (3, 3, 3, 3), mode="replicate"), kernel, groups=2)
    made = (way(large, small, ab) for way in WAYS)
    return [(AB_SCALE * (one - truth)).norm(dim=1).mean().item() for one in made]


def _mean(planes: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(planes, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


if __name__ == "__main__":
    main()
