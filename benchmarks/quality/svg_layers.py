"""Layers as SVG drawings, rendered larger: are fills and lines those of the picture?

    python benchmarks/quality/svg_layers.py data/icons/test

Colors each drawing of `inputs/`, saves it as SVG, renders that at SCALE times its size, and compares it with
the picture: the fills by CIEDE2000, at pixels whose neighbors have the same color; the lines by intersection
over union with the layer of lines enlarged, where both are at least half as dark as usual. Prints a row of
docs/how-well.md for each drawing. With `--out`, keeps drawings and renderings.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from condcolor.imaging.color import delta_e_2000, srgb_to_lab
from condcolor.imaging.layer_svg import encode_svg
from condcolor.imaging.layers import LINES, Layers
from condcolor.inference.colorizer import Colorizer

SCALE = 4
SVG = "{http://www.w3.org/2000/svg}"
COLORS = {"hair": "red", "shirt": "blue"}


@dataclass(frozen=True)
class Likeness:
    """How like its picture a drawing is.

    color: largest CIEDE2000 distance of a fill. lines: intersection over union. nodes: ends of curves.
    """

    color: float
    lines: float
    nodes: int
    kilobytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="icons")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    colorizer = Colorizer.load(options.model)
    print("| drawing | largest dE2000 of a fill | IoU of lines | nodes | kB | seconds |")
    print("|---|---|---|---|---|---|")
    for path in sorted((options.folder / "inputs").iterdir()):
        layers = colorizer.layers(path, **COLORS)
        started = time.perf_counter()
        svg = encode_svg(layers)
        seconds = time.perf_counter() - started
        like = compare(layers, svg)
        print(
            f"| {path.stem} | {like.color:.2f} | {like.lines:.3f} | {like.nodes} | {like.kilobytes:.0f} "
            f"| {seconds:.1f} |"
        )
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / f"{path.stem}.svg").write_bytes(svg)
            Image.fromarray(render(svg, layers)).save(options.out / f"{path.stem}.png")


def compare(layers: Layers, svg: bytes) -> Likeness:
    """Compare a drawing with the layers that it was made of."""
    picture = np.asarray(layers.composed().convert("RGB"))
    even = np.ones(picture.shape[:2], bool)
    for channel in np.moveaxis(picture, -1, 0):
        even &= ndimage.maximum_filter(channel, 3) == ndimage.minimum_filter(channel, 3)
    ink = layers.images[layers.names.index(LINES)][..., 3]
    dark = np.percentile(ink[ink >= 32], 90)
    even &= ndimage.maximum_filter(ink, 3) < dark / 2
    drawn = render(svg, layers)
    on_white = drawn[..., :3] * (drawn[..., 3:] / 255) + 255 - drawn[..., 3:]
    large = even.repeat(SCALE, 0).repeat(SCALE, 1)
    wanted = picture.repeat(SCALE, 0).repeat(SCALE, 1)[large]
    color = _distance(on_white.round().astype(np.uint8)[large], wanted)

    height, width = ink.shape
    enlarged = Image.fromarray(ink.astype(np.float32)).resize(
        (width * SCALE, height * SCALE), Image.Resampling.BICUBIC
    )
    of_layer = np.asarray(enlarged) >= dark / 2
    of_drawing = render(_lines_alone(svg), layers)[..., 3] >= dark / 2
    union = (of_layer | of_drawing).sum()
    lines = float((of_layer & of_drawing).sum() / union)
    return Likeness(color, lines, len(re.findall(rb"[CL]-?[\d.]", svg)), len(svg) / 1000)


def render(svg: bytes, layers: Layers) -> np.ndarray:
    """Render a drawing at SCALE times the size of the layers: `[H, W, 4]` uint8."""
    import resvg_py

    width, height = (side * SCALE for side in layers.size)
    png = resvg_py.svg_to_bytes(svg_string=svg.decode(), width=width, height=height)
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def _lines_alone(svg: bytes) -> bytes:
    root = ElementTree.fromstring(svg)
    for group in root.findall(f"{SVG}g"):
        if group.get("id") != LINES:
            root.remove(group)
    return ElementTree.tostring(root)


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest CIEDE2000 distance of colors `[N, 3]` uint8."""
    pairs = np.unique(np.hstack((one, other)), axis=0).astype(np.float32) / 255
    labs = (
        srgb_to_lab(torch.from_numpy(np.ascontiguousarray(half.T))[None, ..., None])
        for half in (pairs[:, :3], pairs[:, 3:])
    )
    return float(delta_e_2000(*labs).max())


if __name__ == "__main__":
    main()
