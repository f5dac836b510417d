"""Sample sheets: the same few rows of a split as sketch, output and truth, epoch after epoch."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from condcolor import plots
from condcolor.dataset import PictureSet
from condcolor.evaluation import Colour

ROWS = 6


def write_samples(path: Path, colour: Colour, pictures: PictureSet) -> None:
    """Colour some rows, spread evenly over the split, as their csv asks; save the sheet."""
    rows = torch.linspace(0, len(pictures) - 1, ROWS).long().unique()
    batch = pictures.rows(rows)
    grid = []
    for source, target, values in zip(
        batch.source, batch.target, pictures.values[rows], strict=True
    ):
        output = (colour(source, values[None])[0] * 255).round().to(torch.uint8)
        grid.append([_pixels(picture) for picture in (source, output, target)])
    path.parent.mkdir(exist_ok=True)
    page = plots.sheet(grid, columns=("sketch", "output", "truth"))
    Image.fromarray(page).save(path)


def _pixels(picture: Tensor):
    return picture.permute(1, 2, 0).numpy()
