"""A drawing of two boxes, and a network that finds hair in the upper one and a shirt in the lower one."""

from __future__ import annotations

import numpy as np
import torch
from models import PartsAtPlaces
from PIL import Image, ImageDraw

from condcolor.conditions.parts import part_index

SIDE = 64


def drawn(paper: int = 255, *, side: int = SIDE) -> np.ndarray:
    """Two closed boxes, one in each half, `[side, side, 3]` uint8."""
    image = Image.new("L", (side, side), paper)
    pen = ImageDraw.Draw(image)
    for top in (0.16, 0.56):
        box = [round(side * part) for part in (0.22, top, 0.78, top + 0.28)]
        pen.rectangle(box, outline=0, width=max(2, side // 32))
    return np.repeat(np.asarray(image)[..., None], 3, axis=-1)


def four() -> Image.Image:
    """Four boxes in two rows, which touch."""
    light = np.full((200, 200), 255, np.uint8)
    for at in (20, 98, 176):
        light[at : at + 4, 20:180] = 0
        light[20:180, at : at + 4] = 0
    return Image.fromarray(light).convert("RGB")


class Boxes(PartsAtPlaces):
    """Hair in the upper box, a shirt in the lower, ground around them."""

    def forward(self, source: torch.Tensor, cond: torch.Tensor) -> torch.Tensor:
        scores = super().forward(source, cond)
        side = source.shape[-1]
        ground = torch.ones(source.shape[-2:], dtype=torch.bool)
        for top in (0.16, 0.56):
            rows = slice(round(side * top), round(side * (top + 0.28)))
            ground[rows, round(0.22 * side) : round(0.78 * side)] = False
        scores[:, :, ground] = -1
        scores[:, part_index("ground"), ground] = 1
        return scores
