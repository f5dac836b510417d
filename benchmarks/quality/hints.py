"""What hints do to photographs: how far they help, how exact they are, where they stop.

    python benchmarks/quality/hints.py photographs/val --model photo

Each photograph, its short side at most 256 px, is coloured without hints, with 3 at random points in the
truth's own colours, and with one of another colour. Rows of the table in docs/benchmarks.md:

- ab error with 3 hints, to that without;
- dE (CIEDE2000) at the points, to what the hint can be at the photograph's own lightness;
- of one hint of another colour: dE at its point; the mean change of the thing it lies on, and of all that is
  beyond the next strong edge. The thing is what is connected to the point without a strong edge of lightness.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from condcolor.conditions.hints import Hint
from condcolor.imaging.color import delta_e_2000, lab_to_srgb, srgb8_to_lab
from condcolor.imaging.formats import find_pictures
from condcolor.imaging.geometry import resize
from condcolor.imaging.open import open_picture
from condcolor.inference.colorizer import Colorizer

SHORT = 256  # pixels
HINTS = 3
STRONG = 12.0  # change of lightness over 3 pixels from which an edge is strong
LEAST = 200  # pixels of a thing, and of what is beyond
CHROMA = 40.0  # of the other color


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--model", default="photo")
    parser.add_argument("--every", type=int, default=1, help="take one of so many")
    parser.add_argument("--first", type=int, default=0, help="number of the first one taken")
    parser.add_argument("--precision", default="fp32")
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model, precision=options.precision)
    draws = np.random.default_rng(0)
    rows = [
        measure(colorizer, path, draws)
        for path in find_pictures(options.photographs)[0][options.first :: options.every]
    ]
    errors = np.array([row[:2] for row in rows])
    print(f"{len(rows)} photographs, {HINTS} hints each in the truth's own colours")
    plain, hinted = errors.mean(axis=0)
    print(f"ab error {plain:.2f} without, {hinted:.2f} with: {100 * (hinted / plain - 1):+.1f} %")
    points = np.concatenate([row[2] for row in rows])
    print(f"dE at the points: median {np.median(points):.1f}, {(points <= 5).mean():.0%} within 5")
    others = np.array([row[3] for row in rows if row[3] is not None])
    names = ("at its point", "on its thing", "beyond the next strong edge")
    print(f"one hint of another colour, {len(others)} photographs:")
    for name, values in zip(names, others.T, strict=True):
        print(f"  dE {name}: mean {values.mean():.2f}, median {np.median(values):.2f}")


Row = tuple[float, float, np.ndarray, "tuple[float, float, float] | None"]


def measure(colorizer: Colorizer, path: Path, draws: np.random.Generator) -> Row:
    """Return ab errors without and with hints, dE at the points, and what another color did."""
    rgb = open_picture(path).rgb
    scale = min(1.0, SHORT / min(rgb.shape[:2]))
    rgb = resize(rgb, round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
    truth = lab_of_pixels(rgb)
    grey_lab = truth * torch.tensor([1.0, 0, 0])[:, None, None]
    grey = Image.fromarray(pixels_of(grey_lab))
    height, width = rgb.shape[:2]
    points = [(int(draws.integers(width)), int(draws.integers(height))) for _ in range(HINTS)]
    hints = [Hint((x, y), color_around(rgb, x, y)) for x, y in points]
    plain, hinted = (lab_of_pixels(np.asarray(colorizer(grey, hints=each))) for each in ((), hints))
    errors = [
        float(torch.linalg.vector_norm((o - truth)[1:], dim=0).mean()) for o in (plain, hinted)
    ]
    at_points = np.array([off_at(hinted, truth, hint) for hint in hints])

    x, y = points[0]
    thing = thing_at(truth[0].numpy(), y, x)
    beyond = ~ndimage.binary_dilation(thing, iterations=4)
    if thing.sum() < LEAST or beyond.sum() < LEAST:
        return *errors, at_points, None
    other = plain[:, y, x].clone()
    angle = draws.uniform(0, 2 * np.pi)
    other[1:] = CHROMA * torch.tensor([np.cos(angle), np.sin(angle)])
    red, green, blue = pixels_of(other[:, None, None])[0, 0].tolist()
    hint = Hint((x, y), (red, green, blue))
    changed = lab_of_pixels(np.asarray(colorizer(grey, hints=[hint])))
    change = delta_e_2000(changed, plain).numpy()
    return (
        *errors,
        at_points,
        (off_at(changed, truth, hint), float(change[thing].mean()), float(change[beyond].mean())),
    )


def lab_of_pixels(rgb: np.ndarray) -> torch.Tensor:
    """Return CIE Lab `[3, H, W]` of pixels `[H, W, 3]` uint8."""
    return srgb8_to_lab(torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))))


def pixels_of(lab: torch.Tensor) -> np.ndarray:
    """Return pixels `[H, W, 3]` uint8 of CIE Lab `[3, H, W]`."""
    return (lab_to_srgb(lab) * 255).round().byte().permute(1, 2, 0).numpy()


def color_around(rgb: np.ndarray, x: int, y: int) -> tuple[int, int, int]:
    """Return the mean color of the 3x3 pixels around a point."""
    near = rgb[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].reshape(-1, 3)
    red, green, blue = near.mean(axis=0).round().astype(int).tolist()
    return red, green, blue


def off_at(colored: torch.Tensor, truth: torch.Tensor, hint: Hint) -> float:
    """Return the dE at a hint's point to its color at the photograph's lightness there."""
    x, y = map(int, hint.point)
    wanted = lab_of_pixels(np.array(hint.color, np.uint8)[None, None])
    wanted[0] = truth[0, y, x]
    reachable = lab_of_pixels(pixels_of(wanted))
    return float(delta_e_2000(colored[:, y : y + 1, x : x + 1], reachable))


def thing_at(light: np.ndarray, y: int, x: int) -> np.ndarray:
    """Return the pixels `[H, W]` bool that are connected to a point without a strong edge."""
    smooth = ndimage.gaussian_filter(light, 1)
    change = np.hypot(ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1)) / 4
    labels, _ = ndimage.label(change < STRONG)
    return labels == labels[y, x] if labels[y, x] else np.zeros_like(labels, bool)


if __name__ == "__main__":
    main()
