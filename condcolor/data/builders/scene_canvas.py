"""`Canvas`: a scene as grey levels and parts, onto which cutouts and areas are laid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from condcolor.data.builders.cutouts import GROUND, OTHER, Cutout

_NEAREST, _BILINEAR = Image.Resampling.NEAREST, Image.Resampling.BILINEAR


@dataclass(frozen=True)
class Placement:
    """The position of a cutout: where its middle is and how wide its square is, in sides of the canvas."""

    x: float
    y: float
    width: float
    degrees: float = 0.0
    squash: float = 1.0  # its height divided by its width
    mirrored: bool = False


class Canvas:
    """A scene on white ground. The planes are `[size, size]`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.grey: np.ndarray = np.full((size, size), 255, np.float32)
        self.parts: np.ndarray = np.full((size, size), GROUND, np.uint8)
        self.solid: np.ndarray = np.zeros((size, size), bool)  # dark fills, which are no lines

    def paste(self, cutout: Cutout, solid: np.ndarray, placement: Placement) -> None:
        """Lay a cutout onto the canvas; `solid` says which of its pixels are dark fills."""
        side = len(cutout.grey)
        scale = placement.width * self.size / side
        # Pillow maps a pixel of the canvas to one of the cutout
        turn = math.radians(placement.degrees)
        cos, sin = math.cos(turn), math.sin(turn)
        across, down = (-scale if placement.mirrored else scale), scale * placement.squash
        inverse = np.array([[cos / across, sin / across], [-sin / down, cos / down]])
        start = side / 2 - inverse @ (placement.x * self.size, placement.y * self.size)
        matrix = np.column_stack((inverse, start)).ravel()
        reduction = max(1, round(1 / scale)) if scale < 0.6 else 1

        def moved(plane: np.ndarray, outside: int, method: Image.Resampling) -> np.ndarray:
            image, data = Image.fromarray(plane), matrix
            if reduction > 1 and method == _BILINEAR:  # so that lines of small cutouts do not break
                image, data = image.reduce(reduction), matrix / reduction
            box = (self.size, self.size)
            affine = Image.Transform.AFFINE
            return np.asarray(image.transform(box, affine, tuple(data), method, fillcolor=outside))

        on_white = np.where(cutout.alpha > 0, cutout.grey, 255).astype(np.uint8)
        grey = moved(on_white, 255, _BILINEAR).astype(np.float32)
        alpha = moved(cutout.alpha, 0, _BILINEAR).astype(np.float32) / 255
        self.grey = self.grey * (1 - alpha) + grey * alpha
        covered = alpha > 0.5
        self.parts[covered] = moved(cutout.parts, GROUND, _NEAREST)[covered]
        self.solid[covered] = moved(solid.astype(np.uint8), 0, _NEAREST)[covered] > 0

    def clear(self, area: np.ndarray, part: int = OTHER) -> None:
        """Make an area `[size, size]` bool white and of one part."""
        self.grey[area] = 255
        self.parts[area] = part
        self.solid[area] = False

    def ink(self, cover: np.ndarray) -> None:
        """Draw in black what is covered, `[size, size]` float in [0, 1]."""
        self.grey = self.grey * (1 - cover)
