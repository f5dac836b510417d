"""Sample sheets: the same few rows of a split as source, output and truth, epoch after epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from condcolor import plots
from condcolor.codecs import Codec
from condcolor.dataset import PictureSet
from condcolor.evaluation import Colour

ROWS = 6


def write_samples(
    path: Path, codec: Codec, colours: Mapping[str, Colour], pictures: PictureSet
) -> None:
    """Colour some rows, spread evenly over the split, as their csv asks; save the sheet.

    Args:
        colours: column heading -> what colours it.
    """
    rows = torch.linspace(0, len(pictures) - 1, ROWS).long().unique()
    batch = pictures.rows(rows)
    grid = []
    for source, target, values in zip(
        batch.source, batch.target, pictures.values[rows], strict=True
    ):
        outputs = [colour(source, values[None])[0] for colour in colours.values()]
        row = (codec.shown(source[None])[0], *outputs, target.float() / 255)
        grid.append([_pixels(picture) for picture in row])
    path.parent.mkdir(exist_ok=True)
    page = plots.sheet(grid, columns=("source", *colours, "truth"))
    Image.fromarray(page).save(path)


def _pixels(picture: Tensor):
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
